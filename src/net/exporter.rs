//! The exporting side: published names, and the connections of all importers.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::future::join_all;
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::channel::{Bincode, Receiver, Sender, Value};
use crate::id::{Incarnation, NodeId, SessionId, SessionToken};
use crate::limits::{CLOSED_SESSIONS_MAX, FRAME_BYTES_MAX};
use crate::net::config::random;
use crate::net::driver::Uplink;
use crate::net::event::Events;
use crate::net::flush::{self, Flushing, Losses};
use crate::net::handshake::{self, Greeted};
use crate::net::registry::Registry;
use crate::net::report::Reports;
use crate::net::shutdown::{self, ShutdownReport};
use crate::net::{Config, ConnectError, Connection, Driver, Event, EventStream, ExportError};
use crate::net::{FlushError, HangupError, HangupReport, RecvSettings, Report, ReportStream};
use crate::net::{SendSettings, Status, Stream, UnreadReports};
use crate::session::{Keyring, Refusal, Role};
use crate::wire::{Code, Hello, Resume, VERSION, Welcome};

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
///     tokio::spawn(async move { exporter.serve(stream).await });
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
    events: Events,
    peers: Mutex<HashMap<SessionId, (Peer, Connection)>>,
    /// Sessions that were closed, the oldest first.
    closed_sessions: Mutex<VecDeque<SessionId>>,
    losses: Losses,
    /// Connections and handshakes under way.
    admitted: AtomicUsize,
}

/// An importer that has a session here.
#[derive(Debug)]
struct Peer {
    node: NodeId,
    incarnation: Incarnation,
    /// Who may continue the session; nobody if it is not kept without a link.
    keyring: Option<Keyring>,
    frame_bytes_max: u32,
    expiry_ms: u32,
}

/// An importer that was accepted.
#[derive(Debug)]
pub enum Accepted {
    /// A new connection. Its driver must run.
    New(Connection, Box<Driver>),
    /// A connection that was there before, which goes on over this link.
    Resumed(Connection),
}

impl Accepted {
    /// The connection and its driver, if it is a new one.
    #[must_use]
    pub fn into_new(self) -> Option<(Connection, Driver)> {
        match self {
            Accepted::New(connection, driver) => Some((connection, *driver)),
            Accepted::Resumed(_) => None,
        }
    }
}

impl Inner {
    /// What a new session will be like: what is kept of its importer, the answer to that, and for how
    /// long this side keeps the session without a link.
    fn plan(&self, hello: &Hello, session: SessionId) -> (Peer, Welcome, Duration) {
        let asked = Duration::from_millis(hello.expiry_ms.into());
        let agreed = asked.min(self.config.session_expiry);
        let is_kept = !agreed.is_zero();
        let expiry = if is_kept { agreed + self.config.expiry_margin() } else { Duration::ZERO };
        let token = SessionToken(random());
        let expiry_ms = handshake::milliseconds(agreed);
        let Hello { node, incarnation, frame_bytes_max, .. } = *hello;
        let keyring = is_kept.then(|| Keyring::new(token));
        let peer = Peer { node, incarnation, keyring, frame_bytes_max, expiry_ms };
        let welcome = Welcome {
            version: VERSION,
            node: self.config.node,
            incarnation: self.config.incarnation,
            session,
            token,
            epoch: Keyring::FIRST_EPOCH,
            received: 0,
            frame_bytes_max: FRAME_BYTES_MAX as u32,
            channels_max: self.config.channels_max as u32,
            expiry_ms,
            features: 0,
        };
        (peer, welcome, expiry)
    }

    /// An importer comes for a new session. Those of its earlier lives will not be continued.
    fn retire_earlier(&self, hello: &Hello) {
        let peers = self.peers.lock();
        let earlier = peers
            .values()
            .filter(|(peer, _)| peer.node == hello.node && peer.incarnation != hello.incarnation);
        earlier.for_each(|(_, connection)| connection.peer_restarted());
    }

    /// Notes a new session.
    fn list(&self, session: SessionId, peer: Peer, connection: Connection) {
        self.peers.lock().insert(session, (peer, connection));
    }

