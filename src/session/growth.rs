//! Windows that grow by themselves.
//!
//! A window is a guess: that the path to the sender takes so much until the next credit can arrive.
//! The receiver notices when it guessed too low, without a clock: the sender said that it has used up
//! its credit, all that came was taken, and nothing newer has come. Then nobody had anything to do
//! but wait for credit, and the window doubles. A receiver that does not keep up never has all taken,
//! so its window stays.
//!
//! A sender that was blocked says so in QUIC (RFC 9000, section 4.1), and a receiver that was read
//! empty grows in TCP (M. Fisk and W. Feng, "Dynamic Right-Sizing in TCP", LACSI 2001). Here it takes
//! both.

use crate::limits::{WINDOW_BYTES_MAX, WINDOW_VALUES_MAX};
use crate::wire::Spent;

/// How far a window may grow by itself. Less than the window, as zero, means that it does not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Growth {
    /// The largest window in values.
    pub values_max: u32,
    /// The largest window in encoded bytes.
    pub bytes_max: u64,
}

impl Growth {
    /// It stays as it is.
    pub const NONE: Growth = Growth { values_max: 0, bytes_max: 0 };
}

/// What a receiver knows of one window, in order to let it grow.
#[derive(Debug, Default)]
pub(super) struct Growing {
    bounds: Growth,
    /// What the newest data frame said.
    spent: Spent,
    /// The credit that was told before the window last grew. Who has used up no more than that does
    /// not know yet that it grew.
    values_from: u64,
    bytes_from: u64,
    grown_bytes: u64,
}

/// How one bound of a window stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Level {
    pub(super) window: u64,
    pub(super) received: u64,
    /// Credit that was told.
    pub(super) told: u64,
}

impl Growing {
    pub(super) fn set_bounds(&mut self, bounds: Growth) {
        self.bounds = Growth {
            values_max: bounds.values_max.min(WINDOW_VALUES_MAX),
            bytes_max: bounds.bytes_max.min(WINDOW_BYTES_MAX),
        };
    }

    /// A data frame came.
    #[inline]
    pub(super) fn note(&mut self, spent: Spent) {
        self.spent = spent;
    }

    /// Whether the sender waits for credit, as far as it said.
    #[inline]
    pub(super) fn is_awaited(&self) -> bool {
        self.spent.is_any()
    }

    /// How many bytes the window has grown by.
    pub(super) fn grown_bytes(&self) -> u64 {
        self.grown_bytes
    }

    /// The window in values for a sender that has waited while all was taken.
    pub(super) fn values(&mut self, level: Level) -> u64 {
        if !std::mem::take(&mut self.spent.values) || level.received <= self.values_from {
            return level.window;
        }
        let window = grown(level.window, u64::from(self.bounds.values_max));
        if window > level.window {
            self.values_from = level.told;
        }
        window
    }

    /// The same for the window in bytes, which grows by `bytes_left` at most.
    pub(super) fn bytes(&mut self, level: Level, bytes_left: u64) -> u64 {
        if !std::mem::take(&mut self.spent.bytes) || level.received <= self.bytes_from {
            return level.window;
        }
        let window_max = self.bounds.bytes_max.min(level.window.saturating_add(bytes_left));
        let window = grown(level.window, window_max);
        if window > level.window {
            self.bytes_from = level.told;
            self.grown_bytes += window - level.window;
        }
        window
    }
}

/// Twice the window, within its bound. Never less than it was.
fn grown(window: u64, window_max: u64) -> u64 {
    (2 * window).min(window_max).max(window)
}
