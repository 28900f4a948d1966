//! A `Recipient` that travels in a message.

use std::fmt;
use std::sync::{Arc, OnceLock};

use actix::{Message, Recipient};
use netchan::channel::{Caller, RemoteCaller, Value};
use netchan::limits::WINDOW_VALUES_DEFAULT;
use parking_lot::Mutex;
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tokio::runtime::Handle;

use crate::inlet;
use crate::outlet::CallerExt;
use crate::target::Target;

/// A `Recipient` that can be sent to another machine inside of a message.
///
/// Make it of any `Recipient`: of an actor here, or of a channel that leads to a third machine. On
/// arrival [`recipient`](RemoteRecipient::recipient) gives a `Recipient` that leads back over the same
/// connection and behaves as that of a local actor: `do_send` never waits, `send` brings the handler's
/// answer or [`MailboxError::Closed`](actix::MailboxError), `connected` turns false when the way back is
/// closed. What holds for its messages is what holds for those of an
/// [`ImportRecipient`](crate::messages::ImportRecipient). Sent on to a third machine, it leads through
/// the machine that has sent it on.
///
/// # How long it lives
///
/// The actor is held, as by any `Recipient`, by this handle and its clones, and by everything that came of
/// a message which carried it. When the last `Recipient` and handle on the other side is dropped, it is
/// let go; a message that nobody takes holds it until its lease has run out
/// ([`Config::offer_lease`](netchan::net::Config)). In the other direction, a `Recipient` is closed when
/// the actor is gone, or with the session over which its message came: not when a link is lost, but when
/// the peer restarts or is lost for good.
///
/// Each one that is held on the other side takes two channels of the connection, of
/// [`CHANNELS_MAX`](netchan::limits::CHANNELS_MAX) in all; see also
/// [`OFFERS_MAX`](netchan::limits::OFFERS_MAX) and [`CLAIMS_MAX`](netchan::limits::CLAIMS_MAX).
///
/// # Where it can be encoded
///
/// In a message on a channel, in its answer, and within a tokio runtime, which delivers what comes back.
/// Otherwise the message that carries it cannot be sent.
///
/// ```
/// use actix::prelude::*;
/// use netchan_actix::messages::{ImportRecipient, ListenAndServe};
/// use netchan_actix::{ExporterActor, ImporterActor, RemoteRecipient};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Message, Serialize, Deserialize)]
/// #[rtype(result = "()")]
/// struct Subscribe {
///     first: u32,
///     to: RemoteRecipient<Tick>,
/// }
///
/// /// The answer says whether more are wanted.
/// #[derive(Message, Serialize, Deserialize)]
/// #[rtype(result = "bool")]
/// struct Tick(u32);
///
/// struct Clock;
/// impl Actor for Clock {
///     type Context = Context<Self>;
/// }
/// impl Handler<Subscribe> for Clock {
///     type Result = ();
///     fn handle(&mut self, subscription: Subscribe, _: &mut Context<Self>) {
///         let to = subscription.to.recipient();
///         actix_rt::spawn(async move {
///             let mut number = subscription.first;
///             while let Ok(true) = to.send(Tick(number)).await {
///                 number += 1;
///             }
///         });
///     }
/// }
///
/// struct Display(tokio::sync::mpsc::UnboundedSender<u32>);
/// impl Actor for Display {
///     type Context = Context<Self>;
/// }
/// impl Handler<Tick> for Display {
///     type Result = bool;
///     fn handle(&mut self, Tick(number): Tick, _: &mut Context<Self>) -> bool {
///         let _shown = self.0.send(number);
///         number < 3
///     }
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # System::new().block_on(async {
/// # let exporter = ExporterActor::new(Default::default()).start();
/// # let clock = Clock.start();
/// # use netchan_actix::messages::ExportReceiver;
/// # let clock = ExportReceiver::<Subscribe>::new("clock").deliver_to(clock.recipient());
/// # exporter.send(clock).await??;
/// # let address = exporter.send(ListenAndServe("127.0.0.1:0".parse()?)).await??;
/// # let importer = ImporterActor::connect(&address, Default::default()).await?;
/// let (shown, mut numbers) = tokio::sync::mpsc::unbounded_channel();
/// let display = Display(shown).start();
/// let clock = importer.send(ImportRecipient::<Subscribe>::new("clock")).await??;
/// let to = RemoteRecipient::from(display.recipient());
/// clock.do_send(Subscribe { first: 1, to });
/// for number in 1..=3 {
///     assert_eq!(numbers.recv().await, Some(number));
/// }
/// # Ok(())
/// # })
/// # }
/// ```
pub struct RemoteRecipient<M: Message + Send>
where
    M::Result: Send,
{
    end: Arc<End<M>>,
}

