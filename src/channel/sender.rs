//! The sending end of a channel.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::Sink;

use crate::channel::encoder::Encoder;
use crate::channel::format::Coding;
use crate::channel::outgoing::{Outgoing, PushError, Reservation};
use crate::channel::signal::KeptListener;
use crate::channel::{Closed, Feeder, Overflowed, SendError, SinkError, TrySendError, turn};

/// The sending end of a channel whose other end is on another machine.
///
/// It can be cloned and shared; values from several senders merge into one channel. The channel
/// comes to its end when the last sender is dropped or any of them is [closed](Sender::close):
/// the other side takes what was sent and then sees the end.
///
/// # Slots
///
/// A value needs a slot. An imported channel has as many as its size, and a slot is free again
/// when the value has left the peer's channel; an exported one has as many as its capacity, and a
/// slot is free again when an importer took the value. A channel is also full while its queue
/// holds more encoded bytes than [`QUEUE_BYTES_DEFAULT`](crate::limits::QUEUE_BYTES_DEFAULT).
///
/// ```
/// use netchan::Exporter;
/// use netchan::channel::TrySendError;
/// use netchan::net::{Config, SendSettings, UnreadReports};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let exporter = Exporter::new(Config::default());
/// let settings = SendSettings::default().capacity_values(2);
/// let words = exporter.export_sender::<String>("words", settings)?;
/// words.send("one".into()).await?;
/// words.try_send("two".into())?;
///
/// // Nobody imports it, so there is no third slot. The value comes back.
/// match words.try_send("three".into()) {
///     Err(TrySendError::Full(word)) => assert_eq!(word, "three"),
///     other => panic!("{other:?}"),
/// }
///
/// words.close();
/// let closed = words.closed().await;
/// assert_eq!(closed.to_string(), "ended by this side: finished");
/// # Ok(())
/// # }
/// ```
pub struct Sender<T> {
    queue: Arc<Outgoing>,
    encoder: Encoder<T>,
    /// How values that are bytes already go without a copy.
    bytes_of: Option<fn(&T) -> &Bytes>,
    sink: SinkState,
}

/// What a sender used as a sink remembers between polls.
#[derive(Default)]
struct SinkState {
    has_slot: bool,
    listener: Option<KeptListener>,
    is_closed: bool,
}

impl<T> Sender<T> {
    pub(crate) fn new(queue: Arc<Outgoing>, coding: &Coding<T>) -> Sender<T> {
        let bytes_of = coding.verbatim.map(|verbatim| verbatim.bytes_of);
        Sender::with(queue, coding.encoder.clone(), bytes_of)
    }

    pub(super) fn with(
        queue: Arc<Outgoing>,
        encoder: Encoder<T>,
        bytes_of: Option<fn(&T) -> &Bytes>,
    ) -> Sender<T> {
        queue.add_sender();
        Sender { queue, encoder, bytes_of, sink: SinkState::default() }
    }

    /// Sends a value as soon as there is a slot for it.
    ///
    /// When it returns, the value is on its way, but not there: see the messages `Sync` and
    /// `Drain`, or wait for an answer on another channel.
    ///
    /// Now and then it yields although there is a slot, so that a connection on the same thread can
    /// write what was sent.
    ///
    /// # Errors
    ///
    /// [`SendError`] gives the value back: the channel has ended, or the value does not encode.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it returns, nothing was sent, and the value is dropped with the future. To
    /// keep it, wait with [`reserve`](Sender::reserve).
    pub async fn send(&self, value: T) -> Result<(), SendError<T>> {
        if turn::take_end() {
            turn::give_way().await;
        }
        let mut value = match self.try_send(value) {
            Ok(()) => return Ok(()),
            Err(error) => full_or(error)?,
        };
        loop {
            let listener = self.queue.slot_freed();
            value = match self.try_send(value) {
                Ok(()) => return Ok(()),
                Err(error) => full_or(error)?,
            };
            listener.await;
        }
    }

