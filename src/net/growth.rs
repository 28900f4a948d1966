//! How far windows grow by themselves.

use crate::limits::{WINDOW_BYTES_GROWN_MAX, WINDOW_VALUES_GROWN_MAX};
use crate::session::Growth;

/// How far the window of a channel grows by itself.
///
/// A window grows, to twice its size each time, when its sender has used up all credit and its receiver
/// has taken all that came: then both have waited for nothing but the way between them. A receiver that
/// does not keep up has the window with which the channel began.
///
/// Only what was left at its default grows. A [`size`](crate::net::ImportSettings::size) or a
/// `window_bytes` that the program has set stays as it is.
///
/// ```
/// use netchan::net::{ImportSettings, RecvSettings, WindowGrowth};
///
/// // Grows to 4,096 values and to 2 MiB at most.
/// let settings = ImportSettings::default().window_growth(WindowGrowth::up_to(4096, 2 << 20));
/// // 1,000 values, always; bytes grow up to the default bound.
/// let settings = ImportSettings::default().size(1000);
/// // Each importer has 256 values and 1 MiB, or what it asked for.
/// let settings = RecvSettings::default().window_growth(WindowGrowth::none());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowGrowth {
    values_max: u32,
    bytes_max: u64,
}

impl Default for WindowGrowth {
    fn default() -> WindowGrowth {
        WindowGrowth::up_to(WINDOW_VALUES_GROWN_MAX, WINDOW_BYTES_GROWN_MAX)
    }
}

impl WindowGrowth {
    /// To so many values and encoded bytes at most. Beyond
    /// [`WINDOW_VALUES_GROWN_MAX`] and [`WINDOW_BYTES_GROWN_MAX`], which are the default, no window
    /// grows; one that is larger from the beginning stays as it is.
    #[must_use]
    pub fn up_to(values_max: u32, bytes_max: u64) -> WindowGrowth {
        WindowGrowth {
            values_max: values_max.min(WINDOW_VALUES_GROWN_MAX),
            bytes_max: bytes_max.min(WINDOW_BYTES_GROWN_MAX),
        }
    }

    /// Not at all.
    #[must_use]
    pub fn none() -> WindowGrowth {
        WindowGrowth::up_to(0, 0)
    }

    /// The bounds for a window of which the program may have set some.
    pub(super) fn for_window(self, values: Option<u32>, bytes: Option<u64>) -> Growth {
        Growth {
            values_max: if values.is_some() { 0 } else { self.values_max },
            bytes_max: if bytes.is_some() { 0 } else { self.bytes_max },
        }
    }
}
