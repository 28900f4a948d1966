//! Values that are bytes already, and stay where their owner has them if they are large.

use bytes::Bytes;

use crate::channel::CodecError;
use crate::channel::outgoing::{Outgoing, PushError, Reservation};
use crate::limits::{LARGE_VALUE_BYTES, VALUE_BYTES_MAX};

impl Outgoing {
    /// Queues bytes as a value if there is a slot. Many are not copied.
    pub(crate) fn push_shared(&self, payload: &Bytes) -> Result<(), PushError> {
        if !is_shared(payload) {
            return self.push_into(|state| state.check_slot(), copy(payload), |_| {});
        }
        let mut state = self.state.lock();
        state.check_slot()?;
        state.append_shared(payload.clone());
        self.announce(state, payload.len());
        Ok(())
    }
}

impl Reservation<'_> {
    /// Queues bytes as the value for which the slot was kept. Many are not copied.
    pub(crate) fn push_shared(self, payload: &Bytes) -> Result<(), PushError> {
        let queue = self.queue;
        if !is_shared(payload) {
            return queue.push_into(|state| state.check_open(), copy(payload), |_| {});
        }
        let mut state = queue.state.lock();
        state.check_open()?;
        state.append_shared(payload.clone());
        queue.announce(state, payload.len());
        Ok(())
    }
}

/// Whether bytes are queued where they are. A short copy costs less than what a reference does: a
/// chunk of its own, a slice of its own in each write, and the count that all who hold it share.
fn is_shared(payload: &Bytes) -> bool {
    (LARGE_VALUE_BYTES..=VALUE_BYTES_MAX).contains(&payload.len())
}

fn copy(payload: &Bytes) -> impl FnOnce(&mut Vec<u8>) -> Result<(), CodecError> {
    move |bytes| {
        if payload.len() > VALUE_BYTES_MAX {
            return Err(CodecError::TooLong { bytes_max: VALUE_BYTES_MAX });
        }
        bytes.extend_from_slice(payload);
        Ok(())
    }
}
