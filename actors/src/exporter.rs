//! The actor that publishes channels.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, ActorContext, ActorFutureExt, Addr, AsyncContext, Context, Handler, Message};
use actix::{MessageResult, Recipient, ResponseActFuture, ResponseFuture, Supervised, WrapFuture};
use netchan::channel::{Caller, ChannelDescription, Codec, Requests};
use netchan::id::SessionId;
use netchan::net::{Accepted, Address, Config, ConnectError, Connection, Driver};
use netchan::net::{
    ExportError, Exporter, FlushError, HangupError, HangupReport, Listener, Report,
};
use netchan::net::{ListError, ShutdownReport, Status as ConnectionStatus};
use netchan::{Receiver, Sender};
use tokio::sync::Semaphore;
use tokio::task::AbortHandle;

use crate::connection::{ConnectionActor, Ended};
use crate::inlet;
use crate::messages::{Close, Connections, Drain, Errors, Events, ExportReceiver, ExportSender};
use crate::messages::{ExportCaller, ExportRecipient, ExportRequests, patient};
use crate::messages::{
    ExportTo, Hangup, ListChannels, ListenAndServe, Serve, ServeConnection, Shutdown, Status,
};
use crate::messages::{Subscribe, SubscribeEvents, Sync};
use crate::outlet::CallerExt;
use crate::reporting::{self, Subscribers};

/// How long a listener rests after the operating system refused a connection, so that a lack of
/// file descriptors does not become a busy loop.
const ACCEPT_REST: Duration = Duration::from_millis(100);

/// Publishes channels by name and serves them to importers.
///
/// There may be many in one process, each with its own names and listeners. It stops on
/// [`Close`]. Under a [`Supervisor`](actix::Supervisor) it keeps its channels, listeners and
/// connections over a restart; a supervisor restarts it also after `Close`, but then it stays closed.
///
/// ```
/// use actix::prelude::*;
/// use netchan_actix::messages::{ExportSender, ListenAndServe};
/// use netchan_actix::ExporterActor;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// System::new().block_on(async {
///     let exporter = ExporterActor::new(Default::default()).start();
///     let numbers = exporter.send(ExportSender::<u32>::new("numbers")).await??;
///     let address = exporter.send(ListenAndServe("127.0.0.1:0".parse()?)).await??;
///     println!("import \"numbers\" from {address}");
///     numbers.send(1).await?;
///     Ok(())
/// })
/// # }
/// ```
#[derive(Debug)]
pub struct ExporterActor {
    exporter: Exporter,
    listeners: Vec<AbortHandle>,
    handshakes: Arc<Semaphore>,
    connections: HashMap<SessionId, Addr<ConnectionActor>>,
    subscribers: Subscribers,
}

/// From a listener: a new peer has got through its handshake.
struct NewPeer {
    connection: Connection,
    driver: Box<Driver>,
}

impl Message for NewPeer {
    type Result = ();
}

impl ExporterActor {
    /// An exporter that exports nothing yet.
    #[must_use]
    pub fn new(config: Config) -> ExporterActor {
        let exporter = Exporter::new(config);
        let handshakes = Arc::new(Semaphore::new(exporter.handshakes_max()));
        ExporterActor {
            exporter,
            listeners: Vec::new(),
            handshakes,
            connections: HashMap::new(),
            subscribers: Subscribers::default(),
        }
    }

    fn listen(&mut self, listener: Listener, ctx: &mut Context<Self>) -> Address {
        let address = listener.address().clone();
        tracing::debug!(%address, "listening");
        let accepting = Accepting {
            exporter: self.exporter.clone(),
            handshakes: self.handshakes.clone(),
            actor: ctx.address(),
        };
        self.listeners.push(actix_rt::spawn(accepting.run(listener)).abort_handle());
        address
    }

    fn welcome(&mut self, peer: NewPeer, ctx: &mut Context<Self>) -> Addr<ConnectionActor> {
        let NewPeer { connection, driver } = peer;
        let session = connection.session();
        let owner = ctx.address().downgrade().recipient();
        let actor = ConnectionActor::supervise(connection, driver, owner);
        if let Some(session) = session {
            self.connections.insert(session, actor.clone());
        }
        actor
    }

    fn stop_listening(&mut self) {
        for listener in self.listeners.drain(..) {
            listener.abort();
        }
    }
}

impl Actor for ExporterActor {
    type Context = Context<Self>;
}

impl Supervised for ExporterActor {}

/// What a listener's task needs.
struct Accepting {
    exporter: Exporter,
    handshakes: Arc<Semaphore>,
    actor: Addr<ExporterActor>,
}

