//! Encoded values that several readers read, each at its own place. No lock, no waiting, no types.

use std::collections::VecDeque;

use bytes::Bytes;

use crate::channel::CodecError;
use crate::channel::backlog::whole_values;
use crate::limits::{CHUNK_BYTES, LARGE_VALUE_BYTES, RETAINED_BYTES_MAX};
use crate::prefix;
use crate::session::Chunk;

/// A place between two values: what was appended before it, in all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) values: u64,
    pub(super) bytes: u64,
}

/// Values that stand together: small ones share a buffer, a large one has its own, which its readers
/// share.
#[derive(Debug)]
struct Page {
    first: Place,
    values: u32,
    bytes: Vec<u8>,
    /// A large value; what stands before it is in `bytes`. See [`Chunk`].
    payload: Bytes,
}

impl Page {
    fn end_bytes(&self) -> u64 {
        self.first.bytes + (self.bytes.len() + self.payload.len()) as u64
    }

    /// Whether further values may stand in it.
    fn has_room(&self) -> bool {
        self.bytes.len() < CHUNK_BYTES && self.payload.is_empty()
    }
}

/// The values between two places, each encoded once.
#[derive(Debug, Default)]
pub(super) struct Log {
    pages: VecDeque<Page>,
    start: Place,
    end: Place,
    /// An empty buffer for the next page.
    spare: Vec<u8>,
    encoder: prefix::Encoder,
}

impl Log {
    /// Before the oldest value.
    pub(super) fn start(&self) -> Place {
        self.start
    }

    /// Behind the newest value.
    pub(super) fn end(&self) -> Place {
        self.end
    }

    pub(super) fn values(&self) -> u64 {
        self.end.values - self.start.values
    }

    /// Encoded bytes of its values.
    pub(super) fn bytes(&self) -> usize {
        (self.end.bytes - self.start.bytes) as usize
    }

    /// Encodes a value behind the others; returns its length.
    pub(super) fn append(
        &mut self,
        encode: impl FnOnce(&mut Vec<u8>) -> Result<(), CodecError>,
    ) -> Result<usize, CodecError> {
        if self.pages.back().is_none_or(|last| !last.has_room()) {
            let bytes = std::mem::take(&mut self.spare);
            let payload = Bytes::new();
            self.pages.push_back(Page { first: self.end, values: 0, bytes, payload });
        }
        // INVARIANT: if there was none, it was just pushed.
        let last = self.pages.back_mut().expect("a page to append to");
        let before = last.bytes.len();
        // A page without values may stay behind when this fails; it is used for the next value.
        let length = self.encoder.append(&mut last.bytes, encode)?;
        last.values += 1;
        self.end.values += 1;
        self.end.bytes += (last.bytes.len() - before) as u64;
        Ok(length)
    }

    /// Appends a value that was encoded elsewhere. A large one keeps its buffer.
    pub(super) fn append_encoded(&mut self, bytes: Vec<u8>) {
        if bytes.len() >= LARGE_VALUE_BYTES {
            return self.push_page(Vec::new(), Bytes::from(bytes));
        }
        match self.pages.back_mut() {
            Some(last) if last.has_room() => {
                last.bytes.extend_from_slice(&bytes);
                last.values += 1;
                self.end.values += 1;
                self.end.bytes += bytes.len() as u64;
            }
            _ => self.push_page(bytes, Bytes::new()),
        }
    }

    /// Appends a large value, which stays where it is.
    pub(super) fn append_shared(&mut self, payload: Bytes) {
        self.push_page(prefix::wide(payload.len()).to_vec(), payload);
    }

    /// Appends a page of one value.
    fn push_page(&mut self, bytes: Vec<u8>, payload: Bytes) {
        let page = Page { first: self.end, values: 1, bytes, payload };
        self.end.values += 1;
        self.end.bytes = page.end_bytes();
        self.pages.push_back(page);
    }

