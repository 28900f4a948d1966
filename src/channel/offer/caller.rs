//! The asking end of a channel of requests, in a message.

use std::fmt;
use std::sync::Arc;

use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::channel::asking::asks::Asks;
use crate::channel::codec::{Bincode, SerdeCodec, Value};
use crate::channel::format::Coding;
use crate::channel::identity::{self, TraceError};
use crate::channel::incoming::{EndsWith, Incoming};
use crate::channel::lane::LaneWindow;
use crate::channel::offer::{Claiming, End, EndKind, OfferError, Offered, Token};
use crate::channel::offer::{claimed_bounds, forward, scope, traced};
use crate::channel::outgoing::Outgoing;
use crate::channel::{Caller, Closed, Origin, Reason, Requests, Strictness};

/// The asking end of a channel of requests, to be sent to another machine inside of a value.
///
/// It is to a [`Caller`] what a [`RemoteSender`](crate::channel::RemoteSender) is to a
/// [`Sender`](crate::Sender): whoever receives the value makes a caller of it, whose messages come
/// back over the same connection, and whose requests are answered. What holds for requests on any
/// channel holds for these: they keep their order, are handled at the same time up to the window, can
/// be cancelled, and may have a deadline. How long such an end lives, and who can use it, is as with
/// a `RemoteSender`.
///
/// Sent on in another value, its messages, answers and cancellations pass through the machine that has
/// sent it on.
///
/// A caller that was made of a received handle ends with the session over which it came; requests that
/// it has sent then fail with [`AskError::UnknownFate`](crate::channel::AskError::UnknownFate).
///
/// ```
/// use netchan::channel::RemoteCaller;
/// # use netchan::net::{Config, Connection, Exporter, RecvSettings, Stream, UnreadReports};
/// use serde::{Deserialize, Serialize};
///
/// /// Work for which the worker may have questions.
/// #[derive(Serialize, Deserialize)]
/// struct Job {
///     file: String,
///     lengths: RemoteCaller<String, usize>,
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let exporter = Exporter::new(Config::default());
/// # let (near, far) = Stream::in_memory(64 * 1024);
/// let mut jobs = exporter.export_receiver::<Job>("jobs", RecvSettings::default())?;
/// # let config = Config::default();
/// # let (served, dialled) = tokio::join!(
/// #     exporter.serve(near),
/// #     Connection::open(far, &config, UnreadReports::DropOldest),
/// # );
/// # served?;
/// # let (connection, driver) = dialled?;
/// # tokio::spawn(driver.run());
/// let send = connection.import_sender::<Job>("jobs", Default::default()).await?;
/// let (lengths, mut questions) = RemoteCaller::channel(16)?;
/// send.send(Job { file: "notes".into(), lengths }).await?;
/// tokio::spawn(async move {
///     while let Ok(question) = questions.recv().await {
///         let (file, responder) = question.into_parts();
///         let _sent = responder.answer(file.len());
///     }
/// });
///
/// let job = jobs.recv().await?;
/// let lengths = job.lengths.into_caller().map_err(|_| "it has travelled")?;
/// assert_eq!(lengths.ask(job.file).await?, 5);
/// # Ok(())
/// # }
/// ```
pub struct RemoteCaller<Q, R> {
    end: End<Caller<Q, R>>,
}

impl<Q: Value, R: Value> RemoteCaller<Q, R> {
    /// Makes a channel of requests whose asking end can travel. `window_values` of each machine that
    /// sends to it may be in flight, buffered or in hand: 1 to
    /// [`WINDOW_VALUES_MAX`](crate::limits::WINDOW_VALUES_MAX), and at most
    /// [`WINDOW_BYTES_DEFAULT`](crate::limits::WINDOW_BYTES_DEFAULT) bytes.
    ///
    /// # Errors
    ///
    /// [`TraceError`] if values of `Q` or `R` cannot be sent.
    #[expect(clippy::type_complexity, reason = "both ends of a channel, as of any other")]
    pub fn channel(window_values: u32) -> Result<(RemoteCaller<Q, R>, Requests<Q, R>), TraceError> {
        let (offered, (messages, answers)) = end::<Q, R>(window_values)?;
        let requests =
            Requests::new(offered.queue.clone(), messages.decoder, answers.encoder.clone());
        Ok((RemoteCaller { end: End::Here(offered) }, requests))
    }

    /// One that leads nowhere.
    pub(super) fn dead() -> RemoteCaller<Q, R> {
        let asks = Asks::new(false, false);
        let queue = Outgoing::for_requests(claimed_bounds(), None, asks.clone());
        let closed = Closed::new(Origin::Local, Reason::NotOffered);
        RemoteCaller { end: End::There(Caller::ended(queue, asks, closed)) }
    }

