//! The exporting side: published names, and the connections of all importers.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use tokio::time::Instant;

use crate::channel::{
    Caller, ChannelDescription, Codec, Format, Receiver, Requests, Sender, Value,
};
use crate::id::{SessionId, SessionToken};
use crate::net::config::random;
use crate::net::connection::Place;
use crate::net::event::Events;
use crate::net::flush::{self, Flushing};
use crate::net::handshake::{self, Greeted};
use crate::net::offers::Offers;
use crate::net::peers::{Peers, Plan, welcome};
use crate::net::registry::Registry;
use crate::net::report::Reports;
use crate::net::shutdown::{self, ShutdownReport};
use crate::net::{Config, ConnectError, Connection, Driver, Event, EventStream, ExportError};
use crate::net::{FlushError, HangupError, HangupReport, RecvSettings, Report, ReportStream};
use crate::net::{SendSettings, Status, Stream, UnreadReports};
use crate::session::Role;
use crate::wire::{Code, Resume, Welcome};

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
    peers: Arc<Peers>,
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

impl Exporter {
    /// An exporter that exports nothing yet.
    #[must_use]
    pub fn new(config: Config) -> Exporter {
        let peers = Peers::new(config.connections_max);
        let registry = Registry::new(Offers::new(config.offer_lease, None), config.lists_channels);
        let events = Events::new();
        let reports = Reports::new(UnreadReports::DropOldest);
        Exporter { inner: Arc::new(Inner { config, registry, reports, events, peers }) }
    }

    /// Exports a channel to which this side sends. Each value goes to one of its importers, unless the
    /// channel has another [`Shape`](crate::net::Shape).
    ///
    /// # Errors
    ///
    /// [`ExportError`] when the name, the type or a setting cannot be used.
    pub fn export_sender<T: Value>(
        &self,
        name: &str,
        settings: SendSettings,
    ) -> Result<Sender<T>, ExportError> {
        self.export_sender_as(name, settings, Format::<T>::new())
    }

