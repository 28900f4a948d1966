//! The receiving end of a channel.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::Stream;
use parking_lot::Mutex;

use crate::channel::format::Coding;
use crate::channel::forms::{Decoder, Form};
use crate::channel::incoming::{Found, Incoming};
use crate::channel::lane::Batch;
use crate::channel::signal::KeptListener;
use crate::channel::{Closed, CodecError, RecvError, TryRecvError, turn};

/// The receiving end of a channel whose other end is on another machine.
///
/// It can be cloned and shared: then each value goes to one of the receivers. When the last one is
/// dropped, the peers are told that nobody receives any more, and their senders are closed.
///
/// Taking a value makes room in the channel's window, so a receiver that takes nothing stops its
/// senders, and nobody else.
///
/// ```
/// use netchan::channel::RecvError;
/// # use netchan::net::{Config, Connection, Exporter, SendSettings, Stream, UnreadReports};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (near, far) = Stream::in_memory(1024);
/// # let exporter = Exporter::new(Config::default());
/// # let sender = exporter.export_sender::<u32>("numbers", SendSettings::default())?;
/// # tokio::spawn(async move {
/// #     let _served = exporter.serve(near).await;
/// # });
/// # tokio::spawn(async move { sender.send_all(0..3).await });
/// # let config = Config::default();
/// # let (connection, driver) = Connection::open(far, &config, UnreadReports::ShutDown).await?;
/// # tokio::spawn(driver.run());
/// # let settings = Default::default();
///
/// let mut numbers = connection.import_receiver::<u32>("numbers", settings).await?;
/// let mut sum = 0;
/// let closed = loop {
///     match numbers.recv().await {
///         Ok(number) => sum += number,
///         Err(RecvError::Closed(closed)) => break closed,
///         Err(error) => return Err(error.into()),
///     }
/// };
/// // The sender was dropped behind its last value: nothing is missing.
/// assert!(closed.is_finished());
/// assert_eq!(sum, 3);
/// # Ok(())
/// # }
/// ```
pub struct Receiver<T> {
    queue: Arc<Incoming>,
    decoder: Decoder<T>,
    /// How values that are bytes already come without a copy. Then the queue keeps them for that.
    value_of: Option<fn(Bytes) -> Result<T, CodecError>>,
    /// Values taken from the queue in one go. A mutex only for the sake of `clone`: every other
    /// way to it goes through `&mut self` and locks nothing.
    batch: Mutex<Batch>,
    /// For use as a stream.
    listener: Option<KeptListener>,
    is_stream_over: bool,
    /// An error that came behind values of the same call.
    postponed: Option<RecvError>,
    /// A grant is due, and more values are at hand: the driver should have a turn first.
    gives_way: bool,
}

impl<T> Receiver<T> {
    /// A receiver of a queue that was made for [this coding](Coding::incoming).
    pub(crate) fn new(queue: Arc<Incoming>, coding: &Coding<T>) -> Receiver<T> {
        let value_of = coding.verbatim.map(|verbatim| verbatim.value_of);
        Receiver::with(queue, coding.decoder.clone(), value_of)
    }

    fn with(
        queue: Arc<Incoming>,
        decoder: Decoder<T>,
        value_of: Option<fn(Bytes) -> Result<T, CodecError>>,
    ) -> Receiver<T> {
        queue.add_receiver();
        Receiver {
            queue,
            decoder,
            value_of,
            batch: Mutex::default(),
            listener: None,
            is_stream_over: false,
            postponed: None,
            gives_way: false,
        }
    }

    /// Waits for the next value.
    ///
    /// # Errors
    ///
    /// [`RecvError::Closed`] when all that was received has been taken and nothing will come; it
    /// says who ended the channel, and [`Closed::is_finished`] whether that was its regular end.
    /// The other errors concern one value or one peer, and the channel goes on.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it returns, no value is lost.
    pub async fn recv(&mut self) -> Result<T, RecvError> {
        if std::mem::take(&mut self.gives_way) {
            turn::give_way().await;
        }
        loop {
            if let Some(result) = self.next_value() {
                return result;
            }
            let listener = self.queue.arrived();
            if let Some(result) = self.next_value() {
                return result;
            }
            listener.await;
        }
    }

