//! `Sync` and `Drain`: waiting until values have been received.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures::future::try_join_all;

use crate::channel::Outgoing;
use crate::net::{Connection, FlushError};

/// Whose values are waited for.
pub(super) struct Flushing<'a> {
    /// The exported queues, from which all connections take.
    queues: Box<dyn Fn() -> Vec<Arc<Outgoing>> + Send + Sync + 'a>,
    /// The connections, which may come and go meanwhile.
    connections: Box<dyn Fn() -> Vec<Connection> + Send + Sync + 'a>,
    /// A connection that ends with nothing outstanding is no reason to fail.
    peers_may_leave: bool,
}

impl<'a> Flushing<'a> {
    pub(super) fn connection(connection: &'a Connection) -> Flushing<'a> {
        Flushing {
            queues: Box::new(Vec::new),
            connections: Box::new(|| vec![connection.clone()]),
            peers_may_leave: false,
        }
    }

    pub(super) fn exporter(
        queues: impl Fn() -> Vec<Arc<Outgoing>> + Send + Sync + 'a,
        connections: impl Fn() -> Vec<Connection> + Send + Sync + 'a,
    ) -> Flushing<'a> {
        Flushing {
            queues: Box::new(queues),
            connections: Box::new(connections),
            peers_may_leave: true,
        }
    }

    /// Values that are not known to have been received.
    async fn outstanding_values(&self) -> u64 {
        let mut outstanding: u64 = (self.queues)().iter().map(|queue| queue.queued_values()).sum();
        for connection in (self.connections)() {
            outstanding += match connection.status().await {
                Ok(status) => status.outstanding_values,
                Err(_) => connection.unconfirmed_values(),
            };
        }
        outstanding
    }

    async fn flush_connections(&self, connections: &[Connection]) -> Result<(), FlushError> {
        let flushes = connections.iter().map(async |connection| match connection.flush().await {
            Err(_) if self.peers_may_leave && connection.unconfirmed_values() == 0 => Ok(()),
            result => result.map_err(|end| connection.lost(end)),
        });
        try_join_all(flushes).await.map(|_| ())
    }
}

/// Waits for what was sent before the call, on channels that somebody imports.
pub(super) async fn sync(flushing: &Flushing<'_>, timeout: Duration) -> Result<(), FlushError> {
    within(flushing, timeout, async {
        let queues: Vec<_> =
            (flushing.queues)().into_iter().filter(|queue| queue.has_consumers()).collect();
        for (queue, accepted) in queues.iter().map(|queue| (queue, queue.accepted_values())) {
            queue.wait_dispatched(accepted).await;
        }
        flushing.flush_connections(&(flushing.connections)()).await
    })
    .await
}

/// Waits for all that was sent, also meanwhile, also on channels that nobody imports yet.
pub(super) async fn drain(flushing: &Flushing<'_>, timeout: Duration) -> Result<(), FlushError> {
    within(flushing, timeout, async {
        // A connection that is lost meanwhile takes what it had with it: that is an error, even
        // when it is no longer listed at the end.
        let mut seen: Vec<Connection> = Vec::new();
        loop {
            for queue in (flushing.queues)() {
                queue.wait_dispatched(queue.accepted_values()).await;
            }
            for connection in (flushing.connections)() {
                if !seen.iter().any(|known| known.session() == connection.session()) {
                    seen.push(connection);
                }
            }
            flushing.flush_connections(&seen).await?;
            if flushing.outstanding_values().await == 0 {
                return Ok(());
            }
        }
    })
    .await
}

async fn within(
    flushing: &Flushing<'_>,
    timeout: Duration,
    wait: impl Future<Output = Result<(), FlushError>>,
) -> Result<(), FlushError> {
    match tokio::time::timeout(timeout, wait).await {
        Ok(result) => result,
        Err(_) => {
            let outstanding_values = flushing.outstanding_values().await;
            Err(FlushError::TimedOut { outstanding_values })
        }
    }
}
