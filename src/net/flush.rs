//! `Sync` and `Drain`: waiting until values have been received.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use crate::channel::Outgoing;
use crate::net::{Connection, ConnectionEnd, FlushError};

/// Whose values are waited for.
pub(super) struct Flushing<'a> {
    /// The exported queues, from which all connections take.
    queues: Box<dyn Fn() -> Vec<Arc<Outgoing>> + Send + Sync + 'a>,
    /// The connections, which may come and go meanwhile.
    connections: Box<dyn Fn() -> Vec<Connection> + Send + Sync + 'a>,
    /// What went down with connections that are no longer listed.
    losses: Box<dyn Fn() -> Losses + Send + Sync + 'a>,
}

/// Values that were sent on connections which have ended, and were not known to be received.
#[derive(Clone, Debug, Default)]
pub(super) struct Losses {
    values: u64,
    end: Option<ConnectionEnd>,
}

impl Losses {
    pub(super) fn add(&mut self, connection: &Connection) {
        let values = connection.unconfirmed_values();
        if values > 0 {
            self.values += values;
            self.end = connection.end();
        }
    }
}

impl<'a> Flushing<'a> {
    pub(super) fn connection(connection: &'a Connection) -> Flushing<'a> {
        Flushing {
            queues: Box::new(Vec::new),
            connections: Box::new(|| vec![connection.clone()]),
            // Its flush says so itself.
            losses: Box::new(Losses::default),
        }
    }

    pub(super) fn exporter(
        queues: impl Fn() -> Vec<Arc<Outgoing>> + Send + Sync + 'a,
        connections: impl Fn() -> Vec<Connection> + Send + Sync + 'a,
        losses: impl Fn() -> Losses + Send + Sync + 'a,
    ) -> Flushing<'a> {
        Flushing {
            queues: Box::new(queues),
            connections: Box::new(connections),
            losses: Box::new(losses),
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

    async fn flush_connections(&self, connections: Vec<Connection>) -> Result<(), FlushError> {
        for connection in connections {
            connection.flush().await.map_err(|end| connection.lost(end))?;
        }
        Ok(())
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
        flushing.flush_connections((flushing.connections)()).await
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
            flushing.flush_connections(seen.clone()).await?;
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
    let lost_before = (flushing.losses)().values;
    match tokio::time::timeout(timeout, wait).await {
        // A connection that came or went while values were waited for took what it had with it.
        Ok(Ok(())) => match (flushing.losses)() {
            Losses { values, end: Some(end) } if values > lost_before => {
                let outstanding_values = values - lost_before;
                Err(FlushError::Disconnected { outstanding_values, end })
            }
            _ => Ok(()),
        },
        Ok(Err(error)) => Err(error),
        Err(_) => {
            let outstanding_values = flushing.outstanding_values().await;
            Err(FlushError::TimedOut { outstanding_values })
        }
    }
}
