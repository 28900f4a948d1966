//! The queue behind a sending channel: encoded values on their way from senders to sessions.
//!
//! It knows bytes, not types. Senders append under one short lock; each attached session (one for
//! an import, one per importer for an export) takes values when it has credit for them. A value is
//! taken by exactly one session.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use event_listener::Event;
use parking_lot::Mutex;

use crate::channel::feeder::{Feeder, Feeders};
use crate::channel::ready::ReadySet;
use crate::channel::signal::{KeptListener, Signal};
use crate::channel::{Closed, CodecError, Origin, Reason};
use crate::id::ChannelId;
use crate::limits::{CHUNK_BYTES, LARGE_VALUE_BYTES, RETAINED_BYTES_MAX};
use crate::prefix;
use crate::session::{Chunk, Supply};

/// The bounds of a sending channel.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OutgoingBounds {
    /// Values for which there are slots.
    pub(crate) capacity_values: u32,
    /// Encoded bytes beyond which senders wait although there are slots.
    pub(crate) queue_bytes: usize,
    /// What frees a slot.
    pub(crate) slots: Slots,
    /// The number of values after which the channel ends.
    pub(crate) limit: Option<u64>,
}

/// What frees a sender's slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slots {
    /// The value was taken by a session: an export, whose importers have windows of their own.
    UntilDispatched,
    /// The value has left the peer's channel: an import, whose size counts values in flight too.
    UntilTaken,
}

/// Why a value was not queued.
#[derive(Debug)]
pub(crate) enum PushError {
    Full,
    Closed(Closed),
    Unencodable(CodecError),
}

/// The queue of a sending channel.
#[derive(Debug)]
pub(crate) struct Outgoing {
    state: Mutex<State>,
    slot_freed: Signal,
    /// Values have left the queue.
    dispatched: Event,
    /// No more values are taken.
    closed: Event,
    feeders: Feeders,
    /// A long value came by: values are encoded outside the lock, so that nobody waits for that.
    has_long_values: AtomicBool,
}

/// An attachment of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ConsumerKey(u64);

#[derive(Debug)]
struct Consumer {
    ready: Arc<ReadySet>,
    channel: ChannelId,
    is_waiting: bool,
}

#[derive(Debug)]
struct State {
    bounds: OutgoingBounds,
    chunks: VecDeque<Chunk>,
    /// Where the first chunk starts; before that its values were taken.
    first_offset: usize,
    /// An empty buffer for the next chunk.
    spare: Vec<u8>,
    encoder: prefix::Encoder,
    queued_bytes: usize,
    accepted_values: u64,
    dispatched_values: u64,
    freed_slots: u64,
    reserved_slots: u64,
    senders: usize,
    is_finished: bool,
    ended: Option<Closed>,
    consumers: HashMap<ConsumerKey, Consumer>,
    last_key: u64,
    /// Consumers that found the queue empty, the longest waiting first.
    waiting: VecDeque<ConsumerKey>,
}

impl Outgoing {
    pub(crate) fn new(bounds: OutgoingBounds) -> Arc<Outgoing> {
        Arc::new(Outgoing {
            state: Mutex::new(State {
                bounds,
                chunks: VecDeque::new(),
                first_offset: 0,
                spare: Vec::new(),
                encoder: prefix::Encoder::default(),
                queued_bytes: 0,
                accepted_values: 0,
                dispatched_values: 0,
                freed_slots: 0,
                reserved_slots: 0,
                senders: 0,
                is_finished: false,
                ended: None,
                consumers: HashMap::new(),
                last_key: 0,
                waiting: VecDeque::new(),
            }),
            slot_freed: Signal::default(),
            dispatched: Event::new(),
            closed: Event::new(),
            feeders: Feeders::default(),
            has_long_values: AtomicBool::new(false),
        })
    }

    // For senders.

    /// Queues a value if there is a slot.
    pub(crate) fn push(
        &self,
        encode: impl FnOnce(&mut Vec<u8>) -> Result<(), CodecError>,
    ) -> Result<(), PushError> {
        if self.has_long_values.load(Ordering::Relaxed) {
            return self.reserve()?.push(encode);
        }
        self.push_into(|state| state.check_slot(), encode)
    }