impl Accepting {
    async fn run(self, listener: Listener) {
        loop {
            match listener.accept().await {
                Ok(stream) => {
                    // One peer waits here, and those behind it in the operating system's queue.
                    let Ok(permit) = self.handshakes.clone().acquire_owned().await else { return };
                    let (exporter, actor) = (self.exporter.clone(), self.actor.clone());
                    actix_rt::spawn(async move {
                        // A peer that comes back to its session is no new one.
                        if let Ok(Accepted::New(connection, driver)) = exporter.accept(stream).await
                        {
                            actor.do_send(NewPeer { connection, driver });
                        }
                        drop(permit);
                    });
                }
                Err(error) => {
                    let text = error.to_string();
                    self.exporter.report(Report::AcceptFailed { text });
                    tokio::time::sleep(ACCEPT_REST).await;
                }
            }
        }
    }
}

impl<T: Send + 'static, C: Codec<T>> Handler<ExportSender<T, C>> for ExporterActor {
    type Result = Result<Sender<T>, ExportError>;

    fn handle(&mut self, message: ExportSender<T, C>, _: &mut Context<Self>) -> Self::Result {
        let ExportSender { name, settings, format } = message;
        self.exporter.export_sender_as(&name, settings, format)
    }
}

impl<T: Send + 'static, C: Codec<T>> Handler<ExportReceiver<T, C>> for ExporterActor {
    type Result = Result<Receiver<T>, ExportError>;

    fn handle(&mut self, message: ExportReceiver<T, C>, _: &mut Context<Self>) -> Self::Result {
        let ExportReceiver { name, settings, format } = message;
        self.exporter.export_receiver_as(&name, settings, format)
    }
}

impl<T, C> Handler<ExportTo<T, C>> for ExporterActor
where
    T: Message + Send + 'static,
    T::Result: Send,
    C: Codec<T> + Codec<T::Result>,
{
    type Result = Result<(), ExportError>;

    fn handle(&mut self, message: ExportTo<T, C>, _: &mut Context<Self>) -> Self::Result {
        let ExportTo { export, answers, target, in_hand_max } = message;
        let ExportReceiver { name, settings, format } = export;
        let requests = self.exporter.export_requests_as(&name, settings, format, answers)?;
        inlet::spawn(requests, target, in_hand_max, name);
        Ok(())
    }
}

impl<Q: Send + 'static, R: Send + 'static, C: Codec<Q> + Codec<R>> Handler<ExportCaller<Q, R, C>>
    for ExporterActor
{
    type Result = Result<Caller<Q, R>, ExportError>;

    fn handle(&mut self, message: ExportCaller<Q, R, C>, _: &mut Context<Self>) -> Self::Result {
        let ExportCaller { name, settings, messages, answers } = message;
        self.exporter.export_caller_as(&name, settings, messages, answers)
    }
}

impl<M, C> Handler<ExportRecipient<M, C>> for ExporterActor
where
    M: Message + Send + 'static,
    M::Result: Send,
    C: Codec<M> + Codec<M::Result>,
{
    type Result = Result<Recipient<M>, ExportError>;

    fn handle(&mut self, message: ExportRecipient<M, C>, _: &mut Context<Self>) -> Self::Result {
        let ExportRecipient { name, settings, overflow, patience, messages, answers } = message;
        let caller = self.exporter.export_caller_as(&name, settings, messages, answers)?;
        let caller = patient(caller, patience);
        Ok(caller.outlet().overflow(overflow).start().0)
    }
}

impl<Q: Send + 'static, R: Send + 'static, C: Codec<Q> + Codec<R>> Handler<ExportRequests<Q, R, C>>
    for ExporterActor
{
    type Result = Result<Requests<Q, R>, ExportError>;

    fn handle(&mut self, message: ExportRequests<Q, R, C>, _: &mut Context<Self>) -> Self::Result {
        let ExportRequests { name, settings, messages, answers } = message;
        self.exporter.export_requests_as(&name, settings, messages, answers)
    }
}

impl Handler<ListenAndServe> for ExporterActor {
    type Result = ResponseActFuture<Self, io::Result<Address>>;

    fn handle(
        &mut self,
        ListenAndServe(address): ListenAndServe,
        _: &mut Context<Self>,
    ) -> Self::Result {
        let listening = async move { address.listen().await };
        Box::pin(
            listening.into_actor(self).map(|listener, actor, ctx| Ok(actor.listen(listener?, ctx))),
        )
    }
}

impl Handler<Serve> for ExporterActor {
    type Result = MessageResult<Serve>;

    fn handle(&mut self, Serve(listener): Serve, ctx: &mut Context<Self>) -> Self::Result {
        MessageResult(self.listen(listener, ctx))
    }
}

impl Handler<ServeConnection> for ExporterActor {
    type Result = ResponseActFuture<Self, Result<Addr<ConnectionActor>, ConnectError>>;

    fn handle(
        &mut self,
        ServeConnection(stream): ServeConnection,
        _: &mut Context<Self>,
    ) -> Self::Result {
        let exporter = self.exporter.clone();
        let accepting = async move { exporter.accept(stream).await };
        Box::pin(accepting.into_actor(self).map(|accepted, actor, ctx| match accepted? {
            Accepted::New(connection, driver) => {
                Ok(actor.welcome(NewPeer { connection, driver }, ctx))
            }
            Accepted::Resumed(connection) => {
                let known = connection.session().and_then(|id| actor.connections.get(&id));
                known.cloned().ok_or(ConnectError::Closed)
            }
        }))
    }
}

