//! The clock by which deadlines travel.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// Where the clock begins. Before now, because a simulation's clock may be behind.
static ORIGIN: LazyLock<Instant> = LazyLock::new(|| {
    let now = Instant::now();
    now.checked_sub(Duration::from_secs(60 * 60)).unwrap_or(now)
});

/// Milliseconds since some moment before this program began. It runs with the runtime's clock: a test
/// may have stopped it.
pub(crate) fn now_ms() -> u64 {
    let now = tokio::time::Instant::now().into_std();
    now.saturating_duration_since(*ORIGIN).as_millis() as u64
}
