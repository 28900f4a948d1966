//! Messages that import a channel.

use std::fmt;

use actix::Message;
use netchan::channel::{Bincode, Codec, Format, Value};
use netchan::net::{ImportError, ImportSettings};
use netchan::{Receiver, Sender};

use crate::inlet::IN_HAND_MAX_DEFAULT;
use crate::target::Target;

/// To an [`ImporterActor`](crate::ImporterActor): import a channel to which this side sends values
/// of type `T`.
///
/// The result is the channel's [`Sender`]; [`SenderExt`](crate::SenderExt) makes a `Recipient` of
/// it.
#[must_use = "a message does something when it is sent"]
pub struct ImportSender<T, C = Bincode> {
    pub(crate) name: String,
    pub(crate) settings: ImportSettings,
    pub(crate) format: Format<T, C>,
}

/// To an [`ImporterActor`](crate::ImporterActor): import a channel from which this side receives
/// values of type `T`.
///
/// The result is the channel's [`Receiver`].
#[must_use = "a message does something when it is sent"]
pub struct ImportReceiver<T, C = Bincode> {
    pub(crate) name: String,
    pub(crate) settings: ImportSettings,
    pub(crate) format: Format<T, C>,
}

/// To an [`ImporterActor`](crate::ImporterActor): import a channel whose values are delivered to an
/// actor, in order; see [`ImportReceiver::deliver_to`].
///
/// A value counts as taken when the actor's handler has finished, so a slow handler slows down
/// those who send to it, and nobody else.
///
/// The actor is not told when the channel ends. If it must know, send a value that says so.
///
/// ```
/// use actix::prelude::*;
/// use netchan_actix::ImporterActor;
/// use netchan_actix::messages::ImportReceiver;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Message, Serialize, Deserialize)]
/// #[rtype(result = "()")]
/// struct Line(String);
///
/// /// Any actor that handles `Line` can be the `printer`.
/// async fn deliver(
///     importer: &Addr<ImporterActor>,
///     printer: Recipient<Line>,
/// ) -> Result<(), Box<dyn std::error::Error>> {
///     let import = ImportReceiver::<Line>::new("lines").size(16).deliver_to(printer);
///     importer.send(import).await??;
///     Ok(())
/// }
/// ```
#[must_use = "a message does something when it is sent"]
pub struct ImportTo<T: Message + Send, C = Bincode>
where
    T::Result: Send,
{
    pub(crate) import: ImportReceiver<T, C>,
    pub(crate) answers: Format<T::Result, C>,
    pub(crate) target: Target<T>,
    pub(crate) in_hand_max: usize,
}

impl<T: Message + Send, C> ImportTo<T, C>
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

impl<T: Value> ImportSender<T> {
    /// Imports what is exported as `name`.
    pub fn new(name: impl Into<String>) -> Self {
        ImportSender {
            name: name.into(),
            settings: ImportSettings::default(),
            format: Format::new(),
        }
    }
}

impl<T, C> ImportSender<T, C> {
    /// With values that stand on the wire as a format says: with another codec, or with older types that
    /// are accepted as well. Default: [`Bincode`], and no other types.
    pub fn format<D>(self, format: Format<T, D>) -> ImportSender<T, D> {
        let ImportSender { name, settings, .. } = self;
        ImportSender { name, settings, format }
    }

    /// With other settings than the default.
    pub fn settings(mut self, settings: ImportSettings) -> Self {
        self.settings = settings;
        self
    }

    /// How many values may be in flight or buffered; less than 1 means 1.
    pub fn size(mut self, values: u32) -> Self {
        self.settings = self.settings.size(values);
        self
    }

    /// Ends the channel on both sides after so many values (Go's `ImportNValues`).
    pub fn limit(mut self, values: u64) -> Self {
        self.settings = self.settings.limit(values);
        self
    }
}

impl<T: Value> ImportReceiver<T> {
    /// Imports what is exported as `name`.
    pub fn new(name: impl Into<String>) -> Self {
        let settings = ImportSettings::default();
        ImportReceiver { name: name.into(), settings, format: Format::new() }
    }
}

impl<T, C> ImportReceiver<T, C> {
    /// With values that stand on the wire as a format says: with another codec, or with older types that
    /// are accepted as well. Default: [`Bincode`], and no other types.
    pub fn format<D>(self, format: Format<T, D>) -> ImportReceiver<T, D> {
        let ImportReceiver { name, settings, .. } = self;
        ImportReceiver { name, settings, format }
    }

    /// With other settings than the default.
    pub fn settings(mut self, settings: ImportSettings) -> Self {
        self.settings = settings;
        self
    }

    /// How many values may be in flight or buffered; less than 1 means 1.
    pub fn size(mut self, values: u32) -> Self {
        self.settings = self.settings.size(values);
        self
    }

    /// Ends the channel on both sides after so many values (Go's `ImportNValues`).
    pub fn limit(mut self, values: u64) -> Self {
        self.settings = self.settings.limit(values);
        self
    }
}

impl<T, C> ImportReceiver<T, C>
where
    T: Message + Send + 'static,
    T::Result: Send,
    C: Codec<T::Result>,
{
    /// Delivers the values to an actor instead of giving out the [`Receiver`]: to a `Recipient`, or to
    /// a [`Target`] that can be replaced.
    pub fn deliver_to(self, target: impl Into<Target<T>>) -> ImportTo<T, C> {
        let (target, in_hand_max) = (target.into(), IN_HAND_MAX_DEFAULT);
        ImportTo { import: self, answers: Format::new(), target, in_hand_max }
    }
}

impl<T: Send + 'static, C: Codec<T>> Message for ImportSender<T, C> {
    type Result = Result<Sender<T>, ImportError>;
}

impl<T: Send + 'static, C: Codec<T>> Message for ImportReceiver<T, C> {
    type Result = Result<Receiver<T>, ImportError>;
}

impl<T, C> Message for ImportTo<T, C>
where
    T: Message + Send + 'static,
    T::Result: Send,
    C: Codec<T> + Codec<T::Result>,
{
    type Result = Result<(), ImportError>;
}

impl<T, C> fmt::Debug for ImportSender<T, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ImportSender").field("name", &self.name).finish_non_exhaustive()
    }
}

impl<T, C> fmt::Debug for ImportReceiver<T, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ImportReceiver").field("name", &self.name).finish_non_exhaustive()
    }
}

impl<T: Message + Send, C> fmt::Debug for ImportTo<T, C>
where
    T::Result: Send,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ImportTo").field("name", &self.import.name).finish_non_exhaustive()
    }
}
