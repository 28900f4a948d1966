//! The actor that imports channels from one exporter.

use actix::{Actor, ActorContext, ActorFutureExt, Addr, AsyncContext, Context, Handler, Message};
use actix::{MessageResult, ResponseActFuture, ResponseFuture, WrapFuture};
use futures::TryFutureExt;
use netchan::channel::Value;
use netchan::net::{Address, Config, ConnectError, Connection, ConnectionEnd, FlushError};
use netchan::net::{HangupError, HangupReport, ImportError, Stream, UnreadReports};
use netchan::{Receiver, Sender};

use crate::connection::{ConnectionActor, Ended};
use crate::inlet;
use crate::messages::{Close, Disconnected, Drain, Errors, Hangup, ImportReceiver, ImportSender};
use crate::messages::{ImportTo, Subscribe, Sync};
use crate::reporting::Subscribers;

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
#[derive(Debug)]
pub struct ImporterActor {
    connection: Connection,
    actor: Addr<ConnectionActor>,
    subscribers: Subscribers,
}

impl ImporterActor {
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
        ImporterActor::over(address.dial().await?, config).await
    }

    /// Starts an importer over a byte stream that leads to an exporter.
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
        Ok(ImporterActor::create(|ctx| {
            let owner = ctx.address().downgrade().recipient();
            let actor = ConnectionActor::new(connection.clone(), driver, owner).start();
            ImporterActor { connection, actor, subscribers: Subscribers::default() }
        }))
    }

    /// Asks the connection's actor. When that is gone, so is the connection.
    fn ask<M>(&self, message: M) -> impl Future<Output = Result<M::Result, ConnectionEnd>> + use<M>
    where
        M: Message + Send + 'static,
        M::Result: Send,
        ConnectionActor: Handler<M>,
    {
        let connection = self.connection.clone();
        let answer = self.actor.send(message);
        async move {
            match answer.await {
                Ok(answer) => Ok(answer),
                Err(_) => Err(connection.closed().await),
            }
        }
    }
}

impl Actor for ImporterActor {
    type Context = Context<Self>;
}

impl<T: Value> Handler<ImportSender<T>> for ImporterActor {
    type Result = ResponseFuture<Result<Sender<T>, ImportError>>;

    fn handle(&mut self, message: ImportSender<T>, _: &mut Context<Self>) -> Self::Result {
        let answer = self.ask(message);
        Box::pin(async move { answer.await? })
    }
}

impl<T: Value> Handler<ImportReceiver<T>> for ImporterActor {
    type Result = ResponseFuture<Result<Receiver<T>, ImportError>>;

    fn handle(&mut self, message: ImportReceiver<T>, _: &mut Context<Self>) -> Self::Result {
        let answer = self.ask(message);
        Box::pin(async move { answer.await? })
    }
}

impl<T: Value + Message<Result = ()>> Handler<ImportTo<T>> for ImporterActor {
    type Result = ResponseFuture<Result<(), ImportError>>;

    fn handle(&mut self, message: ImportTo<T>, _: &mut Context<Self>) -> Self::Result {
        let ImportTo { import, recipient } = message;
        let name = import.name.clone();
        let answer = self.ask(import);
        Box::pin(async move {
            inlet::spawn(answer.await??, recipient, name);
            Ok(())
        })
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

    fn handle(&mut self, Ended { session, end }: Ended, _: &mut Context<Self>) {
        tracing::debug!(%session, %end, "the connection has ended");
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