impl Handler<NewPeer> for ExporterActor {
    type Result = ();

    fn handle(&mut self, peer: NewPeer, ctx: &mut Context<Self>) {
        self.welcome(peer, ctx);
    }
}

impl Handler<Ended> for ExporterActor {
    type Result = ();

    fn handle(&mut self, Ended { session, end }: Ended, _: &mut Context<Self>) {
        tracing::debug!(%end, "a connection has ended");
        if let Some(session) = session {
            self.connections.remove(&session);
        }
    }
}

impl Handler<Connections> for ExporterActor {
    type Result = MessageResult<Connections>;

    fn handle(&mut self, _: Connections, _: &mut Context<Self>) -> Self::Result {
        // One that has ended may not have said so yet.
        let lasting = self.exporter.connections().into_iter().filter(|known| known.end().is_none());
        let actors = lasting.filter_map(|known| self.connections.get(&known.session()?).cloned());
        MessageResult(actors.collect())
    }
}

impl Handler<ListChannels> for ExporterActor {
    type Result = Result<Vec<ChannelDescription>, ListError>;

    fn handle(&mut self, _: ListChannels, _: &mut Context<Self>) -> Self::Result {
        Ok(self.exporter.list_channels())
    }
}

impl Handler<Hangup> for ExporterActor {
    type Result = ResponseFuture<Result<HangupReport, HangupError>>;

    fn handle(&mut self, Hangup { name }: Hangup, _: &mut Context<Self>) -> Self::Result {
        let exporter = self.exporter.clone();
        Box::pin(async move { exporter.hangup(&name).await })
    }
}

impl Handler<Sync> for ExporterActor {
    type Result = ResponseFuture<Result<(), FlushError>>;

    fn handle(&mut self, Sync { timeout }: Sync, _: &mut Context<Self>) -> Self::Result {
        let exporter = self.exporter.clone();
        Box::pin(async move { exporter.sync(timeout).await })
    }
}

impl Handler<Drain> for ExporterActor {
    type Result = ResponseFuture<Result<(), FlushError>>;

    fn handle(&mut self, Drain { timeout }: Drain, _: &mut Context<Self>) -> Self::Result {
        let exporter = self.exporter.clone();
        Box::pin(async move { exporter.drain(timeout).await })
    }
}

impl Handler<Errors> for ExporterActor {
    type Result = MessageResult<Errors>;

    fn handle(&mut self, _: Errors, _: &mut Context<Self>) -> Self::Result {
        MessageResult(self.exporter.reports())
    }
}

impl Handler<Subscribe> for ExporterActor {
    type Result = ();

    fn handle(&mut self, Subscribe(recipient): Subscribe, _: &mut Context<Self>) {
        self.subscribers.add(recipient, self.exporter.reports());
    }
}

impl Handler<Events> for ExporterActor {
    type Result = MessageResult<Events>;

    fn handle(&mut self, _: Events, _: &mut Context<Self>) -> Self::Result {
        MessageResult(self.exporter.events())
    }
}

impl Handler<SubscribeEvents> for ExporterActor {
    type Result = ();

    fn handle(&mut self, SubscribeEvents(recipient): SubscribeEvents, _: &mut Context<Self>) {
        reporting::hand_on_events(self.exporter.events(), recipient);
    }
}

impl Handler<Status> for ExporterActor {
    type Result = ResponseFuture<Vec<ConnectionStatus>>;

    fn handle(&mut self, _: Status, _: &mut Context<Self>) -> Self::Result {
        let exporter = self.exporter.clone();
        Box::pin(async move { exporter.status().await })
    }
}

impl Handler<Shutdown> for ExporterActor {
    type Result = ResponseActFuture<Self, ShutdownReport>;

    fn handle(&mut self, Shutdown { timeout }: Shutdown, _: &mut Context<Self>) -> Self::Result {
        // Importers that have lost their link come back for what is left, so listeners stay until
        // that is done.
        let exporter = self.exporter.clone();
        let shut_down = async move { exporter.shut_down(timeout).await };
        Box::pin(shut_down.into_actor(self).map(|report, actor, ctx| {
            actor.stop_listening();
            ctx.stop();
            report
        }))
    }
}

impl Handler<Close> for ExporterActor {
    type Result = ResponseActFuture<Self, ()>;

    fn handle(&mut self, _: Close, _: &mut Context<Self>) -> Self::Result {
        self.stop_listening();
        let exporter = self.exporter.clone();
        let closed = async move { exporter.close().await };
        Box::pin(closed.into_actor(self).map(|(), _, ctx| ctx.stop()))
    }
}