    /// Sends a value if there is a slot for it now.
    ///
    /// # Errors
    ///
    /// [`TrySendError`] gives the value back.
    pub fn try_send(&self, value: T) -> Result<(), TrySendError<T>> {
        let pushed = match self.bytes_of {
            None => self.queue.push(|bytes| self.encoder.encode(&value, bytes)),
            Some(bytes_of) => self.queue.push_shared(bytes_of(&value)),
        };
        match pushed {
            Ok(()) => Ok(()),
            Err(PushError::Full) => Err(TrySendError::Full(value)),
            Err(PushError::Closed(closed)) => Err(TrySendError::Closed(value, closed)),
            Err(PushError::Unencodable(error)) => Err(TrySendError::Unencodable(value, error)),
        }
    }

    /// Sends all values of an iterator, waiting for slots as needed.
    ///
    /// # Errors
    ///
    /// [`SendError`] gives back the value that was not sent; those before it were.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it returns, some values were sent, in order. Pass `&mut iterator` to go on
    /// with the rest; one value may have been taken from it and not sent.
    pub async fn send_all(&self, values: impl IntoIterator<Item = T>) -> Result<(), SendError<T>> {
        for value in values {
            self.send(value).await?;
        }
        Ok(())
    }

    /// Waits for a slot and keeps it for a value that comes later.
    ///
    /// # Errors
    ///
    /// [`Closed`] when the channel has ended.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it returns, no slot is taken.
    pub async fn reserve(&self) -> Result<Permit<'_, T>, Closed> {
        loop {
            let listener = self.queue.slot_freed();
            match self.queue.reserve() {
                Ok(reservation) => return Ok(self.permit(reservation)),
                Err(PushError::Closed(closed)) => return Err(closed),
                Err(_) => listener.await,
            }
        }
    }

    /// Keeps a slot for a value that comes later, if there is one now.
    ///
    /// # Errors
    ///
    /// [`TrySendError`] without a value.
    pub fn try_reserve(&self) -> Result<Permit<'_, T>, TrySendError<()>> {
        match self.queue.reserve() {
            Ok(reservation) => Ok(self.permit(reservation)),
            Err(PushError::Closed(closed)) => Err(TrySendError::Closed((), closed)),
            Err(_) => Err(TrySendError::Full(())),
        }
    }

    /// Ends the channel for all of its senders. What was sent is still delivered.
    pub fn close(&self) {
        self.queue.finish();
    }

    /// Waits until the channel takes no more values, for whatever reason, and says who ended it.
    ///
    /// # Cancel safety
    ///
    /// It can be dropped at any time.
    pub async fn closed(&self) -> Closed {
        self.queue.wait_closed().await
    }

    /// The same as [`closed`](Sender::closed), but it neither borrows the sender nor keeps the
    /// channel open.
    pub fn watch_closed(&self) -> impl Future<Output = Closed> + Send + 'static {
        let queue = self.queue.clone();
        async move { queue.wait_closed().await }
    }

    /// Whether the channel takes no more values.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.queue.closed().is_some()
    }

    /// Who ended the channel, and why. `None` while it takes values.
    #[must_use]
    pub fn closed_by(&self) -> Option<Closed> {
        self.queue.closed()
    }

    /// Slots that are free now. All of them, always, if the channel's
    /// [shape](crate::net::Shape) never lets a sender wait.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.queue.free_slots() as usize
    }

    /// Slots in all.
    #[must_use]
    pub fn max_capacity(&self) -> usize {
        self.queue.capacity_values() as usize
    }

    /// Makes `Sync` and `Drain` wait for values that `feeder` holds for this channel.
    pub fn add_feeder(&self, feeder: Arc<dyn Feeder>) {
        self.queue.add_feeder(feeder);
    }

    /// Tells of messages that were dropped in front of this channel, as an
    /// [event](crate::net::Event::MessagesDropped) of its connection or exporter. For those who
    /// [feed](Sender::add_feeder) it; to be called when that begins and when it is over, not for
    /// each message.
    pub fn tell_overflow(&self, overflowed: Overflowed) {
        self.queue.tell_overflow(overflowed);
    }

    /// Values that wait for the connection; of a channel whose values go to everyone, those that some
    /// importer's session has not taken.
    #[must_use]
    pub fn len(&self) -> usize {
        self.queue.queued_values() as usize
    }

    /// Whether no value waits for the connection.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether both are ends of the same channel.
    #[must_use]
    pub fn same_channel(&self, other: &Sender<T>) -> bool {
        Arc::ptr_eq(&self.queue, &other.queue)
    }

    fn permit<'a>(&'a self, reservation: Reservation<'a>) -> Permit<'a, T> {
        Permit { reservation, encoder: &self.encoder, bytes_of: self.bytes_of }
    }

    fn release_sink_slot(&mut self) {
        if std::mem::take(&mut self.sink.has_slot) {
            drop(self.queue.adopt());
        }
    }
}