    /// Copies values from a place of this log on to `chunk`, which has none: whole ones, and at least
    /// one if there is one and it may be. Returns the place behind them.
    pub(super) fn copy(
        &self,
        from: Place,
        values_max: u64,
        bytes_wanted: usize,
        chunk: &mut Chunk,
    ) -> Place {
        if values_max == 0 || from.values >= self.end.values {
            return from;
        }
        let behind = self.pages.partition_point(|page| page.first.bytes <= from.bytes);
        let page = &self.pages[behind - 1];
        if !page.payload.is_empty() {
            chunk.bytes.extend_from_slice(&page.bytes);
            chunk.payload = page.payload.clone();
            chunk.values = 1;
            return Place { values: from.values + 1, bytes: page.end_bytes() };
        }
        let rest = &page.bytes[(from.bytes - page.first.bytes) as usize..];
        let rest_values = page.first.values + u64::from(page.values) - from.values;
        let takes_all = rest_values <= values_max
            && (rest.len() <= bytes_wanted.max(2 * CHUNK_BYTES) || rest_values == 1);
        let (values, bytes) = if takes_all {
            (rest_values as u32, rest.len())
        } else {
            whole_values(rest, values_max, bytes_wanted)
        };
        chunk.bytes.extend_from_slice(&rest[..bytes]);
        chunk.values = values;
        Place { values: from.values + u64::from(values), bytes: from.bytes + bytes as u64 }
    }

    /// Drops the values before a place of this log.
    pub(super) fn drop_before(&mut self, place: Place) {
        self.start = place;
        while self.pages.front().is_some_and(|page| page.end_bytes() <= place.bytes) {
            self.drop_page();
        }
    }

    /// Drops the oldest value, if there is one.
    pub(super) fn drop_oldest(&mut self) {
        if self.values() == 0 {
            return;
        }
        // One that was left empty by a value that failed.
        while self.pages.front().is_some_and(|page| page.end_bytes() <= self.start.bytes) {
            self.drop_page();
        }
        let Some(first) = self.pages.front() else { return };
        if !first.payload.is_empty() {
            let bytes = first.end_bytes();
            return self.drop_before(Place { values: self.start.values + 1, bytes });
        }
        let oldest = &first.bytes[(self.start.bytes - first.first.bytes) as usize..];
        let bytes = self.start.bytes + prefix::value_bytes(oldest) as u64;
        self.drop_before(Place { values: self.start.values + 1, bytes });
    }

