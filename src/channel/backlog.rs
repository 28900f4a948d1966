//! Encoded values in the order in which they were sent. No lock, no waiting, no types.

use std::collections::VecDeque;

use bytes::Bytes;

use crate::channel::CodecError;
use crate::limits::{CHUNK_BYTES, LARGE_VALUE_BYTES, RETAINED_BYTES_MAX};
use crate::prefix;
use crate::session::Chunk;

/// Values that wait for a session, in chunks: small values share one, a long one has its own.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    chunks: VecDeque<Chunk>,
    /// Where the first chunk starts; before that its values were taken.
    first_offset: usize,
    /// An empty buffer for the next chunk.
    spare: Vec<u8>,
    encoder: prefix::Encoder,
    bytes: usize,
}

impl Backlog {
    /// Encoded bytes that wait.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Encodes a value behind the others; returns its length.
    pub(super) fn append(
        &mut self,
        encode: impl FnOnce(&mut Vec<u8>) -> Result<(), CodecError>,
    ) -> Result<usize, CodecError> {
        let last = match self.chunks.back_mut() {
            Some(last) if has_room(last) => last,
            _ => {
                let bytes = std::mem::take(&mut self.spare);
                self.chunks.push_back(Chunk { bytes, ..Chunk::default() });
                // INVARIANT: it was just pushed.
                self.chunks.back_mut().expect("a chunk to append to")
            }
        };
        let before = last.bytes.len();
        // A chunk without values may stay behind when this fails; it is used for the next value.
        let length = self.encoder.append(&mut last.bytes, encode)?;
        last.values += 1;
        self.bytes += last.bytes.len() - before;
        Ok(length)
    }

    /// Appends a large value, which stays where it is.
    pub(super) fn append_shared(&mut self, payload: Bytes) {
        let bytes = prefix::wide(payload.len()).to_vec();
        let chunk = Chunk { bytes, payload, values: 1, skipped_values: 0 };
        self.bytes += chunk.run_bytes();
        self.chunks.push_back(chunk);
    }

    /// Appends a value that was encoded elsewhere. A long one keeps its buffer.
    pub(super) fn append_encoded(&mut self, bytes: Vec<u8>) {
        self.bytes += bytes.len();
        match self.chunks.back_mut() {
            Some(last) if bytes.len() < LARGE_VALUE_BYTES && has_room(last) => {
                last.bytes.extend_from_slice(&bytes);
                last.values += 1;
            }
            _ => self.chunks.push_back(Chunk { bytes, values: 1, ..Chunk::default() }),
        }
    }

    /// Puts values that were taken back in front of the others.
    pub(super) fn give_back(&mut self, chunk: Chunk) {
        if let Some(first) = self.chunks.front_mut() {
            first.bytes.drain(..self.first_offset);
        }
        self.first_offset = 0;
        self.bytes += chunk.run_bytes();
        self.chunks.push_front(chunk);
    }

    /// Moves values from the front to `chunk`, which has none; returns how many.
    pub(super) fn take(&mut self, values_max: u64, bytes_wanted: usize, chunk: &mut Chunk) -> u64 {
        while self.chunks.front().is_some_and(|first| first.values == 0) {
            self.remove_first();
        }
        let Some(first) = self.chunks.front_mut() else { return 0 };
        if values_max == 0 {
            return 0;
        }
        let rest = &first.bytes[self.first_offset..];
        let taken_bytes;
        if u64::from(first.values) <= values_max
            && (rest.len() <= bytes_wanted.max(2 * CHUNK_BYTES) || first.values == 1)
        {
            taken_bytes = rest.len() + first.payload.len();
            chunk.values = first.values;
            // One with a payload has no other value, so nothing was taken from it.
            chunk.payload = std::mem::take(&mut first.payload);
            if self.first_offset == 0 {
                std::mem::swap(&mut first.bytes, &mut chunk.bytes);
            } else {
                chunk.bytes.extend_from_slice(rest);
            }
            self.remove_first();
        } else {
            (chunk.values, taken_bytes) = whole_values(rest, values_max, bytes_wanted);
            chunk.bytes.extend_from_slice(&rest[..taken_bytes]);
            first.values -= chunk.values;
            self.first_offset += taken_bytes;
        }
        self.bytes -= taken_bytes;
        u64::from(chunk.values)
    }

    /// Removes the first chunk and keeps its buffer if that is of modest size.
    fn remove_first(&mut self) {
        self.first_offset = 0;
        if let Some(Chunk { mut bytes, .. }) = self.chunks.pop_front()
            && bytes.capacity() <= RETAINED_BYTES_MAX
            && bytes.capacity() > self.spare.capacity()
        {
            bytes.clear();
            self.spare = bytes;
        }
    }
}

