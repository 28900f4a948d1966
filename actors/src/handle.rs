//! The common case in one line: [`Host`] and [`Remote`], thin handles of the two actors.

use std::io;
use std::sync::Arc;

use actix::{Actor, Addr, Handler, MailboxError, Message, Recipient};
use netchan::channel::{Codec, Format, Value};
use netchan::net::{
    AddressError, ConnectError, ExportError, ImportError, ImportSettings, RecvSettings,
    UnreadReports,
};

use crate::messages::{ExportReceiver, ImportReceiver, ImportRecipient, ListenAndServe};
use crate::{Address, Config, ExporterActor, ImporterActor, Target};

/// What a [`Host`] or a [`Remote`] could not do.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HandleError {
    /// The text is no address.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The address cannot be listened at.
    #[error("cannot listen at {address}: {error}")]
    Listen {
        /// The address.
        address: Address,
        /// What the operating system says.
        error: Arc<io::Error>,
    },
    /// The exporter was not reached.
    #[error("cannot connect to {address}: {error}")]
    Connect {
        /// Where it should be.
        address: Address,
        /// Why not.
        error: ConnectError,
    },
    /// The channel cannot be exported.
    #[error("cannot publish {name:?}: {error}")]
    Export {
        /// The channel's name.
        name: String,
        /// Why not.
        error: ExportError,
    },
    /// The channel cannot be imported.
    #[error("cannot import {name:?} from {address}: {error}")]
    Import {
        /// The channel's name.
        name: String,
        /// Where the exporter is.
        address: Address,
        /// Why not.
        error: Box<ImportError>,
    },
    /// The actor behind the handle has stopped: somebody closed it.
    #[error("the {actor} has stopped")]
    Stopped {
        /// Which one: `"exporter"` or `"importer"`.
        actor: &'static str,
    },
}

/// Actors that others can send to: a handle of an [`ExporterActor`] that listens.
///
/// It is short for the messages that it names, and adds nothing to them. For everything else, send a
/// message to [`addr`](Host::addr). The exporter goes on when the handle is dropped, until it is told
/// to [`Close`](crate::messages::Close) or to [`Shutdown`](crate::messages::Shutdown).
///
/// ```
/// use actix::prelude::*;
/// use netchan_actix::{Host, Remote};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Message, Serialize, Deserialize)]
/// #[rtype(result = "Result<u64, String>")]
/// struct Divide(u64, u64);
///
/// struct Divider;
///
/// impl Actor for Divider {
///     type Context = Context<Self>;
/// }
///
/// impl Handler<Divide> for Divider {
///     type Result = Result<u64, String>;
///
///     fn handle(&mut self, Divide(a, b): Divide, _: &mut Context<Self>) -> Self::Result {
///         a.checked_div(b).ok_or_else(|| "division by zero".into())
///     }
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # System::new().block_on(async {
/// let host = Host::listen("127.0.0.1:0").await?;
/// host.publish("divider", Divider.start().recipient()).await?;
///
/// // In another program:
/// let remote = Remote::connect(host.address()).await?;
/// let divider: Recipient<Divide> = remote.recipient("divider").await?;
/// assert_eq!(divider.send(Divide(10, 2)).await?, Ok(5));
/// assert_eq!(divider.send(Divide(1, 0)).await?, Err("division by zero".into()));
/// # Ok(())
/// # })
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Host {
    exporter: Addr<ExporterActor>,
    address: Address,
}

impl Host {
    /// Starts an exporter in the current arbiter, which listens at an address:
    /// [`ListenAndServe`]. Port 0 gives a free port.
    ///
    /// # Errors
    ///
    /// [`HandleError::Address`], [`HandleError::Listen`].
    ///
    /// # Panics
    ///
    /// Outside of an actix system.
    pub async fn listen<A>(address: A) -> Result<Host, HandleError>
    where
        A: TryInto<Address>,
        A::Error: Into<AddressError>,
    {
        let address = address.try_into().map_err(Into::into)?;
        let exporter = ExporterActor::new(Config::default()).start();
        match ask(&exporter, "exporter", ListenAndServe(address.clone())).await? {
            Ok(address) => Ok(Host { exporter, address }),
            Err(error) => Err(HandleError::Listen { address, error: error.into() }),
        }
    }

    /// Lets others send to an actor, under a name, and get its answers: [`ExportReceiver`] with
    /// [`deliver_to`](ExportReceiver::deliver_to). It stays there for further importers when all have
    /// left, until the actor is gone.
    ///
    /// # Errors
    ///
    /// [`HandleError::Export`], [`HandleError::Stopped`].
    pub async fn publish<M>(
        &self,
        name: impl Into<String>,
        target: impl Into<Target<M>>,
    ) -> Result<(), HandleError>
    where
        M: Value + Message,
        M::Result: Value,
    {
        self.publish_as(name, target, Format::<M>::new(), Format::<M::Result>::new()).await
    }

    /// The same for messages and answers that stand on the wire as the formats say: with another codec,
    /// or with older messages that are accepted as well.
    ///
    /// # Errors
    ///
    /// As [`publish`](Host::publish).
    pub async fn publish_as<M, C>(
        &self,
        name: impl Into<String>,
        target: impl Into<Target<M>>,
        messages: Format<M, C>,
        answers: Format<M::Result, C>,
    ) -> Result<(), HandleError>
    where
        M: Message + Send + 'static,
        M::Result: Send,
        C: Codec<M> + Codec<M::Result>,
    {
        let name = name.into();
        let settings = RecvSettings::default().stays_open();
        let export = ExportReceiver { name: name.clone(), settings, format: messages };
        let export = export.deliver_to(target).answers(answers);
        let exported = ask(&self.exporter, "exporter", export).await?;
        exported.map_err(|error| HandleError::Export { name, error })
    }