enum End<M: Message + Send>
where
    M::Result: Send,
{
    /// It was made here.
    Here {
        recipient: Recipient<M>,
        /// What travels in its place, when it has travelled.
        caller: OnceLock<RemoteCaller<M, M::Result>>,
    },
    /// It came in a message.
    There {
        caller: Caller<M, M::Result>,
        /// The one that was made last.
        recipient: Mutex<Option<Recipient<M>>>,
    },
}

impl<M> RemoteRecipient<M>
where
    M: Value + Message,
    M::Result: Value,
{
    /// The `Recipient`: the one that this was made of, or one that leads to where that is. All that
    /// are made of one handle and its clones keep a common order.
    ///
    /// # Panics
    ///
    /// If it came in a message: outside of a tokio runtime. It runs in the current arbiter, or on
    /// another tokio runtime; when that has ended, the next call makes another one.
    #[must_use]
    pub fn recipient(&self) -> Recipient<M> {
        match &*self.end {
            End::Here { recipient, .. } => recipient.clone(),
            End::There { caller, recipient } => {
                let mut made = recipient.lock();
                match &*made {
                    // When the channel is closed, so is every other one.
                    Some(recipient) if recipient.connected() || caller.is_closed() => {
                        recipient.clone()
                    }
                    _ => made.insert(caller.recipient()).clone(),
                }
            }
        }
    }

    /// What travels in the place of a recipient that was made here: the first time, a task begins that
    /// delivers what comes for it.
    fn caller(&self) -> Result<RemoteCaller<M, M::Result>, String> {
        match &*self.end {
            End::Here { recipient, caller } => {
                if let Some(caller) = caller.get() {
                    return Ok(caller.clone());
                }
                let runtime = Handle::try_current()
                    .map_err(|_| "a recipient travels only from within a tokio runtime")?;
                let (made, requests) = RemoteCaller::channel(WINDOW_VALUES_DEFAULT)
                    .map_err(|error| error.to_string())?;
                let caller = caller.get_or_init(|| {
                    let target = Target::from(recipient.clone());
                    let name = "a recipient in a message".to_owned();
                    runtime.spawn(inlet::run(requests, target, inlet::IN_HAND_MAX_DEFAULT, name));
                    made
                });
                Ok(caller.clone())
            }
            End::There { caller, .. } => Ok(caller.clone().into()),
        }
    }
}

impl<M: Message + Send> From<Recipient<M>> for RemoteRecipient<M>
where
    M::Result: Send,
{
    fn from(recipient: Recipient<M>) -> RemoteRecipient<M> {
        RemoteRecipient { end: Arc::new(End::Here { recipient, caller: OnceLock::new() }) }
    }
}

impl<M: Message + Send> Clone for RemoteRecipient<M>
where
    M::Result: Send,
{
    fn clone(&self) -> RemoteRecipient<M> {
        RemoteRecipient { end: self.end.clone() }
    }
}

impl<M: Message + Send> fmt::Debug for RemoteRecipient<M>
where
    M::Result: Send,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RemoteRecipient")
    }
}

impl<M> Serialize for RemoteRecipient<M>
where
    M: Value + Message,
    M::Result: Value,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.caller().map_err(S::Error::custom)?.serialize(serializer)
    }
}

impl<'de, M> Deserialize<'de> for RemoteRecipient<M>
where
    M: Value + Message,
    M::Result: Value,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<RemoteRecipient<M>, D::Error> {
        let caller = RemoteCaller::<M, M::Result>::deserialize(deserializer)?;
        let has_not_travelled = |_| D::Error::custom("a recipient that has not travelled");
        let caller = caller.into_caller().map_err(has_not_travelled)?;
        Ok(RemoteRecipient { end: Arc::new(End::There { caller, recipient: Mutex::new(None) }) })
    }
}