    /// A session has ended.
    fn delist(&self, session: SessionId) {
        // First the loss: a connection that is not listed any more has been accounted for.
        let connection = self.peers.lock().get(&session).map(|(_, connection)| connection.clone());
        if let Some(connection) = connection {
            self.losses.note(&connection);
            if connection.end().is_some_and(|end| end.is_regular()) {
                let mut closed = self.closed_sessions.lock();
                if closed.len() >= CLOSED_SESSIONS_MAX {
                    closed.pop_front();
                }
                closed.push_back(session);
            }
        }
        self.peers.lock().remove(&session);
    }

    /// Decides whether an importer may continue its session on a new link, whose Welcome will have
    /// the token `fresh`. Gives the session's connection and expiry.
    fn admit(
        &self,
        hello: &Hello,
        resume: &Resume,
        fresh: SessionToken,
    ) -> Result<(Connection, u32), Code> {
        let mut peers = self.peers.lock();
        let found = peers.get_mut(&resume.session);
        let Some((Peer { keyring: Some(keyring), frame_bytes_max, expiry_ms, .. }, connection)) =
            found
        else {
            return Err(self.unknown(resume.session));
        };
        // The token first: without it nothing is told of the session.
        if keyring.knows(resume.token) && hello.frame_bytes_max < *frame_bytes_max {
            // Frames are repeated as they were encoded.
            return Err(Code::Malformed);
        }
        keyring.admit(resume, fresh).map_err(Refusal::code)?;
        Ok((connection.clone(), *expiry_ms))
    }

    /// What an importer is told whose session is not here.
    fn unknown(&self, session: SessionId) -> Code {
        let is_closed = self.closed_sessions.lock().contains(&session);
        if is_closed { Code::Closed } else { Code::UnknownSession }
    }
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
                events: Events::new(),
                peers: Mutex::default(),
                closed_sessions: Mutex::default(),
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

    /// Serves an importer over `stream`: a new one, or one that comes back to its session with another
    /// link. For a new one, run the [`Driver`] on a task of its own, or drop it: until then calls on
    /// the connection wait, and so does [`close`](Exporter::close).
    ///
    /// # Errors
    ///
    /// [`ConnectError`] when there are too many connections, the handshake fails or takes too long,
    /// there is no such session, or the exporter was closed. It is also reported.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it returns, the stream is closed.
    pub async fn accept(&self, stream: Stream) -> Result<Accepted, ConnectError> {
        let peer = stream.peer().to_owned();
        let answering = self.answer(stream);
        let result = handshake::within(self.inner.config.handshake_timeout, answering).await;
        if let Err(error) = &result {
            let report = Report::HandshakeFailed { peer, error: error.clone() };
            // That nobody reads reports ends connections, of which this is none.
            let _unread = self.inner.reports.push(report);
        }
        result
    }

    /// The same, and runs the driver of a new connection on a task of its own.
    ///
    /// # Errors
    ///
    /// As [`accept`](Exporter::accept).
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it returns, the stream is closed.
    pub async fn serve(&self, stream: Stream) -> Result<Connection, ConnectError> {
        match self.accept(stream).await? {
            Accepted::New(connection, driver) => {
                tokio::spawn(driver.run());
                Ok(connection)
            }
            Accepted::Resumed(connection) => Ok(connection),
        }
    }

    async fn answer(&self, stream: Stream) -> Result<Accepted, ConnectError> {
        let greeted = handshake::hear_hello(stream).await?;
        match greeted.hello.resume.clone() {
            // One that was away when its session was closed is told so.
            Some(resume) => self.resume(greeted, resume).await,
            None if self.inner.registry.is_closed() => Err(ConnectError::Closed),
            None => self.begin(greeted).await,
        }
    }

    /// Begins a new session.
    async fn begin(&self, greeted: Greeted) -> Result<Accepted, ConnectError> {
        // Also if there is no place for it: they may have the places.
        self.inner.retire_earlier(&greeted.hello);
        let connections_max = self.inner.config.connections_max;
        let before = self.inner.admitted.fetch_add(1, Ordering::AcqRel);
        let admission = Admission { inner: self.inner.clone() };
        if before >= connections_max && !self.make_place().await {
            let _told = greeted.reject(Code::TooManyConnections, "try again later").await;
            return Err(ConnectError::TooManyConnections { connections_max });
        }
        let session = SessionId(random());
        let (peer, welcome, expiry) = self.inner.plan(&greeted.hello, session);
        let frame_bytes_max = greeted.hello.frame_bytes_max;
        let name = greeted.link.stream.peer().to_owned();
        let link = greeted.welcome(welcome).await?;
        let Inner { config, registry, reports, events, .. } = &*self.inner;
        let parameters = config.parameters(Role::Exporter);
        let uplink = match peer.keyring {
            Some(_) => Uplink::Peer { epoch: Keyring::FIRST_EPOCH },
            None => Uplink::None,
        };
        let (connection, mut driver) = Connection::start(
            name,
            parameters,
            uplink,
            Some(registry.clone()),
            reports.clone(),
            events.clone(),
        );
        driver.begin(link, session, (frame_bytes_max, u32::MAX), expiry);
        self.inner.list(session, peer, connection.clone());
        let inner = self.inner.clone();
        let driver = driver.on_end(move || {
            inner.delist(session);
            drop(admission);
        });
        // Listed first, so that `close` finds the connection if it comes later than this.
        if registry.is_closed() {
            return Err(ConnectError::Closed);
        }
        Ok(Accepted::New(connection, Box::new(driver)))
    }

