//! The queue behind a sending channel: encoded values on their way from senders to sessions.
//!
//! It knows bytes, not types. Senders append under one short lock; each attached session (one for
//! an import, one per importer for an export) takes values when it has credit for them. A value is
//! taken by exactly one session.

mod carried;
mod reservation;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use event_listener::Event;
use parking_lot::Mutex;

use crate::channel::backlog::Backlog;
use crate::channel::consumers::{ConsumerKey, Consumers, ring};
use crate::channel::feeder::{Feeder, Feeders};
use crate::channel::offer::Offering;
use crate::channel::outgoing::carried::Carried;
use crate::channel::ready::ReadySet;
use crate::channel::signal::{KeptListener, Signal};
use crate::channel::{Closed, CodecError, Origin, Reason};
use crate::id::ChannelId;
use crate::limits::LARGE_VALUE_BYTES;
use crate::session::{Chunk, Remains, Supply};

pub(crate) use reservation::Reservation;

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
    /// Values that are not known to have been taken when a session is lost are sent again.
    pub(crate) redelivers: bool,
}

/// What frees a sender's slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slots {
    /// The value was taken by a session: an export, whose importers have windows of their own.
    UntilDispatched,
    /// The value has left the peer's channel: an import, whose size counts values in flight too.
    UntilTaken,
}

/// What became of the values of a channel whose session is lost.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Aftermath {
    /// Values that were sent and are not known to have been taken.
    pub(crate) unconfirmed_values: u64,
    /// Those of them that will be sent again.
    pub(crate) redelivered_values: u64,
    /// Values that will not be sent again.
    pub(crate) discarded_values: u64,
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
    /// Where ends of channels are offered that are inside of values; nowhere if the type has none.
    offering: Option<Arc<dyn Offering>>,
}

#[derive(Debug)]
struct State {
    bounds: OutgoingBounds,
    backlog: Backlog,
    consumers: Consumers,
    accepted_values: u64,
    dispatched_values: u64,
    freed_slots: u64,
    reserved_slots: u64,
    senders: usize,
    is_finished: bool,
    ended: Option<Closed>,
    /// Values that waited when the channel was ended, and were dropped.
    discarded_values: u64,
    /// What became of values in all sessions that were lost.
    losses: Aftermath,
    /// Offers in values that wait.
    carried: Carried,
}

impl Outgoing {
    pub(crate) fn new(
        bounds: OutgoingBounds,
        offering: Option<Arc<dyn Offering>>,
    ) -> Arc<Outgoing> {
        Arc::new(Outgoing {
            state: Mutex::new(State {
                bounds,
                backlog: Backlog::default(),
                consumers: Consumers::default(),
                accepted_values: 0,
                dispatched_values: 0,
                freed_slots: 0,
                reserved_slots: 0,
                senders: 0,
                is_finished: false,
                ended: None,
                discarded_values: 0,
                losses: Aftermath::default(),
                carried: Carried::default(),
            }),
            slot_freed: Signal::default(),
            dispatched: Event::new(),
            closed: Event::new(),
            feeders: Feeders::default(),
            has_long_values: AtomicBool::new(false),
            offering,
        })
    }

    // For senders.

