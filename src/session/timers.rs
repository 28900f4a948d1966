//! The moments at which a session must act although nothing happened.

use std::time::{Duration, Instant};

use crate::limits::ACK_DELAY;

/// When a link is asked whether it lives, and when it is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heartbeat {
    /// A link that was silent for so long is sent a ping.
    pub ask_after: Duration,
    /// A link that was silent for so long is dead.
    pub dead_after: Duration,
}

/// The deadlines of a session.
#[derive(Debug)]
pub(super) struct Timers {
    heartbeat: Heartbeat,
    heard_at: Instant,
    asked: bool,
    /// When acknowledgements and small grants stop waiting for other traffic.
    flush_at: Option<Instant>,
    /// How long the session is kept without a link.
    expiry: Duration,
    /// Since when there is no link.
    away_since: Option<Instant>,
}

/// What the silence of a link calls for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Silence {
    Short,
    Ask,
    Dead(Duration),
}

impl Timers {
    pub(super) fn new(heartbeat: Heartbeat, expiry: Duration, now: Instant) -> Timers {
        let (asked, flush_at, away_since) = (false, None, None);
        Timers { heartbeat, heard_at: now, asked, flush_at, expiry, away_since }
    }

    /// There is no link from now on.
    pub(super) fn lose_link(&mut self, now: Instant) {
        self.away_since.get_or_insert(now);
    }

    /// The first link is there.
    pub(super) fn begin(&mut self, expiry: Duration, now: Instant) {
        self.expiry = expiry;
        self.come_back(now);
    }

    /// There is a link again. Returns for how long there was none.
    pub(super) fn come_back(&mut self, now: Instant) -> Duration {
        self.heard(now);
        let since = self.away_since.take().unwrap_or(now);
        now.saturating_duration_since(since)
    }

    pub(super) fn is_away(&self) -> bool {
        self.away_since.is_some()
    }

    /// For how long there has been no link, if that is too long.
    pub(super) fn expired(&self, now: Instant) -> Option<Duration> {
        let away = now.saturating_duration_since(self.away_since?);
        (away >= self.expiry).then_some(away)
    }

    pub(super) fn heard(&mut self, now: Instant) {
        self.heard_at = now;
        self.asked = false;
    }

    /// Judges the silence; asks only once.
    pub(super) fn silence(&mut self, now: Instant) -> Silence {
        let silent = now.saturating_duration_since(self.heard_at);
        if silent >= self.heartbeat.dead_after {
            Silence::Dead(silent)
        } else if silent >= self.heartbeat.ask_after && !self.asked {
            self.asked = true;
            Silence::Ask
        } else {
            Silence::Short
        }
    }

    /// Something small waits to be sent.
    pub(super) fn flush_later(&mut self, now: Instant) {
        self.flush_at.get_or_insert(now + ACK_DELAY);
    }

    pub(super) fn flush_is_due(&self, now: Instant) -> bool {
        self.flush_at.is_some_and(|at| at <= now)
    }

    pub(super) fn flushed(&mut self) {
        self.flush_at = None;
    }

    /// The next moment at which something is to be done. What is small can wait for a link that
    /// takes nothing now.
    pub(super) fn next(&self, can_write: bool) -> Instant {
        if let Some(since) = self.away_since {
            return since + self.expiry;
        }
        let after = if self.asked { self.heartbeat.dead_after } else { self.heartbeat.ask_after };
        let heartbeat_at = self.heard_at + after;
        self.flush_at.filter(|_| can_write).map_or(heartbeat_at, |at| at.min(heartbeat_at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_link_is_asked_once_and_then_given_up() {
        let second = Duration::from_secs(1);
        let start = Instant::now();
        let heartbeat = Heartbeat { ask_after: second * 5, dead_after: second * 15 };
        let mut timers = Timers::new(heartbeat, second * 60, start);
        assert_eq!(timers.next(true), start + second * 5);
        assert_eq!(timers.silence(start + second * 4), Silence::Short);
        assert_eq!(timers.silence(start + second * 5), Silence::Ask);
        assert_eq!(timers.silence(start + second * 6), Silence::Short);
        assert_eq!(timers.next(true), start + second * 15);
        assert_eq!(timers.silence(start + second * 15), Silence::Dead(second * 15));
        timers.heard(start + second * 16);
        assert_eq!(timers.silence(start + second * 17), Silence::Short);
    }

    #[test]
    fn a_session_without_a_link_expires_unless_one_comes() {
        let second = Duration::from_secs(1);
        let start = Instant::now();
        let heartbeat = Heartbeat { ask_after: second * 5, dead_after: second * 15 };
        let mut timers = Timers::new(heartbeat, second * 60, start);
        assert_eq!(timers.expired(start + second * 100), None);
        timers.lose_link(start + second * 100);
        timers.lose_link(start + second * 101);
        assert_eq!(timers.next(true), start + second * 160);
        assert_eq!(timers.expired(start + second * 159), None);
        assert_eq!(timers.come_back(start + second * 159), second * 59);
        assert_eq!(timers.silence(start + second * 163), Silence::Short);
        timers.lose_link(start + second * 200);
        assert_eq!(timers.expired(start + second * 260), Some(second * 60));
    }
}
