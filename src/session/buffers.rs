//! Buffers for composed frames, which are used again as soon as nobody holds a part of them.
//!
//! A frame is kept until it is acknowledged, and with it the buffer in which it was composed. To take
//! a new buffer each time would mean memory that no cache has seen, so the oldest come round again.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

use crate::limits::{COMPOSED_BYTES_MAX, FRAME_BYTES_MAX};

/// The first buffer of a session. Most sessions never need a larger one.
const BUFFER_BYTES_FIRST: usize = 4 * 1024;

/// The largest buffer: what may be composed ahead, and the frame that goes beyond it.
const BUFFER_BYTES_MAX: usize = COMPOSED_BYTES_MAX + FRAME_BYTES_MAX + 1024;

/// Buffers that a session without unacknowledged frames keeps for the next ones.
const SPARE_BUFFERS_MAX: usize = 4;

/// Buffers beyond which values that wait for their reader must let go of them. More than the default
/// window of a channel fills, so that values which are taken in time are never copied.
const CROWDED_BUFFERS: usize = 24;

/// The buffers of one session that are in use, or will be again.
#[derive(Debug)]
pub(super) struct Buffers {
    /// The first part of each, the oldest first. A part is a handle to the whole.
    used: VecDeque<Bytes>,
    /// The buffer that is being filled stands among them.
    is_listed: bool,
    next_capacity: usize,
}

impl Default for Buffers {
    fn default() -> Buffers {
        let next_capacity = BUFFER_BYTES_FIRST;
        Buffers { used: VecDeque::new(), is_listed: false, next_capacity }
    }
}

impl Buffers {
    /// A part of the present buffer is full.
    pub(super) fn note(&mut self, part: &Bytes) {
        if !std::mem::replace(&mut self.is_listed, true) {
            self.used.push_back(part.clone());
        }
    }

    /// An empty buffer for at least so many bytes.
    pub(super) fn next(&mut self, bytes: usize) -> BytesMut {
        self.is_listed = false;
        while self.used.front().is_some_and(Bytes::is_unique)
            && let Some(first) = self.used.pop_front()
        {
            if let Ok(mut buffer) = first.try_into_mut() {
                buffer.clear();
                if buffer.capacity() >= bytes {
                    return buffer;
                }
            }
        }
        let capacity = self.next_capacity.max(bytes);
        self.next_capacity = (2 * self.next_capacity).min(BUFFER_BYTES_MAX);
        BytesMut::with_capacity(capacity)
    }

    /// Everything is acknowledged: what was needed for a burst need not stay. What is still held stays
    /// in the count.
    pub(super) fn trim(&mut self) {
        while self.used.len() > SPARE_BUFFERS_MAX && self.used.front().is_some_and(Bytes::is_unique)
        {
            self.used.pop_front();
        }
    }

    /// Whether so many are held that those who hold them for long must let go.
    pub(super) fn are_crowded(&self) -> bool {
        self.used.len() > CROWDED_BUFFERS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(buffers: &mut Buffers, buffer: &mut BytesMut, bytes: usize) -> Bytes {
        buffer.resize(bytes, 7);
        let part = buffer.split().freeze();
        buffers.note(&part);
        part
    }

    #[test]
    fn a_buffer_comes_round_when_nobody_holds_a_part_of_it() {
        let mut buffers = Buffers::default();
        let mut first = buffers.next(100);
        let place = first.as_ptr();
        let parts = [fill(&mut buffers, &mut first, 60), fill(&mut buffers, &mut first, 40)];
        drop(first);
        assert_ne!(buffers.next(100).as_ptr(), place);
        let [a, b] = parts;
        drop(a);
        assert_ne!(buffers.next(100).as_ptr(), place, "a part is still held");
        drop(b);
        let again = buffers.next(100);
        assert_eq!(again.as_ptr(), place);
        assert!(again.is_empty() && again.capacity() >= BUFFER_BYTES_FIRST);
    }

    #[test]
    fn buffers_grow_with_the_traffic_and_a_burst_leaves_only_some() {
        let mut buffers = Buffers::default();
        let (mut capacities, mut held) = (Vec::new(), Vec::new());
        for _ in 0..20 {
            let mut buffer = buffers.next(10);
            capacities.push(buffer.capacity());
            held.push(fill(&mut buffers, &mut buffer, 10));
        }
        assert!(capacities.is_sorted());
        assert_eq!(capacities.last(), Some(&BUFFER_BYTES_MAX));
        buffers.trim();
        assert_eq!(buffers.used.len(), 20, "they are held");
        drop(held);
        buffers.trim();
        assert_eq!(buffers.used.len(), SPARE_BUFFERS_MAX);
    }
}