    /// Takes a slot for a value that comes later.
    pub(crate) fn reserve(&self) -> Result<Reservation<'_>, PushError> {
        let mut state = self.state.lock();
        state.check_slot()?;
        state.reserved_slots += 1;
        Ok(Reservation { queue: self })
    }

    fn push_into(
        &self,
        check: impl FnOnce(&mut State) -> Result<(), PushError>,
        encode: impl FnOnce(&mut Vec<u8>) -> Result<(), CodecError>,
    ) -> Result<(), PushError> {
        let mut unused_slot = UnusedSlot { queue: self, is_due: false };
        let mut state = self.state.lock();
        check(&mut state)?;
        unused_slot.is_due = true;
        let length = state.append(encode).map_err(PushError::Unencodable)?;
        unused_slot.is_due = false;
        let (woken, was_last) = (state.wake_one(), state.is_finished);
        drop(state);
        if was_last {
            self.notify_all();
        }
        if length >= LARGE_VALUE_BYTES {
            self.has_long_values.store(true, Ordering::Relaxed);
        }
        ring(woken);
        Ok(())
    }

    /// Waits until there may be a slot, or the channel has ended.
    pub(crate) fn slot_freed(&self) -> event_listener::EventListener {
        self.slot_freed.listen()
    }

    /// The same for a sink.
    pub(super) fn slot_freed_kept(&self) -> KeptListener {
        self.slot_freed.listen_kept()
    }

    pub(crate) fn add_sender(&self) {
        self.state.lock().senders += 1;
    }

    /// A sender is gone; with the last one the channel is finished.
    pub(crate) fn remove_sender(&self) {
        let mut state = self.state.lock();
        state.senders -= 1;
        if state.senders == 0 {
            drop(state);
            self.finish();
        }
    }

    /// No more values come. Those that are queued are still sent.
    pub(crate) fn finish(&self) {
        let mut state = self.state.lock();
        state.is_finished = true;
        let woken = state.wake_all();
        drop(state);
        ring(woken);
        self.notify_all();
    }

    /// Values that wait for a session.
    pub(crate) fn queued_values(&self) -> u64 {
        let state = self.state.lock();
        state.accepted_values - state.dispatched_values
    }

    pub(crate) fn free_slots(&self) -> u64 {
        self.state.lock().free_slots()
    }

    pub(crate) fn capacity_values(&self) -> u32 {
        self.state.lock().bounds.capacity_values
    }

    /// Why no more values are taken; `None` while they are.
    pub(crate) fn closed(&self) -> Option<Closed> {
        self.state.lock().closed()
    }

    /// Waits until no more values are taken.
    pub(crate) async fn wait_closed(&self) -> Closed {
        loop {
            let listener = self.closed.listen();
            if let Some(closed) = self.closed() {
                return closed;
            }
            listener.await;
        }
    }

    // For sessions.

    /// Attaches a session, which then asks for values on its own.
    pub(crate) fn attach(&self, ready: Arc<ReadySet>, channel: ChannelId) -> ConsumerKey {
        let mut state = self.state.lock();
        state.last_key += 1;
        let key = ConsumerKey(state.last_key);
        state.consumers.insert(key, Consumer { ready, channel, is_waiting: false });
        key
    }

    /// Detaches a session. What woke it may have been meant for another.
    pub(crate) fn detach(&self, key: ConsumerKey) {
        let mut state = self.state.lock();
        state.consumers.remove(&key);
        state.waiting.retain(|waiting| *waiting != key);
        let woken = if state.is_empty() { None } else { state.wake_one() };
        drop(state);
        ring(woken);
    }

    /// A session cannot take values now: another that waits may.
    pub(crate) fn pass_on(&self) {
        let mut state = self.state.lock();
        let woken = if state.is_empty() { None } else { state.wake_one() };
        drop(state);
        ring(woken);
    }

    /// Whether a session is attached.
    pub(crate) fn has_consumers(&self) -> bool {
        !self.state.lock().consumers.is_empty()
    }

    /// Moves values to a session; see [`ValueSource::refill`](crate::session::ValueSource).
    pub(crate) fn refill(
        &self,
        key: ConsumerKey,
        values_max: u64,
        bytes_wanted: usize,
        chunk: &mut Chunk,
    ) -> Supply {
        let mut state = self.state.lock();
        let share = state.share(values_max);
        let was_stuffed = state.is_stuffed();
        let taken = state.take(share, bytes_wanted, chunk);
        let frees_slots = state.bounds.slots == Slots::UntilDispatched;
        if frees_slots {
            state.freed_slots += taken;
        }
        let is_relieved = was_stuffed && !state.is_stuffed();
        let is_empty = state.is_empty();
        let (supply, woken) = match (is_empty, state.is_finished) {
            (false, _) => (Supply::More, state.wake_one().into_iter().collect()),
            (true, true) => (Supply::Finished, state.wake_all()),
            (true, false) => {
                state.wait(key);
                (Supply::Empty, Vec::new())
            }
        };
        drop(state);
        ring(woken);
        if taken > 0 {
            if is_relieved {
                // There may have been slots all the time, for any number of senders.
                self.slot_freed.notify_all();
            } else if frees_slots {
                self.slot_freed.notify(usize::try_from(taken).unwrap_or(usize::MAX));
            }
            self.dispatched.notify(usize::MAX);
        }
        supply
    }

    /// Values have left the peer's channel, in all.
    pub(crate) fn taken_by_peer(&self, values: u64) {
        let mut state = self.state.lock();
        if state.bounds.slots != Slots::UntilTaken || values <= state.freed_slots {
            return;
        }
        let freed = values - state.freed_slots;
        state.freed_slots = values;
        drop(state);
        self.slot_freed.notify(usize::try_from(freed).unwrap_or(usize::MAX));
    }

    /// Ends the channel for its senders. Returns how many queued values are dropped by that.
    pub(crate) fn end(&self, closed: Closed) -> u64 {
        let mut state = self.state.lock();
        let discarded = state.accepted_values - state.dispatched_values;
        state.ended.get_or_insert(closed);
        state.dispatched_values = state.accepted_values;
        state.chunks.clear();
        state.spare = Vec::new();
        state.queued_bytes = 0;
        state.first_offset = 0;
        drop(state);
        self.notify_all();
        discarded
    }

    /// Whether nothing will ever be taken from it again.
    pub(crate) fn is_over(&self) -> bool {
        let state = self.state.lock();
        state.ended.is_some() || (state.is_finished && state.is_empty())
    }

    // For those who wait for progress.

    pub(crate) fn add_feeder(&self, feeder: Arc<dyn Feeder>) {
        self.feeders.add(feeder);
    }

    /// Waits until values that were given to feeders are in the queue.
    pub(crate) async fn settle_feeders(&self) {
        self.feeders.settle().await;
    }

    /// Values that were accepted in all.
    pub(crate) fn accepted_values(&self) -> u64 {
        self.state.lock().accepted_values
    }

    /// Waits until all of the first `values` have been taken by sessions, or dropped.
    pub(crate) async fn wait_dispatched(&self, values: u64) {
        loop {
            let listener = self.dispatched.listen();
            if self.state.lock().dispatched_values >= values {
                return;
            }
            listener.await;
        }
    }

    fn notify_all(&self) {
        self.slot_freed.notify_all();
        self.dispatched.notify(usize::MAX);
        self.closed.notify(usize::MAX);
    }
}

