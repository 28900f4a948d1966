//! The receiving end of a channel of requests.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::Stream;

use crate::channel::asking::answering::{Answers, Begun, Receipt};
use crate::channel::asking::envelope::{self, Message, Verdict};
use crate::channel::encoder::Encoder;
use crate::channel::forms::{Decoder, Form};
use crate::channel::incoming::{Found, Incoming};
use crate::channel::lane::{Batch, LaneKey, Uncounted};
use crate::channel::signal::KeptListener;
use crate::channel::{AskError, Closed, CodecError, RecvError, TryRecvError};
use crate::clock;

/// The answering end of a channel: messages of type `Q` come in, and those that ask wait for an answer
/// of type `R`.
///
/// It also takes what plain [`Sender`](crate::Sender)s send: messages that want no answer. A message
/// counts as taken when its [`Responder`] was used or dropped, so a program that keeps responders for
/// long slows down those who ask, at the window of the channel. When this is dropped, the askers are
/// told that nobody receives any more; requests that are in hand can still be answered.
///
/// See [`Caller`](crate::channel::Caller) for an example.
pub struct Requests<Q, R> {
    queue: Arc<Incoming>,
    decoder: Decoder<Q>,
    encoder: Encoder<R>,
    batch: Batch,
    listener: Option<KeptListener>,
    is_stream_over: bool,
}

impl<Q, R> Requests<Q, R> {
    pub(crate) fn new(
        queue: Arc<Incoming>,
        decoder: Decoder<Q>,
        encoder: Encoder<R>,
    ) -> Requests<Q, R> {
        queue.add_receiver();
        let batch = Batch::default();
        Requests { queue, decoder, encoder, batch, listener: None, is_stream_over: false }
    }

    /// Waits for the next message. Requests that were cancelled meanwhile, or whose time is up, are
    /// passed over.
    ///
    /// # Errors
    ///
    /// As [`Receiver::recv`](crate::Receiver::recv). The asker of a request that cannot be decoded is
    /// told so.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it returns, no message is lost.
    pub async fn recv(&mut self) -> Result<Request<Q, R>, RecvError> {
        loop {
            if let Some(result) = self.next_request() {
                return result;
            }
            let listener = self.queue.arrived();
            if let Some(result) = self.next_request() {
                return result;
            }
            listener.await;
        }
    }

    /// Takes the next message if it is here.
    ///
    /// # Errors
    ///
    /// [`TryRecvError::Empty`] if nothing is here now; otherwise as [`recv`](Requests::recv).
    pub fn try_recv(&mut self) -> Result<Request<Q, R>, TryRecvError> {
        match self.next_request() {
            Some(result) => Ok(result?),
            None => Err(TryRecvError::Empty),
        }
    }

    /// Wants no more messages: the peers' ends are closed. What has come can still be taken.
    pub fn close(&mut self) {
        self.queue.close();
    }

    /// Who ended the channel, and why. `None` while something may come.
    #[must_use]
    pub fn closed_by(&self) -> Option<Closed> {
        self.queue.closed()
    }

    /// Messages of a [broadcast](crate::net::Shape::Broadcast) that did not come because this side is
    /// slow; see [`Receiver::missed_values`](crate::Receiver::missed_values).
    #[must_use]
    pub fn missed_values(&self) -> u64 {
        self.queue.missed_values()
    }

    /// Messages that have come and were not taken.
    #[must_use]
    pub fn len(&self) -> usize {
        (self.queue.values() + self.batch.values_left()) as usize
    }

