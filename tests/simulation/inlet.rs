//! A receiving channel of a side: turns runs back into values, compares each with the one that must
//! come, and watches the window from outside.

use std::collections::VecDeque;

use netchan::limits::QUANTUM_BYTES;
use netchan::prefix;
use netchan::wire::PARTIAL_PREFIX_BYTES;

use crate::model::Record;
use crate::values::value;

/// One receiving channel in one session.
#[derive(Debug)]
pub(crate) struct Inlet {
    pub(crate) channel: usize,
    window_values: u64,
    window_bytes: u64,
    /// How much of the window it did not have at first, as long as the channel lasts.
    pub(crate) grown_bytes: u64,
    /// Bytes of a value that is not complete.
    unfinished: Vec<u8>,
    /// The values from the first on that was not taken, by the bytes that each takes with its
    /// prefix; `None` if it was taken before those that came first.
    waiting: VecDeque<Option<usize>>,
    received_bytes: u64,
    /// Values that the peer has left out, and before which value it did so last.
    skipped: u64,
    skipped_before: Option<u64>,
    pub(crate) taken_bytes: u64,
    longest_bytes: u64,
    /// Longer values may be sent in pieces, and then come in as a whole beside the window.
    whole_bytes_max: u64,
    /// The channel is dissociated: nothing more comes and nothing more is taken.
    pub(crate) is_over: bool,
}

impl Inlet {
    pub(crate) fn new(
        channel: usize,
        window_values: u32,
        window_bytes: u64,
        frame_bytes_max: usize,
    ) -> Inlet {
        let frame_bytes = (frame_bytes_max - PARTIAL_PREFIX_BYTES) as u64;
        Inlet {
            channel,
            window_values: u64::from(window_values),
            window_bytes,
            grown_bytes: 0,
            unfinished: Vec::new(),
            waiting: VecDeque::new(),
            received_bytes: 0,
            skipped: 0,
            skipped_before: None,
            taken_bytes: 0,
            longest_bytes: 0,
            whole_bytes_max: (QUANTUM_BYTES as u64).min(frame_bytes).min(window_bytes / 2),
            is_over: false,
        }
    }

    /// Takes in a run and checks each value that ends in it.
    pub(crate) fn receive(
        &mut self,
        record: &mut Record,
        run: &[u8],
        values: u32,
        tail_bytes: usize,
    ) {
        let channel = self.channel;
        assert!(!self.is_over, "channel {channel}: no values come after its end");
        self.received_bytes += run.len() as u64;
        self.unfinished.extend_from_slice(run);
        let mut start = 0;
        let mut complete = 0;
        while let Some((width, length)) = prefix::read(&self.unfinished[start..]) {
            self.longest_bytes = self.longest_bytes.max((width + length) as u64);
            let value_start = start + width;
            let Some(bytes) = self.unfinished.get(value_start..value_start + length) else {
                break;
            };
            let number = record.first + record.received;
            let expected = record.lengths.get(number as usize).map(|length| *length as usize);
            assert_eq!(expected, Some(length), "channel {channel}: the length of value {number}");
            assert!(
                bytes == value(channel, number, length),
                "channel {channel}: value {number} is the one that was sent"
            );
            let is_skip_due = record.skips.contains_key(&number);
            assert!(
                !is_skip_due || self.skipped_before == Some(number),
                "channel {channel}: what was left out before value {number} was told"
            );
            record.received += 1;
            self.waiting.push_back(Some(width + length));
            complete += 1;
            start = value_start + length;
        }
        self.unfinished.drain(..start);
        assert_eq!(complete, values, "channel {channel}: as many values end as stated");
        let expected_tail = if complete > 0 { self.unfinished.len() } else { run.len() };
        assert_eq!(tail_bytes, expected_tail, "channel {channel}: the tail is as long as stated");
        self.check_window(record);
    }

    /// The window has grown.
    pub(crate) fn widen(&mut self, record: &mut Record, values: u32, bytes: u64) {
        let (channel, values, growth) = (self.channel, u64::from(values), record.growth);
        assert_eq!(record.taken, record.received, "channel {channel}: it had nothing to take");
        assert!(values >= self.window_values && bytes >= self.window_bytes, "channel {channel}");
        let is_within = |window: u64, before: u64, window_max: u64| {
            window == before || window <= window_max && window <= 2 * before
        };
        assert!(
            is_within(values, self.window_values, u64::from(growth.values_max))
                && is_within(bytes, self.window_bytes, growth.bytes_max),
            "channel {channel}: {values} values and {bytes} bytes"
        );
        self.grown_bytes += bytes - self.window_bytes;
        (self.window_values, self.window_bytes) = (values, bytes);
        record.window_now = values;
    }

    /// The peer has left values out, in all, before the next one.
    pub(crate) fn skip(&mut self, record: &Record, values: u64) {
        let channel = self.channel;
        assert!(!self.is_over && self.unfinished.is_empty(), "channel {channel}: between values");
        let next = record.first + record.received;
        let expected = record.skips.get(&next).copied().unwrap_or_default();
        assert!(expected > 0, "channel {channel}: something was left out before value {next}");
        self.skipped += expected;
        assert_eq!(self.skipped, values, "channel {channel}: as many were left out as stated");
        assert_ne!(self.skipped_before.replace(next), Some(next), "channel {channel}: told once");
    }

    fn check_window(&self, record: &Record) {
        let channel = self.channel;
        let begun = u64::from(!self.unfinished.is_empty());
        assert!(
            record.received + begun - record.taken <= self.window_values,
            "channel {channel}: no more values are buffered than the window has"
        );
        let is_cuttable = self.longest_bytes > self.whole_bytes_max;
        let beyond_bytes = if is_cuttable { self.longest_bytes } else { 0 };
        let buffered_bytes = self.received_bytes - self.taken_bytes;
        assert!(
            buffered_bytes <= self.window_bytes + beyond_bytes,
            "channel {channel}: {buffered_bytes} bytes are buffered, of {}",
            self.window_bytes
        );
    }

    /// The user takes up to `values_max` values; says how many there were.
    pub(crate) fn take(&mut self, record: &mut Record, values_max: usize) -> usize {
        let mut count = 0;
        while count < values_max && self.waiting() > 0 {
            self.take_at(record, 0);
            count += 1;
        }
        count
    }

    /// The user takes the value at a place among those that can be taken; says its number.
    pub(crate) fn take_at(&mut self, record: &mut Record, place: usize) -> u64 {
        let index = self.reach().nth(place).expect("it can be taken");
        let number = record.first + record.leading + index as u64;
        let bytes = self.waiting[index].take().expect("it was not taken");
        record.taken += 1;
        self.taken_bytes += bytes as u64;
        while let Some(None) = self.waiting.front() {
            self.waiting.pop_front();
            record.leading += 1;
        }
        number
    }

    /// Values that can be taken.
    pub(crate) fn waiting(&self) -> usize {
        self.reach().count()
    }

    /// Where the values are that can be taken: within one window behind the first that was not.
    fn reach(&self) -> impl Iterator<Item = usize> {
        let places = if self.is_over { 0 } else { self.window_values as usize };
        let waiting = self.waiting.iter().take(places).enumerate();
        waiting.filter(|(_, bytes)| bytes.is_some()).map(|(index, _)| index)
    }
}
