//! A handle to a connection: what a program can ask of its driver.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use tokio::sync::{mpsc, oneshot};

use crate::channel::identity::TypeIdentity;
use crate::channel::{Bincode, Codec, EndsWith, Incoming, LaneWindow, Outgoing, OutgoingBounds};
use crate::channel::{Receiver, Sender, Slots, Value};
use crate::dir::Dir;
use crate::id::SessionId;
use crate::limits::{COMMANDS_MAX, HANGUP_TIMEOUT};
use crate::net::command::{Command, Import, ImportEnd};
use crate::net::driver::Driver;
use crate::net::error::NameError;
use crate::net::flush::{self, Flushing};
use crate::net::handshake::{self, Link};
use crate::net::registry::Registry;
use crate::net::report::Reports;
use crate::net::shared::{Shared, Status};
use crate::net::{Config, ConnectError, ConnectionEnd, FlushError, HangupError, HangupReport};
use crate::net::{ImportError, ImportSettings, ReportStream, Stream, UnreadReports};
use crate::session::OpenRequest;

/// A connection with one peer. It can be cloned; all clones are the same connection.
///
/// It lives until it is [closed](Connection::close), the peer closes it, or its link breaks. When
/// all handles are dropped, it is closed as soon as its channels have ended; an exporter keeps a
/// handle to each of its own.
///
/// ```
/// # use netchan::net::{Config, Exporter, SendSettings, Stream, UnreadReports};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (near, far) = Stream::in_memory(1024);
/// # let exporter = Exporter::new(Config::default());
/// # let sender = exporter.export_sender::<u32>("numbers", SendSettings::default())?;
/// # tokio::spawn(async move {
/// #     if let Ok((_connection, driver)) = exporter.accept(near).await {
/// #         driver.run().await;
/// #     }
/// # });
/// # tokio::spawn(async move { sender.send_all(0..3).await });
/// # let stream = far;
/// use netchan::Connection;
/// use netchan::net::{ImportError, ImportSettings};
///
/// // `stream` leads to an exporter: `address.dial().await?`
/// let config = Config::default();
/// let (connection, driver) = Connection::open(stream, &config, UnreadReports::ShutDown).await?;
/// tokio::spawn(driver.run()); // nothing moves without it
///
/// let settings = ImportSettings::default().size(16);
/// let mut numbers = connection.import_receiver::<u32>("numbers", settings).await?;
/// assert_eq!(numbers.recv().await?, 0);
///
/// // A refused import hurts nothing else.
/// let refused = connection.import_receiver::<u32>("letters", settings).await;
/// assert!(matches!(refused, Err(ImportError::UnknownName { .. })));
/// assert_eq!(numbers.recv().await?, 1);
///
/// connection.close().await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Connection {
    commands: mpsc::Sender<Command>,
    shared: Arc<Shared>,
}

impl Connection {
    /// Starts to import from whoever is at the other end of `stream`. Run the [`Driver`] on a task
    /// of its own.
    ///
    /// # Errors
    ///
    /// [`ConnectError`] when the handshake fails or takes too long.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it returns, the stream is closed.
    pub async fn open(
        stream: Stream,
        config: &Config,
        when_unread: UnreadReports,
    ) -> Result<(Connection, Driver), ConnectError> {
        let reports = Reports::new(when_unread);
        let link = handshake::dial(stream, config).await?;
        Ok(Connection::start(link, None, reports))
    }

    pub(super) fn start(
        link: Link,
        registry: Option<Arc<Registry>>,
        reports: Arc<Reports>,
    ) -> (Connection, Driver) {
        let (sender, receiver) = mpsc::channel(COMMANDS_MAX);
        let peer = link.stream.peer().to_owned();
        let shared = Shared::new(link.session, peer, reports.clone());
        let driver = Driver::new(link, registry, reports, receiver, shared.clone());
        (Connection { commands: sender, shared }, driver)
    }

    /// Imports a channel to which this side sends.
    ///
    /// # Errors
    ///
    /// [`ImportError`]; the connection and its other channels go on.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it returns, the import is given up.
    pub async fn import_sender<T: Value>(
        &self,
        name: &str,
        settings: ImportSettings,
    ) -> Result<Sender<T>, ImportError> {
        settings.check()?;
        let queue = Outgoing::new(OutgoingBounds {
            capacity_values: settings.size_values,
            queue_bytes: settings.queue_bytes,
            slots: Slots::UntilTaken,
            limit: settings.limit,
        });
        let sender = Sender::new::<Bincode>(queue.clone());
        self.import::<T>(Dir::Send, name, settings, ImportEnd::Out(queue)).await?;
        Ok(sender)
    }

    /// Imports a channel from which this side receives.
    ///
    /// # Errors
    ///
    /// [`ImportError`]; the connection and its other channels go on.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it returns, the import is given up.
    pub async fn import_receiver<T: Value>(
        &self,
        name: &str,
        settings: ImportSettings,
    ) -> Result<Receiver<T>, ImportError> {
        settings.check()?;
        let queue = Incoming::new(EndsWith::ItsPeer);
        let receiver = Receiver::new::<Bincode>(queue.clone());
        let window = LaneWindow { values: settings.size_values, bytes: settings.window_bytes };
        self.import::<T>(Dir::Recv, name, settings, ImportEnd::In(queue, window)).await?;
        Ok(receiver)
    }