    /// A caller whose channel is the one that a token stands for, where the value came from.
    fn claim(claiming: &Arc<dyn Claiming>, token: Token) -> Result<RemoteCaller<Q, R>, OfferError> {
        // What holds such an end has an identity only if the messages for the end have one.
        let (messages, answers) = codings().map_err(|_| OfferError::NoChannel)?;
        let kind = kind(&messages, &answers);
        let offering = messages.accepted.description.carries_ends().then(|| claiming.offering());
        let asks = Asks::new(false, answers.accepted.description.carries_ends());
        let queue = Outgoing::for_requests(claimed_bounds(), offering, asks.clone());
        // The queue of one that comes too late has ended, so its own requests do not matter.
        let queue = claiming.claim(token, kind, queue)?;
        let caller = Caller::new(queue, asks, messages.encoder.clone(), answers.decoder);
        Ok(RemoteCaller { end: End::There(caller) })
    }
}

type Codings<Q, R> = (Coding<Q>, Coding<R>);

fn codings<Q: Value, R: Value>() -> Result<Codings<Q, R>, TraceError> {
    Ok((Coding::usual()?, Coding::usual()?))
}

fn kind<Q, R>(messages: &Coding<Q>, answers: &Coding<R>) -> EndKind {
    let answer_identity = Some(answers.accepted.description.identity().0);
    let identity = messages.accepted.description.identity().0;
    EndKind { identity, answer_identity, codec: <Bincode as SerdeCodec>::NAME }
}

/// The receiving end of a channel of requests whose asking end can travel.
pub(super) fn end<Q: Value, R: Value>(
    window_values: u32,
) -> Result<(Arc<Offered>, Codings<Q, R>), TraceError> {
    let (messages, answers) = codings::<Q, R>()?;
    let carries_ends = messages.accepted.description.carries_ends();
    let answers_do = answers.accepted.description.carries_ends();
    let queue =
        Incoming::for_requests(Strictness::nameless(), EndsWith::Release, carries_ends, answers_do);
    let offered =
        Offered::new(queue, LaneWindow::offered(window_values), kind(&messages, &answers));
    Ok((offered, (messages, answers)))
}

impl<Q, R> RemoteCaller<Q, R> {
    /// The caller that leads to the receiving end, if that is on another machine.
    ///
    /// # Errors
    ///
    /// The handle itself if it was [made](RemoteCaller::channel) in this program and has not travelled.
    pub fn into_caller(self) -> Result<Caller<Q, R>, RemoteCaller<Q, R>> {
        match self.end {
            End::There(caller) => Ok(caller),
            End::Here(_) => Err(self),
        }
    }
}

/// Any caller can be sent on: messages that come for it are sent to its channel, and what comes back is
/// sent back.
impl<Q, R> From<Caller<Q, R>> for RemoteCaller<Q, R> {
    fn from(caller: Caller<Q, R>) -> RemoteCaller<Q, R> {
        RemoteCaller { end: End::There(caller) }
    }
}

impl<Q, R> Clone for RemoteCaller<Q, R> {
    fn clone(&self) -> RemoteCaller<Q, R> {
        RemoteCaller { end: self.end.clone() }
    }
}

impl<Q, R> fmt::Debug for RemoteCaller<Q, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RemoteCaller")
    }
}

/// Makes an offer to whoever receives the value. Fails if it is not a channel that encodes the value,
/// if too many offers are open, or, for an end that is sent on, outside of a tokio runtime.
impl<Q: Value, R: Value> Serialize for RemoteCaller<Q, R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if identity::is_checking() {
            return traced::written(serializer);
        }
        let token = match &self.end {
            End::Here(offered) => scope::offer(offered),
            End::There(caller) => forward::offer_caller(caller),
        };
        token.map_err(S::Error::custom)?.0.serialize(serializer)
    }
}

/// Claims what was offered. Fails if it is not a channel that decodes the value, or if too many such ends
/// are held that came from the peer.
impl<'de, Q: Value, R: Value> Deserialize<'de> for RemoteCaller<Q, R> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<RemoteCaller<Q, R>, D::Error> {
        if identity::note_end() {
            return traced::caller(deserializer);
        }
        let token = Token(<[u8; 16]>::deserialize(deserializer)?);
        let claiming = scope::claiming().map_err(D::Error::custom)?;
        RemoteCaller::claim(&claiming, token).map_err(D::Error::custom)
    }
}
