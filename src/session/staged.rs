//! Values that a session has taken from a channel's queue and is sending.
//!
//! A run is a sequence of values, each behind its length ([`prefix`](crate::prefix)). A turn sends
//! as many whole values as it may; a value that is too long for any turn is cut.

use std::ops::Range;

use bytes::Bytes;

use crate::limits::{LARGE_VALUE_BYTES, RETAINED_BYTES_MAX};
use crate::prefix;
use crate::session::source::Chunk;
use crate::wire::Partial;

/// Values that are being sent.
#[derive(Debug, Default)]
pub(super) struct Staged {
    /// A large value stands in it as a payload, which the frames that carry it share.
    chunk: Chunk,
    /// How much of the run was sent, in bytes.
    offset: usize,
    /// Bytes to come of the value that was begun.
    value_rest: usize,
}

/// What a turn may send.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn {
    pub(super) values_max: u64,
    pub(super) bytes_max: usize,
    /// The first value may be cut if it does not fit.
    pub(super) may_cut: bool,
}

/// What a turn sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cut {
    pub(super) values: u32,
    pub(super) bytes: usize,
    pub(super) partial: Option<Partial>,
}

/// A piece of a staged run that is sent in one frame.
#[derive(Debug)]
pub(super) struct Piece<'a> {
    /// What is copied into the frame.
    pub(super) copied: &'a [u8],
    /// What follows and is written from where it is; perhaps nothing.
    pub(super) shared: Bytes,
}

impl Staged {
    pub(super) fn is_empty(&self) -> bool {
        self.chunk.values == 0
    }

    /// Values that were not sent as a whole.
    pub(super) fn values(&self) -> u64 {
        u64::from(self.chunk.values)
    }

    /// Values that were left out before those that are staged, since the channel was opened.
    pub(super) fn skipped_values(&self) -> u64 {
        self.chunk.skipped_values
    }

    /// The buffer to refill; only when nothing is left.
    pub(super) fn refill(&mut self) -> &mut Chunk {
        assert!(self.is_empty(), "what is staged is sent before more is taken");
        self.clear();
        &mut self.chunk
    }

    /// Lets go of what was sent, and of a buffer that is too large to wait for the next values.
    fn clear(&mut self) {
        if self.chunk.bytes.capacity() > RETAINED_BYTES_MAX {
            self.chunk.bytes = Vec::new();
        }
        self.chunk.bytes.clear();
        self.chunk.payload = Bytes::new();
        self.offset = 0;
    }

    /// Looks at what the source gave.
    pub(super) fn refilled(&mut self) {
        let chunk = &mut self.chunk;
        if chunk.values == 1 && chunk.bytes.len() >= LARGE_VALUE_BYTES {
            chunk.payload = Bytes::from(std::mem::take(&mut chunk.bytes));
        }
    }

    /// The length of the value that is next, or what is left of it, in bytes.
    pub(super) fn next_value_bytes(&self) -> usize {
        if self.value_rest > 0 {
            self.value_rest
        } else {
            prefix::value_bytes(self.start_of_rest())
        }
    }

    /// Whether the next bytes belong to a value that was begun.
    pub(super) fn is_cut(&self) -> bool {
        self.value_rest > 0
    }

    /// The bytes that were not sent, or the first of them; the length of a value is not divided.
    fn start_of_rest(&self) -> &[u8] {
        match self.offset.checked_sub(self.chunk.bytes.len()) {
            Some(offset) if !self.chunk.payload.is_empty() => &self.chunk.payload[offset..],
            _ => &self.chunk.bytes[self.offset..],
        }
    }

    /// How many bytes were not sent.
    fn rest_bytes(&self) -> usize {
        self.chunk.run_bytes() - self.offset
    }

    /// Appends the bytes that were not sent, but for the first `skipped_bytes` of them.
    pub(super) fn append_rest(&self, skipped_bytes: usize, output: &mut Vec<u8>) {
        let (copied, shared) = self.parts(self.offset + skipped_bytes, self.chunk.run_bytes());
        output.extend_from_slice(&self.chunk.bytes[copied]);
        output.extend_from_slice(&self.chunk.payload[shared]);
    }

    /// Where a part of the run stands: in the bytes, and in the payload.
    fn parts(&self, start: usize, end: usize) -> (Range<usize>, Range<usize>) {
        let bytes = self.chunk.bytes.len();
        let copied = start.min(bytes)..end.min(bytes);
        let shared = start.saturating_sub(bytes)..end.saturating_sub(bytes);
        (copied, shared)
    }

    /// Decides what a turn sends; nothing if the first value neither fits nor may be cut.
    pub(super) fn cut(&self, turn: Turn) -> Option<Cut> {
        let rest_bytes = self.rest_bytes();
        if rest_bytes <= turn.bytes_max && self.values() <= turn.values_max {
            return Some(Cut { values: self.chunk.values, bytes: rest_bytes, partial: None });
        }
        // All of it, unless it is one large value, which has none behind it.
        let rest = self.start_of_rest();
        let mut bytes = 0;
        let mut values = 0;
        while u64::from(values) < turn.values_max.min(self.values()) {
            let value_bytes = if values == 0 {
                self.next_value_bytes()
            } else {
                prefix::value_bytes(&rest[bytes..])
            };
            if bytes + value_bytes > turn.bytes_max {
                break;
            }
            bytes += value_bytes;
            values += 1;
        }
        if values > 0 {
            return Some(Cut { values, bytes, partial: None });
        }
        let can_cut = turn.values_max > 0 && turn.bytes_max > 0 && (turn.may_cut || self.is_cut());
        can_cut.then(|| {
            let tail = turn.bytes_max;
            let value_rest = self.next_value_bytes() - tail;
            let partial = Partial { tail: tail as u32, rest: value_rest as u32 };
            Cut { values: 0, bytes: tail, partial: Some(partial) }
        })
    }

