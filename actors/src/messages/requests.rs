//! Messages that publish or import a channel of requests.

use std::fmt;
use std::time::Duration;

use actix::{Message, Recipient};
use netchan::channel::{Bincode, Caller, Codec, Format, Overflow, Requests, Value};
use netchan::net::{ExportError, ImportError, ImportSettings, RecvSettings, SendSettings};

macro_rules! channel_message {
    (
        $(#[$doc:meta])* $name:ident<$($type:ident $(: $bound:ident)?),+>,
        $message:ty => $answer:ty, $settings:ty $(, $extra:ident: $kind:ty)*
    ) => {
        $(#[$doc])*
        #[must_use = "a message does something when it is sent"]
        pub struct $name<$($type $(: $bound)?),+, C = Bincode> {
            pub(crate) name: String,
            pub(crate) settings: $settings,
            $(pub(crate) $extra: $kind,)*
            pub(crate) messages: Format<$message, C>,
            pub(crate) answers: Format<$answer, C>,
        }

        impl<$($type $(: $bound)?),+> $name<$($type),+>
        where
            $message: Value,
            $answer: Value,
        {
            /// The channel of this name.
            pub fn new(name: impl Into<String>) -> Self {
                $name::with_formats(name.into(), Format::new(), Format::new())
            }
        }

        impl<$($type $(: $bound)?),+, C> $name<$($type),+, C> {
            pub(crate) fn with_formats(
                name: String,
                messages: Format<$message, C>,
                answers: Format<$answer, C>,
            ) -> Self {
                let settings = <$settings>::default();
                $(let $extra = <$kind>::default();)*
                $name { name, settings, $($extra,)* messages, answers }
            }

            /// With other settings than the default.
            pub fn settings(mut self, settings: $settings) -> Self {
                self.settings = settings;
                self
            }

            /// With messages and answers that stand on the wire as the formats say: with another codec,
            /// or with older types that are accepted as well. Default: [`Bincode`], and no other types.
            pub fn formats<D>(
                self,
                messages: Format<$message, D>,
                answers: Format<$answer, D>,
            ) -> $name<$($type),+, D> {
                let $name { name, settings, $($extra,)* .. } = self;
                $name { name, settings, $($extra,)* messages, answers }
            }
        }

        impl<$($type $(: $bound)?),+, C> fmt::Debug for $name<$($type),+, C> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).field("name", &self.name).finish_non_exhaustive()
            }
        }
    };
}

channel_message! {
    /// To an [`ImporterActor`](crate::ImporterActor): import a channel that leads to an actor on the
    /// other side. The result is a `Recipient` that behaves like that of an actor here.
    ///
    /// - `do_send` never waits. While the channel is full, messages wait in front of it.
    /// - `try_send` gives the message back when the channel is full, and when it has ended.
    /// - `send` resolves with what the remote handler returns, or with
    ///   [`MailboxError::Closed`](actix::MailboxError) when the channel has ended, the remote actor has
    ///   died, or the session was lost.
    /// - Dropped, the future of a `send` cancels the request, if it was not begun.
    /// - `connected` turns false when the channel has ended. A link that is being resumed counts as
    ///   connected.
    ///
    /// The guide lists what differs from an actor here; `tests/alike` has a test of each point.
    ///
    /// Why a request has no answer, who ended the channel, and how many messages were dropped, a
    /// `Recipient` cannot say. [`ImportCaller`] gives the [`Caller`], which can, and
    /// [`CallerExt::outlet`](crate::CallerExt::outlet) makes the same recipient beside it, with an
    /// [`OutletHandle`](crate::OutletHandle) that counts, and with a choice of how many messages wait.
    /// That messages are dropped is also told by
    /// [`Event::MessagesDropped`](netchan::net::Event::MessagesDropped), and that requests have an unknown
    /// fate by [`Event::Unconfirmed`](netchan::net::Event::Unconfirmed).
    ///
    /// ```no_run
    /// use actix::prelude::*;
    /// use netchan_actix::ImporterActor;
    /// use netchan_actix::messages::ImportRecipient;
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Message, Serialize, Deserialize)]
    /// #[rtype(result = "Result<u64, String>")]
    /// struct Divide(u64, u64);
    ///
    /// async fn halve(importer: Addr<ImporterActor>) -> Result<u64, Box<dyn std::error::Error>> {
    ///     let divider = importer.send(ImportRecipient::<Divide>::new("divider")).await??;
    ///     Ok(divider.send(Divide(10, 2)).await??)
    /// }
    /// ```
    ImportRecipient<M: Message>, M => M::Result, ImportSettings, overflow: Overflow, patience: Option<Duration>
}

channel_message! {
    /// To an [`ImporterActor`](crate::ImporterActor): the same as [`ImportRecipient`] for code that is
    /// no actor. The result is a [`Caller`], whose errors say more.
    ImportCaller<Q, R>, Q => R, ImportSettings
}

channel_message! {
    /// To an [`ImporterActor`](crate::ImporterActor): import a channel of messages from the other side,
    /// and answer those that ask. The result is the channel's [`Requests`]. To deliver them to an actor,
    /// see [`ImportReceiver::deliver_to`](crate::messages::ImportReceiver::deliver_to).
    ImportRequests<Q, R>, Q => R, ImportSettings
}