    /// Whether no message is here to be taken.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn next_request(&mut self) -> Option<Result<Request<Q, R>, RecvError>> {
        let decoder = self.decoder.clone();
        let taken = self.next_message(|payload, form, back| match decoder.of(form)(payload) {
            Ok(message) => Ok((message, back)),
            Err(error) => Err(Box::new(Refused { error, back })),
        })?;
        Some(taken.map(|(message, back)| {
            let encoder = self.encoder.clone();
            Request { message, responder: Responder { back, encoder } }
        }))
    }

    /// Takes the next message that is to be handled.
    fn next_message<T>(
        &mut self,
        take: impl Fn(&[u8], Form, Back) -> Result<T, Box<Refused>>,
    ) -> Option<Result<T, RecvError>> {
        loop {
            if let Some(result) = self.next_of_batch(&take) {
                return Some(result);
            }
            match self.queue.refill(&mut self.batch) {
                Found::Values => {}
                Found::Nothing => return None,
                Found::Corrupt => return Some(Err(RecvError::Corrupt)),
                Found::Ended(closed) => return Some(Err(RecvError::Closed(closed))),
            }
        }
    }

    fn next_of_batch<T>(
        &mut self,
        take: impl Fn(&[u8], Form, Back) -> Result<T, Box<Refused>>,
    ) -> Option<Result<T, RecvError>> {
        loop {
            let (has_messages, form) = (self.batch.has_messages(), self.batch.form());
            let lane = self.batch.lane()?;
            let _scope = self.batch.decode_scope();
            let Ok(Uncounted { bytes, place, taken }) = self.batch.next_uncounted()? else {
                self.queue.cut_off(&mut self.batch);
                return Some(Err(RecvError::Corrupt));
            };
            let receipt = Receipt { queue: self.queue.clone(), lane, place, taken };
            let message =
                if has_messages { envelope::read_message(bytes) } else { Ok(Message::Tell(bytes)) };
            let (payload, back) = match message {
                Ok(Message::Tell(payload)) => (payload, Back::Tell(receipt)),
                Ok(Message::Void) => continue,
                Ok(Message::Ask { number, deadline_ms, payload }) => {
                    match self.queue.begin_request(lane, number, deadline_ms) {
                        Begun::Yes { answers, deadline_ms } => {
                            (payload, Back::ask(receipt, number, answers, deadline_ms))
                        }
                        Begun::Cancelled => continue,
                        Begun::Expired(answers) => {
                            Back::ask(receipt, number, answers, None).tell(Verdict::Expired, "");
                            continue;
                        }
                    }
                }
                Err(error) => {
                    let back = Back::Tell(receipt);
                    return Some(Err(self.refuse(Refused { error, back })));
                }
            };
            return Some(match take(payload, form, back) {
                Ok(message) => Ok(message),
                Err(refused) => Err(self.refuse(*refused)),
            });
        }
    }

    /// A message cannot be decoded: notes it before it can count as taken, and tells its asker.
    #[cold]
    fn refuse(&mut self, Refused { error, back }: Refused) -> RecvError {
        let text = error.to_string();
        let error = self.queue.reject(&mut self.batch, error);
        back.tell(Verdict::Undecodable, &text);
        error
    }
}

/// A message that cannot be decoded.
struct Refused {
    error: CodecError,
    back: Back,
}

/// The messages of the channel, until it ends. An end that was not regular comes as one last error.
impl<Q, R> Stream for Requests<Q, R> {
    type Item = Result<Request<Q, R>, RecvError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.is_stream_over {
            return Poll::Ready(None);
        }
        loop {
            match self.next_request() {
                Some(Err(RecvError::Closed(closed))) => {
                    self.is_stream_over = true;
                    let is_regular = closed.is_finished();
                    return Poll::Ready((!is_regular).then_some(Err(RecvError::Closed(closed))));
                }
                Some(result) => {
                    self.listener = None;
                    return Poll::Ready(Some(result));
                }
                None => {}
            }
            match &mut self.listener {
                None => self.listener = Some(self.queue.arrived_kept()),
                Some(listener) => {
                    if listener.poll_woken(cx).is_pending() {
                        return Poll::Pending;
                    }
                    self.listener = None;
                }
            }
        }
    }
}

impl<Q, R> Unpin for Requests<Q, R> {}

