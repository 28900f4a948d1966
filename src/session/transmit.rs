//! What the session sends next, and in which order.

use std::time::Instant;

use crate::id::ChannelId;
use crate::limits::QUANTUM_BYTES;
use crate::session::channel::Flow;
use crate::session::credit::Totals;
use crate::session::link::DataHead;
use crate::session::round;
use crate::session::source::{Supply, ValueSource};
use crate::session::staged::{Piece, Turn};
use crate::session::untaken::Untaken;
use crate::session::{Event, Session};
use crate::wire::{Frame, PARTIAL_PREFIX_BYTES};

/// What becomes of a channel after its turn.
enum After {
    /// It can go on.
    Stay,
    /// It waits for its source or for credit.
    Leave,
    /// It has sent its last value.
    End,
}

impl Session {
    /// Composes what can be sent now. `true` if there is something to write: then
    /// [`unwritten`](Session::unwritten) gives the bytes. Without a link there is nothing.
    ///
    /// Values come first and control frames that can wait ride behind them. A channel may reach its
    /// limit here, so there may be events afterwards.
    pub fn poll_transmit(&mut self, now: Instant, source: &mut dyn ValueSource) -> bool {
        let has_values = self.poll_values(source);
        self.poll_control(now, has_values)
    }

    /// The first half of [`poll_transmit`](Session::poll_transmit): composes values. `true` if a channel
    /// had its turn.
    pub fn poll_values(&mut self, source: &mut dyn ValueSource) -> bool {
        // Answers to a peer that sends and does not read would otherwise pile up.
        !self.timers.is_away() && !self.link.is_stuffed() && self.compose_values(source)
    }

    /// The second half: control frames behind them. `true` if there is something to write.
    pub fn poll_control(&mut self, now: Instant, has_values: bool) -> bool {
        if self.timers.is_away() {
            return false;
        }
        if has_values || !self.link.is_stuffed() {
            self.compose_control(now, has_values);
        }
        self.link.seal();
        self.link.unwritten_bytes() > 0
    }

    fn compose_values(&mut self, source: &mut dyn ValueSource) -> bool {
        let mut is_any = false;
        while !self.is_closing && !self.link.is_stuffed() && self.link.has_room() {
            let Some(id) = self.round.next() else { break };
            is_any = true;
            match self.compose_turn(id, source) {
                After::Stay => self.round.stay(id),
                After::Leave => self.leave_round(id),
                After::End => {
                    self.leave_round(id);
                    self.compose_end(id);
                }
            }
        }
        is_any
    }

    fn compose_turn(&mut self, id: ChannelId, source: &mut dyn ValueSource) -> After {
        let is_alone = self.round.is_empty();
        let frame_bytes_max = self.parameters.peer_frame_bytes_max - PARTIAL_PREFIX_BYTES;
        let Some(channel) = self.table.find_mut(id) else {
            return After::Leave;
        };
        let Flow::Out(outbound) = &mut channel.flow else {
            return After::Leave;
        };
        if channel.said_last {
            return After::Leave;
        }
        if outbound.untaken.as_ref().is_some_and(Untaken::is_full) {
            // The grant that says what was taken brings it back.
            return After::Leave;
        }
        let values_max = outbound.allowance.values_left();
        if outbound.staged.is_empty() {
            let supply = source.refill(id, values_max, frame_bytes_max, outbound.staged.refill());
            outbound.staged.refilled();
            outbound.has_more = supply == Supply::More;
            outbound.is_finished = supply == Supply::Finished;
            if outbound.staged.is_empty() {
                return if outbound.is_finished { After::End } else { After::Leave };
            }
            let skipped_values = outbound.staged.skipped_values();
            if skipped_values > outbound.skipped_values {
                outbound.skipped_values = skipped_values;
                self.link.push(&Frame::Skipped { channel: id, values: skipped_values });
            }
        }

        let budget = round::visit(outbound, is_alone, frame_bytes_max);
        let bytes_left = outbound.allowance.bytes_left();
        let value_bytes = outbound.staged.next_value_bytes();
        let bytes_max = budget.min(usize::try_from(bytes_left).unwrap_or(usize::MAX));
        let may_cut = value_bytes > QUANTUM_BYTES.min(frame_bytes_max)
            || outbound.allowance.is_long(value_bytes);
        let Some(cut) = outbound.staged.cut(Turn { values_max, bytes_max, may_cut }) else {
            let lacks_credit = bytes_left == 0 || bytes_left < value_bytes as u64;
            return if lacks_credit { After::Leave } else { After::Stay };
        };
        let spent = outbound.allowance.spent_with(cut.values, cut.bytes);
        let head = DataHead {
            channel: id,
            values: cut.values,
            partial: cut.partial,
            spent: spent.and(outbound.tells_spent),
            is_retained: outbound.untaken.is_some(),
        };
        let Piece { copied, shared } = outbound.staged.piece(cut);
        self.link.push_run(head, copied, shared);
        outbound.allowance.spend(cut.values, cut.bytes);
        outbound.staged.advance(cut);
        outbound.deficit_bytes = outbound.deficit_bytes.saturating_sub(cut.bytes);

        if outbound.allowance.is_at_limit() {
            self.events.push_back(Event::LimitReached { channel: id });
            After::End
        } else if outbound.has_work() {
            After::Stay
        } else if outbound.is_finished {
            After::End
        } else {
            After::Leave
        }
    }

    fn leave_round(&mut self, id: ChannelId) {
        if let Some(channel) = self.table.find_mut(id)
            && let Flow::Out(outbound) = &mut channel.flow
        {
            outbound.in_round = false;
        }
    }

    fn compose_end(&mut self, id: ChannelId) {
        let Some(channel) = self.table.find_mut(id) else {
            return;
        };
        channel.said_last = true;
        let values = channel.final_values();
        self.link.push(&Frame::End { channel: id, values });
    }

    /// Acknowledgements, grants and pings: with whatever else goes out, or alone when they are due.
    fn compose_control(&mut self, now: Instant, values_composed: bool) {
        self.ping_due |= self.is_flushing && values_composed;
        let is_due = self.link.unwritten_bytes() > 0
            || self.grants_are_urgent
            || self.ping_due
            || self.pong.is_some()
            || self.listing.is_due()
            || self.link.ack_is_urgent()
            || self.timers.flush_is_due(now);
        if !is_due {
            return;
        }
        self.link.push_ack();
        self.compose_rejections();
        self.compose_grants();
        if let Some(token) = self.pong.take() {
            self.link.push_uncounted(&Frame::Pong { token });
        }
        if let Some(list) = self.listing.ask() {
            self.link.push_uncounted(&list);
        }
        if std::mem::take(&mut self.ping_due) {
            self.pings += 1;
            self.link.push_uncounted(&Frame::Ping { token: self.pings });
        }
        self.timers.flushed();
    }

    fn compose_grants(&mut self) {
        self.grants_are_urgent = false;
        while let Some(id) = self.grants.pop_front() {
            let Some(channel) = self.table.find_mut(id) else {
                continue;
            };
            let Flow::In(inbound) = &mut channel.flow else {
                continue;
            };
            inbound.in_grants = false;
            if !channel.is_accepted || channel.said_last || channel.heard_last {
                continue;
            }
            let Totals { values, bytes, taken, freed } = inbound.window.tell();
            self.link.push_uncounted(&Frame::Grant { channel: id, values, bytes, taken, freed });
        }
    }
}