    /// Queues a value if there is a slot.
    pub(crate) fn push(
        &self,
        encode: impl FnOnce(&mut Vec<u8>) -> Result<(), CodecError>,
    ) -> Result<(), PushError> {
        if self.encodes_outside() {
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
        let (woken, was_last) = (state.consumers.wake_one(), state.is_finished);
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

    /// Whether values are encoded outside of the lock. Those with ends of channels inside are, because
    /// an end may be one of this very channel.
    #[inline]
    fn encodes_outside(&self) -> bool {
        self.has_long_values.load(Ordering::Relaxed) || self.offering.is_some()
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
        let woken = state.consumers.wake_all();
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

    /// Whether values that are not known to have been taken when a session is lost are sent again.
    pub(crate) fn redelivers(&self) -> bool {
        self.state.lock().bounds.redelivers
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
        self.state.lock().consumers.attach(ready, channel)
    }

    /// Detaches a session. What woke it may have been meant for another.
    pub(crate) fn detach(&self, key: ConsumerKey) {
        let mut state = self.state.lock();
        state.consumers.detach(key);
        let woken = state.wake_for_rest();
        drop(state);
        ring(woken);
    }

    /// A session takes no more values. What it has taken may still come back.
    pub(crate) fn retire(&self, key: ConsumerKey) {
        let mut state = self.state.lock();
        state.consumers.retire(key);
        let woken = state.wake_for_rest();
        drop(state);
        ring(woken);
    }

    /// A session cannot take values now: another that waits may.
    pub(crate) fn pass_on(&self) {
        let mut state = self.state.lock();
        let woken = if state.is_empty() { None } else { state.consumers.wake_one() };
        drop(state);
        ring(woken);
    }

    /// Whether a session is attached.
    pub(crate) fn has_consumers(&self) -> bool {
        self.state.lock().consumers.len() > 0
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
        state.consumers.dispatched(key, taken);
        let frees_slots = state.bounds.slots == Slots::UntilDispatched;
        if frees_slots {
            state.freed_slots += taken;
        }
        let is_relieved = was_stuffed && !state.is_stuffed();
        let is_empty = state.is_empty();
        // What another session may give back is for those that are still there.
        let is_finished = state.is_finished && !state.waits_for_others(key);
        let (supply, woken) = match (is_empty, is_finished) {
            (false, _) => (Supply::More, state.consumers.wake_one().into_iter().collect()),
            (true, true) => (Supply::Finished, state.consumers.wake_all()),
            (true, false) => {
                state.consumers.wait(key);
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

    /// Takes back what a lost session had taken and not brought to its end: it stands in front of the
    /// queue again, or is gone.
    pub(crate) fn give_back(&self, key: ConsumerKey, remains: Remains) -> Aftermath {
        let Remains { unconfirmed_values, returned, discarded_values, .. } = remains;
        let mut state = self.state.lock();
        let values = u64::from(returned.values);
        let mut dropped_values = 0;
        if state.ended.is_some() {
            dropped_values = values;
        } else if values > 0 {
            state.dispatched_values -= values;
            state.backlog.give_back(returned);
        }
        match state.bounds.slots {
            // They take up their slots again.
            Slots::UntilDispatched => state.freed_slots -= values - dropped_values,
            // What is not here any more is known to be taken, or gone.
            Slots::UntilTaken => state.freed_slots = state.dispatched_values,
        }
        let aftermath = Aftermath {
            unconfirmed_values,
            // The others that come back were never sent, so that is no redelivery.
            redelivered_values: unconfirmed_values
                .saturating_sub(discarded_values + dropped_values),
            discarded_values: discarded_values + dropped_values,
        };
        state.losses.redelivered_values += aftermath.redelivered_values;
        state.losses.discarded_values += aftermath.discarded_values;
        state.consumers.gave_back(key);
        let woken = state.wake_for_rest();
        drop(state);
        ring(woken);
        self.slot_freed.notify_all();
        self.dispatched.notify(usize::MAX);
        aftermath
    }

    /// Values that were taken by sessions, in all, without those that came back.
    pub(crate) fn dispatched_values(&self) -> u64 {
        self.state.lock().dispatched_values
    }

    /// What became of values in all sessions that were lost.
    pub(crate) fn losses(&self) -> Aftermath {
        self.state.lock().losses
    }

    /// Values have left the peer's channel, in all: `values` of them, and those of this session.
    pub(crate) fn taken_by_peer(&self, key: ConsumerKey, values: u64, of_session: u64) {
        let mut state = self.state.lock();
        if state.consumers.taken(key, of_session) && state.is_finished && state.is_empty() {
            // The others may have waited for that.
            let woken = state.wake_for_rest();
            drop(state);
            ring(woken);
            state = self.state.lock();
        }
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
        state.discarded_values += discarded;
        state.dispatched_values = state.accepted_values;
        state.backlog = Backlog::default();
        let withdrawn = std::mem::take(&mut state.carried);
        drop(state);
        drop(withdrawn);
        self.notify_all();
        discarded
    }

    /// Whether nothing will ever be taken from it again.
    pub(crate) fn is_over(&self) -> bool {
        let state = self.state.lock();
        let may_come_back = state.bounds.redelivers && state.consumers.hold_values();
        state.ended.is_some() || (state.is_finished && state.is_empty() && !may_come_back)
    }

    /// Whether nothing is left to be taken, unless a session that is lost gives something back.
    pub(crate) fn is_exhausted(&self) -> bool {
        let state = self.state.lock();
        state.ended.is_some() || (state.is_finished && state.is_empty())
    }

    /// Whether it was ended, and not only finished.
    pub(crate) fn has_ended(&self) -> bool {
        self.state.lock().ended.is_some()
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

    /// Waits until all of the first `values` have been taken by sessions, or dropped. Returns how
    /// many were dropped.
    pub(crate) async fn wait_dispatched(&self, values: u64) -> u64 {
        loop {
            let listener = self.dispatched.listen();
            {
                let state = self.state.lock();
                if state.dispatched_values >= values {
                    return state.discarded_values;
                }
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
        self.backlog.bytes() >= self.bounds.queue_bytes
    }

    fn is_empty(&self) -> bool {
        self.accepted_values == self.dispatched_values
    }

    /// Whether a session that finds nothing may still find what others give back.
    fn waits_for_others(&self, key: ConsumerKey) -> bool {
        self.bounds.redelivers && self.consumers.others_hold_values(key)
    }

    /// Marks who can go on when a session has left, or holds no more.
    fn wake_for_rest(&mut self) -> Vec<Arc<ReadySet>> {
        if !self.is_empty() {
            self.consumers.wake_one().into_iter().collect()
        } else if self.is_finished && self.consumers.may_be_settled() {
            self.consumers.wake_all()
        } else {
            Vec::new()
        }
    }

    /// Encodes a value behind the others; returns its length.
    fn append(
        &mut self,
        encode: impl FnOnce(&mut Vec<u8>) -> Result<(), CodecError>,
    ) -> Result<usize, CodecError> {
        let length = self.backlog.append(encode)?;
        self.accept();
        Ok(length)
    }

    /// Appends a value that was encoded elsewhere.
    fn append_encoded(&mut self, bytes: Vec<u8>) {
        self.backlog.append_encoded(bytes);
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
        let taken = self.backlog.take(values_max, bytes_wanted, chunk);
        self.dispatched_values += taken;
        self.carried.sent(self.dispatched_values);
        taken
    }
}
