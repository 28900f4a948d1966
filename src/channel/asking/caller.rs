//! The sending end of a channel of requests.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::channel::TrySendError;
use crate::channel::asking::asks::Asks;
use crate::channel::asking::envelope;
use crate::channel::asking::reply::Reply;
use crate::channel::encoder::Encoder;
use crate::channel::forms::Decoder;
use crate::channel::outgoing::{Outgoing, PushError};
use crate::channel::sender::full_or;
use crate::channel::{AskError, Closed, CodecError, Feeder, Origin, Overflowed, SendError, turn};
use crate::clock;

/// The asking end of a channel: messages of type `Q` go to the other side, and those that ask come
/// back with an answer of type `R`.
///
/// A message that is *told* wants no answer, and is sent as on any other channel. One that is *asked*
/// comes to its answer when the other side's handler is done with it. Both keep their common order on
/// the way. Up to the window of the channel they are handled at the same time, so a slow answer does
/// not delay the next one. It can be cloned and shared; the channel comes to its end when the last
/// caller is dropped.
///
/// A request is a value of its channel: it needs a slot, it goes on over lost links, its handler runs
/// once and its answer comes once. When its session is lost and nobody knows whether it was handled,
/// it fails with [`AskError::UnknownFate`], unless
/// [asks are redelivered](crate::net::ImportSettings::redelivers_asks).
///
/// ```
/// # use netchan::net::{Config, Connection, Exporter, RecvSettings, Stream, UnreadReports};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (near, far) = Stream::in_memory(1024);
/// let exporter = Exporter::new(Config::default());
/// let mut lengths = exporter.export_requests::<String, usize>("lengths", RecvSettings::default())?;
/// tokio::spawn(async move {
///     while let Ok(request) = lengths.recv().await {
///         let (text, responder) = request.into_parts();
///         responder.answer(text.len());
///     }
/// });
/// # tokio::spawn(async move {
/// #     let _served = exporter.serve(near).await;
/// # });
/// # let config = Config::default();
/// # let (connection, driver) = Connection::open(far, &config, UnreadReports::ShutDown).await?;
/// # tokio::spawn(driver.run());
///
/// let lengths = connection.import_caller::<String, usize>("lengths", Default::default()).await?;
/// assert_eq!(lengths.ask("four".into()).await?, 4);
/// # Ok(())
/// # }
/// ```
pub struct Caller<Q, R> {
    queue: Arc<Outgoing>,
    asks: Arc<Asks>,
    encoder: Encoder<Q>,
    decoder: Decoder<R>,
    /// How long each request is worth while.
    patience: Option<Duration>,
}

impl<Q, R> Caller<Q, R> {
    pub(crate) fn new(
        queue: Arc<Outgoing>,
        asks: Arc<Asks>,
        encoder: Encoder<Q>,
        decoder: Decoder<R>,
    ) -> Caller<Q, R> {
        queue.add_sender();
        Caller { queue, asks, encoder, decoder, patience: None }
    }

    /// One whose channel has ended. It looks at neither type, so it can stand for a value of a type that
    /// is being traced.
    pub(in crate::channel) fn ended(queue: Arc<Outgoing>, asks: Arc<Asks>, closed: Closed) -> Self {
        queue.end(closed);
        let encode =
            |_: &Q, _: &mut Vec<u8>| Err(CodecError::Refused("nobody is there".to_owned()));
        let decode = |_: &[u8]| Err(CodecError::Refused("nobody was asked".to_owned()));
        Caller::new(queue, asks, Encoder::trusting(encode), Decoder::new(decode, &[]))
    }
}

impl<Q, R> Caller<Q, R> {
    /// Sends a message that wants no answer, as soon as there is a slot for it.
    ///
    /// # Errors
    ///
    /// [`SendError`] gives the message back.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it returns, nothing was sent.
    pub async fn tell(&self, message: Q) -> Result<(), SendError<Q>> {
        if turn::take_end() {
            turn::give_way().await;
        }
        let mut message = match self.try_tell(message) {
            Ok(()) => return Ok(()),
            Err(error) => full_or(error)?,
        };
        loop {
            let listener = self.queue.slot_freed();
            match self.try_tell(message) {
                Ok(()) => return Ok(()),
                Err(error) => message = full_or(error)?,
            }
            listener.await;
        }
    }