/// Gives a slot that its sender was woken for and could not use to the next one.
struct UnusedSlot<'a> {
    queue: &'a Outgoing,
    is_due: bool,
}

impl Drop for UnusedSlot<'_> {
    fn drop(&mut self) {
        if self.is_due {
            self.queue.slot_freed.notify(1);
        }
    }
}

/// A slot for one value. Dropped unused, it is free again.
#[derive(Debug)]
pub(crate) struct Reservation<'a> {
    queue: &'a Outgoing,
}

impl Reservation<'_> {
    /// Queues the value for which the slot was kept.
    pub(crate) fn push(
        self,
        encode: impl FnOnce(&mut Vec<u8>) -> Result<(), CodecError>,
    ) -> Result<(), PushError> {
        let queue = self.queue;
        if queue.has_long_values.load(Ordering::Relaxed) {
            return self.push_encoded_outside(encode);
        }
        queue.push_into(|state| state.check_open(), encode)
    }

    fn push_encoded_outside(
        self,
        encode: impl FnOnce(&mut Vec<u8>) -> Result<(), CodecError>,
    ) -> Result<(), PushError> {
        let mut bytes = Vec::new();
        prefix::Encoder::wide().append(&mut bytes, encode).map_err(PushError::Unencodable)?;
        let mut state = self.queue.state.lock();
        state.check_open()?;
        state.append_encoded(bytes);
        let (woken, was_last) = (state.wake_one(), state.is_finished);
        drop(state);
        if was_last {
            self.queue.notify_all();
        }
        ring(woken);
        Ok(())
    }

    /// Keeps the slot after the reservation is gone; [`Outgoing::adopt`] brings it back.
    pub(crate) fn forget(self) {
        std::mem::forget(self);
    }
}