    /// Takes the place of an importer that is away and has imported nothing: whoever only shakes hands
    /// and leaves must not keep others out.
    async fn make_place(&self) -> bool {
        for connection in self.connections() {
            if connection.make_place().await {
                return true;
            }
        }
        false
    }

    /// Continues a session on this link, if the importer may.
    async fn resume(&self, greeted: Greeted, resume: Resume) -> Result<Accepted, ConnectError> {
        let Resume { session, epoch, .. } = resume;
        let token = SessionToken(random());
        let admitted = self.inner.admit(&greeted.hello, &resume, token);
        let (connection, expiry_ms) = match admitted {
            Ok(admitted) => admitted,
            Err(code) => return Err(greeted.reject(code, &code.to_string()).await),
        };
        let received = match connection.yield_link(epoch).await {
            Ok(Some(received)) => received,
            Ok(None) => return Err(greeted.reject(Code::Superseded, "").await),
            Err(_) => return Err(greeted.reject(self.inner.unknown(session), "").await),
        };
        let welcome = Welcome {
            version: VERSION,
            node: self.inner.config.node,
            incarnation: self.inner.config.incarnation,
            session,
            token,
            epoch,
            received,
            frame_bytes_max: FRAME_BYTES_MAX as u32,
            channels_max: self.inner.config.channels_max as u32,
            expiry_ms,
            features: 0,
        };
        let peer_received = greeted.hello.received;
        let link = greeted.welcome(welcome).await?;
        connection.adopt(epoch, link, peer_received).await;
        Ok(Accepted::Resumed(connection))
    }

    /// Takes a name back: the channel is closed at all of its ends, and values in flight may be
    /// dropped.
    ///
    /// # Errors
    ///
    /// [`HangupError::UnknownName`] when there is no such channel, [`HangupError::Unanswered`] when
    /// an importer did not answer, and [`HangupError::SessionLost`] when one was lost with values of
    /// unknown fate. In the last two cases the channel is closed all the same.
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
                Err(
                    error @ (HangupError::Unanswered { .. }
                    | HangupError::SessionLost { unknown_values: 1.., .. }),
                ) => return Err(error),
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
        self.inner.peers.lock().values().map(|(_, connection)| connection.clone()).collect()
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

    /// What happens to the exporter's connections and channels from now on.
    #[must_use]
    pub fn events(&self) -> EventStream {
        self.inner.events.stream()
    }

    /// How each connection stands that lasts.
    pub async fn status(&self) -> Vec<Status> {
        let connections = self.connections();
        let statuses = join_all(connections.iter().map(Connection::status)).await;
        statuses.into_iter().flatten().collect()
    }

    /// Comes to an end in good order: takes no more values from the program, waits until those that
    /// it was given have been received, for at most `timeout`, tells the peers that no more will come,
    /// and closes. The report says what could not be delivered.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it returns, the senders are finished, but connections may be left open.
    pub async fn shut_down(&self, timeout: Duration) -> ShutdownReport {
        let outstanding_values = self.flushing().outstanding_values().await;
        let draining = || Event::Draining { peer: String::new(), outstanding_values };
        self.inner.events.tell(draining);
        let begun = Instant::now();
        shutdown::settle(self.inner.registry.sending_queues(), timeout).await;
        self.inner.registry.finish();
        let drained = shutdown::drain(begun, timeout, |left| self.drain(left), || None).await;
        let queued = self.inner.registry.queued_values();
        let report = shutdown::report(drained, self.status().await.into_iter(), queued);
        self.close().await;
        report
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
