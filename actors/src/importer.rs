//! The actor that imports channels from one exporter.

use actix::{Actor, ActorContext, ActorFutureExt, Addr, AsyncContext, Context, Handler, Message};
use actix::{MessageResult, Recipient, ResponseActFuture, ResponseFuture, Supervised, WrapFuture};
use futures::TryFutureExt;
use netchan::channel::{Caller, ChannelDescription, Codec, Requests};
use netchan::net::{Address, Config, ConnectError, Connection, ConnectionEnd, Dial, Driver};
use netchan::net::{FlushError, HangupError, HangupReport, ImportError, ShutdownReport};
use netchan::net::{ListError, Status as ConnectionStatus, Stream, UnreadReports};
use netchan::{Receiver, Sender};

use crate::connection::{ConnectionActor, Ended};
use crate::inlet;
use crate::messages::{Close, Disconnected, Drain, Errors, Events, Hangup, ImportReceiver};
use crate::messages::{ImportCaller, ImportRecipient, ImportRequests, ListChannels, patient};
use crate::messages::{ImportSender, ImportTo, Shutdown, Status, Subscribe, SubscribeEvents, Sync};
use crate::outlet::CallerExt;
use crate::reporting::{self, Subscribers};

/// Imports channels from one exporter.
///
/// ```no_run
/// use actix::prelude::*;
/// use netchan_actix::messages::ImportReceiver;
/// use netchan_actix::ImporterActor;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// System::new().block_on(async {
///     let address = "10.0.0.7:4000".parse()?;
///     let importer = ImporterActor::connect(&address, Default::default()).await?;
///     let import = ImportReceiver::<u32>::new("numbers").size(16);
///     let mut numbers = importer.send(import).await??;
///     println!("the first number is {}", numbers.recv().await?);
///     Ok(())
/// })
/// # }
/// ```
///
/// An importer that dials comes by another link when its link is lost, as its [`Config`] says: its
/// session goes on with nothing lost or repeated. When the session itself is lost, because the exporter
/// has restarted or was away for too long, its imports are imported again, with the same senders,
/// receivers and recipients. It ends on [`Close`], or when the exporter closes the connection.
///
/// It can run under a [`Supervisor`](actix::Supervisor): over a restart it keeps its connection.
#[derive(Debug)]
pub struct ImporterActor {
    connection: Connection,
    /// Until it is started.
    driver: Option<Driver>,
    actor: Option<Addr<ConnectionActor>>,
    subscribers: Subscribers,
}

impl ImporterActor {
    /// An importer that dials when it is started. The exporter may start later: until it is there,
    /// messages wait. When errors are not read, the oldest are dropped. `peer` is a name for the
    /// exporter, for logs and reports.
    ///
    /// # Panics
    ///
    /// Outside of an actix system.
    ///
    /// ```no_run
    /// use actix::prelude::*;
    /// use netchan_actix::{Address, ImporterActor};
    ///
    /// # fn start() -> Result<(), Box<dyn std::error::Error>> {
    /// let address: Address = "10.0.0.7:4000".parse()?;
    /// let importer = Supervisor::start(|_| {
    ///     ImporterActor::new(address, "warehouse", Default::default())
    /// });
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn new(dial: impl Dial, peer: impl Into<String>, config: Config) -> ImporterActor {
        let unread = UnreadReports::DropOldest;
        let (connection, driver) = Connection::dial_later(dial, peer, &config, unread);
        ImporterActor::with(connection, driver)
    }

    /// Dials an exporter and starts an importer in the current arbiter. When errors are not read,
    /// it is shut down, as Go's netchan does.
    ///
    /// # Errors
    ///
    /// [`ConnectError`] when nobody answers, or the handshake fails or takes too long.
    ///
    /// # Panics
    ///
    /// Outside of an actix system.
    pub async fn connect(address: &Address, config: Config) -> Result<Addr<Self>, ConnectError> {
        ImporterActor::dial(address.clone(), config, UnreadReports::ShutDown).await
    }

    /// The same with anything that dials, and a rule for errors that are not read.
    ///
    /// # Errors
    ///
    /// [`ConnectError`] when nobody answers, or the handshake fails or takes too long.
    ///
    /// # Panics
    ///
    /// Outside of an actix system.
    pub async fn dial(
        dial: impl Dial,
        config: Config,
        when_unread: UnreadReports,
    ) -> Result<Addr<Self>, ConnectError> {
        let (connection, driver) = Connection::dial(dial, &config, when_unread).await?;
        Ok(ImporterActor::with(connection, driver).start())
    }

