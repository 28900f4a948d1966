//! Messages that publish or import a channel of requests.

use std::fmt;
use std::marker::PhantomData;

use actix::{Message, Recipient};
use netchan::channel::{Caller, Overflow, Requests, Value};
use netchan::net::{ExportError, ImportError, ImportSettings, RecvSettings, SendSettings};

macro_rules! channel_message {
    ($(#[$doc:meta])* $name:ident<$($type:ident),+>, $settings:ty $(, $extra:ident: $kind:ty)?) => {
        $(#[$doc])*
        #[must_use = "a message does something when it is sent"]
        pub struct $name<$($type),+> {
            pub(crate) name: String,
            pub(crate) settings: $settings,
            $(pub(crate) $extra: $kind,)?
            types: PhantomData<fn($($type),+)>,
        }

        impl<$($type),+> $name<$($type),+> {
            /// The channel of this name.
            pub fn new(name: impl Into<String>) -> Self {
                let settings = <$settings>::default();
                $(let $extra = <$kind>::default();)?
                $name { name: name.into(), settings, $($extra,)? types: PhantomData }
            }

            /// With other settings than the default.
            pub fn settings(mut self, settings: $settings) -> Self {
                self.settings = settings;
                self
            }
        }

        impl<$($type),+> fmt::Debug for $name<$($type),+> {
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
    ImportRecipient<M>, ImportSettings, overflow: Overflow
}

channel_message! {
    /// To an [`ImporterActor`](crate::ImporterActor): the same as [`ImportRecipient`] for code that is
    /// no actor. The result is a [`Caller`], whose errors say more.
    ImportCaller<Q, R>, ImportSettings
}

channel_message! {
    /// To an [`ImporterActor`](crate::ImporterActor): import a channel of messages from the other side,
    /// and answer those that ask. The result is the channel's [`Requests`]. To deliver them to an actor,
    /// see [`ImportReceiver::deliver_to`](crate::messages::ImportReceiver::deliver_to).
    ImportRequests<Q, R>, ImportSettings
}

channel_message! {
    /// To an [`ExporterActor`](crate::ExporterActor): export a channel that leads to the actors of those
    /// who import it. The result is a `Recipient`, as that of [`ImportRecipient`]. Each message goes to
    /// one importer, and that one answers it.
    ExportRecipient<M>, SendSettings, overflow: Overflow
}

channel_message! {
    /// To an [`ExporterActor`](crate::ExporterActor): the same as [`ExportRecipient`] for code that is
    /// no actor. The result is a [`Caller`], whose errors say more.
    ExportCaller<Q, R>, SendSettings
}

channel_message! {
    /// To an [`ExporterActor`](crate::ExporterActor): export a channel of messages from those who import
    /// it, and answer those that ask. The result is the channel's [`Requests`]. To deliver them to an
    /// actor, see [`ExportReceiver::deliver_to`](crate::messages::ExportReceiver::deliver_to).
    ExportRequests<Q, R>, RecvSettings
}

impl<M> ImportRecipient<M> {
    /// How many messages may be in flight or not handled; less than 1 means 1.
    pub fn size(mut self, values: u32) -> Self {
        self.settings = self.settings.size(values);
        self
    }

    /// What becomes of messages by `do_send` while the channel is full. Default: [`Overflow::Wait`].
    pub fn overflow(mut self, policy: Overflow) -> Self {
        self.overflow = policy;
        self
    }
}

impl<M> ExportRecipient<M> {
    /// What becomes of messages by `do_send` while the channel is full. Default: [`Overflow::Wait`].
    pub fn overflow(mut self, policy: Overflow) -> Self {
        self.overflow = policy;
        self
    }
}

impl<M> Message for ImportRecipient<M>
where
    M: Value + Message,
    M::Result: Value,
{
    type Result = Result<Recipient<M>, ImportError>;
}

impl<Q: Value, R: Value> Message for ImportCaller<Q, R> {
    type Result = Result<Caller<Q, R>, ImportError>;
}

impl<Q: Value, R: Value> Message for ImportRequests<Q, R> {
    type Result = Result<Requests<Q, R>, ImportError>;
}

impl<M> Message for ExportRecipient<M>
where
    M: Value + Message,
    M::Result: Value,
{
    type Result = Result<Recipient<M>, ExportError>;
}

impl<Q: Value, R: Value> Message for ExportCaller<Q, R> {
    type Result = Result<Caller<Q, R>, ExportError>;
}

impl<Q: Value, R: Value> Message for ExportRequests<Q, R> {
    type Result = Result<Requests<Q, R>, ExportError>;
}
