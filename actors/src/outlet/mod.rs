//! A `Recipient` for a channel that sends.

mod address;
mod builder;
mod counters;
mod mailbox;
mod outbound;
mod overflow;
mod tally;
mod task;
#[cfg(test)]
mod tests;

use actix::{ArbiterHandle, Message, Recipient};
use netchan::Sender;
use netchan::channel::Caller;

pub use builder::{OutletBuilder, OutletHandle};

/// Makes a `Recipient` of a plain channel's [`Sender`], of which nothing comes back.
///
/// For one that behaves as that of a local actor, with the answers of the handler on the other side, see
/// [`ImportRecipient`](crate::messages::ImportRecipient). This one differs in what `send` waits for:
///
/// - `do_send` never waits. While the channel is full, messages wait in a mailbox, as they do for
///   an actor that is busy, or are dropped, as [`outlet`](SenderExt::outlet) is told.
/// - `try_send` gives the message back when that mailbox is full, and when the channel has ended.
/// - `send` resolves when the channel has taken the message, or with
///   [`MailboxError::Closed`](actix::MailboxError) when it has ended.
/// - `connected` turns false when the channel has ended.
///
/// The channel stays open as long as a [`Sender`] or a recipient of it is left.
///
/// `Sync` and `Drain` wait for messages in that mailbox, too. When their time is up, the number of
/// values that they report does not count those, because a mailbox does not tell.
///
/// ```
/// use std::time::Duration;
///
/// use actix::prelude::*;
/// use netchan_actix::messages::{Drain, ExportReceiver, ImportSender, ListenAndServe};
/// use netchan_actix::{ExporterActor, ImporterActor, SenderExt};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Debug, PartialEq, Message, Serialize, Deserialize)]
/// #[rtype(result = "()")]
/// struct Line(String);
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # System::new().block_on(async {
/// # let exporter = ExporterActor::new(Default::default()).start();
/// # let mut there = exporter.send(ExportReceiver::<Line>::new("lines")).await??;
/// # let address = exporter.send(ListenAndServe("127.0.0.1:0".parse()?)).await??;
/// let importer = ImporterActor::connect(&address, Default::default()).await?;
/// let lines = importer.send(ImportSender::<Line>::new("lines")).await??;
///
/// let recipient: Recipient<Line> = lines.recipient();
/// recipient.do_send(Line("one".into()));
/// recipient.do_send(Line("two".into()));
/// importer.send(Drain { timeout: Duration::from_secs(5) }).await??;
/// # assert_eq!(there.try_recv()?, Line("one".into()));
/// # assert_eq!(there.try_recv()?, Line("two".into()));
/// # Ok(())
/// # })
/// # }
/// ```
pub trait SenderExt<T: Message<Result = ()> + Send + 'static> {
    /// A recipient that runs in the current arbiter, or on another tokio runtime.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    fn recipient(&self) -> Recipient<T>;

    /// A recipient that runs in another arbiter.
    fn recipient_in(&self, arbiter: &ArbiterHandle) -> Recipient<T>;

    /// A recipient with settings of its own.
    fn outlet(&self) -> OutletBuilder<T, Sender<T>>;
}

/// Makes a `Recipient` of a channel's [`Caller`]: one that behaves as that of a local actor.
///
/// - `do_send` never waits. While the channel is full, messages wait in a mailbox, as they do for
///   an actor that is busy, or are dropped, as [`outlet`](CallerExt::outlet) is told.
/// - `try_send` gives the message back when that mailbox is full, and when the channel has ended.
/// - `send` resolves with what the handler on the other side returns, or with
///   [`MailboxError::Closed`](actix::MailboxError) when there is no answer: the channel has ended, the
///   actor has died, or the session was lost. Dropped, it gives the request up.
/// - `connected` turns false when the channel has ended.
///
/// The channel stays open as long as a [`Caller`] or a recipient of it is left.
pub trait CallerExt<M>
where
    M: Message + Send + 'static,
    M::Result: Send,
{
    /// A recipient that runs in the current arbiter, or on another tokio runtime.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    fn recipient(&self) -> Recipient<M>;

    /// A recipient that runs in another arbiter.
    fn recipient_in(&self, arbiter: &ArbiterHandle) -> Recipient<M>;

    /// A recipient with settings of its own.
    fn outlet(&self) -> OutletBuilder<M, Caller<M, M::Result>>;
}

impl<M> CallerExt<M> for Caller<M, M::Result>
where
    M: Message + Send + 'static,
    M::Result: Send,
{
    fn recipient(&self) -> Recipient<M> {
        self.outlet().start().0
    }

    fn recipient_in(&self, arbiter: &ArbiterHandle) -> Recipient<M> {
        self.outlet().start_in(arbiter).0
    }

    fn outlet(&self) -> OutletBuilder<M, Caller<M, M::Result>> {
        OutletBuilder::new(self.clone())
    }
}

impl<T: Message<Result = ()> + Send + 'static> SenderExt<T> for Sender<T> {
    fn recipient(&self) -> Recipient<T> {
        self.outlet().start().0
    }

    fn recipient_in(&self, arbiter: &ArbiterHandle) -> Recipient<T> {
        self.outlet().start_in(arbiter).0
    }

    fn outlet(&self) -> OutletBuilder<T, Sender<T>> {
        OutletBuilder::new(self.clone())
    }
}