    /// The bytes of a cut.
    pub(super) fn piece(&self, cut: Cut) -> Piece<'_> {
        let (copied, shared) = self.parts(self.offset, self.offset + cut.bytes);
        Piece { copied: &self.chunk.bytes[copied], shared: self.chunk.payload.slice(shared) }
    }

    /// Removes a cut, which was sent.
    pub(super) fn advance(&mut self, cut: Cut) {
        self.offset += cut.bytes;
        self.chunk.values -= cut.values;
        self.value_rest = cut.partial.map_or(0, |partial| partial.rest as usize);
        if self.is_empty() {
            self.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn staged(lengths: &[usize]) -> Staged {
        let mut staged = Staged::default();
        let chunk = staged.refill();
        let mut encoder = prefix::Encoder::default();
        for length in lengths {
            let value = |bytes: &mut Vec<u8>| {
                bytes.resize(bytes.len() + length, 7);
                Ok::<(), ()>(())
            };
            encoder.append(&mut chunk.bytes, value).unwrap();
            chunk.values += 1;
        }
        staged.refilled();
        staged
    }

    fn turn(values_max: u64, bytes_max: usize) -> Turn {
        Turn { values_max, bytes_max, may_cut: false }
    }

    #[test]
    fn whole_values_are_sent_as_far_as_they_fit() {
        let staged = staged(&[10, 10, 10]);
        let cut = |values_max, bytes_max| {
            staged.cut(turn(values_max, bytes_max)).map(|cut| (cut.values, cut.bytes))
        };
        assert_eq!(cut(9, 100), Some((3, 33)));
        assert_eq!(cut(2, 100), Some((2, 22)));
        assert_eq!(cut(9, 32), Some((2, 22)));
        assert_eq!(cut(9, 10), None);
        assert_eq!(cut(0, 100), None);
    }

    #[test]
    fn a_long_value_is_sent_in_pieces_and_the_next_follows_whole() {
        let mut staged = staged(&[100, 5]);
        let may_cut = Turn { values_max: 2, bytes_max: 60, may_cut: true };
        let first = staged.cut(may_cut).unwrap();
        assert_eq!(first.partial, Some(Partial { tail: 60, rest: 42 }));
        staged.advance(first);
        let second = staged.cut(turn(2, 45)).unwrap();
        assert_eq!(second, Cut { values: 1, bytes: 42, partial: None });
        staged.advance(second);
        let third = staged.cut(turn(2, 45)).unwrap();
        assert_eq!(third, Cut { values: 1, bytes: 7, partial: None });
        staged.advance(third);
        assert!(staged.is_empty());
    }

    #[test]
    fn a_large_value_is_shared_and_not_copied() {
        let staged = staged(&[LARGE_VALUE_BYTES]);
        let cut = staged.cut(Turn { values_max: 1, bytes_max: 1000, may_cut: true }).unwrap();
        let Piece { copied, shared } = staged.piece(cut);
        assert_eq!((copied.len(), shared.len()), (0, 1000));
    }

    #[test]
    fn a_payload_is_sent_from_where_it_is_behind_its_length() {
        let payload = Bytes::from(vec![7; 100_000]);
        let head = prefix::wide(payload.len()).to_vec();
        let run = [&head[..], &payload[..]].concat();
        for piece_bytes in [1, 3, 4, 5, 60_000, 100_003, 100_004] {
            let mut staged = Staged::default();
            *staged.refill() = Chunk {
                bytes: head.clone(),
                payload: payload.clone(),
                values: 1,
                ..Chunk::default()
            };
            staged.refilled();
            let turn = Turn { values_max: 1, bytes_max: piece_bytes, may_cut: true };
            let (mut sent, mut values) = (Vec::new(), 0);
            while !staged.is_empty() {
                let mut rest = Vec::new();
                staged.append_rest(0, &mut rest);
                assert_eq!(rest, run[sent.len()..]);
                let cut = staged.cut(turn).unwrap();
                let Piece { copied, shared } = staged.piece(cut);
                assert_eq!(copied.len() + shared.len(), cut.bytes);
                sent.extend_from_slice(copied);
                if !shared.is_empty() {
                    assert_eq!(shared.as_ptr(), payload[sent.len() - head.len()..].as_ptr());
                }
                sent.extend_from_slice(&shared);
                values += cut.values;
                staged.advance(cut);
                // Short pieces only until the payload is reached.
                if piece_bytes < 5 && sent.len() > 8 {
                    break;
                }
            }
            assert!(sent.len() > 8 && run.starts_with(&sent));
            assert_eq!(values == 1, sent.len() == run.len());
        }
    }

    #[test]
    fn what_was_sent_is_not_kept() {
        for lengths in [&[500_000][..], &[10, 500_000]] {
            let mut staged = staged(lengths);
            let all = staged.cut(turn(2, usize::MAX)).unwrap();
            staged.advance(all);
            assert!(staged.chunk.payload.is_empty());
            assert!(staged.chunk.bytes.capacity() <= RETAINED_BYTES_MAX);
        }
    }
}