    /// Sends a message that wants no answer, if there is a slot for it now.
    ///
    /// # Errors
    ///
    /// [`TrySendError`] gives the message back.
    pub fn try_tell(&self, message: Q) -> Result<(), TrySendError<Q>> {
        let pushed = self.queue.push(|bytes| {
            envelope::put_tell(bytes);
            self.encoder.encode(&message, bytes)
        });
        pushed.map_err(|error| unsent(message, error))
    }
}

impl<Q, R: Send + 'static> Caller<Q, R> {
    /// The same channel, with requests that the other side does not begin when so much time has passed
    /// since they were sent. Their askers are told so then ([`AskError::DeadlineExceeded`]), if they
    /// still wait: this does not end their wait by itself, as [`ask_within`](Caller::ask_within) does.
    ///
    /// Where requests are delivered to an actor, one that is not answered by then is given up, and
    /// dropped from the actor's mailbox, if it was not begun: [`AskError::NotAnswered`].
    #[must_use]
    pub fn with_deadline(mut self, after: Duration) -> Self {
        self.patience = Some(after);
        self
    }

    /// Sends a request as soon as there is a slot for it, and waits for the answer.
    ///
    /// # Errors
    ///
    /// [`AskError`] says what is known of the request.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it returns, the request is cancelled: it is not begun, if it was not begun.
    pub async fn ask(&self, request: Q) -> Result<R, AskError> {
        match self.begin_ask(request).await {
            Ok(answer) => answer.await,
            Err(SendError::Closed(_, closed)) => Err(AskError::NotSent(closed)),
            Err(SendError::Unencodable(_, error)) => Err(AskError::Unencodable(error)),
        }
    }

    /// The same for at most so long. The other side does not begin a request whose time is up.
    ///
    /// # Errors
    ///
    /// [`AskError`]; [`AskError::DeadlineExceeded`] when no answer came in time.
    ///
    /// # Cancel safety
    ///
    /// As [`ask`](Caller::ask).
    pub async fn ask_within(&self, request: Q, timeout: Duration) -> Result<R, AskError> {
        let asking = async {
            match self.begin(request, Some(deadline_ms(timeout))).await {
                Ok(answer) => answer.await,
                Err(SendError::Closed(_, closed)) => Err(AskError::NotSent(closed)),
                Err(SendError::Unencodable(_, error)) => Err(AskError::Unencodable(error)),
            }
        };
        tokio::time::timeout(timeout, asking)
            .await
            .unwrap_or(Err(AskError::DeadlineExceeded { by: Origin::Local }))
    }

    /// Sends a request as soon as there is a slot for it. The answer comes with what it returns.
    ///
    /// # Errors
    ///
    /// [`SendError`] gives the request back.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it returns, nothing was sent.
    pub async fn begin_ask(&self, request: Q) -> Result<Answer<R>, SendError<Q>> {
        self.begin(request, self.patience.map(deadline_ms)).await
    }

    /// The same with a deadline by this side's clock.
    pub(in crate::channel) async fn begin(
        &self,
        request: Q,
        deadline_ms: Option<u64>,
    ) -> Result<Answer<R>, SendError<Q>> {
        if turn::take_end() {
            turn::give_way().await;
        }
        let mut request = match self.try_begin(request, deadline_ms) {
            Ok(answer) => return Ok(answer),
            Err(error) => full_or(error)?,
        };
        loop {
            let listener = self.queue.slot_freed();
            match self.try_begin(request, deadline_ms) {
                Ok(answer) => return Ok(answer),
                Err(error) => request = full_or(error)?,
            }
            listener.await;
        }
    }

    /// Sends a request if there is a slot for it now.
    ///
    /// # Errors
    ///
    /// [`TrySendError`] gives the request back.
    pub fn try_ask(&self, request: Q) -> Result<Answer<R>, TrySendError<Q>> {
        self.try_begin(request, self.patience.map(deadline_ms))
    }

    fn try_begin(
        &self,
        request: Q,
        deadline_ms: Option<u64>,
    ) -> Result<Answer<R>, TrySendError<Q>> {
        let reply = Reply::new(self.decoder.clone());
        let Some(number) = self.asks.begin(reply.clone()) else {
            // An end of the channel comes before a lack of room.
            let error = self.queue.obstacle().unwrap_or(PushError::Full);
            return Err(unsent(request, error));
        };
        let pushed = self.queue.push_ask(number, |bytes| {
            envelope::put_ask(bytes, number, deadline_ms);
            self.encoder.encode(&request, bytes)
        });
        match pushed {
            Ok(()) => Ok(Answer { reply, queue: self.queue.clone(), number, is_here: false }),
            Err(error) => {
                self.asks.withdraw(number);
                self.queue.relieve_askers();
                Err(unsent(request, error))
            }
        }
    }
}

