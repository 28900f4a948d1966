//! One direction of a link: bytes that arrive later, or never.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bytes::BytesMut;

/// What a pipe is like.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quality {
    pub(crate) latency: Duration,
    /// Bytes that it holds at most, as the buffers of a socket do.
    pub(crate) capacity_bytes: usize,
}

impl Default for Quality {
    fn default() -> Quality {
        Quality { latency: Duration::from_millis(1), capacity_bytes: 256 * 1024 }
    }
}

/// Bytes on their way in one direction.
#[derive(Debug)]
pub(crate) struct Pipe {
    quality: Quality,
    in_flight: VecDeque<(Instant, Vec<u8>)>,
    in_flight_bytes: usize,
    /// Nothing arrives before.
    held_until: Option<Instant>,
    /// How many bytes were written in all.
    written_bytes: u64,
    /// From here on bytes vanish. The writer does not notice before the pipe is full.
    cut_at: Option<u64>,
    vanished_bytes: usize,
}

impl Pipe {
    pub(crate) fn new(quality: Quality) -> Pipe {
        Pipe {
            quality,
            in_flight: VecDeque::new(),
            in_flight_bytes: 0,
            held_until: None,
            written_bytes: 0,
            cut_at: None,
            vanished_bytes: 0,
        }
    }

    /// Accepts the first of these bytes and says how many.
    pub(crate) fn write(&mut self, now: Instant, bytes: &[u8]) -> usize {
        let used = self.in_flight_bytes + self.vanished_bytes;
        let count = bytes.len().min(self.quality.capacity_bytes.saturating_sub(used));
        if count == 0 {
            return 0;
        }
        let until_cut = self.cut_at.map_or(u64::MAX, |at| at.saturating_sub(self.written_bytes));
        let kept = count.min(usize::try_from(until_cut).unwrap_or(usize::MAX));
        if kept > 0 {
            self.in_flight.push_back((now + self.quality.latency, bytes[..kept].to_vec()));
            self.in_flight_bytes += kept;
        }
        self.vanished_bytes += count - kept;
        self.written_bytes += count as u64;
        count
    }

    /// When the next bytes can be read.
    pub(crate) fn arrival(&self) -> Option<Instant> {
        let (arrival, _) = self.in_flight.front()?;
        Some(self.held_until.map_or(*arrival, |until| until.max(*arrival)))
    }

    /// Moves up to `bytes_max` bytes that have arrived to `input` and says how many.
    pub(crate) fn read(&mut self, now: Instant, bytes_max: usize, input: &mut BytesMut) -> usize {
        let mut count = 0;
        while count < bytes_max && self.arrival().is_some_and(|arrival| arrival <= now) {
            let (_, bytes) = self.in_flight.front_mut().expect("bytes have arrived");
            let part = bytes.len().min(bytes_max - count);
            input.extend_from_slice(&bytes[..part]);
            count += part;
            if part == bytes.len() {
                self.in_flight.pop_front();
            } else {
                bytes.drain(..part);
            }
        }
        self.in_flight_bytes -= count;
        count
    }

    pub(crate) fn in_flight_bytes(&self) -> usize {
        self.in_flight_bytes
    }

    /// Bytes that were read in all.
    pub(crate) fn read_bytes(&self) -> u64 {
        self.written_bytes - (self.in_flight_bytes + self.vanished_bytes) as u64
    }

    /// Breaks at a byte of the stream, the first being number zero.
    pub(crate) fn cut_at(&mut self, place: u64) {
        let place = self.cut_at.map_or(place, |at| at.min(place));
        self.cut_at = Some(place);
        let kept = usize::try_from(place.saturating_sub(self.read_bytes())).unwrap_or(usize::MAX);
        while self.in_flight_bytes > kept {
            let (_, last) = self.in_flight.back_mut().expect("bytes are in flight");
            let excess = last.len().min(self.in_flight_bytes - kept);
            last.truncate(last.len() - excess);
            if last.is_empty() {
                self.in_flight.pop_back();
            }
            self.in_flight_bytes -= excess;
            self.vanished_bytes += excess;
        }
    }

    /// Breaks now: of what is in flight, so many bytes still arrive.
    pub(crate) fn cut_behind(&mut self, bytes: usize) {
        self.cut_at(self.read_bytes() + bytes as u64);
    }

    /// Lets nothing arrive for a while.
    pub(crate) fn hold_until(&mut self, until: Instant) {
        self.held_until = Some(until);
    }

    /// Lets nothing be held longer than that.
    pub(crate) fn release_by(&mut self, until: Instant) {
        self.held_until = self.held_until.map(|held| held.min(until));
    }
}
