//! What each frame from the peer does to the session.

use std::time::Instant;

use bytes::BytesMut;

use crate::dir::Dir;
use crate::id::ChannelId;
use crate::limits::{REPLAY_FRAMES_MAX, WINDOW_BYTES_MIN};
use crate::session::channel::{Channel, Flow, Stated};
use crate::session::credit::{Allowance, Totals, Window, WindowError};
use crate::session::{Event, Rejection, Role, Session, SessionError};
use crate::wire::{Code, Content, Data, Frame, Open, Sequenced, decode};

impl Session {
    /// Takes all whole frames from the front of `input`, which came from the link.
    ///
    /// # Errors
    ///
    /// [`SessionError`] at the first frame that must not be. What came before it counts.
    pub fn handle_input(&mut self, now: Instant, input: &mut BytesMut) -> Result<(), SessionError> {
        debug_assert!(self.events.is_empty(), "events are drained before more is handled");
        let before = input.len();
        self.timers.heard(now);
        while let Some(Sequenced { sequence, frame }) =
            decode(input, self.parameters.frame_bytes_max)?
        {
            if !frame.is_counted() || self.link.receive(sequence)? {
                self.handle_frame(now, frame)?;
            }
        }
        if self.link.is_crowded() {
            self.table.settle();
        }
        self.link.count_input(before - input.len());
        if self.link.owes_ack() {
            self.timers.flush_later(now);
        }
        Ok(())
    }

    fn handle_frame(&mut self, now: Instant, frame: Frame) -> Result<(), SessionError> {
        match frame {
            Frame::Ack { received } => {
                let table = &mut self.table;
                self.link.acknowledge(received, |delivery| table.acknowledge(delivery))?;
                if !self.rejections.is_empty() {
                    // There may be room for them now.
                    self.timers.flush_later(now);
                }
                Ok(())
            }
            Frame::Grant { channel, values, bytes, taken, freed } => {
                self.handle_grant(channel, Totals { values, bytes, taken, freed })
            }
            Frame::Ping { token } => {
                self.pong = Some(token);
                Ok(())
            }
            Frame::Pong { .. } => Ok(()),
            Frame::Goodbye { code, text } => {
                self.is_closing = true;
                self.events.push_back(Event::Goodbye { code, text });
                Ok(())
            }
            Frame::List { token, after } => self.handle_list(token, after),
            Frame::Listing { token, is_last, piece } => self.handle_listing(token, is_last, &piece),
            Frame::Open(open) => self.handle_open(open),
            Frame::Accept { channel, content, window_values, window_bytes, clock_ms, identity } => {
                let window = Stated { values: window_values, bytes: window_bytes };
                self.handle_accept(channel, content, window, (clock_ms, identity))
            }
            Frame::Refuse { channel, code, text } => self.handle_refuse(channel, code, text),
            Frame::Data(data) => self.handle_data(now, data),
            Frame::End { channel, values } => self.handle_end(channel, values),
            Frame::Hangup { channel, code, values, text } => {
                self.handle_hangup(now, channel, code, values, text)
            }
            Frame::Cancel { channel, request } => self.handle_cancel(channel, request),
            Frame::Skipped { channel, values } => self.handle_skipped(channel, values),
            Frame::Document(piece) => self.handle_document(piece),
            Frame::Rejected { channel, position, values, text } => {
                self.handle_rejected(channel, Rejection { position, values, text })
            }
        }
    }

    /// A frame for a channel that is over is late and harmless; for one that never was, nonsense.
    pub(super) fn late(&self, id: ChannelId) -> Result<(), SessionError> {
        if self.table.was_used(id) {
            Ok(())
        } else {
            Err(SessionError::violation(id, "it was never opened"))
        }
    }

    fn handle_open(&mut self, open: Open) -> Result<(), SessionError> {
        let id = open.channel;
        if self.has_opened(id) {
            return Err(SessionError::violation(id, "it is a number of the other side"));
        }
        if self.table.unused(Role::opener_of(id)) != Some(id) {
            return Err(SessionError::violation(id, "it is not the next unused number"));
        }
        let has_window = open.dir == Dir::Recv || open.content == Content::Requests;
        if has_window && open.window_bytes < WINDOW_BYTES_MIN {
            return Err(SessionError::violation(id, "its window is too small"));
        }
        if self.link.frames_kept() > 2 * REPLAY_FRAMES_MAX {
            return Err(SessionError::violation(id, "the peer does not acknowledge"));
        }
        if self.table.len() >= self.parameters.channels_max {
            self.table.use_up(id);
            let code = Code::TooManyChannels;
            self.link.push(&Frame::Refuse { channel: id, code, text: code.to_string() });
            return Ok(());
        }
        self.table.insert(match open.dir {
            // Whether it redelivers is known when it is accepted.
            Dir::Recv => Channel::outgoing(id, open.limit, false),
            Dir::Send => Channel::incoming(id, Window::new(0, 0, open.limit)),
        });
        self.events.push_back(Event::OpenRequested(open));
        Ok(())
    }