impl<Q, R> Drop for Requests<Q, R> {
    fn drop(&mut self) {
        // Those who ask for what has come are told at once, and not when all else is answered.
        let untaken = self.len();
        for _ in 0..untaken {
            let given_up = self.next_message(|_, _, back| {
                back.give_up();
                Ok(())
            });
            if given_up.is_none() {
                break;
            }
        }
        self.queue.remove_receiver(&mut self.batch);
    }
}

impl<Q, R> fmt::Debug for Requests<Q, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Requests")
            .field("messages", &self.len())
            .field("closed", &self.queue.closed())
            .finish_non_exhaustive()
    }
}

/// A message that has come on a channel of requests.
pub struct Request<Q, R> {
    message: Q,
    responder: Responder<R>,
}

impl<Q, R> Request<Q, R> {
    /// The message.
    #[must_use]
    pub fn message(&self) -> &Q {
        &self.message
    }

    /// Whether somebody waits for an answer.
    #[must_use]
    pub fn is_ask(&self) -> bool {
        self.responder.is_ask()
    }

    /// The message, and the way back.
    pub fn into_parts(self) -> (Q, Responder<R>) {
        (self.message, self.responder)
    }
}

impl<Q, R> fmt::Debug for Request<Q, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").field("is_ask", &self.is_ask()).finish_non_exhaustive()
    }
}

/// The way back to whoever sent a message.
///
/// The message counts as taken when this was used or dropped. If it is dropped and somebody waits for
/// an answer, they are told that there is none.
#[must_use = "a responder that is dropped gives no answer"]
pub struct Responder<R> {
    back: Back,
    encoder: Encoder<R>,
}

/// What is owed to the sender of a message.
enum Back {
    /// Nothing but to count it.
    Tell(Receipt),
    Ask(Asker),
}

struct Asker {
    queue: Arc<Incoming>,
    lane: LaneKey,
    number: u64,
    /// Until when it was worth while to begin, by this side's clock.
    deadline_ms: Option<u64>,
    answers: Arc<Answers>,
    /// Until the asker was told something.
    receipt: Option<Receipt>,
}

impl Back {
    fn ask(receipt: Receipt, number: u64, answers: Arc<Answers>, deadline_ms: Option<u64>) -> Back {
        let (queue, lane) = (receipt.queue.clone(), receipt.lane);
        Back::Ask(Asker { queue, lane, number, deadline_ms, answers, receipt: Some(receipt) })
    }

    /// Drops a message that nobody takes.
    fn give_up(self) {
        if let Back::Tell(receipt) = self {
            receipt.give_up();
        }
    }

    /// Tells the asker, if there is one, what became of the request.
    fn tell(self, verdict: Verdict, text: &str) {
        if let Back::Ask(mut asker) = self {
            asker.tell(verdict, text);
        }
    }
}

impl Asker {
    /// Whether nobody waits for the answer. Requests that are in hand are still answered when no more
    /// come.
    fn is_cancelled(&self) -> bool {
        self.answers.are_unheard() || self.queue.is_cancelled(self.lane, self.number)
    }

    fn answer(
        &mut self,
        verdict: Verdict,
        encode: impl FnOnce(&mut Vec<u8>) -> Result<(), CodecError>,
    ) -> Result<(), CodecError> {
        if self.receipt.is_none() {
            return Ok(());
        }
        self.answers.push(&mut self.receipt, self.number, verdict, encode)
    }

    fn tell(&mut self, verdict: Verdict, text: &str) {
        let told = self.answer(verdict, |bytes| {
            bytes.extend_from_slice(text.as_bytes());
            Ok(())
        });
        // INVARIANT: a short text always encodes.
        told.expect("a text encodes");
    }
}

impl Drop for Asker {
    fn drop(&mut self) {
        self.tell(Verdict::Dropped, "");
        self.queue.end_request(self.lane, self.number);
    }
}