    /// Starts an importer over a byte stream that leads to an exporter. It ends with the stream.
    ///
    /// # Errors
    ///
    /// [`ConnectError`] when the handshake fails or takes too long.
    ///
    /// # Panics
    ///
    /// Outside of an actix system.
    pub async fn over(stream: Stream, config: Config) -> Result<Addr<Self>, ConnectError> {
        ImporterActor::over_with(stream, config, UnreadReports::ShutDown).await
    }

    /// The same with another rule for errors that are not read.
    ///
    /// # Errors
    ///
    /// [`ConnectError`] when the handshake fails or takes too long.
    ///
    /// # Panics
    ///
    /// Outside of an actix system.
    pub async fn over_with(
        stream: Stream,
        config: Config,
        when_unread: UnreadReports,
    ) -> Result<Addr<Self>, ConnectError> {
        let (connection, driver) = Connection::open(stream, &config, when_unread).await?;
        Ok(ImporterActor::with(connection, driver).start())
    }

    fn with(connection: Connection, driver: Driver) -> ImporterActor {
        let subscribers = Subscribers::default();
        ImporterActor { connection, driver: Some(driver), actor: None, subscribers }
    }

    /// Asks the connection's actor. When that is gone, so is the connection.
    fn ask<M>(&self, message: M) -> impl Future<Output = Result<M::Result, ConnectionEnd>> + use<M>
    where
        M: Message + Send + 'static,
        M::Result: Send,
        ConnectionActor: Handler<M>,
    {
        let connection = self.connection.clone();
        let answer = self.actor.as_ref().map(|actor| actor.send(message));
        async move {
            match answer {
                Some(answer) => match answer.await {
                    Ok(answer) => Ok(answer),
                    Err(_) => Err(connection.closed().await),
                },
                None => Err(connection.closed().await),
            }
        }
    }
}

impl Actor for ImporterActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        if let Some(driver) = self.driver.take() {
            let owner = ctx.address().downgrade().recipient();
            let connection = self.connection.clone();
            self.actor = Some(ConnectionActor::supervise(connection, Box::new(driver), owner));
        }
    }
}

impl Supervised for ImporterActor {}

impl<T: Send + 'static, C: Codec<T>> Handler<ImportSender<T, C>> for ImporterActor {
    type Result = ResponseFuture<Result<Sender<T>, ImportError>>;

    fn handle(&mut self, message: ImportSender<T, C>, _: &mut Context<Self>) -> Self::Result {
        let answer = self.ask(message);
        Box::pin(async move { answer.await? })
    }
}

impl<T: Send + 'static, C: Codec<T>> Handler<ImportReceiver<T, C>> for ImporterActor {
    type Result = ResponseFuture<Result<Receiver<T>, ImportError>>;

    fn handle(&mut self, message: ImportReceiver<T, C>, _: &mut Context<Self>) -> Self::Result {
        let answer = self.ask(message);
        Box::pin(async move { answer.await? })
    }
}

impl<T, C> Handler<ImportTo<T, C>> for ImporterActor
where
    T: Message + Send + 'static,
    T::Result: Send,
    C: Codec<T> + Codec<T::Result>,
{
    type Result = ResponseFuture<Result<(), ImportError>>;

    fn handle(&mut self, message: ImportTo<T, C>, _: &mut Context<Self>) -> Self::Result {
        let ImportTo { import, answers, target, in_hand_max } = message;
        let ImportReceiver { name, settings, format: messages } = import;
        let answer = self.ask(ImportRequests { name: name.clone(), settings, messages, answers });
        Box::pin(async move {
            inlet::spawn(answer.await??, target, in_hand_max, name);
            Ok(())
        })
    }
}

impl<Q: Send + 'static, R: Send + 'static, C: Codec<Q> + Codec<R>> Handler<ImportCaller<Q, R, C>>
    for ImporterActor
{
    type Result = ResponseFuture<Result<Caller<Q, R>, ImportError>>;

    fn handle(&mut self, message: ImportCaller<Q, R, C>, _: &mut Context<Self>) -> Self::Result {
        let answer = self.ask(message);
        Box::pin(async move { answer.await? })
    }
}

impl<M, C> Handler<ImportRecipient<M, C>> for ImporterActor
where
    M: Message + Send + 'static,
    M::Result: Send,
    C: Codec<M> + Codec<M::Result>,
{
    type Result = ResponseFuture<Result<Recipient<M>, ImportError>>;

    fn handle(&mut self, message: ImportRecipient<M, C>, _: &mut Context<Self>) -> Self::Result {
        let ImportRecipient { name, settings, overflow, patience, messages, answers } = message;
        let answer = self.ask(ImportCaller { name, settings, messages, answers });
        Box::pin(async move {
            let caller = patient(answer.await??, patience);
            Ok(caller.outlet().overflow(overflow).start().0)
        })
    }
}

