//! One actor per peer: it owns the task that drives the connection.

use actix::{Actor, ActorContext, Addr, AsyncContext, Context, Handler, Message, ResponseFuture};
use actix::{Supervised, Supervisor, WeakRecipient};
use netchan::channel::{Caller, ChannelDescription, Codec, Requests};
use netchan::id::SessionId;
use netchan::net::{Connection, ConnectionEnd, Driver, FlushError, HangupError, HangupReport};
use netchan::net::{ImportError, ListError, Pause};
use netchan::{Receiver, Sender};

use crate::messages::{Close, Disconnected, Drain, Hangup, ImportCaller, ImportReceiver};
use crate::messages::{ImportRequests, ImportSender, ListChannels, Sync};

/// The actor of one connection with one peer, under a supervisor of its own.
///
/// Each of its lives is the life of a link. A link that is lost stops it, and its supervisor starts
/// it again with all that it had: at an importer it then dials, after a wait, and at an exporter it
/// waits for the importer. The session goes on where it was, and messages to the actor wait
/// meanwhile or are answered. When the connection has ended, it answers with how that was.
///
/// It carries control messages only: values go straight from the channels to the task that drives
/// the link, because an actor that is flooded with messages does not get to its own work.
#[derive(Debug)]
pub struct ConnectionActor {
    connection: Connection,
    work: Work,
    owner: WeakRecipient<Ended>,
    is_watched: bool,
}

/// What the actor has to do in this life.
#[derive(Debug)]
enum Work {
    /// To drive the connection on.
    Ready(Box<Driver>),
    /// A task is at it.
    UnderWay,
    /// Nothing: the connection has ended.
    Done,
}

/// To the owner of a connection: it has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) session: Option<SessionId>,
    pub(crate) end: ConnectionEnd,
}

impl Message for Ended {
    type Result = ();
}

/// To itself: a link is lost, or all is over.
struct Paused {
    driver: Box<Driver>,
    pause: Pause,
}

impl Message for Paused {
    type Result = ();
}

impl ConnectionActor {
    /// Starts the actor of a connection under a supervisor.
    pub(crate) fn supervise(
        connection: Connection,
        driver: Box<Driver>,
        owner: WeakRecipient<Ended>,
    ) -> Addr<Self> {
        let work = Work::Ready(driver);
        Supervisor::start(|_| ConnectionActor { connection, work, owner, is_watched: false })
    }

    /// Tells the owner when the connection has ended. On a task of its own, so that it happens also
    /// when this actor is gone.
    fn watch(&mut self) {
        if std::mem::replace(&mut self.is_watched, true) {
            return;
        }
        let (connection, owner) = (self.connection.watch_closed(), self.owner.clone());
        let session = self.connection.session();
        actix_rt::spawn(async move {
            let end = connection.await;
            if let Some(owner) = owner.upgrade() {
                owner.do_send(Ended { session, end });
            }
        });
    }
}

impl Actor for ConnectionActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        self.watch();
        let work = std::mem::replace(&mut self.work, Work::Done);
        let Work::Ready(mut driver) = work else { return };
        self.work = Work::UnderWay;
        // A task of its own: a panic in it ends neither this arbiter nor the session. With a weak
        // address: a future of this context would keep the actor, and so the connection, when nobody
        // else does.
        let actor = ctx.address().downgrade();
        actix_rt::spawn(async move {
            let pause = driver.drive().await;
            match (actor.upgrade(), pause) {
                (Some(actor), pause) => actor.do_send(Paused { driver, pause }),
                // Channels are in use, and nobody is left to supervise.
                (None, Pause::LinkLost(_)) => {
                    driver.run().await;
                }
                (None, Pause::Over(_)) => {}
            }
        });
    }
}

impl Drop for ConnectionActor {
    /// The last address may go between two lives, when channels are still in use.
    fn drop(&mut self) {
        if let Work::Ready(driver) = std::mem::replace(&mut self.work, Work::Done)
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(driver.run());
        }
    }
}

impl Supervised for ConnectionActor {
    fn restarting(&mut self, _: &mut Context<Self>) {
        tracing::debug!(peer = self.connection.peer(), "the connection's actor starts again");
    }
}

impl Handler<Paused> for ConnectionActor {
    type Result = ();