pub(super) fn full_or<T>(error: TrySendError<T>) -> Result<T, SendError<T>> {
    match error {
        TrySendError::Full(value) => Ok(value),
        TrySendError::Closed(value, closed) => Err(SendError::Closed(value, closed)),
        TrySendError::Unencodable(value, error) => Err(SendError::Unencodable(value, error)),
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Sender<T> {
        Sender::with(self.queue.clone(), self.encoder.clone(), self.bytes_of)
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        self.release_sink_slot();
        self.queue.remove_sender();
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender")
            .field("queued", &self.len())
            .field("closed", &self.queue.closed())
            .finish_non_exhaustive()
    }
}

/// A slot for one value. Dropped unused, it is free again.
#[must_use = "a permit that is dropped sends nothing"]
pub struct Permit<'a, T> {
    reservation: Reservation<'a>,
    encoder: &'a Encoder<T>,
    bytes_of: Option<fn(&T) -> &Bytes>,
}

impl<T> Permit<'_, T> {
    /// Sends a value without waiting.
    ///
    /// # Errors
    ///
    /// [`SendError`] gives the value back: the channel has ended meanwhile, or the value does not
    /// encode.
    pub fn send(self, value: T) -> Result<(), SendError<T>> {
        let pushed = match self.bytes_of {
            None => self.reservation.push(|bytes| self.encoder.encode(&value, bytes)),
            Some(bytes_of) => self.reservation.push_shared(bytes_of(&value)),
        };
        match pushed {
            Ok(()) => Ok(()),
            Err(PushError::Closed(closed)) => Err(SendError::Closed(value, closed)),
            Err(PushError::Unencodable(error)) => Err(SendError::Unencodable(value, error)),
            Err(PushError::Full) => unreachable!("a reservation is a slot"),
        }
    }
}

impl<T> fmt::Debug for Permit<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Permit")
    }
}

/// As a sink, a sender keeps a slot from `poll_ready` to `start_send`. Flushing has nothing to
/// wait for: the connection sends what is queued by itself. Closing closes the channel.
impl<T> Sink<T> for Sender<T> {
    type Error = SinkError;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SinkError>> {
        while !self.sink.has_slot {
            let mut listener = match self.sink.listener.take() {
                Some(listener) => listener,
                None => self.queue.slot_freed_kept(),
            };
            let error = match self.queue.reserve() {
                Ok(reservation) => {
                    reservation.forget();
                    None
                }
                Err(error) => Some(error),
            };
            match error {
                None => self.sink.has_slot = true,
                Some(PushError::Closed(closed)) => {
                    return Poll::Ready(Err(SinkError::Closed(closed)));
                }
                Some(_) => {
                    if listener.poll_woken(cx).is_pending() {
                        self.sink.listener = Some(listener);
                        return Poll::Pending;
                    }
                }
            }
        }
        Poll::Ready(Ok(()))
    }

    fn start_send(mut self: Pin<&mut Self>, value: T) -> Result<(), SinkError> {
        assert!(std::mem::take(&mut self.sink.has_slot), "poll_ready comes before start_send");
        let permit = self.permit(self.queue.adopt());
        permit.send(value).map_err(SendError::without_value)
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Result<(), SinkError>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Result<(), SinkError>> {
        if !std::mem::replace(&mut self.sink.is_closed, true) {
            self.release_sink_slot();
            self.close();
        }
        Poll::Ready(Ok(()))
    }
}