/// Whether further values may stand in a chunk.
#[inline]
fn has_room(chunk: &Chunk) -> bool {
    chunk.bytes.len() < CHUNK_BYTES && chunk.payload.is_empty()
}

/// How many whole values stand at the start of `run` within the bounds, at least one, and how many
/// bytes they take.
pub(super) fn whole_values(run: &[u8], values_max: u64, bytes_wanted: usize) -> (u32, usize) {
    let mut values = 0;
    let mut length = 0;
    while u64::from(values) < values_max && length < run.len() {
        let value_bytes = prefix::value_bytes(&run[length..]);
        if values > 0 && length + value_bytes > bytes_wanted {
            break;
        }
        length += value_bytes;
        values += 1;
    }
    (values, length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn append(backlog: &mut Backlog, length: usize) {
        let encode = |bytes: &mut Vec<u8>| {
            bytes.resize(bytes.len() + length, 7);
            Ok(())
        };
        assert_eq!(backlog.append(encode), Ok(length));
    }

    fn take(backlog: &mut Backlog, values_max: u64, bytes_wanted: usize) -> (u64, usize) {
        let mut chunk = Chunk::default();
        (backlog.take(values_max, bytes_wanted, &mut chunk), chunk.run_bytes())
    }

    #[test]
    fn values_are_taken_whole_and_within_bounds() {
        let mut backlog = Backlog::default();
        (0..10).for_each(|_| append(&mut backlog, 9));
        assert_eq!(backlog.bytes(), 100);
        assert_eq!(take(&mut backlog, 0, 1000), (0, 0));
        assert_eq!(take(&mut backlog, 3, 1000), (3, 30));
        assert_eq!(take(&mut backlog, 6, 25), (2, 20));
        assert_eq!(take(&mut backlog, 3, 1), (1, 10));
        assert_eq!(take(&mut backlog, 99, 1000), (4, 40));
        assert_eq!(backlog.bytes(), 0);
        assert_eq!(take(&mut backlog, 99, 1000), (0, 0));
    }

    #[test]
    fn what_is_given_back_comes_before_what_waits() {
        let mut backlog = Backlog::default();
        (0..4).for_each(|_| append(&mut backlog, 9));
        let mut chunk = Chunk::default();
        assert_eq!(backlog.take(1, 1000, &mut chunk), 1);
        let mut again = Chunk::default();
        assert_eq!(backlog.take(1, 1000, &mut again), 1);
        append(&mut backlog, 99);
        backlog.give_back(again);
        backlog.give_back(chunk);
        assert_eq!(backlog.bytes(), 141);
        for length in [10, 10, 20, 101] {
            assert_eq!(take(&mut backlog, 2, 1000).1, length);
        }
        assert_eq!(backlog.bytes(), 0);
    }

    #[test]
    fn a_payload_stays_where_it_is_between_other_values() {
        let payload = Bytes::from(vec![7; LARGE_VALUE_BYTES]);
        let mut backlog = Backlog::default();
        append(&mut backlog, 9);
        backlog.append_shared(payload.clone());
        backlog.append_encoded(vec![0]);
        append(&mut backlog, 0);
        assert_eq!(backlog.bytes(), 10 + 4 + payload.len() + 2);
        assert_eq!(take(&mut backlog, 99, 1000), (1, 10));
        let mut chunk = Chunk::default();
        assert_eq!(backlog.take(99, 1000, &mut chunk), 1);
        assert_eq!(chunk.bytes, prefix::wide(payload.len()));
        assert_eq!(chunk.payload.as_ptr(), payload.as_ptr());
        backlog.give_back(chunk);
        assert_eq!(backlog.bytes(), 4 + payload.len() + 2);
        assert_eq!(take(&mut backlog, 99, 1000), (1, 4 + payload.len()));
        assert_eq!(take(&mut backlog, 99, 1000), (2, 2));
        assert_eq!(backlog.bytes(), 0);
    }

    #[test]
    fn a_value_that_failed_is_not_in_the_way_of_a_long_one() {
        let mut backlog = Backlog::default();
        let failing = |_: &mut Vec<u8>| Err(CodecError::TooLong { bytes_max: 1 });
        assert!(backlog.append(failing).is_err());
        backlog.append_encoded(vec![0; LARGE_VALUE_BYTES]);
        assert_eq!(take(&mut backlog, 1, 1), (1, LARGE_VALUE_BYTES));
    }
}