    fn handle(&mut self, Paused { driver, pause }: Paused, ctx: &mut Context<Self>) {
        match pause {
            Pause::LinkLost(end) => {
                tracing::debug!(%end, "a link is lost");
                self.work = Work::Ready(driver);
                ctx.stop();
            }
            Pause::Over(_) => self.work = Work::Done,
        }
    }
}

impl<T: Send + 'static, C: Codec<T>> Handler<ImportSender<T, C>> for ConnectionActor {
    type Result = ResponseFuture<Result<Sender<T>, ImportError>>;

    fn handle(&mut self, message: ImportSender<T, C>, _: &mut Context<Self>) -> Self::Result {
        let connection = self.connection.clone();
        let ImportSender { name, settings, format } = message;
        Box::pin(async move { connection.import_sender_as(&name, settings, format).await })
    }
}

impl<T: Send + 'static, C: Codec<T>> Handler<ImportReceiver<T, C>> for ConnectionActor {
    type Result = ResponseFuture<Result<Receiver<T>, ImportError>>;

    fn handle(&mut self, message: ImportReceiver<T, C>, _: &mut Context<Self>) -> Self::Result {
        let connection = self.connection.clone();
        let ImportReceiver { name, settings, format } = message;
        Box::pin(async move { connection.import_receiver_as(&name, settings, format).await })
    }
}

impl<Q: Send + 'static, R: Send + 'static, C: Codec<Q> + Codec<R>> Handler<ImportCaller<Q, R, C>>
    for ConnectionActor
{
    type Result = ResponseFuture<Result<Caller<Q, R>, ImportError>>;

    fn handle(&mut self, message: ImportCaller<Q, R, C>, _: &mut Context<Self>) -> Self::Result {
        let connection = self.connection.clone();
        let ImportCaller { name, settings, messages, answers } = message;
        Box::pin(
            async move { connection.import_caller_as(&name, settings, messages, answers).await },
        )
    }
}

impl<Q: Send + 'static, R: Send + 'static, C: Codec<Q> + Codec<R>> Handler<ImportRequests<Q, R, C>>
    for ConnectionActor
{
    type Result = ResponseFuture<Result<Requests<Q, R>, ImportError>>;

    fn handle(&mut self, message: ImportRequests<Q, R, C>, _: &mut Context<Self>) -> Self::Result {
        let connection = self.connection.clone();
        let ImportRequests { name, settings, messages, answers } = message;
        Box::pin(
            async move { connection.import_requests_as(&name, settings, messages, answers).await },
        )
    }
}

impl Handler<ListChannels> for ConnectionActor {
    type Result = ResponseFuture<Result<Vec<ChannelDescription>, ListError>>;

    fn handle(&mut self, _: ListChannels, _: &mut Context<Self>) -> Self::Result {
        let connection = self.connection.clone();
        Box::pin(async move { connection.list_channels().await })
    }
}

impl Handler<Hangup> for ConnectionActor {
    type Result = ResponseFuture<Result<HangupReport, HangupError>>;

    fn handle(&mut self, Hangup { name }: Hangup, _: &mut Context<Self>) -> Self::Result {
        let connection = self.connection.clone();
        Box::pin(async move { connection.hangup(&name).await })
    }
}

impl Handler<Sync> for ConnectionActor {
    type Result = ResponseFuture<Result<(), FlushError>>;

    fn handle(&mut self, Sync { timeout }: Sync, _: &mut Context<Self>) -> Self::Result {
        let connection = self.connection.clone();
        Box::pin(async move { connection.sync(timeout).await })
    }
}

impl Handler<Drain> for ConnectionActor {
    type Result = ResponseFuture<Result<(), FlushError>>;

    fn handle(&mut self, Drain { timeout }: Drain, _: &mut Context<Self>) -> Self::Result {
        let connection = self.connection.clone();
        Box::pin(async move { connection.drain(timeout).await })
    }
}

impl Handler<Disconnected> for ConnectionActor {
    type Result = ResponseFuture<ConnectionEnd>;

    fn handle(&mut self, _: Disconnected, _: &mut Context<Self>) -> Self::Result {
        let connection = self.connection.clone();
        Box::pin(async move { connection.closed().await })
    }
}

impl Handler<Close> for ConnectionActor {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, _: Close, _: &mut Context<Self>) -> Self::Result {
        let connection = self.connection.clone();
        Box::pin(async move {
            connection.close().await;
        })
    }
}
