//! Values of a lane where they were read, for receivers that want bytes.
//!
//! What comes in long runs is not copied: a piece is a slice of the buffer that it was read into. Short
//! runs are gathered, or a few bytes would keep such a buffer; and a value that comes in several runs is
//! put together in a buffer of its own.

use std::collections::VecDeque;

use bytes::{Buf, Bytes};

use crate::channel::lane::{Batch, Corrupt};
use crate::limits::{CHUNK_BYTES, SHARED_BYTES_MIN};
use crate::prefix;

/// Whole values, each behind its length.
#[derive(Debug)]
pub(super) struct Piece {
    values: u32,
    bytes: Bytes,
}

/// A value that was taken from a piece, without its length.
pub(super) struct Value {
    pub(super) bytes: Bytes,
    /// The bytes that it took up, its length included.
    pub(super) run_bytes: usize,
}

impl Piece {
    /// Where the first value starts and ends.
    fn first(&self) -> Result<(usize, usize), Corrupt> {
        let (width, length) = prefix::read(&self.bytes).ok_or(Corrupt)?;
        let end = width + length;
        // The last value must end where the bytes do.
        let fits = if self.values == 1 { end == self.bytes.len() } else { end < self.bytes.len() };
        if fits { Ok((width, end)) } else { Err(Corrupt) }
    }
}

/// The bytes of a lane.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    whole: VecDeque<Piece>,
    /// Whole values that came in short runs, behind the others.
    gathered: Vec<u8>,
    gathered_values: u32,
    /// The length of all whole values.
    whole_bytes: usize,
    /// The beginning of a value that is not whole.
    unfinished: Vec<u8>,
}

impl Pieces {
    pub(super) fn append(&mut self, mut values: u32, tail_bytes: usize, run: &Bytes) {
        let whole_end = run.len() - tail_bytes;
        let mut start = 0;
        if values > 0 && !self.unfinished.is_empty() {
            let (finished_values, end) = self.end_of_unfinished(values, &run[..whole_end]);
            self.append_unfinished(&run[..end]);
            self.finish(finished_values);
            values -= finished_values;
            start = end;
        }
        if values > 0 {
            self.append_whole(values, run.slice(start..whole_end));
        }
        self.append_unfinished(&run[whole_end..]);
    }

    /// How many bytes of a run the unfinished value takes. Bytes that make no sense become one piece with
    /// all of the values, and whoever reads that notices.
    fn end_of_unfinished(&self, values: u32, run: &[u8]) -> (u32, usize) {
        let end = self
            .unfinished_value_bytes(run)
            .and_then(|value_bytes| value_bytes.checked_sub(self.unfinished.len()));
        match end {
            Some(end) if values == 1 && end == run.len() => (1, end),
            Some(end) if values > 1 && end < run.len() => (1, end),
            _ => (values, run.len()),
        }
    }

    /// The length of the unfinished value if it goes on with `next`; `None` if its prefix is not there.
    fn unfinished_value_bytes(&self, next: &[u8]) -> Option<usize> {
        let mut start = [0; prefix::WIDTH_MAX];
        let known = self.unfinished.iter().chain(next).take(start.len());
        let known_bytes = start.iter_mut().zip(known).map(|(to, from)| *to = *from).count();
        prefix::read(&start[..known_bytes]).map(|(width, length)| width + length)
    }

    fn append_unfinished(&mut self, bytes: &[u8]) {
        let needed = self.unfinished.len() + bytes.len();
        if needed > self.unfinished.capacity() {
            // What a peer claims is believed only up to twice of what has come.
            let value_bytes = self.unfinished_value_bytes(bytes).unwrap_or(0);
            let capacity = needed.max(value_bytes.min(2 * needed));
            self.unfinished.reserve_exact(capacity - self.unfinished.len());
        }
        self.unfinished.extend_from_slice(bytes);
    }

    /// The unfinished value is whole, and so many values stand in its buffer.
    fn finish(&mut self, values: u32) {
        let bytes = std::mem::take(&mut self.unfinished);
        if bytes.len() >= SHARED_BYTES_MIN {
            self.push(values, bytes.into());
        } else {
            self.gather(values, &bytes);
        }
    }

    fn append_whole(&mut self, values: u32, run: Bytes) {
        if run.len() >= SHARED_BYTES_MIN {
            self.push(values, run);
        } else {
            self.gather(values, &run);
        }
    }

    fn push(&mut self, values: u32, bytes: Bytes) {
        self.close_gathered();
        self.whole_bytes += bytes.len();
        self.whole.push_back(Piece { values, bytes });
    }

    fn gather(&mut self, values: u32, bytes: &[u8]) {
        if self.gathered.len() >= CHUNK_BYTES {
            self.close_gathered();
        }
        self.whole_bytes += bytes.len();
        self.gathered.extend_from_slice(bytes);
        self.gathered_values += values;
    }