    fn handle_accept(
        &mut self,
        id: ChannelId,
        content: Content,
        window: Stated,
        (clock_ms, identity): (u64, [u8; 16]),
    ) -> Result<(), SessionError> {
        let Some(channel) = self.opening(id)? else {
            return self.late(id);
        };
        let Stated { values, bytes } = window;
        let has_window = matches!(channel.flow, Flow::Out(_)) || content == Content::Requests;
        let answers = match &mut channel.flow {
            _ if has_window && bytes < WINDOW_BYTES_MIN => {
                return Err(SessionError::violation(id, "its window is too small"));
            }
            Flow::Out(_) if values == 0 => {
                return Err(SessionError::violation(id, "its window is too small"));
            }
            // Who asks needs answers; who can give them may do without being asked.
            Flow::Out(_) if content != channel.content => {
                return Err(SessionError::violation(id, "it carries something else"));
            }
            Flow::In(_) if content == Content::Requests && content != channel.content => {
                return Err(SessionError::violation(id, "it carries something else"));
            }
            Flow::Out(outbound) => {
                let limit = outbound.allowance.limit();
                outbound.allowance = Allowance::new(values, bytes, limit);
                Channel::for_answers(id, true, Stated { values, ..channel.stated })
            }
            Flow::In(_) => {
                let values = channel.stated.values;
                Channel::for_answers(id, false, Stated { values, bytes })
            }
        };
        channel.is_accepted = true;
        channel.content = content;
        if content == Content::Requests {
            self.table.insert(answers);
        }
        self.events.push_back(Event::Accepted { channel: id, content, clock_ms, identity });
        self.join_round(id);
        Ok(())
    }

    fn handle_refuse(
        &mut self,
        id: ChannelId,
        code: Code,
        text: String,
    ) -> Result<(), SessionError> {
        if self.opening(id)?.is_none() {
            return self.late(id);
        }
        self.table.remove(id);
        let document = self.take_document(id);
        self.events.push_back(Event::Refused { channel: id, code, text, document });
        Ok(())
    }

    /// A channel that this side has asked for and that is not answered yet.
    fn opening(&mut self, id: ChannelId) -> Result<Option<&mut Channel>, SessionError> {
        let has_opened = self.has_opened(id);
        match self.table.find_mut(id) {
            Some(channel) if !has_opened || channel.is_accepted => {
                Err(SessionError::violation(channel.id, "an answer to a question nobody asked"))
            }
            channel => Ok(channel),
        }
    }

    fn handle_data(&mut self, now: Instant, data: Data) -> Result<(), SessionError> {
        let id = data.channel;
        let Some(channel) = self.table.find_mut(id) else {
            return self.late(id);
        };
        let Flow::In(inbound) = &mut channel.flow else {
            return Err(SessionError::violation(id, "values from the side that receives"));
        };
        if !channel.is_accepted || channel.heard_last {
            return Err(SessionError::violation(id, "values before its start or after its end"));
        }
        inbound.window.receive(data.values, data.run.len(), data.partial).map_err(|error| {
            match error {
                WindowError::Exceeded => SessionError::CreditExceeded(id),
                WindowError::ValueTooLong(length) => {
                    SessionError::ValueTooLong { channel: id, length }
                }
            }
        })?;
        inbound.go_on(&data).map_err(|what| SessionError::violation(id, what))?;
        inbound.window.note_spent(data.spent);
        if channel.said_last {
            return Ok(());
        }
        if inbound.window.shortage(inbound.partial_rest) > 0 && !inbound.waits_for_room {
            inbound.waits_for_room = true;
            self.waiting_for_room.push_back(id);
        }
        self.events.push_back(Event::Run {
            channel: id,
            values: data.values,
            tail_bytes: data.partial.map_or(0, |partial| partial.tail as usize),
            bytes: data.run,
        });
        if data.values == 0 {
            // All whole values may have been taken before.
            self.grow_window(now, id);
        }
        self.make_room(now);
        Ok(())
    }