impl<R> Responder<R> {
    /// Is done with messages that were told on one channel: empties `responders`, as dropping each of them
    /// does, but counts them together. For those who handle many at a time.
    pub fn settle(responders: &mut Vec<Responder<R>>) {
        let Some(queue) = responders.iter().find_map(Responder::told_on) else { return };
        let is_on_it = |receipt: &Receipt| Arc::ptr_eq(&receipt.queue, &queue);
        // Collected, because what is dropped takes the lock of its queue itself.
        let receipts: Vec<Receipt> = responders
            .drain(..)
            .filter_map(|responder| match responder.back {
                Back::Tell(receipt) if is_on_it(&receipt) => Some(receipt),
                _ => None,
            })
            .collect();
        queue.count_all_taken(receipts);
    }

    fn told_on(&self) -> Option<Arc<Incoming>> {
        match &self.back {
            Back::Tell(receipt) => Some(receipt.queue.clone()),
            Back::Ask(_) => None,
        }
    }

    /// Whether somebody waits for an answer.
    #[must_use]
    pub fn is_ask(&self) -> bool {
        matches!(self.back, Back::Ask(_))
    }

    /// Answers. If nobody waits for an answer, or nobody does any more, it is dropped.
    ///
    /// # Errors
    ///
    /// [`CodecError`] when the answer cannot be encoded; the asker is told so.
    pub fn answer(self, answer: R) -> Result<(), CodecError> {
        let Responder { back, encoder } = self;
        match back {
            Back::Tell(_) => Ok(()),
            Back::Ask(mut asker) => {
                let answered =
                    asker.answer(Verdict::Answered, |bytes| encoder.encode(&answer, bytes));
                answered.inspect_err(|error| asker.tell(Verdict::Unencodable, &error.to_string()))
            }
        }
    }

    /// Tells the asker what became of the request elsewhere.
    pub(in crate::channel) fn conclude(self, outcome: Result<R, AskError>) {
        match outcome {
            Ok(answer) => {
                let _told = self.answer(answer);
            }
            Err(AskError::DeadlineExceeded { .. }) => self.back.tell(Verdict::Expired, ""),
            Err(AskError::RequestRefused(text)) => self.back.tell(Verdict::Undecodable, &text),
            Err(AskError::Unencodable(error)) => {
                self.back.tell(Verdict::Undecodable, &error.to_string());
            }
            Err(AskError::AnswerRefused(text)) => self.back.tell(Verdict::Unencodable, &text),
            // Whoever could answer is gone.
            Err(_) => {}
        }
    }

    /// Until when it was worth while to begin, by this side's clock, if the asker has said so.
    pub(in crate::channel) fn deadline_ms(&self) -> Option<u64> {
        match &self.back {
            Back::Tell(_) => None,
            Back::Ask(asker) => asker.deadline_ms,
        }
    }

    /// How long the request is still worth beginning, if its asker has set it a deadline. Zero when its
    /// time is up.
    #[must_use]
    pub fn time_left(&self) -> Option<Duration> {
        let left_ms = self.deadline_ms()?.saturating_sub(clock::now_ms());
        Some(Duration::from_millis(left_ms))
    }

    /// Whether the asker has given up, or is gone. Nobody waits for the answer to a message that was
    /// told, but that is no reason not to handle it.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        match &self.back {
            Back::Tell(_) => false,
            Back::Ask(asker) => asker.is_cancelled(),
        }
    }

    /// Waits until the asker has given up, or is gone. For a message that was told it waits for ever.
    ///
    /// # Cancel safety
    ///
    /// It can be dropped at any time.
    pub async fn cancelled(&self) {
        let Back::Ask(asker) = &self.back else {
            return std::future::pending().await;
        };
        loop {
            let listener = asker.queue.cancelled();
            if asker.is_cancelled() {
                return;
            }
            listener.await;
        }
    }
}

impl<R> fmt::Debug for Responder<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Responder").field("is_ask", &self.is_ask()).finish_non_exhaustive()
    }
}