channel_message! {
    /// To an [`ExporterActor`](crate::ExporterActor): export a channel that leads to the actors of those
    /// who import it. The result is a `Recipient`, as that of [`ImportRecipient`]. Each message goes to
    /// one importer, and that one answers it.
    ExportRecipient<M: Message>, M => M::Result, SendSettings, overflow: Overflow, patience: Option<Duration>
}

channel_message! {
    /// To an [`ExporterActor`](crate::ExporterActor): the same as [`ExportRecipient`] for code that is
    /// no actor. The result is a [`Caller`], whose errors say more.
    ExportCaller<Q, R>, Q => R, SendSettings
}

channel_message! {
    /// To an [`ExporterActor`](crate::ExporterActor): export a channel of messages from those who import
    /// it, and answer those that ask. The result is the channel's [`Requests`]. To deliver them to an
    /// actor, see [`ExportReceiver::deliver_to`](crate::messages::ExportReceiver::deliver_to).
    ExportRequests<Q, R>, Q => R, RecvSettings
}

impl<M: Message, C> ImportRecipient<M, C> {
    /// How many messages may be in flight or not handled; less than 1 means 1.
    pub fn size(mut self, values: u32) -> Self {
        self.settings = self.settings.size(values);
        self
    }

    /// What becomes of messages by `do_send` while the channel is full. Default: [`Overflow::Wait`].
    ///
    /// If they are dropped, [`OUTLET_WAITING_MESSAGES_DEFAULT`](netchan::limits::OUTLET_WAITING_MESSAGES_DEFAULT)
    /// of them wait before that.
    pub fn overflow(mut self, policy: Overflow) -> Self {
        self.overflow = policy;
        self
    }

    /// The other side does not begin a request by `send` when so much time has passed since the channel
    /// has taken it, also if no link can tell it that the caller has given up. Default: none.
    ///
    /// A request that is in the actor's mailbox is dropped there when its time is up. One that the
    /// actor has begun goes on, and its answer is not waited for. A caller that still waits then gets
    /// [`MailboxError::Closed`](actix::MailboxError), once there is a link: the deadline does not end
    /// the wait here. actix's own `timeout` of a `send` does, and also gives the request up, so this is
    /// for callers that use it as well, and for links that may be lost meanwhile.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use actix::prelude::*;
    /// use netchan_actix::ImporterActor;
    /// use netchan_actix::messages::ImportRecipient;
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Message, Serialize, Deserialize)]
    /// #[rtype(result = "u64")]
    /// struct Count(String);
    ///
    /// async fn count(importer: Addr<ImporterActor>) -> Result<u64, Box<dyn std::error::Error>> {
    ///     let patience = Duration::from_secs(5);
    ///     let import = ImportRecipient::<Count>::new("counter").ask_deadline(patience);
    ///     let counter = importer.send(import).await??;
    ///     Ok(counter.send(Count("sheep".into())).timeout(patience).await?)
    /// }
    /// ```
    pub fn ask_deadline(mut self, after: Duration) -> Self {
        self.patience = Some(after);
        self
    }
}

impl<M: Message, C> ExportRecipient<M, C> {
    /// What becomes of messages by `do_send` while the channel is full. Default: [`Overflow::Wait`].
    ///
    /// If they are dropped, [`OUTLET_WAITING_MESSAGES_DEFAULT`](netchan::limits::OUTLET_WAITING_MESSAGES_DEFAULT)
    /// of them wait before that.
    pub fn overflow(mut self, policy: Overflow) -> Self {
        self.overflow = policy;
        self
    }

    /// The other side does not begin a request by `send` when so much time has passed since the channel
    /// has taken it: see [`ImportRecipient::ask_deadline`]. Default: none.
    pub fn ask_deadline(mut self, after: Duration) -> Self {
        self.patience = Some(after);
        self
    }
}

/// With a deadline for requests, if there is one.
pub(crate) fn patient<Q, R: Send + 'static>(
    caller: Caller<Q, R>,
    patience: Option<Duration>,
) -> Caller<Q, R> {
    match patience {
        Some(after) => caller.with_deadline(after),
        None => caller,
    }
}

impl<M, C> Message for ImportRecipient<M, C>
where
    M: Message + Send + 'static,
    M::Result: Send,
    C: Codec<M> + Codec<M::Result>,
{
    type Result = Result<Recipient<M>, ImportError>;
}

impl<Q: Send + 'static, R: Send + 'static, C: Codec<Q> + Codec<R>> Message
    for ImportCaller<Q, R, C>
{
    type Result = Result<Caller<Q, R>, ImportError>;
}

impl<Q: Send + 'static, R: Send + 'static, C: Codec<Q> + Codec<R>> Message
    for ImportRequests<Q, R, C>
{
    type Result = Result<Requests<Q, R>, ImportError>;
}

impl<M, C> Message for ExportRecipient<M, C>
where
    M: Message + Send + 'static,
    M::Result: Send,
    C: Codec<M> + Codec<M::Result>,
{
    type Result = Result<Recipient<M>, ExportError>;
}

impl<Q: Send + 'static, R: Send + 'static, C: Codec<Q> + Codec<R>> Message
    for ExportCaller<Q, R, C>
{
    type Result = Result<Caller<Q, R>, ExportError>;
}

impl<Q: Send + 'static, R: Send + 'static, C: Codec<Q> + Codec<R>> Message
    for ExportRequests<Q, R, C>
{
    type Result = Result<Requests<Q, R>, ExportError>;
}
