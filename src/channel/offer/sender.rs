//! The sending end of a channel, in a message.

use std::fmt;
use std::sync::Arc;

use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::channel::codec::{Bincode, SerdeCodec, Value};
use crate::channel::encoder::Encoder;
use crate::channel::format::Coding;
use crate::channel::identity::{self, TraceError};
use crate::channel::incoming::EndsWith;
use crate::channel::lane::LaneWindow;
use crate::channel::offer::{Claiming, End, EndKind, OfferError, Offered, Token};
use crate::channel::offer::{claimed_bounds, forward, scope, traced};
use crate::channel::outgoing::Outgoing;
use crate::channel::{Closed, Origin, Reason, Receiver, Sender, Strictness};

/// The sending end of a channel, to be sent to another machine inside of a value.
///
/// Whoever wants answers makes a channel and puts its sending end into a request. Whoever receives
/// the request makes a [`Sender`] of it, which leads back over the same connection. It can also be
/// sent on in another value: then what is sent to it passes through each machine that has sent it on.
///
/// # How long it lives
///
/// The receiving end comes to its end when all that could send to it is gone: this handle and its
/// clones, and each message that carried it. A message that was received counts until the last sender
/// that was made of it is dropped. One that was not, or whose session was lost, counts until the
/// lease has run out ([`OFFER_LEASE`](crate::limits::OFFER_LEASE) by default).
///
/// A sender that was made of a received handle ends with the session over which it came.
///
/// # Who can send
///
/// Whoever has the message, because it holds a secret. See `SECURITY.md`.
///
/// ```
/// use netchan::channel::RemoteSender;
/// # use netchan::net::{Config, Connection, Exporter, RecvSettings, Stream, UnreadReports};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// struct Question {
///     number: u32,
///     reply_to: RemoteSender<u32>,
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let exporter = Exporter::new(Config::default());
/// # let (near, far) = Stream::in_memory(64 * 1024);
/// let mut questions = exporter.export_receiver::<Question>("questions", RecvSettings::default())?;
/// # let config = Config::default();
/// # let (served, dialled) = tokio::join!(
/// #     exporter.serve(near),
/// #     Connection::open(far, &config, UnreadReports::DropOldest),
/// # );
/// # served?;
/// # let (connection, driver) = dialled?;
/// # tokio::spawn(driver.run());
/// tokio::spawn(async move {
///     while let Ok(Question { number, reply_to }) = questions.recv().await {
///         if let Ok(reply_to) = reply_to.into_sender() {
///             let _answered = reply_to.send(number * number).await;
///         }
///     }
/// });
///
/// let ask = connection.import_sender::<Question>("questions", Default::default()).await?;
/// let (reply_to, mut answers) = RemoteSender::channel(16)?;
/// ask.send(Question { number: 12, reply_to }).await?;
/// assert_eq!(answers.recv().await?, 144);
/// # Ok(())
/// # }
/// ```
pub struct RemoteSender<T> {
    end: End<Sender<T>>,
}

impl<T: Value> RemoteSender<T> {
    /// Makes a channel whose sending end can travel. `window_values` of each machine that sends to it
    /// may be in flight or buffered: 1 to [`WINDOW_VALUES_MAX`](crate::limits::WINDOW_VALUES_MAX), and at most
    /// [`WINDOW_BYTES_DEFAULT`](crate::limits::WINDOW_BYTES_DEFAULT) bytes.
    ///
    /// # Errors
    ///
    /// [`TraceError`] if values of `T` cannot be sent.
    pub fn channel(window_values: u32) -> Result<(RemoteSender<T>, Receiver<T>), TraceError> {
        let (offered, coding) = end::<T>(window_values)?;
        let receiver = Receiver::new(offered.queue.clone(), &coding);
        Ok((RemoteSender { end: End::Here(offered) }, receiver))
    }

    /// One that leads nowhere.
    pub(super) fn dead() -> RemoteSender<T> {
        let queue = Outgoing::new(claimed_bounds(), None);
        queue.end(Closed::new(Origin::Local, Reason::NotOffered));
        let encoder = Encoder::trusting(Bincode::encode::<T>);
        RemoteSender { end: End::There(Sender::with(queue, encoder, None)) }
    }

    /// A sender whose channel is the one that a token stands for, where the value came from.
    fn claim(claiming: &Arc<dyn Claiming>, token: Token) -> Result<RemoteSender<T>, OfferError> {
        // What holds such an end has an identity only if the values for the end have one.
        let coding = Coding::usual().map_err(|_| OfferError::NoChannel)?;
        let offering = coding.accepted.description.carries_ends().then(|| claiming.offering());
        let queue = Outgoing::new(claimed_bounds(), offering);
        let queue = claiming.claim(token, kind(&coding), queue)?;
        Ok(RemoteSender { end: End::There(Sender::new(queue, &coding)) })
    }
}

fn kind<T>(coding: &Coding<T>) -> EndKind {
    let identity = coding.accepted.description.identity().0;
    EndKind { identity, answer_identity: None, codec: <Bincode as SerdeCodec>::NAME }
}

/// The receiving end of a channel whose sending end can travel.
pub(super) fn end<T: Value>(window_values: u32) -> Result<(Arc<Offered>, Coding<T>), TraceError> {
    let coding = Coding::usual()?;
    let queue = coding.incoming(Strictness::nameless(), EndsWith::Release);
    Ok((Offered::new(queue, LaneWindow::offered(window_values), kind(&coding)), coding))
}

impl<T> RemoteSender<T> {
    /// The sender that leads to the receiving end, if that is on another machine.
    ///
    /// # Errors
    ///
    /// The handle itself if it was [made](RemoteSender::channel) in this program and has not travelled.
    pub fn into_sender(self) -> Result<Sender<T>, RemoteSender<T>> {
        match self.end {
            End::There(sender) => Ok(sender),
            End::Here(_) => Err(self),
        }
    }
}

/// Any sender can be sent on: what comes for it is sent to its channel, as fast as that takes it.
impl<T> From<Sender<T>> for RemoteSender<T> {
    fn from(sender: Sender<T>) -> RemoteSender<T> {
        RemoteSender { end: End::There(sender) }
    }
}

impl<T> Clone for RemoteSender<T> {
    fn clone(&self) -> RemoteSender<T> {
        RemoteSender { end: self.end.clone() }
    }
}

impl<T> fmt::Debug for RemoteSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RemoteSender")
    }
}

/// Makes an offer to whoever receives the value. Fails if it is not a channel that encodes the value,
/// if too many offers are open, or, for an end that is sent on, outside of a tokio runtime.
impl<T: Value> Serialize for RemoteSender<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if identity::is_checking() {
            return traced::written(serializer);
        }
        let token = match &self.end {
            End::Here(offered) => scope::offer(offered),
            End::There(sender) => forward::offer_sender(sender),
        };
        token.map_err(S::Error::custom)?.0.serialize(serializer)
    }
}

/// Claims what was offered. Fails if it is not a channel that decodes the value, or if too many such ends
/// are held that came from the peer.
impl<'de, T: Value> Deserialize<'de> for RemoteSender<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<RemoteSender<T>, D::Error> {
        if identity::note_end() {
            return traced::sender(deserializer);
        }
        let token = Token(<[u8; 16]>::deserialize(deserializer)?);
        let claiming = scope::claiming().map_err(D::Error::custom)?;
        RemoteSender::claim(&claiming, token).map_err(D::Error::custom)
    }
}