    async fn import<T: Value>(
        &self,
        dir: Dir,
        name: &str,
        settings: ImportSettings,
        end: ImportEnd,
    ) -> Result<(), ImportError> {
        NameError::check(name)?;
        let request = OpenRequest {
            dir,
            name: name.to_owned(),
            codec: Bincode::NAME.to_owned(),
            identity: TypeIdentity::of::<T>()?.0,
            window_values: settings.size_values,
            window_bytes: settings.window_bytes,
            limit: settings.limit,
            redelivers: false,
        };
        self.ask(|reply| Command::Import(Import { request, end, reply })).await?
    }

    /// Dissociates a channel that was imported on this connection: it is closed at both ends, and
    /// values in flight may be dropped.
    ///
    /// # Errors
    ///
    /// [`HangupError`] when there is no such channel or no connection.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it returns, the hangup may happen all the same.
    pub async fn hangup(&self, name: &str) -> Result<HangupReport, HangupError> {
        let command = |reply| Command::Hangup { name: name.to_owned(), reply };
        match tokio::time::timeout(HANGUP_TIMEOUT, self.ask(command)).await {
            Ok(Ok(Some(discarded_values))) => Ok(HangupReport { discarded_values }),
            Ok(Ok(None)) => Err(HangupError::UnknownName { name: name.to_owned() }),
            Ok(Err(end)) => Err(end.into()),
            Err(_) => Err(HangupError::Unanswered { name: name.to_owned() }),
        }
    }

    /// Waits until the peer has received all values that were sent on imported channels before the
    /// call.
    ///
    /// # Errors
    ///
    /// [`FlushError`] with the number of values that were not known to be received.
    ///
    /// # Cancel safety
    ///
    /// It can be dropped at any time.
    pub async fn sync(&self, timeout: Duration) -> Result<(), FlushError> {
        flush::sync(&Flushing::connection(self), timeout).await
    }

    /// Waits until the peer has received all values, also those that are sent meanwhile.
    ///
    /// # Errors
    ///
    /// [`FlushError`] with the number of values that were not known to be received.
    ///
    /// # Cancel safety
    ///
    /// It can be dropped at any time.
    pub async fn drain(&self, timeout: Duration) -> Result<(), FlushError> {
        flush::drain(&Flushing::connection(self), timeout).await
    }

    /// Waits until the peer has received what the session was given by now. Returns how many values
    /// it will not receive, because their channels have ended.
    pub(super) async fn flush(&self) -> Result<u64, ConnectionEnd> {
        let queues = self.ask(|reply| Command::Queues { reply }).await?;
        join_all(queues.iter().map(|queue| queue.settle_feeders())).await;
        self.ask(|reply| Command::Flush { reply }).await
    }

    /// How the connection stands.
    ///
    /// # Errors
    ///
    /// [`ConnectionEnd`] when it has ended.
    pub async fn status(&self) -> Result<Status, ConnectionEnd> {
        self.ask(|reply| Command::Status { reply }).await
    }

    /// Closes the connection and waits until that is done. Values that were not received are lost:
    /// [`drain`](Connection::drain) first to avoid that.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it returns, the connection may be closed all the same.
    pub async fn close(&self) -> ConnectionEnd {
        // An error says that it has ended already.
        let _ended = self.commands.send(Command::Close).await;
        self.closed().await
    }

    /// Waits until the connection has ended, and says how.
    ///
    /// # Cancel safety
    ///
    /// It can be dropped at any time.
    pub async fn closed(&self) -> ConnectionEnd {
        self.shared.wait_end().await
    }

    /// The same as [`closed`](Connection::closed), but it neither borrows the handle nor counts as
    /// one.
    pub fn watch_closed(&self) -> impl Future<Output = ConnectionEnd> + Send + 'static {
        let shared = self.shared.clone();
        async move { shared.wait_end().await }
    }

    /// How the connection ended; `None` while it lasts.
    #[must_use]
    pub fn end(&self) -> Option<ConnectionEnd> {
        self.shared.end().map(|end| end.end)
    }

    /// Values that were sent and were not known to have been received when the connection ended.
    pub(super) fn unconfirmed_values(&self) -> u64 {
        self.shared.end().map_or(0, |end| end.unconfirmed_values)
    }

    /// What a flush says when the connection ended under it.
    #[must_use]
    pub fn lost(&self, end: ConnectionEnd) -> FlushError {
        FlushError::Disconnected { outstanding_values: self.unconfirmed_values(), end }
    }

    /// The session's public name.
    #[must_use]
    pub fn session(&self) -> SessionId {
        self.shared.session
    }

    /// The name of the other end.
    #[must_use]
    pub fn peer(&self) -> &str {
        &self.shared.peer
    }

    /// The errors of this connection that concern no single call. Those of an exporter's
    /// connections are in its own stream.
    #[must_use]
    pub fn reports(&self) -> ReportStream {
        ReportStream::new(self.shared.reports.clone())
    }

    async fn ask<A>(
        &self,
        command: impl FnOnce(oneshot::Sender<A>) -> Command,
    ) -> Result<A, ConnectionEnd> {
        let (reply, answer) = oneshot::channel();
        if self.commands.send(command(reply)).await.is_ok()
            && let Ok(answer) = answer.await
        {
            return Ok(answer);
        }
        Err(self.closed().await)
    }
}