impl Outgoing {
    /// The reservation that was forgotten.
    pub(crate) fn adopt(&self) -> Reservation<'_> {
        Reservation { queue: self }
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        self.queue.state.lock().reserved_slots -= 1;
        self.queue.slot_freed.notify(1);
    }
}

impl State {
    fn closed(&self) -> Option<Closed> {
        if let Some(closed) = &self.ended {
            return Some(closed.clone());
        }
        if self.bounds.limit.is_some_and(|limit| self.accepted_values >= limit) {
            return Some(Closed::new(Origin::Local, Reason::LimitReached));
        }
        self.is_finished.then(|| Closed::new(Origin::Local, Reason::Finished))
    }

    #[inline]
    fn check_open(&mut self) -> Result<(), PushError> {
        if self.ended.is_none() && !self.is_finished && self.bounds.limit.is_none() {
            return Ok(());
        }
        self.closed().map_or(Ok(()), |closed| Err(PushError::Closed(closed)))
    }

    #[inline]
    fn check_slot(&mut self) -> Result<(), PushError> {
        self.check_open()?;
        if self.free_slots() == 0 || self.is_stuffed() {
            return Err(PushError::Full);
        }
        Ok(())
    }

    #[inline]
    fn free_slots(&self) -> u64 {
        let used = self.accepted_values + self.reserved_slots - self.freed_slots;
        u64::from(self.bounds.capacity_values).saturating_sub(used)
    }

    /// Whether senders wait although there may be slots.
    fn is_stuffed(&self) -> bool {
        self.queued_bytes >= self.bounds.queue_bytes
    }

    fn is_empty(&self) -> bool {
        self.accepted_values == self.dispatched_values
    }

    /// Encodes a value behind the others; returns its length.
    fn append(
        &mut self,
        encode: impl FnOnce(&mut Vec<u8>) -> Result<(), CodecError>,
    ) -> Result<usize, CodecError> {
        let last = match self.chunks.back_mut() {
            Some(last) if last.bytes.len() < CHUNK_BYTES => last,
            _ => {
                let bytes = std::mem::take(&mut self.spare);
                self.chunks.push_back(Chunk { bytes, values: 0 });
                // INVARIANT: it was just pushed.
                self.chunks.back_mut().expect("a chunk to append to")
            }
        };
        let before = last.bytes.len();
        let result = self.encoder.append(&mut last.bytes, encode);
        match result {
            Ok(_) => {
                last.values += 1;
                self.queued_bytes += last.bytes.len() - before;
                self.accept();
            }
            Err(_) if last.values == 0 => {
                self.spare = self.chunks.pop_back().map_or_else(Vec::new, |chunk| chunk.bytes);
            }
            Err(_) => {}
        }
        result
    }

    /// Appends a value that was encoded elsewhere. Long ones keep their buffer.
    fn append_encoded(&mut self, bytes: Vec<u8>) {
        self.queued_bytes += bytes.len();
        match self.chunks.back_mut() {
            Some(last) if bytes.len() < LARGE_VALUE_BYTES && last.bytes.len() < CHUNK_BYTES => {
                last.bytes.extend_from_slice(&bytes);
                last.values += 1;
            }
            _ => self.chunks.push_back(Chunk { bytes, values: 1 }),
        }
        self.accept();
    }

