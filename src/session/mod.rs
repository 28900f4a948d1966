//! The relation between one importer and one exporter, as a state machine without IO.
//!
//! It exists so that the protocol's logic can be tested, fuzzed and simulated without sockets,
//! tasks or types: bytes in, bytes out. It opens no socket, reads no clock (`now` is given to it)
//! and knows values only as runs of bytes.
//!
//! # Contract
//!
//! Four kinds of methods, as in quinn-proto:
//!
//! - getters take `&self`;
//! - `handle_*` says what happened: bytes came, a deadline passed;
//! - commands do what the program wants: [`open`](Session::open), [`accept`](Session::accept),
//!   [`ready`](Session::ready), [`taken`](Session::taken), [`hangup`](Session::hangup) ..;
//! - `poll_*` says what the caller must do next.
//!
//! After each `handle_*` or command the caller drains [`poll_event`](Session::poll_event), then
//! [`poll_transmit`](Session::poll_transmit), which may bring events of its own, and comes back at
//! [`next_timeout`](Session::next_timeout). An error means that the link must end, and, unless it is
//! [`SessionError::Silent`], the session with it; what is left of its channels is sound
//! ([`into_remains`](Session::into_remains)).

mod buffers;
mod channel;
mod counters;
mod credit;
mod documents;
mod error;
mod event;
mod growth;
mod link;
mod listing;
mod opening;
mod parameters;
mod receive;
mod reject;
mod remains;
mod resume;
mod round;
mod source;
mod staged;
mod table;
mod timers;
mod transmit;
mod untaken;

use std::collections::VecDeque;
use std::io::IoSlice;
use std::time::{Duration, Instant};

use crate::id::ChannelId;
use crate::limits::{FRAME_BYTES_MAX, FRAME_BYTES_MAX_FLOOR, LARGE_VALUES_BYTES_MAX};
use crate::session::channel::{Channel, Flow};
use crate::session::credit::GrantDue;
use crate::session::documents::Arriving;
use crate::session::link::Link;
use crate::session::listing::Listing;
use crate::session::round::Round;
use crate::session::table::Table;
use crate::session::timers::Timers;
use crate::wire::{Code, Content, Frame};

pub use channel::Rejection;
pub use counters::{Counters, Progress, Resumed};
pub use documents::Document;
pub use error::{OpenError, SessionError};
pub use event::Event;
pub use growth::Growth;
pub use listing::Question;
pub use parameters::{OpenRequest, Parameters, RequestTerms, Role, Settled};
pub use remains::Remains;
pub use resume::{Keyring, Refusal, Ticket, WrongWelcome};
pub use source::{Chunk, Supply, ValueSource};
pub use timers::Heartbeat;

/// A session that has not begun does not expire. A time that a clock can still add.
const NEVER: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// The state of one session. See the [module](self) for its contract.
#[derive(Debug)]
pub struct Session {
    parameters: Parameters,
    link: Link,
    table: Table,
    round: Round,
    timers: Timers,
    events: VecDeque<Event>,
    /// Receiving channels whose sender can be told of new credit.
    grants: VecDeque<ChannelId>,
    /// One of them has a sender that may be waiting.
    grants_are_urgent: bool,
    /// Receiving channels that have a rejection to tell.
    rejections: VecDeque<ChannelId>,
    /// Bytes granted beyond windows, for values that are longer than their window.
    extended_bytes: u64,
    /// Bytes by which windows have grown.
    grown_bytes: u64,
    /// Channels whose unfinished value waits for some of that.
    waiting_for_room: VecDeque<ChannelId>,
    listing: Listing,
    pong: Option<u64>,
    ping_due: bool,
    pings: u64,
    /// Somebody waits for acknowledgements.
    is_flushing: bool,
    is_closing: bool,
    /// What this side said when it closed the session. It is not counted, so it can be lost.
    farewell: Option<Frame>,
    /// What the peer shows of a type.
    arriving: Option<Arriving>,
}

