//! What a stream of values is to do, and what came of it.

use std::time::{Duration, Instant};

use crate::{Failure, Link};

/// A side of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Imports the channels.
    Importer,
    /// Exports the channels.
    Exporter,
}

/// A stream of values, without their type.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// What the values go over.
    pub link: Link,
    /// Who sends. With several connections, only the importers can.
    pub sender: Side,
    /// Importers of the one exporter. Each channel merges what they send.
    pub connections: usize,
    /// Channels of each connection.
    pub channels: usize,
    /// The size of each channel, in values.
    pub window: u32,
    /// The payload of each value, in bytes; 0 for values of one size.
    pub bytes: usize,
    /// How long it is sent.
    pub run: Duration,
}

impl Plan {
    /// Values of each source of a connection that are sent between two looks at the clock.
    #[must_use]
    pub fn burst(&self) -> u64 {
        let values = (64 * 1024 / self.bytes.max(1)).clamp(1, 64);
        values.div_ceil(self.channels) as u64
    }
}

/// What was sent, and when that began.
#[derive(Clone, Copy, Debug)]
pub struct Sent {
    /// Their number.
    pub values: u64,
    /// Before the first.
    pub began: Instant,
}

impl Sent {
    /// Together with what another source has sent.
    #[must_use]
    pub fn and(self, other: Sent) -> Sent {
        Sent { values: self.values + other.values, began: self.began.min(other.began) }
    }

    /// Whether all has come. That it came in order, its receiver has checked.
    ///
    /// # Errors
    ///
    /// When it has not.
    pub fn check(self, received: Received) -> Result<(), Failure> {
        if self.values == received.values {
            return Ok(());
        }
        Err(format!("{} were sent, {} came", self.values, received.values).into())
    }
}

/// What was received, and when that was done.
#[derive(Clone, Copy, Debug)]
pub struct Received {
    /// Their number.
    pub values: u64,
    /// After the last.
    pub done: Instant,
}

impl Received {
    /// Together with what was received elsewhere.
    #[must_use]
    pub fn and(self, other: Received) -> Received {
        Received { values: self.values + other.values, done: self.done.max(other.done) }
    }
}

/// One measured number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figure {
    /// Its unit, such as `"values/s"`.
    pub unit: &'static str,
    /// The number.
    pub value: f64,
    /// Whether more is better.
    pub more_is_better: bool,
}

/// Values in a second.
///
/// # Errors
///
/// When not all that was sent has come.
pub fn rate(unit: &'static str, sent: Sent, received: Received) -> Result<Vec<Figure>, Failure> {
    sent.check(received)?;
    let value = received.values as f64 / (received.done - sent.began).as_secs_f64();
    Ok(vec![Figure { unit, value, more_is_better: true }])
}

/// How long half of the values took at most, and nearly all of them, in microseconds.
#[must_use]
pub fn latency(mut times: Vec<Duration>) -> Vec<Figure> {
    times.sort_unstable();
    let at = |percent: usize| {
        let time = times.get(times.len() * percent / 100).copied().unwrap_or_default();
        time.as_secs_f64() * 1e6
    };
    let figure = |unit, value| Figure { unit, value, more_is_better: false };
    vec![figure("us p50", at(50)), figure("us p99", at(99))]
}