    #[inline]
    fn accept(&mut self) {
        self.accepted_values += 1;
        if self.bounds.limit == Some(self.accepted_values) {
            self.is_finished = true;
        }
    }

    /// What one of several sessions may take, so that the others find some too.
    fn share(&self, values_max: u64) -> u64 {
        let consumers = self.consumers.len().max(1) as u64;
        let queued = self.accepted_values - self.dispatched_values;
        values_max.min(queued.div_ceil(consumers).max(1))
    }

    /// Moves values from the front; returns how many.
    fn take(&mut self, values_max: u64, bytes_wanted: usize, chunk: &mut Chunk) -> u64 {
        let Some(first) = self.chunks.front_mut() else { return 0 };
        if values_max == 0 {
            return 0;
        }
        let rest = &first.bytes[self.first_offset..];
        let is_whole = u64::from(first.values) <= values_max
            && (rest.len() <= bytes_wanted.max(2 * CHUNK_BYTES) || first.values == 1);
        let taken_bytes = if is_whole {
            let length = rest.len();
            if self.first_offset == 0 {
                std::mem::swap(&mut first.bytes, &mut chunk.bytes);
            } else {
                chunk.bytes.extend_from_slice(rest);
            }
            chunk.values = first.values;
            length
        } else {
            let (values, length) = whole_values(rest, values_max, bytes_wanted);
            chunk.bytes.extend_from_slice(&rest[..length]);
            chunk.values = values;
            first.values -= values;
            self.first_offset += length;
            length
        };
        if is_whole {
            let emptied = self.chunks.pop_front();
            self.first_offset = 0;
            self.keep_spare(emptied);
        }
        self.queued_bytes -= taken_bytes;
        self.dispatched_values += u64::from(chunk.values);
        u64::from(chunk.values)
    }

    fn keep_spare(&mut self, emptied: Option<Chunk>) {
        if let Some(Chunk { mut bytes, .. }) = emptied
            && bytes.capacity() <= RETAINED_BYTES_MAX
            && bytes.capacity() > self.spare.capacity()
        {
            bytes.clear();
            self.spare = bytes;
        }
    }

    fn wait(&mut self, key: ConsumerKey) {
        if let Some(consumer) = self.consumers.get_mut(&key)
            && !consumer.is_waiting
        {
            consumer.is_waiting = true;
            self.waiting.push_back(key);
        }
    }

    /// Marks the session that waits longest; the caller rings for it when the lock is free.
    #[inline]
    fn wake_one(&mut self) -> Option<Arc<ReadySet>> {
        // Nobody waits behind most values.
        if self.waiting.is_empty() { None } else { self.wake_first() }
    }

    fn wake_first(&mut self) -> Option<Arc<ReadySet>> {
        let key = self.waiting.pop_front()?;
        let consumer = self.consumers.get_mut(&key)?;
        consumer.is_waiting = false;
        consumer.ready.mark(consumer.channel);
        Some(consumer.ready.clone())
    }

    fn wake_all(&mut self) -> Vec<Arc<ReadySet>> {
        let mut woken = Vec::new();
        while !self.waiting.is_empty() {
            woken.extend(self.wake_first());
        }
        woken
    }
}

fn ring(woken: impl IntoIterator<Item = Arc<ReadySet>>) {
    for ready in woken {
        ready.ring();
    }
}

/// How many whole values stand at the start of `run` within the bounds, at least one, and how many
/// bytes they take.
fn whole_values(run: &[u8], values_max: u64, bytes_wanted: usize) -> (u32, usize) {
    let mut values = 0;
    let mut length = 0;
    while u64::from(values) < values_max && length < run.len() {
        let value_bytes = prefix::value_bytes(&run[length..]);
        if values > 0 && length + value_bytes > bytes_wanted {
            break;
        }
        length += value_bytes;
        values += 1;
    }
    (values, length)
}