    /// Removes the first page and keeps its buffer if that is of modest size.
    fn drop_page(&mut self) {
        if let Some(Page { mut bytes, .. }) = self.pages.pop_front()
            && bytes.capacity() <= RETAINED_BYTES_MAX
            && bytes.capacity() > self.spare.capacity()
        {
            bytes.clear();
            self.spare = bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn append(log: &mut Log, length: usize) {
        let encode = |bytes: &mut Vec<u8>| {
            bytes.resize(bytes.len() + length, 7);
            Ok(())
        };
        assert_eq!(log.append(encode), Ok(length));
    }

    fn copied(log: &Log, from: Place, values_max: u64, bytes_wanted: usize) -> (Place, Chunk) {
        let mut chunk = Chunk::default();
        (log.copy(from, values_max, bytes_wanted, &mut chunk), chunk)
    }

    /// The memory that it has taken.
    fn held_bytes(log: &Log) -> usize {
        let held = |page: &Page| page.bytes.capacity() + page.payload.len();
        log.pages.iter().map(held).sum::<usize>() + log.spare.capacity()
    }

    /// The value of so many bytes, encoded elsewhere.
    fn encoded(length: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        let value = |bytes: &mut Vec<u8>| {
            bytes.resize(bytes.len() + length, 7);
            Ok::<(), CodecError>(())
        };
        prefix::Encoder::wide().append(&mut bytes, value).unwrap();
        bytes
    }

    #[test]
    fn readers_at_different_places_read_the_same_bytes() {
        let mut log = Log::default();
        (0..10).for_each(|_| append(&mut log, 9));
        let (three, chunk) = copied(&log, log.start(), 3, 1000);
        assert_eq!((three, chunk.values), (Place { values: 3, bytes: 30 }, 3));
        let (five, chunk) = copied(&log, three, 6, 25);
        assert_eq!((five, chunk.bytes.len()), (Place { values: 5, bytes: 50 }, 20));
        assert_eq!(copied(&log, five, 1, 1).1.bytes.len(), 10);
        assert_eq!(copied(&log, five, 0, 1000).0, five);
        assert_eq!(copied(&log, five, 99, 1000).0, log.end());
        let (_, all) = copied(&log, log.start(), 99, 1000);
        assert_eq!(all.bytes.len(), 100);
        assert_eq!(copied(&log, log.end(), 99, 1000).1.values, 0);
    }

    #[test]
    fn every_place_of_a_log_of_many_pages_can_be_read_from() {
        let mut log = Log::default();
        let lengths = [3, 0, 20_000, 70, 20_000, 5, 100_000, 1, 20_000, 20_000, 2];
        for (number, length) in lengths.into_iter().enumerate() {
            match number % 3 {
                2 => log.append_encoded(encoded(length)),
                _ if length == 20_000 => log.append_shared(vec![7; length].into()),
                _ => append(&mut log, length),
            }
        }
        let mut places = vec![log.start()];
        while *places.last().unwrap() != log.end() {
            places.push(copied(&log, *places.last().unwrap(), 1, 1).0);
        }
        assert_eq!(places.len(), lengths.len() + 1);
        for dropped in &places {
            log.drop_before(*dropped);
            for from in places.iter().filter(|place| place.values >= dropped.values) {
                let (mut at, mut read) = (*from, 0);
                while at != log.end() {
                    let (next, chunk) = copied(&log, at, 3, 30_000);
                    read += chunk.run_bytes() as u64;
                    at = next;
                }
                assert_eq!(read, log.end().bytes - from.bytes);
            }
        }
        assert!(log.pages.is_empty());
    }

    #[test]
    fn a_log_of_which_the_oldest_is_dropped_does_not_grow() {
        for length in [0, 9, 1000, 50_000] {
            let mut log = Log::default();
            for number in 0..1_000 {
                match number % 3 {
                    2 if length > 1000 => log.append_encoded(encoded(length)),
                    1 if length > 1000 => log.append_shared(vec![7; length].into()),
                    _ => append(&mut log, length),
                }
                if log.values() > 3 {
                    log.drop_oldest();
                }
            }
            assert_eq!(log.values(), 3);
            let held = held_bytes(&log);
            assert!(held <= 8 * length.max(CHUNK_BYTES), "{held} bytes for {length}");
        }
    }

    #[test]
    fn all_readers_share_a_large_value() {
        let mut log = Log::default();
        let payload = Bytes::from(vec![7; LARGE_VALUE_BYTES]);
        log.append_shared(payload.clone());
        for _reader in 0..3 {
            let (end, chunk) = copied(&log, log.start(), 9, 1);
            assert_eq!(end, log.end());
            assert_eq!(chunk.payload.as_ptr(), payload.as_ptr());
        }
        log.append_encoded(encoded(LARGE_VALUE_BYTES));
        let at = Place { values: 1, bytes: 4 + LARGE_VALUE_BYTES as u64 };
        let read = || copied(&log, at, 9, 1).1.payload.as_ptr();
        assert_eq!(read(), read());
    }

    #[test]
    fn a_value_that_failed_is_not_in_the_way() {
        let mut log = Log::default();
        let failing = |_: &mut Vec<u8>| Err(CodecError::TooLong { bytes_max: 1 });
        assert!(log.append(failing).is_err());
        log.append_encoded(encoded(LARGE_VALUE_BYTES));
        assert_eq!(copied(&log, log.start(), 1, 1).1.values, 1);
        log.drop_oldest();
        assert_eq!((log.values(), log.bytes()), (0, 0));
        append(&mut log, 5);
        assert_eq!(copied(&log, log.start(), 1, 1).1.bytes.len(), 6);
    }
}