impl<Q, R> Caller<Q, R> {
    /// Waits until there may be a slot, or the channel has ended. Another may take the slot.
    ///
    /// # Cancel safety
    ///
    /// It can be dropped at any time.
    pub async fn has_room(&self) {
        loop {
            let listener = self.queue.slot_freed();
            match self.queue.obstacle() {
                Some(PushError::Full) => listener.await,
                _ => return,
            }
        }
    }

    /// Ends the channel for all of its callers. What was sent is still handled and answered.
    pub fn close(&self) {
        self.queue.finish();
    }

    /// Waits until the channel takes no more messages, and says who ended it.
    ///
    /// # Cancel safety
    ///
    /// It can be dropped at any time.
    pub async fn closed(&self) -> Closed {
        self.queue.wait_closed().await
    }

    /// The same as [`closed`](Caller::closed), but it neither borrows the caller nor keeps the channel
    /// open.
    pub fn watch_closed(&self) -> impl Future<Output = Closed> + Send + 'static {
        let queue = self.queue.clone();
        async move { queue.wait_closed().await }
    }

    /// Whether the channel takes no more messages.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.queue.closed().is_some()
    }

    /// Who ended the channel, and why. `None` while it takes messages.
    #[must_use]
    pub fn closed_by(&self) -> Option<Closed> {
        self.queue.closed()
    }

    /// Slots that are free now.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.queue.free_slots() as usize
    }

    /// Slots in all.
    #[must_use]
    pub fn max_capacity(&self) -> usize {
        self.queue.capacity_values() as usize
    }

    /// Messages that wait for the connection.
    #[must_use]
    pub fn len(&self) -> usize {
        self.queue.queued_values() as usize
    }

    /// Whether no message waits for the connection.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Requests that wait for their answers.
    #[must_use]
    pub fn unanswered(&self) -> usize {
        self.asks.waiting()
    }

    /// Tells of messages that were dropped in front of this channel; see
    /// [`Sender::tell_overflow`](crate::Sender::tell_overflow).
    pub fn tell_overflow(&self, overflowed: Overflowed) {
        self.queue.tell_overflow(overflowed);
    }

    /// Makes `Sync` and `Drain` wait for messages that `feeder` holds for this channel.
    pub fn add_feeder(&self, feeder: Arc<dyn Feeder>) {
        self.queue.add_feeder(feeder);
    }
}

/// A deadline so much later than now, by this side's clock.
fn deadline_ms(after: Duration) -> u64 {
    let after_ms = u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
    clock::now_ms().saturating_add(after_ms)
}

fn unsent<Q>(message: Q, error: PushError) -> TrySendError<Q> {
    match error {
        PushError::Full => TrySendError::Full(message),
        PushError::Closed(closed) => TrySendError::Closed(message, closed),
        PushError::Unencodable(error) => TrySendError::Unencodable(message, error),
    }
}

impl<Q, R> Clone for Caller<Q, R> {
    fn clone(&self) -> Caller<Q, R> {
        self.queue.add_sender();
        let Caller { queue, asks, encoder, decoder, patience } = self;
        let (queue, asks) = (queue.clone(), asks.clone());
        let (encoder, decoder) = (encoder.clone(), decoder.clone());
        Caller { queue, asks, encoder, decoder, patience: *patience }
    }
}

impl<Q, R> Drop for Caller<Q, R> {
    fn drop(&mut self) {
        self.queue.remove_sender();
    }
}

impl<Q, R> fmt::Debug for Caller<Q, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller")
            .field("queued", &self.len())
            .field("unanswered", &self.unanswered())
            .field("closed", &self.queue.closed())
            .finish_non_exhaustive()
    }
}

/// The answer to a request, when it comes. Dropped before that, the request is cancelled: it is not
/// begun, if it was not begun.
#[must_use = "an answer that is dropped cancels its request"]
pub struct Answer<R> {
    reply: Arc<Reply<R>>,
    queue: Arc<Outgoing>,
    number: u64,
    is_here: bool,
}

impl<R> Future for Answer<R> {
    type Output = Result<R, AskError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = std::task::ready!(self.reply.poll(cx));
        self.is_here = true;
        Poll::Ready(answer)
    }
}

impl<R> Drop for Answer<R> {
    fn drop(&mut self) {
        if !self.is_here {
            self.queue.give_up_ask(self.number);
        }
    }
}

impl<R> fmt::Debug for Answer<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("is_here", &self.is_here).finish_non_exhaustive()
    }
}
