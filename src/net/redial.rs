//! When an importer dials again.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

use crate::limits::{REDIAL_DELAY_FIRST, REDIAL_DELAY_MAX};

/// How an importer comes by another link after one was lost.
///
/// The wait between two attempts doubles from `first` to `max`, and chance adds up to as much again.
/// A link that carries the session makes a fresh start.
///
/// ```
/// use std::time::Duration;
/// use netchan::net::{Config, Redial};
///
/// let redial = Redial::default()
///     .delays(Duration::from_millis(100), Duration::from_secs(30))
///     .attempts(20);
/// let config = Config::builder().redial(redial).build()?;
/// # Ok::<(), netchan::net::ConfigError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Redial {
    pub(super) first_delay: Duration,
    pub(super) max_delay: Duration,
    pub(super) attempts_max: Option<usize>,
}

impl Default for Redial {
    fn default() -> Redial {
        Redial { first_delay: REDIAL_DELAY_FIRST, max_delay: REDIAL_DELAY_MAX, attempts_max: None }
    }
}

impl Redial {
    /// No other link: the connection ends with its first one, and so do its channels.
    pub fn never() -> Redial {
        Redial::default().attempts(0)
    }

    /// The shortest wait before the first attempt, and before all later ones. Default:
    /// [`REDIAL_DELAY_FIRST`] and [`REDIAL_DELAY_MAX`].
    pub fn delays(mut self, first: Duration, max: Duration) -> Redial {
        self.first_delay = first;
        self.max_delay = max;
        self
    }

    /// Failed attempts in a row after which the connection ends. Default: no number.
    pub fn attempts(mut self, max: usize) -> Redial {
        self.attempts_max = Some(max);
        self
    }

    pub(super) fn is_never(&self) -> bool {
        self.attempts_max == Some(0)
    }

    pub(super) fn backoff(&self) -> Backoff {
        let builder = ExponentialBuilder::new()
            .with_min_delay(self.first_delay)
            .with_max_delay(self.max_delay)
            .with_factor(2.0)
            .with_jitter()
            .without_max_times();
        Backoff { delays: builder.build(), attempts: 0, attempts_max: self.attempts_max }
    }
}

/// The waits between attempts, since the last success.
#[derive(Debug)]
pub(super) struct Backoff {
    delays: ExponentialBackoff,
    attempts: usize,
    attempts_max: Option<usize>,
}

impl Backoff {
    /// How long to wait before the next attempt; `None` when there were enough.
    pub(super) fn next_delay(&mut self) -> Option<Duration> {
        if self.attempts_max.is_some_and(|max| self.attempts >= max) {
            return None;
        }
        let delay = self.delays.next()?;
        self.attempts += 1;
        Some(delay)
    }

    /// An attempt is made without a wait: the first of all, or another question in an attempt that
    /// is counted already.
    pub(super) fn begin_at_once(&mut self) {
        self.attempts = self.attempts.max(1);
    }

    /// Attempts since the last success.
    pub(super) fn attempts(&self) -> usize {
        self.attempts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_their_bound_and_chance_adds_to_them() {
        let ms = Duration::from_millis;
        let mut backoff = Redial::default().delays(ms(10), ms(100)).backoff();
        for least in [10, 20, 40, 80, 100, 100, 100] {
            let delay = backoff.next_delay().expect("there is no last attempt");
            assert!((ms(least)..=ms(2 * least)).contains(&delay), "{delay:?} of {least} ms");
        }
        assert_eq!(backoff.attempts(), 7);
    }

    #[test]
    fn attempts_can_be_limited() {
        let mut backoff = Redial::default().attempts(2).backoff();
        assert!(backoff.next_delay().is_some());
        assert!(backoff.next_delay().is_some());
        assert!(backoff.next_delay().is_none());
        assert!(Redial::never().backoff().next_delay().is_none());
    }

    #[test]
    fn a_first_attempt_without_a_wait_counts() {
        let mut backoff = Redial::default().attempts(2).backoff();
        backoff.begin_at_once();
        assert!(backoff.next_delay().is_some());
        assert!(backoff.next_delay().is_none());
        assert_eq!(backoff.attempts(), 2);
    }
}
