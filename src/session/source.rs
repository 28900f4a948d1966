//! Where a session takes the values that it sends.

use bytes::Bytes;

use crate::id::ChannelId;

/// A run of whole values, each behind its length: `bytes`, and then `payload`.
#[derive(Debug, Default)]
pub struct Chunk {
    /// The values, or what stands before `payload`.
    pub bytes: Vec<u8>,
    /// A large value where somebody else has it; then the chunk has no other, and `bytes` are its
    /// length, or nothing if the length stands here too. Empty for most chunks.
    pub payload: Bytes,
    /// How many there are.
    pub values: u32,
    /// Values that were left out before these, in all, since the channel was opened: the peer is told.
    pub skipped_values: u64,
}

impl Chunk {
    /// The length of the run, in bytes.
    #[must_use]
    pub fn run_bytes(&self) -> usize {
        self.bytes.len() + self.payload.len()
    }
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
