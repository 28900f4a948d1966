//! Values that the peer has received and that are not known to have left its channel.
//!
//! When a peer restarts, what its users had not taken is gone with it. So the sender keeps the bytes
//! of a value until it is known to be taken, and can send it to the next incarnation or to another
//! importer. Bounded by the window, like everything that is in flight or buffered.

use std::collections::VecDeque;

use bytes::Bytes;

use crate::limits::UNTAKEN_BYTES_MAX;
use crate::prefix;

/// The run of one data frame.
#[derive(Clone, Debug)]
pub(super) struct Run {
    /// Values that end in it.
    pub(super) values: u32,
    /// Bytes that are still to come of the value which is begun in it and does not end in it.
    pub(super) rest: u32,
    pub(super) bytes: Bytes,
    /// What follows `bytes`, where its owner has it.
    pub(super) payload: Bytes,
    /// The buffer of `bytes` is that of the frames around them.
    pub(super) is_shared: bool,
}

impl Run {
    fn run_bytes(&self) -> usize {
        self.bytes.len() + self.payload.len()
    }
}

/// The runs of one channel from the first value on that is not known to be taken.
#[derive(Debug, Default)]
pub(super) struct Untaken {
    runs: VecDeque<Run>,
    /// Values that end before the first run.
    values_before: u64,
    /// Bytes at the start of the first run that belong to a value which was begun before it.
    rest_before: u32,
    /// How many runs at the end still share the buffer of the frames that carried them.
    shared_runs: usize,
    is_unsettled: bool,
    /// The length of all runs.
    bytes: usize,
    /// Values that were taken, since the channel was opened.
    taken_values: u64,
}

impl Untaken {
    /// Keeps a run that follows those before it. Whether it is the first one in the buffer of a frame
    /// since they were [settled](Untaken::settle).
    pub(super) fn push(&mut self, run: Run) -> bool {
        self.bytes += run.run_bytes();
        self.runs.push_back(run);
        self.shared_runs += 1;
        self.forget_taken();
        !std::mem::replace(&mut self.is_unsettled, true)
    }

    /// Values were taken, in all.
    pub(super) fn take(&mut self, values: u64) {
        self.taken_values = self.taken_values.max(values);
        self.forget_taken();
    }

    /// Whether so much is kept that some must be taken before more is sent.
    pub(super) fn is_full(&self) -> bool {
        // A value that is longer than the bound must still come to its end.
        self.bytes >= UNTAKEN_BYTES_MAX && self.runs.iter().any(|run| run.values > 0)
    }

    fn forget_taken(&mut self) {
        while let Some(first) = self.runs.front() {
            let end = self.values_before + u64::from(first.values);
            // A run whose last value goes on is needed until that value is taken.
            if self.taken_values < end + u64::from(first.rest > 0) {
                break;
            }
            self.values_before = end;
            self.rest_before = first.rest;
            self.bytes -= first.run_bytes();
            self.runs.pop_front();
        }
        self.shared_runs = self.shared_runs.min(self.runs.len());
    }

    /// Gives runs a buffer of their own: what waits for a reader must not hold the buffers of all
    /// frames for long. Most are taken before this is called.
    pub(super) fn settle(&mut self) {
        let first_shared = self.runs.len() - self.shared_runs;
        for run in self.runs.range_mut(first_shared..) {
            if std::mem::take(&mut run.is_shared) {
                run.bytes = Bytes::copy_from_slice(&run.bytes);
            }
        }
        self.shared_runs = 0;
        self.is_unsettled = false;
    }

    /// The bytes of all values that were not taken, as one run without its beginning cut off.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.runs.iter().map(Run::run_bytes).sum());
        for run in &self.runs {
            bytes.extend_from_slice(&run.bytes);
            bytes.extend_from_slice(&run.payload);
        }
        let mut to_skip = self.taken_values.saturating_sub(self.values_before);
        let mut start = 0;
        if self.rest_before > 0 && to_skip > 0 {
            start += self.rest_before as usize;
            to_skip -= 1;
        }
        for _ in 0..to_skip {
            start += prefix::value_bytes(&bytes[start..]);
        }
        bytes.drain(..start);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The run of values of these lengths.
    fn run_of(lengths: &[usize]) -> Vec<u8> {
        let mut encoder = prefix::Encoder::default();
        let mut bytes = Vec::new();
        for length in lengths {
            let value = |bytes: &mut Vec<u8>| {
                bytes.resize(bytes.len() + length, *length as u8);
                Ok::<(), ()>(())
            };
            encoder.append(&mut bytes, value).unwrap();
        }
        bytes
    }

    /// Pushes a stream of values in frames that end at the given places.
    fn pushed(lengths: &[usize], cuts: &[usize]) -> Untaken {
        let bytes = run_of(lengths);
        let ends: Vec<usize> =
            (1..=lengths.len()).map(|count| run_of(&lengths[..count]).len()).collect();
        let mut untaken = Untaken::default();
        let mut start = 0;
        for cut in cuts.iter().copied().chain([bytes.len()]) {
            let values = ends.iter().filter(|end| (start + 1..=cut).contains(*end)).count() as u32;
            let next_end = ends.iter().copied().find(|end| *end >= cut).unwrap_or(cut);
            let rest = (next_end - cut) as u32;
            // Some have a payload behind their first byte.
            let payload_at = if cut % 2 == 0 { cut } else { start + 1 };
            let payload = Bytes::copy_from_slice(&bytes[payload_at..cut]);
            let bytes = Bytes::copy_from_slice(&bytes[start..payload_at]);
            untaken.push(Run { values, rest, bytes, payload, is_shared: true });
            start = cut;
        }
        untaken
    }

    #[test]
    fn what_is_not_taken_comes_back_whole_however_it_was_cut() {
        let lengths = [3, 0, 70, 5, 1];
        let all = run_of(&lengths);
        for first in 1..all.len() {
            for second in first..all.len() {
                let cuts = if first == second { vec![first] } else { vec![first, second] };
                for taken in 0..=lengths.len() {
                    let mut untaken = pushed(&lengths, &cuts);
                    untaken.settle();
                    untaken.take(taken as u64);
                    let expected = &all[run_of(&lengths[..taken]).len()..];
                    assert_eq!(untaken.into_bytes(), expected, "{cuts:?} {taken}");
                }
            }
        }
    }

    #[test]
    fn one_value_may_be_longer_than_what_is_kept() {
        let mut untaken = Untaken::default();
        let piece = Bytes::from(vec![0; UNTAKEN_BYTES_MAX / 2 + 1]);
        let mut push = |values, rest| {
            let (bytes, payload) = (Bytes::new(), piece.clone());
            untaken.push(Run { values, rest, bytes, payload, is_shared: false });
            untaken.is_full()
        };
        assert!(!push(0, 9));
        assert!(!push(0, 9), "it is not whole yet");
        assert!(push(1, 0));
        untaken.take(1);
        assert!(!untaken.is_full());
    }

    #[test]
    fn what_is_taken_is_not_kept() {
        let mut untaken = pushed(&[10, 10, 10], &[11, 22]);
        untaken.take(2);
        assert_eq!(untaken.runs.len(), 1);
        untaken.take(3);
        assert!(untaken.runs.is_empty());
        untaken.take(1);
        let (bytes, payload) = (run_of(&[4]).into(), Bytes::new());
        untaken.push(Run { values: 1, rest: 0, bytes, payload, is_shared: true });
        assert_eq!(untaken.into_bytes(), run_of(&[4]));
    }
}
