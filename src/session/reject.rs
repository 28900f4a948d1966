//! Values that their receiver could not decode: what the sender is told of them.
//!
//! A peer that sends nothing but such values must not make this side write a frame for each of them, nor
//! keep one. So a channel has one rejection at most that the sender does not know of, which says how
//! many values there are in all; it rides on the next write, and waits while the peer does not
//! acknowledge.

use std::time::Instant;

use crate::id::ChannelId;
use crate::session::channel::{Channel, Flow};
use crate::session::{Event, Rejection, Session, SessionError};
use crate::wire::{Code, Frame};

impl Session {
    /// A value of a channel cannot be decoded: the sender is told soon. To be called before the value
    /// counts as [taken](Session::taken), and before the channel is hung up because of it.
    pub fn reject(&mut self, now: Instant, id: ChannelId, rejection: Rejection) {
        let Some(Channel { flow: Flow::In(inbound), said_last: false, .. }) =
            self.table.find_mut(id)
        else {
            return;
        };
        inbound.rejected_values = inbound.rejected_values.max(rejection.values);
        if inbound.rejection.replace(rejection).is_none() {
            self.rejections.push_back(id);
        }
        self.timers.flush_later(now);
    }

    /// A value that cannot be decoded ends its channel: the peer is told so, and not that all is well,
    /// although it may have been the last. With what was taken, as in
    /// [`taken_in_any_order`](Session::taken_in_any_order).
    pub fn end_with_rejected(
        &mut self,
        now: Instant,
        id: ChannelId,
        (values, bytes, leading_values): (u64, u64, u64),
        text: impl Into<String>,
    ) {
        if let Some(Channel { flow: Flow::In(inbound), said_last: false, .. }) =
            self.table.find_mut(id)
        {
            let before = inbound.window.extension();
            inbound.window.take(values, bytes, leading_values);
            self.extended_bytes -= before - inbound.window.extension();
        }
        self.hangup(now, id, Code::Undecodable, text);
    }

    /// Tells what there is room for. What is left is told when the peer has acknowledged some frames.
    pub(super) fn compose_rejections(&mut self) {
        while self.link.has_room_for_courtesy()
            && let Some(id) = self.rejections.pop_front()
        {
            self.tell_rejection(id);
        }
    }

    /// Tells the sender of a channel what it does not know of values that could not be decoded.
    pub(super) fn tell_rejection(&mut self, id: ChannelId) {
        if let Some(Channel { flow: Flow::In(inbound), said_last: false, .. }) =
            self.table.find_mut(id)
            && let Some(Rejection { position, values, text }) = inbound.rejection.take()
        {
            self.link.push(&Frame::Rejected { channel: id, position, values, text });
        }
    }

    pub(super) fn handle_rejected(
        &mut self,
        id: ChannelId,
        rejection: Rejection,
    ) -> Result<(), SessionError> {
        let Some(channel) = self.table.find_mut(id) else {
            return self.late(id);
        };
        let Flow::Out(outbound) = &mut channel.flow else {
            return Err(SessionError::violation(id, "a rejection from the side that sends"));
        };
        if !channel.is_accepted {
            return Err(SessionError::violation(id, "a rejection before its start"));
        }
        let Rejection { position, values, text } = rejection;
        let sent_values = outbound.allowance.sent_values();
        if position >= sent_values || values <= outbound.rejected_values || values > sent_values {
            return Err(SessionError::violation(id, "a rejection that does not fit its values"));
        }
        outbound.rejected_values = values;
        self.events.push_back(Event::Rejected { channel: id, position, values, text });
        Ok(())
    }
}
