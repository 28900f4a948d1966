//! A handle to a connection: what a program can ask of its driver.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::channel::read_answers;
use crate::channel::{Accepted, Asks, Bell, Caller, Codec, EndsWith, Format, Incoming, LaneWindow};
use crate::channel::{Outgoing, OutgoingBounds, Receiver, Requests, Sender, Shape, Slots};
use crate::channel::{Strictness, Value};
use crate::clock;
use crate::dir::Dir;
use crate::id::SessionId;
use crate::limits::{COMMANDS_MAX, HANGUP_TIMEOUT};
use crate::net::command::{Command, Import, ImportEnd};
use crate::net::desk::Desk;
use crate::net::driver::{Dialler, Driver, Surroundings, Uplink};
use crate::net::error::NameError;
use crate::net::event::Events;
use crate::net::flush::{self, Flushing};
use crate::net::handshake::{self, Ask, Link};
use crate::net::mismatch::{Types, check_codec, check_same_codec};
use crate::net::offers::Offers;
use crate::net::registry::Registry;
use crate::net::report::Reports;
use crate::net::shared::Shared;
use crate::net::shutdown::{self, ShutdownReport};
use crate::net::{Config, ConnectError, ConnectionEnd, Dial, Event, EventStream, FlushError};
use crate::net::{HangupError, HangupReport, ImportError, ImportSettings, ReportStream, Status};
use crate::net::{Stream, Unconfirmed, UnreadReports};
use crate::session::{OpenRequest, Parameters, Role};
use crate::wire::Content;

/// A connection with one peer. It can be cloned; all clones are the same connection.
///
/// It lives until it is [closed](Connection::close) or the peer closes it. One that was
/// [dialled](Connection::dial) comes by another link when its link is lost: its session goes on where
/// it was, with nothing lost or repeated, and when the session itself is lost, because the exporter
/// has restarted for example, its imports are imported again. One that was
/// [opened](Connection::open) over a stream ends with it. When all handles are dropped, it is closed
/// as soon as its channels have ended; an exporter keeps a handle to each of its own.
///
/// ```
/// # use netchan::net::{Config, Exporter, SendSettings, Stream, UnreadReports};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (near, far) = Stream::in_memory(1024);
/// # let exporter = Exporter::new(Config::default());
/// # let sender = exporter.export_sender::<u32>("numbers", SendSettings::default())?;
/// # tokio::spawn(async move {
/// #     let _served = exporter.serve(near).await;
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
    /// Where ends of channels go that are sent over it.
    offers: Arc<Offers>,
}

/// Which side of its sessions a connection is.
pub(super) enum Place {
    Exporter(Arc<Registry>),
    Importer { offer_lease: Duration },
}