    fn close_gathered(&mut self) {
        if self.gathered_values > 0 {
            let values = std::mem::take(&mut self.gathered_values);
            let bytes = std::mem::take(&mut self.gathered).into();
            self.whole.push_back(Piece { values, bytes });
        }
    }

    pub(super) fn hand_out(&mut self, batch: &mut Batch, is_all: bool) -> Result<usize, Corrupt> {
        let pieces = &mut batch.pieces;
        pieces.clear();
        if is_all {
            self.close_gathered();
            std::mem::swap(&mut self.whole, pieces);
            return Ok(std::mem::take(&mut self.whole_bytes));
        }
        if self.whole.is_empty() {
            self.close_gathered();
        }
        let first = self.whole.front_mut().ok_or(Corrupt)?;
        let (_, end) = first.first()?;
        let bytes = first.bytes.split_to(end);
        first.values -= 1;
        if first.values == 0 {
            self.whole.pop_front();
        }
        self.whole_bytes -= end;
        pieces.push_back(Piece { values: 1, bytes });
        Ok(end)
    }

    pub(super) fn take_back(&mut self, batch: &mut Batch) -> usize {
        let mut bytes = 0;
        while let Some(piece) = batch.pieces.pop_back() {
            bytes += piece.bytes.len();
            self.whole.push_front(piece);
        }
        self.whole_bytes += bytes;
        bytes
    }

    pub(super) fn bytes(&self) -> usize {
        self.whole_bytes + self.unfinished.len()
    }

    pub(super) fn whole_bytes(&self) -> usize {
        self.whole_bytes
    }

    #[cfg(test)]
    pub(super) fn held_bytes(&self) -> usize {
        self.gathered.capacity() + self.unfinished.capacity()
    }
}

