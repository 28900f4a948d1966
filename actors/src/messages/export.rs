//! Messages that publish a channel.

use std::fmt;

use actix::Message;
use netchan::channel::{Bincode, Codec, Format, Value};
use netchan::net::{ExportError, RecvSettings, SendSettings};
use netchan::{Receiver, Sender};

use crate::inlet::IN_HAND_MAX_DEFAULT;
use crate::target::Target;

/// To an [`ExporterActor`](crate::ExporterActor): export a channel to which this side sends
/// values of type `T`. Each value goes to one of its importers, unless the channel has another
/// [`Shape`](netchan::net::Shape).
///
/// The result is the channel's [`Sender`]; [`SenderExt`](crate::SenderExt) makes a `Recipient` of
/// it.
#[must_use = "a message does something when it is sent"]
pub struct ExportSender<T, C = Bincode> {
    pub(crate) name: String,
    pub(crate) settings: SendSettings,
    pub(crate) format: Format<T, C>,
}

impl<T: Value> ExportSender<T> {
    /// Exports under `name`.
    pub fn new(name: impl Into<String>) -> Self {
        ExportSender { name: name.into(), settings: SendSettings::default(), format: Format::new() }
    }
}

impl<T, C> ExportSender<T, C> {
    /// With other settings than the default.
    pub fn settings(mut self, settings: SendSettings) -> Self {
        self.settings = settings;
        self
    }

    /// With values that stand on the wire as a format says: with another codec, or with older types that
    /// are accepted as well. Default: [`Bincode`], and no other types.
    pub fn format<D>(self, format: Format<T, D>) -> ExportSender<T, D> {
        let ExportSender { name, settings, .. } = self;
        ExportSender { name, settings, format }
    }
}

impl<T: Send + 'static, C: Codec<T>> Message for ExportSender<T, C> {
    type Result = Result<Sender<T>, ExportError>;
}

/// To an [`ExporterActor`](crate::ExporterActor): export a channel from which this side receives
/// values of type `T`. The values of all importers merge.
///
/// The result is the channel's [`Receiver`].
#[must_use = "a message does something when it is sent"]
pub struct ExportReceiver<T, C = Bincode> {
    pub(crate) name: String,
    pub(crate) settings: RecvSettings,
    pub(crate) format: Format<T, C>,
}

impl<T: Value> ExportReceiver<T> {
    /// Exports under `name`.
    pub fn new(name: impl Into<String>) -> Self {
        let settings = RecvSettings::default();
        ExportReceiver { name: name.into(), settings, format: Format::new() }
    }
}

impl<T, C> ExportReceiver<T, C> {
    /// With other settings than the default.
    pub fn settings(mut self, settings: RecvSettings) -> Self {
        self.settings = settings;
        self
    }

    /// With values that stand on the wire as a format says: with another codec, or with older types that
    /// are accepted as well. Default: [`Bincode`], and no other types.
    pub fn format<D>(self, format: Format<T, D>) -> ExportReceiver<T, D> {
        let ExportReceiver { name, settings, .. } = self;
        ExportReceiver { name, settings, format }
    }
}

impl<T, C> ExportReceiver<T, C>
where
    T: Message + Send + 'static,
    T::Result: Send,
    C: Codec<T::Result>,
{
    /// Delivers the values to an actor instead of giving out the [`Receiver`]: to a `Recipient`, or to
    /// a [`Target`] that can be replaced.
    pub fn deliver_to(self, target: impl Into<Target<T>>) -> ExportTo<T, C> {
        let (target, in_hand_max) = (target.into(), IN_HAND_MAX_DEFAULT);
        ExportTo { export: self, answers: Format::new(), target, in_hand_max }
    }
}

impl<T: Send + 'static, C: Codec<T>> Message for ExportReceiver<T, C> {
    type Result = Result<Receiver<T>, ExportError>;
}

/// To an [`ExporterActor`](crate::ExporterActor): export a channel whose values are delivered to
/// an actor, in order; see [`ExportReceiver::deliver_to`].
///
/// A value counts as taken when the actor's handler has finished, so a slow handler slows down
/// those who send to it, and nobody else.
///
/// The actor is not told when the channel ends. If it must know, send a value that says so.
///
/// ```
/// use actix::prelude::*;
/// use netchan_actix::ExporterActor;
/// use netchan_actix::messages::ExportReceiver;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Message, Serialize, Deserialize)]
/// #[rtype(result = "()")]
/// struct Line(String);
///
/// struct Printer;
///
/// impl Actor for Printer {
///     type Context = Context<Self>;
/// }
///
/// impl Handler<Line> for Printer {
///     type Result = ();
///
///     fn handle(&mut self, Line(text): Line, _: &mut Context<Self>) {
///         println!("{text}");
///     }
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// System::new().block_on(async {
///     let exporter = ExporterActor::new(Default::default()).start();
///     let printer = Printer.start().recipient();
///     exporter.send(ExportReceiver::<Line>::new("lines").deliver_to(printer)).await??;
///     Ok(())
/// })
/// # }
/// ```
#[must_use = "a message does something when it is sent"]
pub struct ExportTo<T: Message + Send, C = Bincode>
where
    T::Result: Send,
{
    pub(crate) export: ExportReceiver<T, C>,
    pub(crate) answers: Format<T::Result, C>,
    pub(crate) target: Target<T>,
    pub(crate) in_hand_max: usize,
}

impl<T: Message + Send, C> ExportTo<T, C>
where
    T::Result: Send,
{
    /// With answers that stand on the wire as a format says. Their codec is that of the messages.
    pub fn answers(mut self, format: Format<T::Result, C>) -> Self {
        self.answers = format;
        self
    }

    /// Messages that may be in the actor's hands at the same time: in its mailbox, or being handled.
    /// Those that an actor has in its hands are lost with it. Less than 1 means 1. Default: 256.
    ///
    /// Handlers that answer later need as many as shall be answered at the same time. For handlers that
    /// are done when they return, 16 is as fast as more, and less is lost with the actor.
    ///
    /// A request that was given up while it was in the mailbox counts until a later message is done
    /// with, because a mailbox does not tell. If all were given up, there is one more, which the actor
    /// handles even if it is given up as well.
    pub fn in_hand_max(mut self, messages: usize) -> Self {
        self.in_hand_max = messages.max(1);
        self
    }
}

impl<T, C> Message for ExportTo<T, C>
where
    T: Message + Send + 'static,
    T::Result: Send,
    C: Codec<T> + Codec<T::Result>,
{
    type Result = Result<(), ExportError>;
}

impl<T, C> fmt::Debug for ExportSender<T, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExportSender").field("name", &self.name).finish_non_exhaustive()
    }
}

impl<T, C> fmt::Debug for ExportReceiver<T, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExportReceiver").field("name", &self.name).finish_non_exhaustive()
    }
}

impl<T: Message + Send, C> fmt::Debug for ExportTo<T, C>
where
    T::Result: Send,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExportTo").field("name", &self.export.name).finish_non_exhaustive()
    }
}