    /// Where it listens, with the real port.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// The exporter's actor, which understands all other [`messages`](crate::messages).
    #[must_use]
    pub fn addr(&self) -> &Addr<ExporterActor> {
        &self.exporter
    }
}

/// Actors of another program: a handle of an [`ImporterActor`].
///
/// It is short for the messages that it names, and adds nothing to them. For everything else, send a
/// message to [`addr`](Remote::addr). The connection lasts as long as this handle, or a recipient or a
/// delivery that was made with it, is in use. See [`Host`] for an example.
#[derive(Clone, Debug)]
pub struct Remote {
    importer: Addr<ImporterActor>,
    address: Address,
}

impl Remote {
    /// Connects to an exporter, and starts an importer in the current arbiter:
    /// [`ImporterActor::dial`]. When errors are not read, the oldest are dropped.
    ///
    /// # Errors
    ///
    /// [`HandleError::Address`], [`HandleError::Connect`].
    ///
    /// # Panics
    ///
    /// Outside of an actix system.
    pub async fn connect<A>(address: A) -> Result<Remote, HandleError>
    where
        A: TryInto<Address>,
        A::Error: Into<AddressError>,
    {
        let address = address.try_into().map_err(Into::into)?;
        let (config, unread) = (Config::default(), UnreadReports::DropOldest);
        match ImporterActor::dial(address.clone(), config, unread).await {
            Ok(importer) => Ok(Remote { importer, address }),
            Err(error) => Err(HandleError::Connect { address, error }),
        }
    }

    /// The same for an exporter that may start later: [`ImporterActor::new`]. What is asked of it
    /// waits until it is there.
    ///
    /// # Errors
    ///
    /// [`HandleError::Address`].
    ///
    /// # Panics
    ///
    /// Outside of an actix system.
    pub fn connect_later<A>(address: A) -> Result<Remote, HandleError>
    where
        A: TryInto<Address>,
        A::Error: Into<AddressError>,
    {
        let address = address.try_into().map_err(Into::into)?;
        let peer = address.to_string();
        let importer = ImporterActor::new(address.clone(), peer, Config::default()).start();
        Ok(Remote { importer, address })
    }

    /// A recipient for an actor of the exporter, which behaves like that of a local one:
    /// [`ImportRecipient`].
    ///
    /// # Errors
    ///
    /// [`HandleError::Import`], [`HandleError::Stopped`].
    pub async fn recipient<M>(&self, name: impl Into<String>) -> Result<Recipient<M>, HandleError>
    where
        M: Value + Message,
        M::Result: Value,
    {
        self.recipient_as(name, Format::<M>::new(), Format::<M::Result>::new()).await
    }

    /// The same for messages and answers that stand on the wire as the formats say: with another codec,
    /// or with older answers that are accepted as well.
    ///
    /// # Errors
    ///
    /// As [`recipient`](Remote::recipient).
    pub async fn recipient_as<M, C>(
        &self,
        name: impl Into<String>,
        messages: Format<M, C>,
        answers: Format<M::Result, C>,
    ) -> Result<Recipient<M>, HandleError>
    where
        M: Message + Send + 'static,
        M::Result: Send,
        C: Codec<M> + Codec<M::Result>,
    {
        let name = name.into();
        let import = ImportRecipient::with_formats(name.clone(), messages, answers);
        let imported = ask(&self.importer, "importer", import).await?;
        imported.map_err(|error| self.not_imported(name, error))
    }

    /// Delivers what the exporter sends under a name to an actor here, and its answers there:
    /// [`ImportReceiver`] with [`deliver_to`](ImportReceiver::deliver_to).
    ///
    /// # Errors
    ///
    /// [`HandleError::Import`], [`HandleError::Stopped`].
    pub async fn deliver<M>(
        &self,
        name: impl Into<String>,
        target: impl Into<Target<M>>,
    ) -> Result<(), HandleError>
    where
        M: Value + Message,
        M::Result: Value,
    {
        self.deliver_as(name, target, Format::<M>::new(), Format::<M::Result>::new()).await
    }

    /// The same for messages and answers that stand on the wire as the formats say: with another codec,
    /// or with older messages that are accepted as well.
    ///
    /// # Errors
    ///
    /// As [`deliver`](Remote::deliver).
    pub async fn deliver_as<M, C>(
        &self,
        name: impl Into<String>,
        target: impl Into<Target<M>>,
        messages: Format<M, C>,
        answers: Format<M::Result, C>,
    ) -> Result<(), HandleError>
    where
        M: Message + Send + 'static,
        M::Result: Send,
        C: Codec<M> + Codec<M::Result>,
    {
        let name = name.into();
        let (settings, format) = (ImportSettings::default(), messages);
        let import = ImportReceiver { name: name.clone(), settings, format };
        let import = import.deliver_to(target).answers(answers);
        let imported = ask(&self.importer, "importer", import).await?;
        imported.map_err(|error| self.not_imported(name, error))
    }

    /// The importer's actor, which understands all other [`messages`](crate::messages).
    #[must_use]
    pub fn addr(&self) -> &Addr<ImporterActor> {
        &self.importer
    }

    fn not_imported(&self, name: String, error: ImportError) -> HandleError {
        HandleError::Import { name, address: self.address.clone(), error: Box::new(error) }
    }
}

async fn ask<A, M>(
    actor: &Addr<A>,
    name: &'static str,
    message: M,
) -> Result<M::Result, HandleError>
where
    A: Actor<Context = actix::Context<A>> + Handler<M>,
    M: Message + Send + 'static,
    M::Result: Send,
{
    actor.send(message).await.map_err(|error: MailboxError| {
        tracing::debug!(%error, actor = name, "an actor did not answer");
        HandleError::Stopped { actor: name }
    })
}