impl<Q: Send + 'static, R: Send + 'static, C: Codec<Q> + Codec<R>> Handler<ImportRequests<Q, R, C>>
    for ImporterActor
{
    type Result = ResponseFuture<Result<Requests<Q, R>, ImportError>>;

    fn handle(&mut self, message: ImportRequests<Q, R, C>, _: &mut Context<Self>) -> Self::Result {
        let answer = self.ask(message);
        Box::pin(async move { answer.await? })
    }
}

impl Handler<ListChannels> for ImporterActor {
    type Result = ResponseFuture<Result<Vec<ChannelDescription>, ListError>>;

    fn handle(&mut self, message: ListChannels, _: &mut Context<Self>) -> Self::Result {
        let answer = self.ask(message);
        Box::pin(async move { answer.await? })
    }
}

impl Handler<Hangup> for ImporterActor {
    type Result = ResponseFuture<Result<HangupReport, HangupError>>;

    fn handle(&mut self, message: Hangup, _: &mut Context<Self>) -> Self::Result {
        let answer = self.ask(message);
        Box::pin(async move { answer.await? })
    }
}

impl Handler<Sync> for ImporterActor {
    type Result = ResponseFuture<Result<(), FlushError>>;

    fn handle(&mut self, message: Sync, _: &mut Context<Self>) -> Self::Result {
        let lost = self.connection.clone();
        Box::pin(self.ask(message).unwrap_or_else(move |end| Err(lost.lost(end))))
    }
}

impl Handler<Drain> for ImporterActor {
    type Result = ResponseFuture<Result<(), FlushError>>;

    fn handle(&mut self, message: Drain, _: &mut Context<Self>) -> Self::Result {
        let lost = self.connection.clone();
        Box::pin(self.ask(message).unwrap_or_else(move |end| Err(lost.lost(end))))
    }
}

impl Handler<Errors> for ImporterActor {
    type Result = MessageResult<Errors>;

    fn handle(&mut self, _: Errors, _: &mut Context<Self>) -> Self::Result {
        MessageResult(self.connection.reports())
    }
}

impl Handler<Subscribe> for ImporterActor {
    type Result = ();

    fn handle(&mut self, Subscribe(recipient): Subscribe, _: &mut Context<Self>) {
        self.subscribers.add(recipient, self.connection.reports());
    }
}

impl Handler<Disconnected> for ImporterActor {
    type Result = ResponseFuture<ConnectionEnd>;

    fn handle(&mut self, _: Disconnected, _: &mut Context<Self>) -> Self::Result {
        let connection = self.connection.clone();
        Box::pin(async move { connection.closed().await })
    }
}

impl Handler<Ended> for ImporterActor {
    type Result = ();

    fn handle(&mut self, Ended { end, .. }: Ended, _: &mut Context<Self>) {
        tracing::debug!(%end, "the connection has ended");
    }
}

impl Handler<Events> for ImporterActor {
    type Result = MessageResult<Events>;

    fn handle(&mut self, _: Events, _: &mut Context<Self>) -> Self::Result {
        MessageResult(self.connection.events())
    }
}

impl Handler<SubscribeEvents> for ImporterActor {
    type Result = ();

    fn handle(&mut self, SubscribeEvents(recipient): SubscribeEvents, _: &mut Context<Self>) {
        reporting::hand_on_events(self.connection.events(), recipient);
    }
}

impl Handler<Status> for ImporterActor {
    type Result = ResponseFuture<Vec<ConnectionStatus>>;

    fn handle(&mut self, _: Status, _: &mut Context<Self>) -> Self::Result {
        let connection = self.connection.clone();
        Box::pin(async move { connection.status().await.into_iter().collect() })
    }
}

impl Handler<Shutdown> for ImporterActor {
    type Result = ResponseActFuture<Self, ShutdownReport>;

    fn handle(&mut self, Shutdown { timeout }: Shutdown, _: &mut Context<Self>) -> Self::Result {
        let connection = self.connection.clone();
        let shut_down = async move { connection.shut_down(timeout).await };
        Box::pin(shut_down.into_actor(self).map(|report, _, ctx| {
            ctx.stop();
            report
        }))
    }
}

impl Handler<Close> for ImporterActor {
    type Result = ResponseActFuture<Self, ()>;

    fn handle(&mut self, _: Close, _: &mut Context<Self>) -> Self::Result {
        let connection = self.connection.clone();
        let closed = async move { connection.close().await };
        Box::pin(closed.into_actor(self).map(|_, _, ctx| ctx.stop()))
    }
}
