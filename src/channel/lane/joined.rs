//! Values of a lane in one buffer, which a batch exchanges for its own.

use crate::channel::lane::{Batch, Corrupt};
use crate::prefix;

/// The bytes of a lane, one run behind the other.
#[derive(Debug, Default)]
pub(super) struct Joined {
    buffer: Vec<u8>,
    /// Where the values that were not handed out start.
    start: usize,
    /// Where the last whole value ends.
    whole_end: usize,
}

impl Joined {
    #[inline]
    pub(super) fn append(&mut self, values: u32, tail_bytes: usize, run: &[u8]) {
        // What was handed out one by one is removed when it is the larger part, so each byte is
        // moved at most once on average.
        if self.start > self.buffer.len() / 2 {
            self.buffer.drain(..self.start);
            self.whole_end -= self.start;
            self.start = 0;
        }
        self.buffer.extend_from_slice(run);
        if values > 0 {
            self.whole_end = self.buffer.len() - tail_bytes;
        }
    }

    pub(super) fn hand_out(&mut self, batch: &mut Batch, is_all: bool) -> Result<usize, Corrupt> {
        if is_all {
            // The buffers change places; an unfinished value moves back.
            std::mem::swap(&mut self.buffer, &mut batch.bytes);
            batch.position = self.start;
            self.buffer.clear();
            self.buffer.extend_from_slice(&batch.bytes[self.whole_end..]);
            batch.bytes.truncate(self.whole_end);
            self.start = 0;
            self.whole_end = 0;
        } else {
            let rest = &self.buffer[self.start..self.whole_end];
            let (width, length) = prefix::read(rest).ok_or(Corrupt)?;
            let end = width + length;
            // There are more behind it.
            if end >= rest.len() {
                return Err(Corrupt);
            }
            batch.bytes.clear();
            batch.bytes.extend_from_slice(&rest[..end]);
            batch.position = 0;
            self.start += end;
        }
        Ok(batch.rest().len())
    }

    pub(super) fn take_back(&mut self, batch: &Batch) -> usize {
        let rest = batch.rest();
        let mut buffer = Vec::with_capacity(rest.len() + self.bytes());
        buffer.extend_from_slice(rest);
        buffer.extend_from_slice(&self.buffer[self.start..]);
        self.whole_end = rest.len() + self.whole_end - self.start;
        self.buffer = buffer;
        self.start = 0;
        rest.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.buffer.len() - self.start
    }

    pub(super) fn whole_bytes(&self) -> usize {
        self.whole_end - self.start
    }

    #[cfg(test)]
    pub(super) fn held_bytes(&self) -> usize {
        self.buffer.capacity()
    }
}
