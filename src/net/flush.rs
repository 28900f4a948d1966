//! `Sync` and `Drain`: waiting until values have been received.

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

    /// Adds the connections of now to those that were seen before. One that is lost meanwhile takes
    /// what it had with it: that is an error, even when it is no longer listed at the end.
    fn look(&self, seen: &mut Vec<Connection>) {
        for connection in (self.connections)() {
            if !seen.iter().any(|known| known.session() == connection.session()) {
                seen.push(connection);
            }
        }
    }

    /// Values that are not known to have been received.
    async fn outstanding_values(&self, connections: &[Connection]) -> u64 {
        let mut outstanding: u64 = (self.queues)().iter().map(|queue| queue.queued_values()).sum();
        for connection in connections {
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

    async fn timed_out(&self, mut seen: Vec<Connection>) -> FlushError {
        self.look(&mut seen);
        FlushError::TimedOut { outstanding_values: self.outstanding_values(&seen).await }
    }

    async fn sync(&self, seen: &mut Vec<Connection>) -> Result<(), FlushError> {
        self.look(seen);
        let queues: Vec<_> =
            (self.queues)().into_iter().filter(|queue| queue.has_consumers()).collect();
        for (queue, accepted) in queues.iter().map(|queue| (queue, queue.accepted_values())) {
            queue.wait_dispatched(accepted).await;
        }
        self.look(seen);
        self.flush_connections(seen).await
    }

    async fn drain(&self, seen: &mut Vec<Connection>) -> Result<(), FlushError> {
        loop {
            self.look(seen);
            for queue in (self.queues)() {
                queue.wait_dispatched(queue.accepted_values()).await;
            }
            self.look(seen);
            self.flush_connections(seen).await?;
            if self.outstanding_values(seen).await == 0 {
                return Ok(());
            }
        }
    }
}

/// Waits for what was sent before the call, on channels that somebody imports.
pub(super) async fn sync(flushing: &Flushing<'_>, timeout: Duration) -> Result<(), FlushError> {
    let mut seen = Vec::new();
    match tokio::time::timeout(timeout, flushing.sync(&mut seen)).await {
        Ok(result) => result,
        Err(_) => Err(flushing.timed_out(seen).await),
    }
}

/// Waits for all that was sent, also meanwhile, also on channels that nobody imports yet.
pub(super) async fn drain(flushing: &Flushing<'_>, timeout: Duration) -> Result<(), FlushError> {
    let mut seen = Vec::new();
    match tokio::time::timeout(timeout, flushing.drain(&mut seen)).await {
        Ok(result) => result,
        Err(_) => Err(flushing.timed_out(seen).await),
    }
}
