//! `Sync` and `Drain`: waiting until values have been received.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures::future::try_join_all;

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
    /// A connection that ends with nothing outstanding is no reason to fail.
    peers_may_leave: bool,
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
            peers_may_leave: false,
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
            peers_may_leave: true,
        }
    }

    /// Values that are not known to have been received, and may still be.
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

    async fn flush_connections(&self) -> Result<(), FlushError> {
        let connections = (self.connections)();
        let flushes = connections.iter().map(async |connection| match connection.flush().await {
            Err(_) if self.peers_may_leave && connection.unconfirmed_values() == 0 => Ok(()),
            result => result.map_err(|end| connection.lost(end)),
        });
        try_join_all(flushes).await.map(|_| ())
    }

    async fn sync(&self) -> Result<(), FlushError> {
        let queues: Vec<_> =
            (self.queues)().into_iter().filter(|queue| queue.has_consumers()).collect();
        for (queue, accepted) in queues.iter().map(|queue| (queue, queue.accepted_values())) {
            queue.wait_dispatched(accepted).await;
        }
        self.flush_connections().await
    }

    async fn drain(&self) -> Result<(), FlushError> {
        loop {
            for queue in (self.queues)() {
                queue.wait_dispatched(queue.accepted_values()).await;
            }
            self.flush_connections().await?;
            if self.outstanding_values().await == 0 {
                return Ok(());
            }
        }
    }

    /// Waits, but not for ever, and not without a look at what went down meanwhile: a connection
    /// that came or went took what it had with it.
    async fn within(
        &self,
        timeout: Duration,
        wait: impl Future<Output = Result<(), FlushError>>,
    ) -> Result<(), FlushError> {
        let lost_before = (self.losses)().values;
        let result = tokio::time::timeout(timeout, wait).await;
        let Losses { values, end } = (self.losses)();
        let lost_values = values - lost_before;
        match (result, end) {
            (Ok(Ok(())), Some(end)) if lost_values > 0 => {
                Err(FlushError::Disconnected { outstanding_values: lost_values, end })
            }
            (Ok(result), _) => result,
            (Err(_), _) => {
                let outstanding_values = lost_values + self.outstanding_values().await;
                Err(FlushError::TimedOut { outstanding_values })
            }
        }
    }
}

/// Waits for what was sent before the call, on channels that somebody imports.
pub(super) async fn sync(flushing: &Flushing<'_>, timeout: Duration) -> Result<(), FlushError> {
    flushing.within(timeout, flushing.sync()).await
}

/// Waits for all that was sent, also meanwhile, also on channels that nobody imports yet.
pub(super) async fn drain(flushing: &Flushing<'_>, timeout: Duration) -> Result<(), FlushError> {
    flushing.within(timeout, flushing.drain()).await
}
