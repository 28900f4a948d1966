//! What a graceful shutdown could not deliver.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use tokio::time::Instant;

use crate::channel::Outgoing;
use crate::dir::Dir;
use crate::net::{ConnectionEnd, FlushError, Status};

/// How a graceful shutdown went.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ShutdownReport {
    /// The channels on which values are not known to have been received, by name.
    pub undelivered: Vec<Undelivered>,
    /// Why the wait for them ended; `None` if all were received.
    pub error: Option<FlushError>,
}

/// Values of one channel that could not be delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Undelivered {
    /// The channel's name.
    pub name: String,
    /// Values that were given to it and are not known to have been received.
    pub values: u64,
}

impl ShutdownReport {
    /// Values that were given to channels and are not known to have been received.
    #[must_use]
    pub fn undelivered_values(&self) -> u64 {
        self.undelivered.iter().map(|channel| channel.values).sum()
    }

    /// Whether all values were received.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.error.is_none() && self.undelivered.is_empty()
    }
}

/// Waits until what waits in front of the queues, in the mailboxes of recipients for example, is in
/// them: it was given to the channels before. Queues that are finished take no more.
pub(super) async fn settle(queues: Vec<Arc<Outgoing>>, timeout: Duration) {
    let settling = join_all(queues.iter().map(|queue| queue.settle_feeders()));
    if tokio::time::timeout(timeout, settling).await.is_err() {
        tracing::debug!("messages that waited for full channels are dropped");
    }
}

/// Makes the report: from how the drain ended, how the connections stand, and what no connection has
/// taken.
pub(super) fn report(
    drained: Result<(), FlushError>,
    connections: impl Iterator<Item = Status>,
    queued: Vec<(String, u64)>,
) -> ShutdownReport {
    let mut by_name: BTreeMap<String, u64> = BTreeMap::new();
    let channels = connections.flat_map(|status| status.channels);
    let sending = channels.filter(|channel| channel.dir == Dir::Send);
    let outstanding = sending.map(|channel| (channel.name, channel.outstanding_values));
    for (name, values) in outstanding.chain(queued).filter(|(_, values)| *values > 0) {
        *by_name.entry(name).or_default() += values;
    }
    let undelivered = by_name.into_iter().map(|(name, values)| Undelivered { name, values });
    ShutdownReport { undelivered: undelivered.collect(), error: drained.err() }
}

/// Drains until so much time has passed since the shutdown began. What a lost session gives back may still be delivered in the next one,
/// unless the connection has ended.
pub(super) async fn drain<D>(
    begun: Instant,
    timeout: Duration,
    drain: impl Fn(Duration) -> D,
    end: impl Fn() -> Option<ConnectionEnd>,
) -> Result<(), FlushError>
where
    D: Future<Output = Result<(), FlushError>>,
{
    loop {
        let left = timeout.saturating_sub(begun.elapsed());
        match drain(left).await {
            Err(FlushError::Disconnected { .. }) if !left.is_zero() && end().is_none() => {}
            result => return result,
        }
    }
}
