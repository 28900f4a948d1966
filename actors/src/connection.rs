//! One actor per peer: it owns the task that drives the connection.

use actix::{Actor, ActorContext, ActorFutureExt, AsyncContext, Context, Handler};
use actix::{Message, ResponseActFuture, ResponseFuture, WeakRecipient, WrapFuture};
use netchan::channel::Value;
use netchan::id::SessionId;
use netchan::net::ImportError;
use netchan::net::{Connection, ConnectionEnd, Driver, FlushError, HangupError, HangupReport};
use netchan::{Receiver, Sender};

use crate::messages::{Close, Disconnected, Drain, Hangup, ImportReceiver, ImportSender, Sync};

/// The actor of one connection with one peer.
///
/// It carries control messages only: values go straight from the channels to the task that drives
/// the link, because an actor that is flooded with messages does not get to its own work.
#[derive(Debug)]
pub struct ConnectionActor {
    connection: Connection,
    driver: Option<Driver>,
    owner: WeakRecipient<Ended>,
}

/// To the owner of a connection: it has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) session: SessionId,
    pub(crate) end: ConnectionEnd,
}

impl Message for Ended {
    type Result = ();
}

impl ConnectionActor {
    pub(crate) fn new(connection: Connection, driver: Driver, owner: WeakRecipient<Ended>) -> Self {
        ConnectionActor { connection, driver: Some(driver), owner }
    }
}

impl Actor for ConnectionActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        if let Some(driver) = self.driver.take() {
            // A task of its own: a panic in it ends the connection, not this arbiter.
            actix_rt::spawn(driver.run());
        }
        // On a task of its own, too, and with a weak address: a future of this context would keep
        // the actor, and so the connection, when nobody else does.
        let actor = ctx.address().downgrade();
        let owner = self.owner.clone();
        let session = self.connection.session();
        let ended = self.connection.watch_closed();
        actix_rt::spawn(async move {
            let end = ended.await;
            if let Some(owner) = owner.upgrade() {
                owner.do_send(Ended { session, end });
            }
            if let Some(actor) = actor.upgrade() {
                actor.do_send(Stop);
            }
        });
    }
}

/// To itself: the connection has ended.
struct Stop;

impl Message for Stop {
    type Result = ();
}

impl Handler<Stop> for ConnectionActor {
    type Result = ();

    fn handle(&mut self, _: Stop, ctx: &mut Context<Self>) {
        ctx.stop();
    }
}

impl<T: Value> Handler<ImportSender<T>> for ConnectionActor {
    type Result = ResponseFuture<Result<Sender<T>, ImportError>>;

    fn handle(&mut self, message: ImportSender<T>, _: &mut Context<Self>) -> Self::Result {
        let connection = self.connection.clone();
        Box::pin(async move { connection.import_sender(&message.name, message.settings).await })
    }
}

impl<T: Value> Handler<ImportReceiver<T>> for ConnectionActor {
    type Result = ResponseFuture<Result<Receiver<T>, ImportError>>;

    fn handle(&mut self, message: ImportReceiver<T>, _: &mut Context<Self>) -> Self::Result {
        let connection = self.connection.clone();
        Box::pin(async move { connection.import_receiver(&message.name, message.settings).await })
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
    type Result = ResponseActFuture<Self, ()>;

    fn handle(&mut self, _: Close, _: &mut Context<Self>) -> Self::Result {
        let connection = self.connection.clone();
        let closed = async move { connection.close().await };
        Box::pin(closed.into_actor(self).map(|_, _, _| ()))
    }
}