    /// Takes the next value if it is here.
    ///
    /// # Errors
    ///
    /// [`TryRecvError::Empty`] if nothing is here now; otherwise as [`recv`](Receiver::recv).
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        match self.next_value() {
            Some(result) => Ok(result?),
            None => Err(TryRecvError::Empty),
        }
    }

    /// Waits for values and appends up to `limit` of them to `values`. Returns how many: at least
    /// one, unless `limit` is zero.
    ///
    /// # Errors
    ///
    /// As [`recv`](Receiver::recv), and only when no value was appended.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it returns, no value is lost.
    pub async fn recv_many(
        &mut self,
        values: &mut Vec<T>,
        limit: usize,
    ) -> Result<usize, RecvError> {
        if limit == 0 {
            return Ok(0);
        }
        values.push(self.recv().await?);
        let mut count = 1;
        while count < limit {
            match self.next_of_batch() {
                Some(Ok(value)) => values.push(value),
                Some(Err(error)) => {
                    self.postponed = Some(error);
                    break;
                }
                None => break,
            }
            count += 1;
        }
        Ok(count)
    }

    /// Wants no more values: the peers' senders are closed. What has come can still be taken.
    pub fn close(&mut self) {
        self.queue.close();
    }

    /// Values that have come and were not taken.
    #[must_use]
    pub fn len(&self) -> usize {
        (self.queue.values() + self.batch.lock().values_left()) as usize
    }

    /// Values of a [broadcast](crate::net::Shape::Broadcast) that did not come because this receiver is
    /// slow and the exporter [drops the oldest](crate::net::Slow::DropOldest). They count, over all
    /// sessions, as soon as a newer value has come; values from before the gap may still be here.
    #[must_use]
    pub fn missed_values(&self) -> u64 {
        self.queue.missed_values()
    }

    /// Whether no value is here to be taken.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether nothing more will come. Values may still be here.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.closed_by().is_some()
    }

    /// Who ended the channel, and why. `None` while something may come.
    #[must_use]
    pub fn closed_by(&self) -> Option<Closed> {
        self.queue.closed()
    }

    fn next_value(&mut self) -> Option<Result<T, RecvError>> {
        if let Some(error) = self.postponed.take() {
            return Some(Err(error));
        }
        loop {
            if let Some(result) = self.next_of_batch() {
                return Some(result);
            }
            match self.queue.refill(self.batch.get_mut()) {
                Found::Values => {}
                Found::Nothing => return None,
                Found::Corrupt => return Some(Err(RecvError::Corrupt)),
                Found::Ended(closed) => return Some(Err(RecvError::Closed(closed))),
            }
        }
    }

    fn next_of_batch(&mut self) -> Option<Result<T, RecvError>> {
        let batch = self.batch.get_mut();
        let form = batch.form();
        let decoded = match self.value_of {
            None => {
                let _scope = batch.decode_scope();
                batch.next()?.map(self.decoder.of(form))
            }
            Some(value_of) if form == Form::OWN => batch.next_shared()?.map(value_of),
            Some(_) => {
                let _scope = batch.decode_scope();
                batch.next_shared()?.map(|bytes| self.decoder.of(form)(&bytes))
            }
        };
        let Ok(decoded) = decoded else {
            self.queue.cut_off(batch);
            return Some(Err(RecvError::Corrupt));
        };
        let value = match decoded {
            Ok(value) => value,
            Err(error) => return Some(Err(self.queue.reject(batch, error))),
        };
        if batch.is_report_due() || batch.is_empty() {
            self.queue.report_taken(batch);
            self.gives_way = !batch.is_empty();
        }
        Some(Ok(value))
    }
}

/// A channel's values in order, until it ends. An end that was not regular comes as one last
/// error. A value that cannot be decoded comes as an error, too, and the stream goes on.
impl<T> Stream for Receiver<T> {
    type Item = Result<T, RecvError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.is_stream_over {
            return Poll::Ready(None);
        }
        loop {
            match self.next_value() {
                Some(Err(RecvError::Closed(closed))) => {
                    self.is_stream_over = true;
                    let is_regular = closed.is_finished();
                    let error = (!is_regular).then_some(Err(RecvError::Closed(closed)));
                    return Poll::Ready(error);
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

impl<T> Clone for Receiver<T> {
    /// Another receiver of the same channel. From now on values are shared one by one.
    fn clone(&self) -> Receiver<T> {
        let receiver = Receiver::with(self.queue.clone(), self.decoder.clone(), self.value_of);
        self.queue.give_back(&mut self.batch.lock());
        receiver
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        self.queue.remove_receiver(self.batch.get_mut());
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver")
            .field("values", &self.len())
            .field("closed", &self.queue.closed())
            .finish_non_exhaustive()
    }
}
