//! The exporting side: published names, and the connections of all importers.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::future::join_all;
use parking_lot::Mutex;

use crate::channel::{Bincode, Receiver, Sender, Value};
use crate::id::SessionId;
use crate::net::flush::{self, Flushing, Losses};
use crate::net::handshake;
use crate::net::registry::Registry;
use crate::net::report::Reports;
use crate::net::{Config, ConnectError, Connection, Driver, ExportError, FlushError};
use crate::net::{HangupError, HangupReport, RecvSettings, Report, ReportStream, SendSettings};
use crate::net::{Stream, UnreadReports};
use crate::wire::Code;

/// Publishes channels by name and serves them to importers. It can be cloned; all clones are the
/// same exporter. There may be many in one process.
///
/// Errors that are not read are dropped, the oldest first: a peer that causes many must not end the
/// connections of others. It serves until it is [closed](Exporter::close); to drop it ends nothing.
///
/// It has no task and no listener of its own: give it the streams of importers with
/// [`accept`](Exporter::accept) and run the drivers that it returns.
///
/// ```
/// use netchan::Exporter;
/// use netchan::net::{Address, Config, SendSettings};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let exporter = Exporter::new(Config::default());
/// let numbers = exporter.export_sender::<u32>("numbers", SendSettings::default())?;
/// numbers.send(1).await?; // waits in the queue until somebody imports the channel
///
/// let listener = "127.0.0.1:0".parse::<Address>()?.listen().await?;
/// println!("import \"numbers\" from {}", listener.address());
/// # let _importer = listener.address().dial().await?;
/// # let serving = tokio::spawn(async move {
/// while let Ok(stream) = listener.accept().await {
///     let exporter = exporter.clone();
///     tokio::spawn(async move {
///         if let Ok((_connection, driver)) = exporter.accept(stream).await {
///             driver.run().await;
///         }
///     });
/// }
/// # });
/// # serving.abort();
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Exporter {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    config: Config,
    registry: Arc<Registry>,
    reports: Arc<Reports>,
    connections: Mutex<HashMap<SessionId, Connection>>,
    losses: Losses,
    /// Connections and handshakes under way.
    admitted: AtomicUsize,
}

/// A place among an exporter's connections, given back when it is dropped.
struct Admission {
    inner: Arc<Inner>,
}

