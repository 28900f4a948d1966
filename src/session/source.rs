//! Where a session takes the values that it sends.

use crate::id::ChannelId;

/// A run of whole values, each behind its length.
#[derive(Debug, Default)]
pub struct Chunk {
    /// The values.
    pub bytes: Vec<u8>,
    /// How many there are.
    pub values: u32,
    /// Values that were left out before these, in all, since the channel was opened: the peer is told.
    pub skipped_values: u64,
}

/// What a source says after it was asked for values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Supply {
    /// It has more.
    More,
    /// It has no more now; [`Session::ready`](super::Session::ready) is called when it has.
    Empty,
    /// It never has more: after what it just gave, the channel ends.
    Finished,
}

/// The queues behind a session's sending channels.
pub trait ValueSource {
    /// Moves values of `channel` into `chunk`, which is empty but may have room.
    ///
    /// At most `values_max` of them, and about `bytes_wanted`: at least one value if there is one,
    /// however long. Values that were given are sent, and in this order.
    fn refill(
        &mut self,
        channel: ChannelId,
        values_max: u64,
        bytes_wanted: usize,
        chunk: &mut Chunk,
    ) -> Supply;
}