impl Session {
    /// A session whose handshake is done and whose link is up.
    #[must_use]
    pub fn new(mut parameters: Parameters, now: Instant) -> Session {
        // It is the peer who states this one.
        parameters.peer_frame_bytes_max =
            parameters.peer_frame_bytes_max.clamp(FRAME_BYTES_MAX_FLOOR, FRAME_BYTES_MAX);
        Session {
            parameters,
            link: Link::new(!parameters.expiry.is_zero()),
            table: Table::default(),
            round: Round::default(),
            timers: Timers::new(parameters.heartbeat, parameters.expiry, now),
            events: VecDeque::new(),
            grants: VecDeque::new(),
            grants_are_urgent: false,
            rejections: VecDeque::new(),
            extended_bytes: 0,
            grown_bytes: 0,
            waiting_for_room: VecDeque::new(),
            listing: Listing::default(),
            pong: None,
            ping_due: false,
            pings: 0,
            is_flushing: false,
            is_closing: false,
            farewell: None,
            arriving: None,
        }
    }

    /// A session that waits for its first link. What is asked of it until then is sent when it
    /// [begins](Session::begin).
    #[must_use]
    pub fn waiting(parameters: Parameters, now: Instant) -> Session {
        let mut session = Session::new(Parameters { expiry: NEVER, ..parameters }, now);
        session.timers.lose_link(now);
        session
    }

    // Getters.

