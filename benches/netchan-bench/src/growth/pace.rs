//! When bytes leave a link of a given rate and delay. Knows no socket and no clock.

use std::time::{Duration, Instant};

/// What a proxy pretends to be, in each direction.
#[derive(Debug, Clone, Copy)]
pub struct LinkShape {
    /// How long a byte is under way, one way.
    pub delay: Duration,
    /// Bits in a second.
    pub bits_per_second: u64,
    /// What waits before the link at most, beyond what is under way, in bytes: a router's queue.
    pub queue_bytes: usize,
}

impl LinkShape {
    /// How long so many bytes take to leave.
    pub fn serialization(&self, bytes: usize) -> Duration {
        Duration::from_nanos(
            (bytes as u64 * 8).saturating_mul(1_000_000_000) / self.bits_per_second,
        )
    }

    /// What one direction holds at most: what is under way when the link is full, and its queue.
    pub fn bytes_max(&self) -> usize {
        let nanos = self.delay.as_nanos() * u128::from(self.bits_per_second) / 8;
        (nanos / 1_000_000_000) as usize + self.queue_bytes
    }
}

/// One direction of a link.
pub struct Pace {
    shape: LinkShape,
    /// When the last byte has left.
    free_at: Option<Instant>,
}

impl Pace {
    /// A link that nothing has passed.
    pub fn new(shape: LinkShape) -> Pace {
        Pace { shape, free_at: None }
    }

    /// When the last of so many bytes arrives, if they come to the link now. They leave behind all that
    /// came before, at the link's rate, and are under way for its delay.
    pub fn arrival(&mut self, now: Instant, bytes: usize) -> Instant {
        let begins = self.free_at.map_or(now, |free_at| free_at.max(now));
        let left = begins + self.shape.serialization(bytes);
        self.free_at = Some(left);
        left + self.shape.delay
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: LinkShape = LinkShape {
        delay: Duration::from_millis(10),
        bits_per_second: 8_000_000,
        queue_bytes: 1000,
    };

    #[test]
    fn a_byte_that_comes_to_an_idle_link_takes_its_own_time_and_the_delay() {
        let now = Instant::now();
        let mut pace = Pace::new(SHAPE);
        assert_eq!(pace.arrival(now, 1000) - now, Duration::from_millis(11));
        let later = now + Duration::from_millis(500);
        assert_eq!(pace.arrival(later, 1000) - later, Duration::from_millis(11));
    }

    #[test]
    fn bytes_that_come_at_once_leave_one_after_the_other_at_the_rate() {
        let now = Instant::now();
        let mut pace = Pace::new(SHAPE);
        let last = (0..1000).map(|_| pace.arrival(now, 1000)).last();
        assert_eq!(last, Some(now + Duration::from_millis(1000 + 10)));
    }

    #[test]
    fn a_full_link_and_its_queue_are_all_that_is_held() {
        // 10 ms at a byte each microsecond.
        assert_eq!(SHAPE.bytes_max(), 10_000 + 1000);
    }
}