impl Connection {
    /// Dials an exporter and starts to import from it. Run the [`Driver`] on a task of its own. It
    /// dials again when a link is lost, as [`Config`] says.
    ///
    /// # Errors
    ///
    /// [`ConnectError`] when nobody answers, or the handshake fails or takes too long.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it returns, the stream is closed.
    ///
    /// ```
    /// # use netchan::net::{Address, Config, SendSettings};
    /// # use netchan::Exporter;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let exporter = Exporter::new(Config::default());
    /// # let sender = exporter.export_sender::<u32>("numbers", SendSettings::default())?;
    /// # let listener = "127.0.0.1:0".parse::<Address>()?.listen().await?;
    /// # let address = listener.address().clone();
    /// # tokio::spawn(async move {
    /// #     while let Ok(stream) = listener.accept().await {
    /// #         let _served = exporter.serve(stream).await;
    /// #     }
    /// # });
    /// # tokio::spawn(async move { sender.send_all(0..3).await });
    /// use netchan::Connection;
    /// use netchan::net::{ImportSettings, UnreadReports};
    ///
    /// let config = Config::default();
    /// let (connection, driver) =
    ///     Connection::dial(address, &config, UnreadReports::DropOldest).await?;
    /// tokio::spawn(driver.run());
    /// let settings = ImportSettings::default();
    /// let mut numbers = connection.import_receiver::<u32>("numbers", settings).await?;
    /// assert_eq!(numbers.recv().await?, 0);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn dial(
        dial: impl Dial,
        config: &Config,
        when_unread: UnreadReports,
    ) -> Result<(Connection, Driver), ConnectError> {
        let mut dialler = Dialler::new(Arc::new(dial), config.clone());
        let welcomed = dialler.attempt_first().await?;
        let uplink = if config.redial.is_never() {
            Uplink::None
        } else {
            Uplink::Dialler(Box::new(dialler))
        };
        let peer = welcomed.link.stream.peer().to_owned();
        let (connection, mut driver) = Connection::importer(peer, config, uplink, when_unread);
        driver.begin_welcomed(welcomed);
        Ok((connection, driver))
    }

    /// The same, but it does not wait for the exporter, which may start later. Until it is there,
    /// calls on the connection wait. `peer` is a name for it, for logs and reports.
    ///
    /// When the exporter is never there, and attempts are [limited](crate::net::Redial::attempts), the
    /// connection ends with [`ConnectionEnd::GaveUp`].
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub fn dial_later(
        dial: impl Dial,
        peer: impl Into<String>,
        config: &Config,
        when_unread: UnreadReports,
    ) -> (Connection, Driver) {
        let dialler = Dialler::new(Arc::new(dial), config.clone());
        Connection::importer(peer.into(), config, Uplink::Dialler(Box::new(dialler)), when_unread)
    }

    /// Starts to import from whoever is at the other end of `stream`. Run the [`Driver`] on a task
    /// of its own. The connection ends with the stream.
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
        let ask = Ask { resume: None, received: 0, expiry: Duration::ZERO };
        let hello = handshake::say_hello(stream, config, ask);
        let welcomed = handshake::within(config.handshake_timeout, hello).await?;
        let peer = welcomed.link.stream.peer().to_owned();
        let (connection, mut driver) =
            Connection::importer(peer, config, Uplink::None, when_unread);
        driver.begin_welcomed(welcomed);
        Ok((connection, driver))
    }

    fn importer(
        peer: String,
        config: &Config,
        uplink: Uplink,
        when_unread: UnreadReports,
    ) -> (Connection, Driver) {
        let parameters = config.parameters(Role::Importer);
        let reports = Reports::new(when_unread);
        let place = Place::Importer { offer_lease: config.offer_lease };
        Connection::start(peer, parameters, uplink, place, reports, Events::new())
    }

    /// A connection whose session waits for its first link.
    pub(super) fn start(
        peer: String,
        parameters: Parameters,
        uplink: Uplink,
        place: Place,
        reports: Arc<Reports>,
        events: Events,
    ) -> (Connection, Driver) {
        let (sender, commands) = mpsc::channel(COMMANDS_MAX);
        let bell = Arc::<Bell>::default();
        let (registry, offers) = match place {
            Place::Exporter(registry) => {
                let offers = registry.offers.clone();
                (Some(registry), offers)
            }
            Place::Importer { offer_lease } => (None, Offers::new(offer_lease, Some(bell.clone()))),
        };
        let desk = Desk::new(offers.clone(), bell);
        let shared = Shared::new(peer, reports.clone(), events.clone());
        let surroundings =
            Surroundings { registry, reports, events, commands, desk, shared: shared.clone() };
        let driver = Driver::new(parameters, uplink, surroundings);
        (Connection { commands: sender, shared, offers }, driver)
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
        self.import_sender_as(name, settings, Format::<T>::new()).await
    }

    /// The same for values that stand on the wire as `format` says.
    ///
    /// # Errors
    ///
    /// As [`import_sender`](Connection::import_sender).
    ///
    /// # Cancel safety
    ///
    /// Dropped before it returns, the import is given up.
    pub async fn import_sender_as<T: Send + 'static, C: Codec<T>>(
        &self,
        name: &str,
        settings: ImportSettings,
        format: Format<T, C>,
    ) -> Result<Sender<T>, ImportError> {
        settings.check()?;
        let coding = format.coding()?;
        let offering = self.offers.offering_for(&coding.accepted.description);
        let queue = Outgoing::new(bounds(settings), offering);
        queue.on_overflow(self.shared.events.overflow_teller(&self.shared.peer, name));
        let sender = Sender::new(queue.clone(), &coding);
        let types = Types { values: coding.accepted, answers: None };
        let end = ImportEnd::Out(queue);
        self.import(Dir::Send, name, settings, coding.codec, types, end).await?;
        Ok(sender)
    }

    /// Imports a channel to which this side sends messages of type `Q`, with answers of type `R` to
    /// those that ask.
    ///
    /// # Errors
    ///
    /// [`ImportError`]; [`ImportError::NoAnswers`] if the peer exports a plain
    /// [`Receiver`]. The connection and its other channels go on.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it returns, the import is given up.
    pub async fn import_caller<Q: Value, R: Value>(
        &self,
        name: &str,
        settings: ImportSettings,
    ) -> Result<Caller<Q, R>, ImportError> {
        self.import_caller_as(name, settings, Format::<Q>::new(), Format::<R>::new()).await
    }

    /// The same for messages and answers that stand on the wire as the formats say.
    ///
    /// # Errors
    ///
    /// As [`import_caller`](Connection::import_caller).
    ///
    /// # Cancel safety
    ///
    /// Dropped before it returns, the import is given up.
    pub async fn import_caller_as<Q: Send + 'static, R: Send + 'static, C: Codec<Q> + Codec<R>>(
        &self,
        name: &str,
        settings: ImportSettings,
        messages: Format<Q, C>,
        answers: Format<R, C>,
    ) -> Result<Caller<Q, R>, ImportError> {
        settings.check()?;
        let (messages, answers) = (messages.coding()?, answers.coding()?);
        check_same_codec(&messages, &answers)?;
        let asks = Asks::new(settings.redelivers_asks, answers.accepted.carries_ends());
        let offering = self.offers.offering_for(&messages.accepted.description);
        let queue = Outgoing::for_requests(bounds(settings), offering, asks.clone());
        queue.on_overflow(self.shared.events.overflow_teller(&self.shared.peer, name));
        let caller =
            Caller::new(queue.clone(), asks.clone(), messages.encoder.clone(), answers.decoder);
        let end = ImportEnd::Out(queue.clone());
        let types = Types { values: messages.accepted, answers: Some(answers.accepted) };
        self.import(Dir::Send, name, settings, messages.codec, types, end).await?;
        tokio::spawn(read_answers(queue, asks));
        Ok(caller)
    }

    /// Imports a channel from which this side receives messages of type `Q`, and answers those that
    /// ask with an `R`. If the peer exports a plain [`Sender`], none of them asks.
    ///
    /// # Errors
    ///
    /// [`ImportError`]; the connection and its other channels go on.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it returns, the import is given up.
    pub async fn import_requests<Q: Value, R: Value>(
        &self,
        name: &str,
        settings: ImportSettings,
    ) -> Result<Requests<Q, R>, ImportError> {
        self.import_requests_as(name, settings, Format::<Q>::new(), Format::<R>::new()).await
    }

    /// The same for messages and answers that stand on the wire as the formats say.
    ///
    /// # Errors
    ///
    /// As [`import_requests`](Connection::import_requests).
    ///
    /// # Cancel safety
    ///
    /// Dropped before it returns, the import is given up.
    pub async fn import_requests_as<
        Q: Send + 'static,
        R: Send + 'static,
        C: Codec<Q> + Codec<R>,
    >(
        &self,
        name: &str,
        settings: ImportSettings,
        messages: Format<Q, C>,
        answers: Format<R, C>,
    ) -> Result<Requests<Q, R>, ImportError> {
        settings.check()?;
        let (messages, answers) = (messages.coding()?, answers.coding()?);
        check_same_codec(&messages, &answers)?;
        let queue = Incoming::for_requests(
            Strictness::new(name, settings.undecodable),
            EndsWith::ItsPeer,
            messages.accepted.carries_ends(),
            answers.accepted.description.carries_ends(),
        );
        let requests = Requests::new(queue.clone(), messages.decoder, answers.encoder.clone());
        let end = ImportEnd::In(queue, settings.window());
        let types = Types { values: messages.accepted, answers: Some(answers.accepted) };
        self.import(Dir::Recv, name, settings, messages.codec, types, end).await?;
        Ok(requests)
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
        self.import_receiver_as(name, settings, Format::<T>::new()).await
    }

    /// The same for values that stand on the wire as `format` says.
    ///
    /// # Errors
    ///
    /// As [`import_receiver`](Connection::import_receiver).
    ///
    /// # Cancel safety
    ///
    /// Dropped before it returns, the import is given up.
    pub async fn import_receiver_as<T: Send + 'static, C: Codec<T>>(
        &self,
        name: &str,
        settings: ImportSettings,
        format: Format<T, C>,
    ) -> Result<Receiver<T>, ImportError> {
        settings.check()?;
        let coding = format.coding()?;
        let strictness = Strictness::new(name, settings.undecodable);
        let queue = coding.incoming(strictness, EndsWith::ItsPeer);
        let receiver = Receiver::new(queue.clone(), &coding);
        let end = ImportEnd::In(queue, settings.window());
        let types = Types { values: coding.accepted, answers: None };
        self.import(Dir::Recv, name, settings, coding.codec, types, end).await?;
        Ok(receiver)
    }

    async fn import(
        &self,
        dir: Dir,
        name: &str,
        settings: ImportSettings,
        codec: Cow<'static, str>,
        types: Types,
        end: ImportEnd,
    ) -> Result<(), ImportError> {
        NameError::check(name)?;
        types.check()?;
        check_codec(&codec)?;
        let Types { values, answers } = &types;
        // What comes in: values, or answers.
        let incoming = if dir == Dir::Recv { Some(values) } else { answers.as_ref() };
        let LaneWindow { values: window_values, bytes: window_bytes, growth } = settings.window();
        let request = OpenRequest {
            dir,
            content: answers.as_ref().map_or(Content::Values, |_| Content::Requests),
            name: name.to_owned(),
            codec: codec.into_owned(),
            identity: values.description.identity().0,
            answer_identity: answers.as_ref().map_or([0; 16], |own| own.description.identity().0),
            also_accepts: incoming.map(Accepted::older_identities).unwrap_or_default(),
            window_values,
            window_bytes,
            limit: settings.limit,
            clock_ms: clock::now_ms(),
            redelivers: settings.unconfirmed == Unconfirmed::Redeliver,
            growth,
        };
        let is_lasting = settings.is_lasting;
        let import = |reply| Import { request, types, end, is_lasting, reply: Some(reply) };
        self.ask(|reply| Command::Import(Box::new(import(reply)))).await?
    }

    /// Dissociates a channel that was imported on this connection: it is closed at both ends, and
    /// values in flight may be dropped.
    ///
    /// # Errors
    ///
    /// [`HangupError`] when there is no such channel or no connection, when the peer does not answer
    /// in time, or when its session is lost. In the last two cases the channel is closed on this side.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it returns, the hangup may happen all the same.
    pub async fn hangup(&self, name: &str) -> Result<HangupReport, HangupError> {
        let command = |reply| Command::Hangup { name: name.to_owned(), reply };
        match tokio::time::timeout(HANGUP_TIMEOUT, self.ask(command)).await {
            Ok(Ok(result)) => result,
            Ok(Err(end)) => Err(end.into()),
            Err(_) => {
                let name = name.to_owned();
                let command = |reply| Command::GiveUpHangup { name: name.clone(), reply };
                let unknown_values = self.ask(command).await?;
                Err(HangupError::Unanswered { name, unknown_values })
            }
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
    pub(super) async fn flush(&self) -> Result<u64, FlushError> {
        let lost = |end| self.lost(end);
        let queues = self.ask(|reply| Command::Queues { reply }).await.map_err(lost)?;
        join_all(queues.iter().map(|queue| queue.settle_feeders())).await;
        self.ask(|reply| Command::Flush { reply }).await.map_err(lost)?
    }

    /// How the connection stands.
    ///
    /// # Errors
    ///
    /// [`ConnectionEnd`] when it has ended.
    pub async fn status(&self) -> Result<Status, ConnectionEnd> {
        self.ask(|reply| Command::Status { reply }).await
    }

    /// Comes to an end in good order: takes no more values from the program, waits until those that
    /// it was given have been received, for at most `timeout`, tells the peer that no more will come,
    /// and closes. The report says what could not be delivered.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it returns, the senders are finished, but the connection may be left open.
    pub async fn shut_down(&self, timeout: Duration) -> ShutdownReport {
        let outstanding_values = self.status().await.map_or(0, |status| status.outstanding_values);
        let peer = self.shared.peer.clone();
        self.shared.events.tell(|| Event::Draining { peer, outstanding_values });
        let begun = Instant::now();
        // Errors say that it has ended already, which the report shows.
        let queues = self.ask(|reply| Command::Queues { reply }).await.unwrap_or_default();
        shutdown::settle(queues, timeout).await;
        let _ended = self.commands.send(Command::Finish).await;
        let drained = shutdown::drain(begun, timeout, |left| self.drain(left), || self.end()).await;
        let report = shutdown::report(drained, self.status().await.into_iter(), Vec::new());
        self.close().await;
        report
    }

    /// Closes the connection and waits until that is done. Values that were not received are lost:
    /// [`drain`](Connection::drain) first to avoid that, or [shut down](Connection::shut_down).
    ///
    /// Without a link the peer cannot be told. It keeps the session until it expires.
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

    /// The public name of the present session, or of the last one. `None` before the first one.
    #[must_use]
    pub fn session(&self) -> Option<SessionId> {
        self.shared.session()
    }

    /// What happens to the connection and its channels from now on.
    #[must_use]
    pub fn events(&self) -> EventStream {
        self.shared.events.stream()
    }

    /// The peer comes with another link: lets go of the present one. Returns how many counted frames
    /// have come in the session, or nothing if an even newer link is on its way.
    pub(super) async fn yield_link(&self, epoch: u64) -> Result<Option<u64>, ConnectionEnd> {
        self.ask(|reply| Command::Yield { epoch, reply }).await
    }

    /// Hands the driver the link for which it let go of the last one.
    pub(super) async fn adopt(&self, epoch: u64, link: Link, peer_received: u64) {
        let command = Command::Adopt { epoch, link, peer_received };
        if self.commands.send(command).await.is_err() {
            tracing::debug!("the session ended while it was resumed");
        }
    }

    /// Ends if the peer is away and has imported nothing. Whether it is so.
    pub(super) async fn make_place(&self) -> bool {
        let (reply, answer) = oneshot::channel();
        self.shared.claim_idle_away()
            && self.commands.send(Command::MakePlace { reply }).await.is_ok()
            && answer.await.is_ok()
    }

    /// The peer has another incarnation now.
    pub(super) fn peer_restarted(&self) {
        if self.commands.try_send(Command::PeerRestarted).is_err() {
            tracing::debug!("a session of an earlier incarnation is left to expire");
        }
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

    pub(super) async fn ask<A>(
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

/// The bounds of an imported channel that sends.
fn bounds(settings: ImportSettings) -> OutgoingBounds {
    let LaneWindow { values: capacity_values, growth, .. } = settings.window();
    OutgoingBounds {
        shape: Shape::Queue,
        capacity_values,
        capacity_max: growth.values_max.max(capacity_values),
        queue_bytes: settings.queue_bytes,
        slots: Slots::UntilTaken,
        limit: settings.limit,
        redelivers: settings.unconfirmed == Unconfirmed::Redeliver,
    }
}
