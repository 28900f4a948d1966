//! A receiving channel of a side: turns runs back into values and watches the window from outside.

use std::collections::VecDeque;

use netchan::limits::QUANTUM_BYTES;
use netchan::prefix;

use crate::queues::Receipt;

/// One receiving channel.
#[derive(Debug)]
pub(crate) struct Inlet {
    window_values: u64,
    window_bytes: u64,
    /// Bytes of a value that is not complete.
    unfinished: Vec<u8>,
    waiting: VecDeque<(Receipt, usize)>,
    received_values: u64,
    received_bytes: u64,
    pub(crate) taken_values: u64,
    pub(crate) taken_bytes: u64,
    longest_bytes: u64,
    /// What was taken, in order.
    pub(crate) taken: Vec<Receipt>,
    /// The channel is dissociated: nothing more is taken.
    pub(crate) is_over: bool,
}

impl Inlet {
    pub(crate) fn new(window_values: u32, window_bytes: u64) -> Inlet {
        Inlet {
            window_values: u64::from(window_values),
            window_bytes,
            unfinished: Vec::new(),
            waiting: VecDeque::new(),
            received_values: 0,
            received_bytes: 0,
            taken_values: 0,
            taken_bytes: 0,
            longest_bytes: 0,
            taken: Vec::new(),
            is_over: false,
        }
    }

    /// The window has grown.
    pub(crate) fn grow(&mut self, window_values: u32, window_bytes: u64) {
        let is_larger =
            u64::from(window_values) >= self.window_values && window_bytes >= self.window_bytes;
        assert!(is_larger, "a window never becomes smaller");
        (self.window_values, self.window_bytes) = (u64::from(window_values), window_bytes);
    }

    /// Takes in a run and checks all that is said of it.
    pub(crate) fn receive(&mut self, run: &[u8], values: u32, tail_bytes: usize) {
        assert!(!self.is_over, "no values come after the channel is over");
        self.received_bytes += run.len() as u64;
        self.unfinished.extend_from_slice(run);
        let mut start = 0;
        let mut complete = 0;
        while let Some((width, length)) = prefix::read(&self.unfinished[start..]) {
            self.longest_bytes = self.longest_bytes.max((width + length) as u64);
            let value_start = start + width;
            let Some(value) = self.unfinished.get(value_start..value_start + length) else {
                break;
            };
            self.waiting.push_back((Receipt::of(value), width + length));
            complete += 1;
            start = value_start + length;
        }
        self.unfinished.drain(..start);
        self.received_values += complete;
        assert_eq!(complete, u64::from(values), "as many values end as stated");
        let expected_tail = if complete > 0 { self.unfinished.len() } else { run.len() };
        assert_eq!(tail_bytes, expected_tail, "the tail is as long as stated");
        self.check_window();
    }

    fn check_window(&self) {
        let begun = u64::from(!self.unfinished.is_empty());
        assert!(
            self.received_values + begun - self.taken_values <= self.window_values,
            "no more values are buffered than the window has"
        );
        let is_cuttable = self.longest_bytes > (QUANTUM_BYTES as u64).min(self.window_bytes / 2);
        let beyond_bytes = if is_cuttable { self.longest_bytes } else { 0 };
        assert!(
            self.buffered_bytes() <= self.window_bytes + beyond_bytes,
            "{} bytes are buffered, and the window has {}",
            self.buffered_bytes(),
            self.window_bytes
        );
    }

    /// Takes up to `values_max` values; says whether there were any.
    pub(crate) fn take(&mut self, values_max: usize) -> bool {
        if self.is_over {
            return false;
        }
        let count = self.waiting.len().min(values_max);
        for (receipt, bytes) in self.waiting.drain(..count) {
            self.taken.push(receipt);
            self.taken_values += 1;
            self.taken_bytes += bytes as u64;
        }
        count > 0
    }

    /// Bytes in memory.
    pub(crate) fn buffered_bytes(&self) -> u64 {
        self.received_bytes - self.taken_bytes
    }

    /// Values in memory.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len()
    }
}