    /// The same for values that stand on the wire as `format` says.
    ///
    /// # Errors
    ///
    /// As [`export_sender`](Exporter::export_sender).
    pub fn export_sender_as<T: Send + 'static, C: Codec<T>>(
        &self,
        name: &str,
        settings: SendSettings,
        format: Format<T, C>,
    ) -> Result<Sender<T>, ExportError> {
        let coding = format.coding()?;
        self.inner.registry.export_sender(name, settings, coding, &self.inner.events)
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
        self.export_receiver_as(name, settings, Format::<T>::new())
    }

    /// The same for values that stand on the wire as `format` says.
    ///
    /// # Errors
    ///
    /// As [`export_receiver`](Exporter::export_receiver).
    pub fn export_receiver_as<T: Send + 'static, C: Codec<T>>(
        &self,
        name: &str,
        settings: RecvSettings,
        format: Format<T, C>,
    ) -> Result<Receiver<T>, ExportError> {
        self.inner.registry.export_receiver(name, settings, format.coding()?)
    }

    /// Exports a channel to which this side sends messages of type `Q`, with answers of type `R` to
    /// those that ask. Each message goes to one of its importers, and that one answers it.
    ///
    /// # Errors
    ///
    /// [`ExportError`] when the name, a type or a setting cannot be used.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub fn export_caller<Q: Value, R: Value>(
        &self,
        name: &str,
        settings: SendSettings,
    ) -> Result<Caller<Q, R>, ExportError> {
        self.export_caller_as(name, settings, Format::<Q>::new(), Format::<R>::new())
    }

    /// The same for messages and answers that stand on the wire as the formats say.
    ///
    /// # Errors
    ///
    /// As [`export_caller`](Exporter::export_caller).
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub fn export_caller_as<Q: Send + 'static, R: Send + 'static, C: Codec<Q> + Codec<R>>(
        &self,
        name: &str,
        settings: SendSettings,
        messages: Format<Q, C>,
        answers: Format<R, C>,
    ) -> Result<Caller<Q, R>, ExportError> {
        let codings = (messages.coding()?, answers.coding()?);
        self.inner.registry.export_caller(name, settings, codings, &self.inner.events)
    }

    /// Exports a channel from which this side receives messages of type `Q`, and answers those that ask
    /// with an `R`. The messages of all importers merge.
    ///
    /// # Errors
    ///
    /// [`ExportError`] when the name, a type or a setting cannot be used.
    pub fn export_requests<Q: Value, R: Value>(
        &self,
        name: &str,
        settings: RecvSettings,
    ) -> Result<Requests<Q, R>, ExportError> {
        self.export_requests_as(name, settings, Format::<Q>::new(), Format::<R>::new())
    }

    /// The same for messages and answers that stand on the wire as the formats say.
    ///
    /// # Errors
    ///
    /// As [`export_requests`](Exporter::export_requests).
    pub fn export_requests_as<Q: Send + 'static, R: Send + 'static, C: Codec<Q> + Codec<R>>(
        &self,
        name: &str,
        settings: RecvSettings,
        messages: Format<Q, C>,
        answers: Format<R, C>,
    ) -> Result<Requests<Q, R>, ExportError> {
        let codings = (messages.coding()?, answers.coding()?);
        self.inner.registry.export_requests(name, settings, codings)
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
        let Inner { config, registry, reports, events, peers } = &*self.inner;
        // Also if there is no place for it: they may have the places.
        peers.retire_earlier(&greeted.hello);
        let Some(place) = peers.find_place().await else {
            let _told = greeted.reject(Code::TooManyConnections, "try again later").await;
            let connections_max = config.connections_max;
            return Err(ConnectError::TooManyConnections { connections_max });
        };
        let session = SessionId(random());
        let Plan { peer, welcome, expiry } = Plan::new(config, &greeted.hello, session);
        let frame_bytes_max = greeted.hello.frame_bytes_max;
        let name = greeted.link.stream.peer().to_owned();
        let link = greeted.welcome(welcome).await?;
        let (connection, mut driver) = Connection::start(
            name,
            config.parameters(Role::Exporter),
            peer.uplink(),
            Place::Exporter(registry.clone()),
            reports.clone(),
            events.clone(),
        );
        driver.begin(link, session, (frame_bytes_max, u32::MAX), expiry);
        peers.list(session, peer, connection.clone());
        let peers = peers.clone();
        let driver = driver.on_end(move || {
            peers.delist(session);
            drop(place);
        });
        // Listed first, so that `close` finds the connection if it comes later than this.
        if registry.is_closed() {
            return Err(ConnectError::Closed);
        }
        Ok(Accepted::New(connection, Box::new(driver)))
    }

    /// Continues a session on this link, if the importer may.
    async fn resume(&self, greeted: Greeted, resume: Resume) -> Result<Accepted, ConnectError> {
        let Inner { config, peers, .. } = &*self.inner;
        let Resume { session, epoch, .. } = resume;
        let token = SessionToken(random());
        let (connection, expiry_ms) = match peers.admit(&greeted.hello, &resume, token) {
            Ok(admitted) => admitted,
            Err(code) => return Err(greeted.reject(code, &code.to_string()).await),
        };
        let received = match connection.yield_link(epoch).await {
            Ok(Some(received)) => received,
            Ok(None) => return Err(greeted.reject(Code::Superseded, "").await),
            Err(_) => return Err(greeted.reject(peers.unknown(session), "").await),
        };
        let welcome = Welcome { epoch, received, ..welcome(config, session, token, expiry_ms) };
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
        let mut failure = None;
        for report in reports {
            match report {
                Ok(report) => discarded_values += report.discarded_values,
                Err(
                    error @ (HangupError::Unanswered { unknown_values, .. }
                    | HangupError::SessionLost {
                        unknown_values: unknown_values @ 1.., ..
                    }),
                ) => {
                    discarded_values += unknown_values;
                    failure = Some(error);
                }
                // One that does not have the channel, or is gone, has nothing to add.
                Err(_) => {}
            }
        }
        match failure {
            Some(error) => Err(error.with_unknown_values(discarded_values)),
            None => Ok(HangupReport { discarded_values }),
        }
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
        let Inner { registry, peers, .. } = &*self.inner;
        Flushing::exporter(|| registry.sending_queues(), || peers.connections(), peers.losses())
    }

    /// The connections that last.
    #[must_use]
    pub fn connections(&self) -> Vec<Connection> {
        self.inner.peers.connections()
    }

    /// How many channels are exported.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.inner.registry.names()
    }

    /// The exported channels, in the order of their names, also those that have ended and whose names are
    /// not used again. It is what importers are told, if they [may ask](crate::net::ConfigBuilder::lists_channels).
    #[must_use]
    pub fn list_channels(&self) -> Vec<ChannelDescription> {
        self.inner.registry.list()
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