    fn handle_end(&mut self, id: ChannelId, values: u64) -> Result<(), SessionError> {
        let Some(channel) = self.table.find_mut(id) else {
            return self.late(id);
        };
        let Flow::In(inbound) = &channel.flow else {
            return Err(SessionError::violation(id, "an end from the side that receives"));
        };
        if !channel.is_accepted || channel.heard_last {
            return Err(SessionError::violation(id, "an end before its start or after its end"));
        }
        if values != inbound.window.received_values() || inbound.partial_rest != 0 {
            return Err(SessionError::violation(id, "an end that does not fit its values"));
        }
        let all_taken = inbound.window.all_taken();
        channel.heard_last = true;
        channel.peer_values = values;
        if channel.said_last {
            self.close(id);
            return Ok(());
        }
        self.events.push_back(Event::Ended { channel: id });
        if all_taken {
            self.say_last(id, Code::Complete, String::new());
        }
        Ok(())
    }

    fn handle_skipped(&mut self, id: ChannelId, values: u64) -> Result<(), SessionError> {
        let Some(channel) = self.table.find_mut(id) else {
            return self.late(id);
        };
        let Flow::In(inbound) = &mut channel.flow else {
            return Err(SessionError::violation(id, "values left out by the side that receives"));
        };
        if !channel.is_accepted || channel.heard_last {
            return Err(SessionError::violation(id, "a skip before its start or after its end"));
        }
        if values <= inbound.skipped_values || inbound.partial_rest != 0 {
            return Err(SessionError::violation(id, "a skip that does not fit its values"));
        }
        inbound.skipped_values = values;
        if !channel.said_last {
            self.events.push_back(Event::Skipped { channel: id, values });
        }
        Ok(())
    }

    fn handle_hangup(
        &mut self,
        now: Instant,
        id: ChannelId,
        code: Code,
        values: u64,
        text: String,
    ) -> Result<(), SessionError> {
        let has_opened = self.has_opened(id);
        let Some(channel) = self.table.find_mut(id) else {
            return self.late(id);
        };
        if has_opened && !channel.is_accepted && !channel.said_last {
            return Err(SessionError::violation(id, "a hangup before its start"));
        }
        // Frames come in order: what a sender has sent has come.
        let fits = match &channel.flow {
            Flow::Out(outbound) => values <= outbound.allowance.sent_values(),
            Flow::In(inbound) => values == inbound.window.received_values(),
        };
        if !fits {
            return Err(SessionError::violation(id, "a hangup that does not fit its values"));
        }
        channel.heard_last = true;
        channel.peer_values = values;
        if let Flow::In(inbound) = &mut channel.flow {
            self.extended_bytes -= inbound.window.give_up_extension();
            // What has come can still be read, so it is not lost.
            if !channel.said_last {
                inbound.window.take_all();
            }
        }
        let is_expected = channel.said_last && (channel.hung_up || code == Code::Complete);
        let is_over = channel.is_over();
        if !is_expected {
            self.events.push_back(Event::HungUp { channel: id, code, text });
        }
        if is_over {
            self.close(id);
        } else {
            self.say_last(id, code, String::new());
        }
        self.make_room(now);
        Ok(())
    }

    fn handle_grant(&mut self, id: ChannelId, totals: Totals) -> Result<(), SessionError> {
        let Totals { values, bytes, taken, freed } = totals;
        let Some(channel) = self.table.find_mut(id) else {
            return self.late(id);
        };
        let Flow::Out(outbound) = &mut channel.flow else {
            return Err(SessionError::violation(id, "a grant from the side that sends"));
        };
        let fits = taken <= freed && freed <= outbound.allowance.sent_values() && freed <= values;
        if !channel.is_accepted || !fits {
            return Err(SessionError::violation(id, "an impossible grant"));
        }
        outbound.allowance.grant(values, bytes);
        let before = (outbound.taken_values, outbound.freed_values, outbound.window_values);
        outbound.taken_values = outbound.taken_values.max(taken);
        outbound.freed_values = outbound.freed_values.max(freed);
        outbound.window_values = outbound.window_values.max(values - freed);
        let (values, freed_values) = (outbound.taken_values, outbound.freed_values);
        let window_values = outbound.window_values;
        if (values, freed_values, window_values) != before {
            if let Some(untaken) = &mut outbound.untaken {
                untaken.take(values);
            }
            self.events.push_back(Event::Taken {
                channel: id,
                values,
                freed_values,
                window_values,
            });
        }
        self.join_round(id);
        Ok(())
    }

    fn handle_cancel(&mut self, id: ChannelId, request: u64) -> Result<(), SessionError> {
        let Some(channel) = self.table.find(id) else {
            return self.late(id);
        };
        let is_asked = matches!(channel.flow, Flow::In(_))
            && channel.is_accepted
            && channel.content == Content::Requests;
        if !is_asked {
            return Err(SessionError::violation(id, "nothing can be cancelled there"));
        }
        self.events.push_back(Event::Cancelled { channel: id, request });
        Ok(())
    }
}
