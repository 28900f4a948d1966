//! How much has come when: the goodput of a link over time. Knows no link.

use std::time::{Duration, Instant};

/// How finely time is divided.
const SLOT: Duration = Duration::from_millis(5);

/// Bytes by the moment at which they came.
pub(super) struct Meter {
    epoch: Instant,
    slots: Vec<u64>,
}

impl Meter {
    /// A meter for all that comes after this moment.
    pub(super) fn new(epoch: Instant) -> Meter {
        Meter { epoch, slots: Vec::new() }
    }

    /// So many bytes have come.
    pub(super) fn add(&mut self, now: Instant, bytes: usize) {
        let slot = self.slot(now);
        if slot >= self.slots.len() {
            self.slots.resize(slot + 1, 0);
        }
        self.slots[slot] += bytes as u64;
    }

    /// Megabits in a second between two moments, to the slot.
    pub(super) fn goodput(&self, from: Instant, to: Instant) -> f64 {
        let (first, end) = (self.slot(from), self.slot(to));
        let bytes: u64 = self.slots.iter().take(end).skip(first).sum();
        megabits_per_second(bytes, end.saturating_sub(first))
    }

    /// How long after `began` the goodput of the last `span` had come to this many megabits in a
    /// second for the first time.
    pub(super) fn reached(&self, began: Instant, span: Duration, rate: f64) -> Option<Duration> {
        let slots = span.div_duration_f64(SLOT).ceil().max(1.0) as usize;
        let mut bytes = 0;
        for (at, own) in self.slots.iter().enumerate() {
            bytes += own;
            if let Some(before) = at.checked_sub(slots) {
                bytes -= self.slots[before];
            }
            if megabits_per_second(bytes, slots) >= rate {
                let end = self.epoch + SLOT * (at as u32 + 1);
                return Some(end.saturating_duration_since(began));
            }
        }
        None
    }

    fn slot(&self, moment: Instant) -> usize {
        let since = moment.saturating_duration_since(self.epoch);
        (since.as_nanos() / SLOT.as_nanos()) as usize
    }
}

fn megabits_per_second(bytes: u64, slots: usize) -> f64 {
    if slots == 0 {
        return 0.0;
    }
    bytes as f64 * 8.0 / 1e6 / (SLOT * slots as u32).as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 1,000 bytes at each of the first milliseconds, from `from` on.
    fn steady(from: u64, to: u64) -> (Instant, Meter) {
        let epoch = Instant::now();
        let mut meter = Meter::new(epoch);
        for millis in from..to {
            meter.add(epoch + Duration::from_millis(millis), 1000);
        }
        (epoch, meter)
    }

    #[test]
    fn a_steady_rate_is_measured_wherever_one_looks() {
        let (epoch, meter) = steady(0, 1000);
        let at = |millis| epoch + Duration::from_millis(millis);
        assert_eq!(meter.goodput(at(0), at(1000)), 8.0);
        assert_eq!(meter.goodput(at(300), at(700)), 8.0);
        assert_eq!(meter.goodput(at(300), at(300)), 0.0);
    }

    #[test]
    fn a_rate_is_reached_when_the_last_span_has_had_it() {
        let (epoch, meter) = steady(100, 1000);
        let span = Duration::from_millis(20);
        assert_eq!(meter.reached(epoch, span, 8.0), Some(Duration::from_millis(120)));
        assert_eq!(meter.reached(epoch, span, 4.0), Some(Duration::from_millis(110)));
        assert_eq!(meter.reached(epoch, span, 8.1), None);
    }
}