    /// Channels that are not over.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.table.len()
    }

    /// Counted frames that were received.
    #[must_use]
    pub fn received_frames(&self) -> u64 {
        self.link.received()
    }

    /// Values of a channel that the peer has received, and values that were taken from its source,
    /// in all. `None` if the channel is over or does not send.
    #[must_use]
    pub fn progress(&self, id: ChannelId) -> Option<Progress> {
        match &self.table.find(id)?.flow {
            Flow::Out(outbound) => Some(Progress {
                acknowledged_values: outbound.acknowledged_values,
                accepted_values: outbound.acknowledged_values + outbound.outstanding_values(),
            }),
            Flow::In(_) => None,
        }
    }

    /// Values that were taken from sources and that the peer has not received, over all channels.
    #[must_use]
    pub fn outstanding_values(&self) -> u64 {
        self.table
            .iter()
            .filter_map(|channel| match &channel.flow {
                Flow::Out(outbound) => Some(outbound.outstanding_values()),
                Flow::In(_) => None,
            })
            .sum()
    }

    /// Bytes that are composed and wait for the link.
    #[must_use]
    pub fn unwritten_bytes(&self) -> usize {
        self.link.unwritten_bytes()
    }

    /// Whether no values are taken from sources now: the link must carry some bytes first, or the
    /// peer acknowledge some.
    #[must_use]
    pub fn is_clogged(&self) -> bool {
        self.is_away() || self.is_closing || self.link.is_stuffed() || !self.link.has_room()
    }

    /// Whether another link can carry the session on when this one is lost.
    #[must_use]
    pub fn outlives_links(&self) -> bool {
        !self.parameters.expiry.is_zero() && !self.is_closing
    }

    /// Whether there is no link.
    #[must_use]
    pub fn is_away(&self) -> bool {
        self.timers.is_away()
    }

    /// What has passed on a channel. `None` if the channel is over.
    #[must_use]
    pub fn counters(&self, id: ChannelId) -> Option<Counters> {
        Some(match &self.table.find(id)?.flow {
            Flow::Out(outbound) => Counters {
                sent_values: outbound.allowance.sent_values(),
                sent_bytes: outbound.allowance.sent_bytes(),
                received_values: outbound.acknowledged_values,
                taken_values: outbound.taken_values,
                repeated_values: outbound.repeated_values,
                rejected_values: outbound.rejected_values,
                staged_values: outbound.staged.values(),
            },
            Flow::In(inbound) => Counters {
                sent_values: inbound.window.received_values(),
                sent_bytes: inbound.window.received_bytes(),
                received_values: inbound.window.received_values(),
                taken_values: inbound.window.taken_values(),
                repeated_values: 0,
                rejected_values: inbound.rejected_values,
                staged_values: 0,
            },
        })
    }

    // Commands.

    /// The channel's source has values, or is finished.
    pub fn ready(&mut self, id: ChannelId) {
        if let Some(Channel { flow: Flow::Out(outbound), .. }) = self.table.find_mut(id) {
            outbound.has_more = !outbound.is_finished;
        }
        self.join_round(id);
    }

    /// Nobody waits for the answer to a request any more. Does nothing if the channel takes no more
    /// from this side, or if the peer has not acknowledged far too much: then the answer comes, and
    /// nobody wants it.
    pub fn cancel(&mut self, id: ChannelId, request: u64) {
        if let Some(channel) = self.table.find(id)
            && channel.content == Content::Requests
            && channel.is_accepted
            && !channel.is_over()
            && !channel.hung_up
            && self.link.has_room_for_courtesy()
        {
            self.link.push(&Frame::Cancel { channel: id, request });
        }
    }

    /// Values have left this side's channel in their order: totals since it was opened.
    pub fn taken(&mut self, now: Instant, id: ChannelId, values: u64, bytes: u64) {
        self.taken_in_any_order(now, id, values, bytes, values);
    }

    /// The same for values that left in any order: `leading_values` of them are those up to the first
    /// that has not. The peer keeps that one and those behind it, if it would send them again.
    pub fn taken_in_any_order(
        &mut self,
        now: Instant,
        id: ChannelId,
        values: u64,
        bytes: u64,
        leading_values: u64,
    ) {
        let Some(channel) = self.table.find_mut(id) else {
            return;
        };
        let Flow::In(inbound) = &mut channel.flow else {
            return;
        };
        let before = inbound.window.extension();
        inbound.window.take(values, bytes, leading_values);
        self.extended_bytes -= before - inbound.window.extension();
        let is_complete = channel.heard_last && !channel.said_last && inbound.window.all_taken();
        if is_complete {
            self.say_last(id, Code::Complete, String::new());
        } else {
            self.grow_window(now, id);
            self.note_grant(now, id);
        }
        self.make_room(now);
    }

    /// Lets the window of a channel on which this side receives grow by itself. Does nothing on others.
    pub fn let_grow(&mut self, id: ChannelId, growth: Growth) {
        if let Some(Channel { flow: Flow::In(inbound), .. }) = self.table.find_mut(id) {
            inbound.window.let_grow(growth);
        }
    }

    /// Dissociates a channel: nothing more is sent or accepted on it. Instead of an answer to
    /// [`Event::OpenRequested`] it is a refusal.
    pub fn hangup(&mut self, now: Instant, id: ChannelId, code: Code, text: impl Into<String>) {
        let is_answer =
            !self.has_opened(id) && self.table.find(id).is_some_and(|channel| !channel.is_accepted);
        if is_answer {
            self.refuse(id, code, text);
            self.events.push_back(Event::Closed { channel: id, lost_values: 0 });
        } else if self.table.find(id).is_some_and(|channel| !channel.hung_up) {
            self.say_last(id, code, text.into());
            self.make_room(now);
        }
    }

    /// Ends the session with the next transmit. No more values are taken from sources.
    pub fn goodbye(&mut self, code: Code, text: impl Into<String>) {
        if !self.is_closing {
            self.is_closing = true;
            let farewell = Frame::Goodbye { code, text: text.into() };
            self.link.push_uncounted(&farewell);
            self.farewell = Some(farewell);
        }
    }

    /// While this is on, the peer is asked to acknowledge what is sent without delay.
    pub fn set_flushing(&mut self, is_flushing: bool) {
        self.ping_due |= is_flushing;
        self.is_flushing = is_flushing;
    }

    // What happened.

    /// A deadline of [`next_timeout`](Session::next_timeout) may have passed.
    ///
    /// # Errors
    ///
    /// [`SessionError::Silent`] when the link is dead, [`SessionError::Expired`] when there was none
    /// for too long.
    pub fn handle_timeout(&mut self, now: Instant) -> Result<(), SessionError> {
        if self.is_away() {
            return self.check_expiry(now);
        }
        match self.timers.silence(now) {
            timers::Silence::Short => Ok(()),
            timers::Silence::Ask => {
                self.ping_due = true;
                Ok(())
            }
            timers::Silence::Dead(silent) => {
                Err(SessionError::Silent { silent_ms: silent.as_millis() as u64 })
            }
        }
    }

    /// The first link of a session that [waited](Session::waiting) for it is there, and the handshake
    /// has settled the rest.
    pub fn begin(&mut self, now: Instant, settled: Settled) {
        let Settled { peer_frame_bytes_max, channels_max, expiry } = settled;
        self.parameters.peer_frame_bytes_max =
            peer_frame_bytes_max.clamp(FRAME_BYTES_MAX_FLOOR, FRAME_BYTES_MAX);
        self.parameters.channels_max = self.parameters.channels_max.min(channels_max);
        self.parameters.expiry = expiry;
        self.link.set_keeping(!expiry.is_zero());
        self.timers.begin(expiry, now);
        self.listing.ask_again();
    }

    /// The link is lost. Until [`handle_resume`](Session::handle_resume) nothing is sent.
    ///
    /// # Errors
    ///
    /// [`SessionError::Expired`] when the session is not kept without a link.
    pub fn handle_link_lost(&mut self, now: Instant) -> Result<(), SessionError> {
        self.timers.lose_link(now);
        self.link.lose();
        self.listing.forget_question();
        self.check_expiry(now)
    }

    fn check_expiry(&self, now: Instant) -> Result<(), SessionError> {
        let Some(away) = self.timers.expired(now) else { return Ok(()) };
        Err(SessionError::Expired { away_ms: away.as_millis() as u64 })
    }

    /// Another link carries the session now, which may have had none, or an older one. What the peer
    /// has not received is sent again, and so is all credit.
    ///
    /// # Errors
    ///
    /// [`SessionError::AcknowledgedTooMuch`] when the peer claims what it cannot have.
    pub fn handle_resume(
        &mut self,
        now: Instant,
        peer_received: u64,
    ) -> Result<Resumed, SessionError> {
        // Also if it goes no further: a goodbye can be sent.
        let away = self.timers.come_back(now);
        let table = &mut self.table;
        self.link.lose();
        self.link.acknowledge(peer_received, |delivery| table.acknowledge(delivery))?;
        let repeated_frames = self.link.resume(|delivery| table.repeat(&delivery));
        if let Some(farewell) = &self.farewell {
            self.link.push_uncounted(farewell);
        }
        self.grants.clear();
        for channel in self.table.iter_mut() {
            if let Flow::In(inbound) = &mut channel.flow {
                inbound.in_grants = true;
                self.grants.push_back(channel.id);
            }
        }
        self.grants_are_urgent = !self.grants.is_empty();
        self.listing.forget_question();
        self.listing.ask_again();
        Ok(Resumed { repeated_frames, away })
    }

    // What to do next.

    /// The next thing that the channels or the program must know.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// When to call [`handle_timeout`](Session::handle_timeout) and
    /// [`poll_transmit`](Session::poll_transmit) at the latest.
    #[must_use]
    pub fn next_timeout(&self) -> Instant {
        self.timers.next(!self.link.is_stuffed())
    }

    /// Fills `slices` with what is to be written next and says how many it filled.
    pub fn unwritten<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        self.link.unwritten(slices)
    }

    /// The link took this many bytes.
    pub fn handle_written(&mut self, bytes: usize) {
        self.link.written(bytes);
    }

    // Inside.

    /// Whether this side has opened a channel. Otherwise it answers for it.
    fn has_opened(&self, id: ChannelId) -> bool {
        Role::opener_of(id) == self.parameters.role
    }

    fn join_round(&mut self, id: ChannelId) {
        if let Some(channel) = self.table.find_mut(id)
            && channel.is_accepted
            && !channel.said_last
            && let Flow::Out(outbound) = &mut channel.flow
        {
            self.round.join(id, outbound);
        }
    }

    /// Notes that a channel's sender can be told of new credit.
    fn note_grant(&mut self, now: Instant, id: ChannelId) {
        let Some(channel) = self.table.find_mut(id) else {
            return;
        };
        if channel.said_last || channel.heard_last {
            return;
        }
        let Flow::In(inbound) = &mut channel.flow else {
            return;
        };
        match inbound.window.due() {
            GrantDue::No => return,
            GrantDue::Later => self.timers.flush_later(now),
            GrantDue::Now => self.grants_are_urgent = true,
        }
        if !inbound.in_grants {
            inbound.in_grants = true;
            self.grants.push_back(id);
        }
    }

    /// Lets the window of a channel grow if its sender and its user wait for nothing but credit.
    fn grow_window(&mut self, now: Instant, id: ChannelId) {
        let Some(channel) = self.table.find_mut(id) else {
            return;
        };
        if channel.said_last || channel.heard_last {
            return;
        }
        let Flow::In(inbound) = &mut channel.flow else {
            return;
        };
        let bytes_left = self.parameters.growth_bytes_max.saturating_sub(self.grown_bytes);
        let (extension, grown_bytes) = (inbound.window.extension(), inbound.window.grown_bytes());
        if !inbound.window.grow(bytes_left) {
            return;
        }
        self.extended_bytes -= extension - inbound.window.extension();
        self.grown_bytes += inbound.window.grown_bytes() - grown_bytes;
        let (window_values, window_bytes) = inbound.window.window();
        self.events.push_back(Event::WindowGrown { channel: id, window_values, window_bytes });
        self.note_grant(now, id);
        self.grants_are_urgent = true;
    }

    /// Lets long values in for which there is room now, in the order in which they came.
    fn make_room(&mut self, now: Instant) {
        while let Some(id) = self.waiting_for_room.front().copied() {
            if let Some(Channel { flow: Flow::In(inbound), said_last: false, .. }) =
                self.table.find_mut(id)
            {
                let shortage = inbound.window.shortage(inbound.partial_rest);
                if self.extended_bytes + shortage > LARGE_VALUES_BYTES_MAX {
                    return;
                }
                let before = inbound.window.extension();
                inbound.window.extend(inbound.partial_rest);
                inbound.waits_for_room = false;
                self.extended_bytes += inbound.window.extension() - before;
                self.note_grant(now, id);
            }
            self.waiting_for_room.pop_front();
        }
    }

    /// Says this side's last word on a channel.
    fn say_last(&mut self, id: ChannelId, code: Code, text: String) {
        self.tell_rejection(id);
        let Some(channel) = self.table.find_mut(id) else {
            return;
        };
        channel.said_last = true;
        channel.hung_up = true;
        let values = channel.final_values();
        if let Flow::In(inbound) = &mut channel.flow {
            self.extended_bytes -= inbound.window.give_up_extension();
        }
        let is_over = channel.is_over();
        self.link.push(&Frame::Hangup { channel: id, code, values, text });
        if is_over {
            self.close(id);
        }
    }

    /// Forgets a channel on which both sides have said their last word.
    fn close(&mut self, id: ChannelId) {
        if let Some(channel) = self.table.remove(id) {
            if let Flow::In(inbound) = &channel.flow {
                self.grown_bytes -= inbound.window.grown_bytes();
            }
            self.events
                .push_back(Event::Closed { channel: id, lost_values: channel.lost_values() });
        }
    }
}