impl Drop for Admission {
    fn drop(&mut self) {
        self.inner.admitted.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Exporter {
    /// An exporter that exports nothing yet.
    #[must_use]
    pub fn new(config: Config) -> Exporter {
        Exporter {
            inner: Arc::new(Inner {
                config,
                registry: Arc::default(),
                reports: Reports::new(UnreadReports::DropOldest),
                connections: Mutex::default(),
                losses: Losses::default(),
                admitted: AtomicUsize::new(0),
            }),
        }
    }

    /// Exports a channel to which this side sends. Each value goes to one of its importers.
    ///
    /// # Errors
    ///
    /// [`ExportError`] when the name, the type or a setting cannot be used.
    pub fn export_sender<T: Value>(
        &self,
        name: &str,
        settings: SendSettings,
    ) -> Result<Sender<T>, ExportError> {
        self.inner.registry.export_sender::<T, Bincode>(name, settings)
    }

    /// Exports a channel from which this side receives. The values of all importers merge.
    ///
    /// # Errors
    ///
    /// [`ExportError`] when the name, the type or a setting cannot be used.
    pub fn export_receiver<T: Value>(
        &self,
        name: &str,
        settings: RecvSettings,
    ) -> Result<Receiver<T>, ExportError> {
        self.inner.registry.export_receiver::<T, Bincode>(name, settings)
    }

    /// Serves an importer over `stream`. Run the [`Driver`] on a task of its own, or drop it: until
    /// then calls on the connection wait, and so does [`close`](Exporter::close).
    ///
    /// # Errors
    ///
    /// [`ConnectError`] when there are too many connections, the handshake fails or takes too long,
    /// or the exporter was closed. It is also reported.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it returns, the stream is closed.
    pub async fn accept(&self, stream: Stream) -> Result<(Connection, Driver), ConnectError> {
        let peer = stream.peer().to_owned();
        let result = self.try_accept(stream).await;
        if let Err(error) = &result {
            let report = Report::HandshakeFailed { peer, error: error.clone() };
            // That nobody reads reports ends connections, of which this is none.
            let _unread = self.inner.reports.push(report);
        }
        result
    }

    async fn try_accept(&self, mut stream: Stream) -> Result<(Connection, Driver), ConnectError> {
        if self.inner.registry.is_closed() {
            return Err(ConnectError::Closed);
        }
        let connections_max = self.inner.config.connections_max;
        let before = self.inner.admitted.fetch_add(1, Ordering::AcqRel);
        let admission = Admission { inner: self.inner.clone() };
        if before >= connections_max {
            let code = Code::TooManyConnections;
            let reject = handshake::reject(&mut stream, code, "try again later");
            let _too_slow = tokio::time::timeout(self.inner.config.handshake_timeout, reject).await;
            return Err(ConnectError::TooManyConnections { connections_max });
        }
        let link = handshake::answer(stream, &self.inner.config).await?;
        let (registry, reports) = (self.inner.registry.clone(), self.inner.reports.clone());
        let (connection, driver) = Connection::start(link, Some(registry), reports);
        self.inner.connections.lock().insert(connection.session(), connection.clone());
        let inner = self.inner.clone();
        let session = connection.session();
        let driver = driver.on_end(move || {
            // First the loss: a connection that is not listed any more has been accounted for.
            let connection = inner.connections.lock().get(&session).cloned();
            if let Some(connection) = connection {
                inner.losses.note(&connection);
            }
            inner.connections.lock().remove(&session);
            drop(admission);
        });
        // Listed first, so that `close` finds the connection if it comes later than this.
        if self.inner.registry.is_closed() {
            return Err(ConnectError::Closed);
        }
        Ok((connection, driver))
    }

    /// Takes a name back: the channel is closed at all of its ends, and values in flight may be
    /// dropped.
    ///
    /// # Errors
    ///
    /// [`HangupError::UnknownName`] when there is no such channel, [`HangupError::Unanswered`] when
    /// an importer did not answer; the channel is closed all the same.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it returns, the channel is closed here, but perhaps not yet at its importers.
    pub async fn hangup(&self, name: &str) -> Result<HangupReport, HangupError> {
        let Some(mut discarded_values) = self.inner.registry.withdraw(name) else {
            return Err(HangupError::UnknownName { name: name.to_owned() });
        };
        let connections = self.connections();
        let reports = join_all(connections.iter().map(|connection| connection.hangup(name))).await;
        for report in reports {
            match report {
                Ok(report) => discarded_values += report.discarded_values,
                Err(error @ HangupError::Unanswered { .. }) => return Err(error),
                // One that does not have the channel, or is gone, has nothing to add.
                Err(_) => {}
            }
        }
        Ok(HangupReport { discarded_values })
    }

    /// Waits until all values that were sent before the call, on channels that somebody imports,
    /// have been received.
    ///
    /// # Errors
    ///
    /// [`FlushError`] with the number of values that were not known to be received.
    ///
    /// # Cancel safety
    ///
    /// It can be dropped at any time.
    pub async fn sync(&self, timeout: Duration) -> Result<(), FlushError> {
        flush::sync(&self.flushing(), timeout).await
    }

    /// Waits until all values have been received: queued ones, those sent meanwhile, and those on
    /// channels that nobody imports yet.
    ///
    /// # Errors
    ///
    /// [`FlushError`] with the number of values that were not known to be received.
    ///
    /// # Cancel safety
    ///
    /// It can be dropped at any time.
    pub async fn drain(&self, timeout: Duration) -> Result<(), FlushError> {
        flush::drain(&self.flushing(), timeout).await
    }

    fn flushing(&self) -> Flushing<'_> {
        let Inner { registry, losses, .. } = &*self.inner;
        Flushing::exporter(|| registry.sending_queues(), || self.connections(), losses)
    }

    /// The connections that last.
    #[must_use]
    pub fn connections(&self) -> Vec<Connection> {
        self.inner.connections.lock().values().cloned().collect()
    }

    /// How many channels are exported.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.inner.registry.names()
    }

    /// Links that may go through their handshake at the same time; for whoever listens.
    #[must_use]
    pub fn handshakes_max(&self) -> usize {
        self.inner.config.handshakes_max()
    }

    /// Reports an error that came up while listening.
    pub fn report(&self, report: Report) {
        let _unread = self.inner.reports.push(report);
    }

    /// The errors of the exporter and its connections that concern no single call.
    #[must_use]
    pub fn reports(&self) -> ReportStream {
        ReportStream::new(self.inner.reports.clone())
    }

    /// Ends all channels and closes all connections. Values that were not received are lost:
    /// [`drain`](Exporter::drain) first to avoid that.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it returns, some connections may be left open.
    pub async fn close(&self) {
        self.inner.registry.close();
        let connections = self.connections();
        join_all(connections.iter().map(Connection::close)).await;
        self.inner.reports.finish();
    }
}
