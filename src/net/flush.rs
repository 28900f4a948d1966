//! `Sync` and `Drain`: waiting until values have been received.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use event_listener::Event;
use futures::future::{Either, join_all, pending, select, try_join_all};
use parking_lot::Mutex;

use crate::channel::Outgoing;
use crate::net::{Connection, ConnectionEnd, FlushError};

/// What was lost with connections of an exporter. Whoever waits for values must know, also when
/// the connection came and went meanwhile.
#[derive(Debug, Default)]
pub(super) struct Losses {
    lost: Mutex<Lost>,
    noted: Event,
}

#[derive(Debug, Default)]
struct Lost {
    values: u64,
    /// How the last connection ended that lost values.
    end: Option<ConnectionEnd>,
}

impl Losses {
    /// Notes what was lost with a connection that has ended.
    pub(super) fn note(&self, connection: &Connection) {
        let values = connection.unconfirmed_values();
        if values > 0 {
            let mut lost = self.lost.lock();
            lost.values += values;
            lost.end = connection.end();
            drop(lost);
            self.noted.notify(usize::MAX);
        }
    }

    fn values(&self) -> u64 {
        self.lost.lock().values
    }

    /// What was lost since there were `before` lost values.
    fn since(&self, before: u64) -> Option<FlushError> {
        let lost = self.lost.lock();
        let end = lost.end.clone().filter(|_| lost.values > before)?;
        Some(FlushError::Disconnected { outstanding_values: lost.values - before, end })
    }

    async fn wait_since(&self, before: u64) -> FlushError {
        loop {
            let listener = self.noted.listen();
            if let Some(error) = self.since(before) {
                return error;
            }
            listener.await;
        }
    }
}

/// Whose values are waited for.
pub(super) struct Flushing<'a> {
    /// The exported queues, from which all connections take.
    queues: Box<dyn Fn() -> Vec<Arc<Outgoing>> + Send + Sync + 'a>,
    /// The connections, which may come and go meanwhile.
    connections: Box<dyn Fn() -> Vec<Connection> + Send + Sync + 'a>,
    /// For an exporter. A connection that ends with nothing outstanding is no reason to fail then.
    losses: Option<&'a Losses>,
}

impl<'a> Flushing<'a> {
    pub(super) fn connection(connection: &'a Connection) -> Flushing<'a> {
        Flushing {
            queues: Box::new(Vec::new),
            connections: Box::new(|| vec![connection.clone()]),
            losses: None,
        }
    }

    pub(super) fn exporter(
        queues: impl Fn() -> Vec<Arc<Outgoing>> + Send + Sync + 'a,
        connections: impl Fn() -> Vec<Connection> + Send + Sync + 'a,
        losses: &'a Losses,
    ) -> Flushing<'a> {
        Flushing {
            queues: Box::new(queues),
            connections: Box::new(connections),
            losses: Some(losses),
        }
    }

    /// Values that are not known to have been received.
    pub(super) async fn outstanding_values(&self) -> u64 {
        let mut outstanding: u64 = (self.queues)().iter().map(|queue| queue.queued_values()).sum();
        for connection in (self.connections)() {
            outstanding += match connection.status().await {
                Ok(status) => status.outstanding_values,
                Err(_) => connection.unconfirmed_values(),
            };
        }
        outstanding
    }

    /// Waits for what the connections have. Returns how many values were dropped.
    async fn flush_connections(&self) -> Result<u64, FlushError> {
        let connections = (self.connections)();
        let flushes = connections.iter().map(async |connection| match connection.flush().await {
            Err(_) if self.losses.is_some() && connection.unconfirmed_values() == 0 => Ok(0),
            result => result,
        });
        Ok(try_join_all(flushes).await?.into_iter().sum())
    }

    /// Waits for what stands in `queues` now, and then for what the connections have.
    async fn flush(&self, queues: Vec<Arc<Outgoing>>) -> Result<(), FlushError> {
        let waits = queues.iter().map(async |queue| {
            queue.settle_feeders().await;
            queue.wait_dispatched(queue.accepted_values()).await
        });
        let undispatched: u64 = join_all(waits).await.into_iter().sum();
        match undispatched + self.flush_connections().await? {
            0 => Ok(()),
            discarded_values => Err(FlushError::Discarded { discarded_values }),
        }
    }

    async fn sync(&self) -> Result<(), FlushError> {
        let queues = (self.queues)().into_iter().filter(|queue| queue.has_consumers());
        self.flush(queues.collect()).await
    }

    async fn drain(&self) -> Result<(), FlushError> {
        loop {
            self.flush((self.queues)()).await?;
            if self.outstanding_values().await == 0 {
                return Ok(());
            }
        }
    }

    /// Waits as long as nothing is lost and there is time.
    async fn within(
        &self,
        timeout: Duration,
        wait: impl Future<Output = Result<(), FlushError>>,
    ) -> Result<(), FlushError> {
        let before = self.losses.map_or(0, Losses::values);
        let loss = async {
            match self.losses {
                Some(losses) => losses.wait_since(before).await,
                None => pending().await,
            }
        };
        match tokio::time::timeout(timeout, select(pin!(loss), pin!(wait))).await {
            Ok(Either::Left((error, _))) => Err(error),
            Ok(Either::Right((result, _))) => result,
            Err(_) => {
                let outstanding_values = self.outstanding_values().await;
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
