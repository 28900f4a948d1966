//! A `Recipient` for a channel that sends.

use std::sync::Arc;

use actix::dev::{MessageResponse, OneshotSender};
use actix::{Actor, ActorContext, ActorFutureExt, ArbiterHandle, AsyncContext, Context, Handler};
use actix::{Message, Recipient, WeakAddr};
use futures::future::BoxFuture;
use netchan::Sender;
use netchan::channel::{Feeder, SendError, TrySendError, Value};
use tokio::task::AbortHandle;

/// Messages that the outlet's mailbox holds while the channel is full, besides one per handle.
const MAILBOX_MESSAGES: usize = 16;

/// Makes a `Recipient` of a channel's [`Sender`].
///
/// The recipient behaves as that of a local actor:
///
/// - `do_send` never waits. While the channel is full, messages wait in a mailbox, as they do for
///   an actor that is busy.
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
pub trait SenderExt<T: Value + Message<Result = ()>> {
    /// A recipient that runs in the current arbiter.
    ///
    /// # Panics
    ///
    /// Outside of an actix system.
    fn recipient(&self) -> Recipient<T>;

    /// A recipient that runs in another arbiter.
    fn recipient_in(&self, arbiter: &ArbiterHandle) -> Recipient<T>;
}

impl<T: Value + Message<Result = ()>> SenderExt<T> for Sender<T> {
    fn recipient(&self) -> Recipient<T> {
        Outlet::new(self.clone()).start().recipient()
    }

    fn recipient_in(&self, arbiter: &ArbiterHandle) -> Recipient<T> {
        let sender = self.clone();
        Outlet::start_in_arbiter(arbiter, |_| Outlet::new(sender)).recipient()
    }
}

/// Turns messages into values.
struct Outlet<T: Value> {
    sender: Sender<T>,
    /// The task that waits for the channel's end.
    watch: Option<AbortHandle>,
}

impl<T: Value> Outlet<T> {
    fn new(sender: Sender<T>) -> Outlet<T> {
        Outlet { sender, watch: None }
    }
}

impl<T: Value> Drop for Outlet<T> {
    fn drop(&mut self) {
        if let Some(watch) = &self.watch {
            watch.abort();
        }
    }
}

/// The channel has ended.
struct ChannelEnded;

impl Message for ChannelEnded {
    type Result = ();
}

impl<T: Value> Actor for Outlet<T> {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        ctx.set_mailbox_capacity(MAILBOX_MESSAGES);
        self.sender.add_feeder(Arc::new(Mailbox { outlet: ctx.address().downgrade() }));
        // On a task of its own, and with a weak address: a future of this context would keep the
        // actor, and so the channel, after the last recipient is gone.
        let actor = ctx.address().downgrade();
        let ended = self.sender.watch_closed();
        let watch = actix_rt::spawn(async move {
            ended.await;
            if let Some(actor) = actor.upgrade() {
                actor.do_send(ChannelEnded);
            }
        });
        self.watch = Some(watch.abort_handle());
    }
}

/// The outlet's mailbox, in which values wait while the channel is full.
struct Mailbox<T: Value> {
    outlet: WeakAddr<Outlet<T>>,
}

impl<T: Value> Feeder for Mailbox<T> {
    fn settle(&self) -> BoxFuture<'static, bool> {
        let outlet = self.outlet.upgrade();
        Box::pin(async move {
            match outlet {
                // A mailbox keeps its order, so this is answered behind all that came before.
                Some(outlet) => outlet.send(Settle).await.is_ok(),
                None => false,
            }
        })
    }

    fn is_gone(&self) -> bool {
        self.outlet.upgrade().is_none()
    }
}

/// Says that everything before it in the mailbox has been looked at.
struct Settle;

impl Message for Settle {
    type Result = ();
}

impl<T: Value> Handler<Settle> for Outlet<T> {
    type Result = ();

    fn handle(&mut self, _: Settle, _: &mut Context<Self>) {}
}

impl<T: Value> Handler<ChannelEnded> for Outlet<T> {
    type Result = ();

    fn handle(&mut self, _: ChannelEnded, ctx: &mut Context<Self>) {
        ctx.stop();
    }
}

impl<T: Value + Message<Result = ()>> Handler<T> for Outlet<T> {
    type Result = Outcome<T>;

    fn handle(&mut self, value: T, ctx: &mut Context<Self>) -> Outcome<T> {
        match self.sender.try_send(value) {
            Ok(()) => Outcome::Taken,
            Err(TrySendError::Full(value)) => Outcome::MustWait(value, self.sender.clone()),
            Err(TrySendError::Closed(..)) => {
                ctx.stop();
                Outcome::Refused
            }
            Err(error) => {
                tracing::warn!(%error, "a message was not sent");
                Outcome::Refused
            }
        }
    }
}

/// What became of a message.
enum Outcome<T> {
    Taken,
    MustWait(T, Sender<T>),
    Refused,
}

impl<T: Value + Message<Result = ()>> MessageResponse<Outlet<T>, T> for Outcome<T> {
    fn handle(self, ctx: &mut Context<Outlet<T>>, reply: Option<OneshotSender<()>>) {
        match self {
            Outcome::Taken => answer(reply),
            // A reply that is dropped tells the sender that the message was not taken.
            Outcome::Refused => {}
            Outcome::MustWait(value, sender) => {
                let sending = async move { sender.send(value).await };
                // No further message is looked at until this one is on its way, so order holds.
                ctx.wait(actix::fut::wrap_future::<_, Outlet<T>>(sending).map(|result, _, ctx| {
                    match result {
                        Ok(()) => answer(reply),
                        Err(SendError::Closed(..)) => ctx.stop(),
                        Err(error) => tracing::warn!(%error, "a message was not sent"),
                    }
                }));
            }
        }
    }
}

fn answer(reply: Option<OneshotSender<()>>) {
    if let Some(reply) = reply {
        let _nobody_waits = reply.send(());
    }
}