/// Takes the first value of all pieces. A short one is copied: it must not keep a buffer that is much
/// longer.
pub(super) fn take_first(pieces: &mut VecDeque<Piece>) -> Result<Value, Corrupt> {
    let piece = pieces.front_mut().ok_or(Corrupt)?;
    let (start, end) = piece.first()?;
    let bytes = if end - start < SHARED_BYTES_MIN {
        Bytes::copy_from_slice(&piece.bytes[start..end])
    } else {
        piece.bytes.slice(start..end)
    };
    piece.bytes.advance(end);
    piece.values -= 1;
    if piece.values == 0 {
        pieces.pop_front();
    }
    Ok(Value { bytes, run_bytes: end })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of these lengths, each of its own bytes.
    fn values(lengths: &[usize]) -> Vec<Vec<u8>> {
        lengths.iter().enumerate().map(|(at, length)| vec![at as u8 + 1; *length]).collect()
    }

    /// The run of values, and where each ends.
    fn run(values: &[Vec<u8>]) -> (Bytes, Vec<usize>) {
        let (mut encoder, mut bytes, mut ends) =
            (prefix::Encoder::default(), Vec::new(), Vec::new());
        for value in values {
            let encode = |bytes: &mut Vec<u8>| {
                bytes.extend_from_slice(value);
                Ok::<(), ()>(())
            };
            encoder.append(&mut bytes, encode).unwrap();
            ends.push(bytes.len());
        }
        (bytes.into(), ends)
    }

    /// Appends a part of a run.
    fn append(pieces: &mut Pieces, run: &Bytes, ends: &[usize], start: usize, end: usize) {
        let ending = || ends.iter().filter(|place| start < **place && **place <= end);
        let tail_bytes = end - ending().max().copied().unwrap_or(start);
        pieces.append(ending().count() as u32, tail_bytes, &run.slice(start..end));
    }

    fn take_all(pieces: &mut Pieces, one_by_one: bool) -> Vec<Bytes> {
        let mut taken = Vec::new();
        while pieces.whole_bytes() > 0 {
            let mut batch = Batch::default();
            let bytes = pieces.hand_out(&mut batch, !one_by_one).unwrap();
            let mut bytes_left = bytes;
            while !batch.pieces.is_empty() {
                let value = take_first(&mut batch.pieces).unwrap();
                bytes_left -= value.run_bytes;
                taken.push(value.bytes);
            }
            assert_eq!(bytes_left, 0);
        }
        taken
    }

    #[test]
    fn values_are_whole_however_they_were_cut() {
        let values = values(&[3, 0, 70, 5, 1]);
        let (run, ends) = run(&values);
        for first in 0..run.len() {
            for second in first..run.len() {
                for one_by_one in [false, true] {
                    let mut pieces = Pieces::default();
                    let mut start = 0;
                    for end in [first, second, run.len()].into_iter().filter(|end| *end > 0) {
                        if end > start {
                            append(&mut pieces, &run, &ends, start, end);
                            start = end;
                        }
                    }
                    assert_eq!(pieces.bytes(), run.len());
                    assert_eq!(take_all(&mut pieces, one_by_one), values, "{first} {second}");
                    assert_eq!(pieces.bytes(), 0);
                }
            }
        }
    }

    #[test]
    fn a_long_value_that_comes_whole_is_not_copied() {
        let long = SHARED_BYTES_MIN;
        let values = values(&[5, long, long - 1, 7, long + 1]);
        let (run, ends) = run(&values);
        for one_by_one in [false, true] {
            let mut pieces = Pieces::default();
            append(&mut pieces, &run, &ends, 0, run.len());
            let taken = take_all(&mut pieces, one_by_one);
            assert_eq!(taken, values);
            let of_run = |value: &Bytes| run.as_ptr_range().contains(&value.as_ptr());
            let are_shared: Vec<bool> = taken.iter().map(of_run).collect();
            assert_eq!(are_shared, [false, true, false, false, true]);
        }
    }

    #[test]
    fn short_runs_keep_no_buffer() {
        let values = values(&[100; 3]);
        let (run, ends) = run(&values);
        let mut pieces = Pieces::default();
        append(&mut pieces, &run, &ends, 0, 150);
        append(&mut pieces, &run, &ends, 150, run.len());
        assert!(run.is_unique());
        assert_eq!(take_all(&mut pieces, false), values);
    }

    #[test]
    fn memory_for_a_value_is_taken_as_it_comes() {
        let mut pieces = Pieces::default();
        let claim = prefix::wide(1 << 28);
        let start = [&claim[..], &[7; 1000]].concat();
        pieces.append(0, start.len(), &start.into());
        assert!(pieces.held_bytes() <= 2 * 1004, "{}", pieces.held_bytes());
        for _ in 0..100 {
            pieces.append(0, 1000, &vec![7; 1000].into());
            assert!(pieces.held_bytes() <= 2 * pieces.bytes());
        }
        // One that comes to its end has no more than it needs.
        let mut pieces = Pieces::default();
        let (run, ends) = run(&values(&[100_000]));
        for start in (0..run.len()).step_by(10_000) {
            append(&mut pieces, &run, &ends, start, run.len().min(start + 10_000));
            assert!(pieces.held_bytes() <= run.len());
        }
        assert_eq!(take_all(&mut pieces, false)[0].len(), 100_000);
    }

    #[test]
    fn what_is_given_back_comes_first_again() {
        let values = values(&[5, SHARED_BYTES_MIN, 6, 7]);
        let (run, ends) = run(&values);
        let mut pieces = Pieces::default();
        append(&mut pieces, &run, &ends, 0, ends[2]);
        let mut batch = Batch::default();
        assert_eq!(pieces.hand_out(&mut batch, true), Ok(ends[2]));
        assert_eq!(take_first(&mut batch.pieces).unwrap().bytes, values[0]);
        append(&mut pieces, &run, &ends, ends[2], run.len());
        assert_eq!(pieces.take_back(&mut batch), ends[2] - ends[0]);
        assert_eq!(pieces.bytes(), run.len() - ends[0]);
        assert_eq!(take_all(&mut pieces, true), values[1..]);
    }

    #[test]
    fn bytes_that_do_not_fit_their_number_of_values_are_corrupt() {
        let two = run(&values(&[1, 1])).0;
        let long = run(&values(&[100])).0;
        let cases: &[&[(u32, usize, &[u8])]] = &[
            &[(1, 0, &two)],
            &[(3, 0, &two)],
            &[(1, 0, &[0xff])],
            // An unfinished value that ends early, late, and with a prefix that is unknown.
            &[(0, 50, &long[..50]), (1, 0, &long[50..90])],
            &[(0, 50, &long[..50]), (1, 0, &long[..])],
            &[(0, 50, &long[..50]), (2, 0, &long[50..])],
            &[(0, 1, &[0xff]), (2, 0, &[0xff, 0xff])],
            &[(0, 90, &two[..1].repeat(90)), (1, 0, &[0])],
        ];
        for runs in cases {
            for is_all in [true, false] {
                let mut pieces = Pieces::default();
                for (values, tail_bytes, run) in *runs {
                    pieces.append(*values, *tail_bytes, &Bytes::copy_from_slice(run));
                }
                let mut batch = Batch::default();
                let is_corrupt = loop {
                    if pieces.hand_out(&mut batch, is_all).is_err() {
                        break true;
                    }
                    if batch.pieces.is_empty() {
                        break false;
                    }
                    match take_first(&mut batch.pieces) {
                        Ok(_) if batch.pieces.is_empty() && pieces.whole_bytes() == 0 => {
                            break false;
                        }
                        Ok(_) => pieces.take_back(&mut batch),
                        Err(Corrupt) => break true,
                    };
                };
                assert!(is_corrupt, "{runs:?}");
            }
        }
    }
}
