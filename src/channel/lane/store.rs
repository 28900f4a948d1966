//! How a lane keeps the bytes of its values.

use bytes::Bytes;

use crate::channel::lane::joined::Joined;
use crate::channel::lane::pieces::Pieces;
use crate::channel::lane::{Batch, Corrupt};

/// The bytes of a lane that were not handed out.
#[derive(Debug)]
pub(super) enum Store {
    /// In one buffer: values that are decoded.
    Joined(Joined),
    /// In pieces: values that are bytes, and may be taken without a copy.
    Pieces(Pieces),
}

impl Default for Store {
    fn default() -> Store {
        Store::Joined(Joined::default())
    }
}

impl Store {
    /// Appends a run; so many values end in it, and its last `tail_bytes` belong to one that is not whole
    /// yet.
    #[inline]
    pub(super) fn append(&mut self, values: u32, tail_bytes: usize, run: &Bytes) {
        match self {
            Store::Joined(joined) => joined.append(values, tail_bytes, run),
            Store::Pieces(pieces) => pieces.append(values, tail_bytes, run),
        }
    }

    /// Hands out all whole values, or only the first of several. Returns how many bytes they take.
    pub(super) fn hand_out(&mut self, batch: &mut Batch, is_all: bool) -> Result<usize, Corrupt> {
        match self {
            Store::Joined(joined) => joined.hand_out(batch, is_all),
            Store::Pieces(pieces) => pieces.hand_out(batch, is_all),
        }
    }

    /// Takes back what is left in a batch. Returns how many bytes that takes.
    pub(super) fn take_back(&mut self, batch: &mut Batch) -> usize {
        match self {
            Store::Joined(joined) => joined.take_back(batch),
            Store::Pieces(pieces) => pieces.take_back(batch),
        }
    }

    /// The length of all that is here.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Store::Joined(joined) => joined.bytes(),
            Store::Pieces(pieces) => pieces.bytes(),
        }
    }

    /// The length of the whole values that are here.
    pub(super) fn whole_bytes(&self) -> usize {
        match self {
            Store::Joined(joined) => joined.whole_bytes(),
            Store::Pieces(pieces) => pieces.whole_bytes(),
        }
    }

    /// Drops all.
    pub(super) fn clear(&mut self) {
        match self {
            Store::Joined(joined) => *joined = Joined::default(),
            Store::Pieces(pieces) => *pieces = Pieces::default(),
        }
    }

    /// The memory that it has taken, without what its pieces share with others.
    #[cfg(test)]
    pub(super) fn held_bytes(&self) -> usize {
        match self {
            Store::Joined(joined) => joined.held_bytes(),
            Store::Pieces(pieces) => pieces.held_bytes(),
        }
    }
}
