//! What a sending channel is held to, and what becomes of its values.

use crate::channel::{Closed, CodecError, Shape};
use crate::limits::{TURN_FRACTION, TURN_VALUES_MIN};

/// The bounds of a sending channel.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OutgoingBounds {
    /// Values for which there are slots.
    pub(crate) capacity_values: u32,
    /// So many slots there may come to be, when the windows of peers grow.
    pub(crate) capacity_max: u32,
    /// Encoded bytes beyond which senders wait although there are slots.
    pub(crate) queue_bytes: usize,
    /// What frees a slot.
    pub(crate) slots: Slots,
    /// The number of values after which the channel ends.
    pub(crate) limit: Option<u64>,
    /// Values that are not known to have been taken when a session is lost are sent again.
    pub(crate) redelivers: bool,
    /// To whom the values go.
    pub(crate) shape: Shape,
}

impl OutgoingBounds {
    /// Waiting values that make up a [turn](crate::channel::turn).
    #[inline]
    pub(super) fn turn_values(&self) -> u64 {
        u64::from(self.capacity_values / TURN_FRACTION as u32).max(TURN_VALUES_MIN)
    }
}

/// What frees a sender's slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slots {
    /// The value was taken by a session: an export, whose importers have windows of their own.
    UntilDispatched,
    /// The value has left the peer's channel: an import, whose size counts values in flight too.
    UntilTaken,
}

/// What became of the values of a channel whose session is lost.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Aftermath {
    /// Values that were sent and are not known to have been taken.
    pub(crate) unconfirmed_values: u64,
    /// Those of them that will be sent again.
    pub(crate) redelivered_values: u64,
    /// Values that will not be sent again.
    pub(crate) discarded_values: u64,
}

/// Why a value was not queued.
#[derive(Debug)]
pub(crate) enum PushError {
    Full,
    Closed(Closed),
    Unencodable(CodecError),
}
