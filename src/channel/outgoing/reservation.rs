//! A slot that is kept for a value which comes later.

use crate::channel::CodecError;
use crate::channel::offer::EncodeScope;
use crate::channel::outgoing::state::State;
use crate::channel::outgoing::{Outgoing, PushError};
use crate::prefix;

/// A slot for one value. Dropped unused, it is free again.
#[derive(Debug)]
pub(crate) struct Reservation<'a> {
    pub(super) queue: &'a Outgoing,
}

impl Reservation<'_> {
    /// Queues the value for which the slot was kept.
    pub(crate) fn push(
        self,
        encode: impl FnOnce(&mut Vec<u8>) -> Result<(), CodecError>,
    ) -> Result<(), PushError> {
        self.push_noting(encode, |_| {})
    }

    /// The same, and calls `note` before a session can take the value.
    pub(super) fn push_noting(
        self,
        encode: impl FnOnce(&mut Vec<u8>) -> Result<(), CodecError>,
        note: impl FnOnce(&State),
    ) -> Result<(), PushError> {
        let queue = self.queue;
        if queue.encodes_outside() {
            return self.push_encoded_outside(encode, note);
        }
        queue.push_into(|state| state.check_open(), encode, note)
    }

    fn push_encoded_outside(
        self,
        encode: impl FnOnce(&mut Vec<u8>) -> Result<(), CodecError>,
        note: impl FnOnce(&State),
    ) -> Result<(), PushError> {
        let mut bytes = Vec::new();
        // Offers that come to nothing are withdrawn when the lock is free.
        let enter = |offering| EncodeScope::enter(offering, self.queue.is_for_all);
        let scope = self.queue.offering.as_ref().map(enter);
        if let Err(error) = prefix::Encoder::wide().append(&mut bytes, encode) {
            return Err(PushError::Unencodable(match &scope {
                Some(scope) => scope.explain(error),
                None => error,
            }));
        }
        let mut state = self.queue.state.lock();
        state.check_open()?;
        let length = bytes.len();
        state.append_encoded(bytes);
        note(&state);
        if let Some(scope) = &scope {
            state.carry(scope.take_tickets());
        }
        self.queue.announce(state, length);
        Ok(())
    }

    /// Keeps the slot after the reservation is gone; [`Outgoing::adopt`] brings it back.
    pub(crate) fn forget(self) {
        std::mem::forget(self);
    }
}

impl Outgoing {
    /// The reservation that was forgotten.
    pub(crate) fn adopt(&self) -> Reservation<'_> {
        Reservation { queue: self }
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        self.queue.state.lock().reserved_slots -= 1;
        self.queue.slot_freed.notify(1);
    }
}
