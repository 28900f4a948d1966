//! The queue behind a sending channel: encoded values on their way from senders to sessions.
//!
//! It knows bytes, not types. Senders append under one short lock; each attached session (one for
//! an import, one per importer for an export) takes values when it has credit for them. A value of a
//! queue is taken by exactly one session ([`Backlog`]). One that goes to everyone stands in a log,
//! which each session reads at its own place ([`fanout`], [`log`], [`sharing`]).

mod bounds;
mod carried;
mod fanout;
mod log;
mod reservation;
mod shared;
mod sharing;
mod state;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use event_listener::Event;
use parking_lot::Mutex;

use crate::channel::asking::asks::Asks;
use crate::channel::backlog::Backlog;
use crate::channel::consumers::{ConsumerKey, ring};
use crate::channel::feeder::{Feeder, Feeders};
use crate::channel::offer::Offering;
use crate::channel::overflow::{OverflowListener, Overflowed, Tell};
use crate::channel::ready::ReadySet;
use crate::channel::signal::{KeptListener, Signal};
use crate::channel::{Closed, CodecError, Shape, Slow};
use crate::id::ChannelId;
use crate::limits::LARGE_VALUE_BYTES;
use crate::session::{Chunk, Remains, Supply};

pub(crate) use bounds::{Aftermath, OutgoingBounds, PushError, Slots};
pub(crate) use reservation::Reservation;
use state::State;

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
    /// On a channel of requests: those that wait for an answer.
    asks: Option<Arc<Asks>>,
    overflow_listener: OverflowListener,
    /// A long value came by: values are encoded outside the lock, so that nobody waits for that.
    has_long_values: AtomicBool,
    shape: Shape,
    /// Values go to everyone.
    is_for_all: bool,
    /// Sessions may be cut off.
    may_cut_off: bool,
    /// Where ends of channels are offered that are inside of values; nowhere if the type has none.
    offering: Option<Arc<dyn Offering>>,
}

impl Outgoing {
    pub(crate) fn new(
        bounds: OutgoingBounds,
        offering: Option<Arc<dyn Offering>>,
    ) -> Arc<Outgoing> {
        Outgoing::with(bounds, offering, None)
    }

    /// The queue of a channel of requests.
    pub(crate) fn for_requests(
        bounds: OutgoingBounds,
        offering: Option<Arc<dyn Offering>>,
        asks: Arc<Asks>,
    ) -> Arc<Outgoing> {
        // The window bounds how many requests are handled at the same time, which is for the program to
        // say.
        let bounds = OutgoingBounds { capacity_max: bounds.capacity_values, ..bounds };
        Outgoing::with(bounds, offering, Some(asks))
    }

    fn with(
        bounds: OutgoingBounds,
        offering: Option<Arc<dyn Offering>>,
        asks: Option<Arc<Asks>>,
    ) -> Arc<Outgoing> {
        Arc::new(Outgoing {
            state: Mutex::new(State::new(bounds)),
            slot_freed: Signal::default(),
            dispatched: Event::new(),
            closed: Event::new(),
            feeders: Feeders::default(),
            asks,
            overflow_listener: OverflowListener::default(),
            has_long_values: AtomicBool::new(false),
            shape: bounds.shape,
            is_for_all: bounds.shape != Shape::Queue,
            may_cut_off: bounds.shape == Shape::Broadcast(Slow::Disconnect),
            offering,
        })
    }

    /// To whom its values go.
    pub(crate) fn shape(&self) -> Shape {
        self.shape
    }

    // For senders.

    /// Queues a value if there is a slot.
    pub(crate) fn push(
        &self,
        encode: impl FnOnce(&mut Vec<u8>) -> Result<(), CodecError>,
    ) -> Result<(), PushError> {
        self.push_noting(encode, |_| {})
    }

    /// Queues a request if there is a slot.
    pub(crate) fn push_ask(
        &self,
        number: u64,
        encode: impl FnOnce(&mut Vec<u8>) -> Result<(), CodecError>,
    ) -> Result<(), PushError> {
        self.push_noting(encode, |state| {
            if let Some(asks) = &self.asks {
                asks.enqueue(state.accepted_values - 1, number);
            }
        })
    }

    /// Queues a value if there is a slot, and calls `note` before a session can take it. The queue is
    /// locked meanwhile; it is not while a value is encoded that may be long.
    pub(crate) fn push_and(
        &self,
        encode: impl FnOnce(&mut Vec<u8>) -> Result<(), CodecError>,
        note: impl FnOnce(),
    ) -> Result<(), PushError> {
        self.push_noting(encode, |_| note())
    }

    fn push_noting(
        &self,
        encode: impl FnOnce(&mut Vec<u8>) -> Result<(), CodecError>,
        note: impl FnOnce(&State),
    ) -> Result<(), PushError> {
        if self.encodes_outside() {
            return self.reserve()?.push_noting(encode, note);
        }
        self.push_into(|state| state.check_slot(), encode, note)
    }

    /// Why a value cannot be queued now; `None` if it can.
    pub(crate) fn obstacle(&self) -> Option<PushError> {
        let obstacle = self.state.lock().check_slot().err();
        let is_full = || self.asks.as_ref().is_some_and(|asks| asks.is_full());
        obstacle.or_else(|| is_full().then_some(PushError::Full))
    }

    /// Requests were answered or given up: wakes those who wait because there were too many.
    pub(crate) fn relieve_askers(&self) {
        if self.asks.as_ref().is_some_and(|asks| asks.take_relief()) {
            self.slot_freed.notify_all();
        }
    }

    /// Nobody waits for the answer to a request any more.
    pub(crate) fn give_up_ask(&self, number: u64) {
        let holder = self.asks.as_ref().and_then(|asks| asks.give_up(number));
        if let Some(holder) = holder {
            let woken = self.state.lock().consumers.cancel(holder, number);
            ring(woken);
        }
        self.relieve_askers();
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
        note: impl FnOnce(&State),
    ) -> Result<(), PushError> {
        let mut unused_slot = UnusedSlot { queue: self, is_due: false };
        let mut state = self.state.lock();
        check(&mut state)?;
        unused_slot.is_due = true;
        let length = state.append(encode).map_err(PushError::Unencodable)?;
        unused_slot.is_due = false;
        note(&state);
        if length >= LARGE_VALUE_BYTES {
            self.has_long_values.store(true, Ordering::Relaxed);
        }
        self.announce(state, length);
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
        let state = self.state.lock();
        if state.can_fill() { state.free_slots() } else { state.bounds.capacity_values.into() }
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

    /// The requests that wait for an answer, on a channel of requests.
    pub(crate) fn asks(&self) -> Option<&Arc<Asks>> {
        self.asks.as_ref()
    }

    /// The requests that a session holds and that were cancelled since the last call.
    pub(crate) fn take_cancelled(&self, key: ConsumerKey) -> Vec<u64> {
        if self.asks.is_none() {
            return Vec::new();
        }
        self.state.lock().consumers.take_cancelled(key)
    }

    /// Attaches a session, which then asks for values on its own.
    pub(crate) fn attach(&self, ready: Arc<ReadySet>, channel: ChannelId) -> ConsumerKey {
        let mut state = self.state.lock();
        let key = state.consumers.attach(ready, channel);
        let ((), _) = state.change_log(|fanout| fanout.attach(key));
        key
    }

    /// Detaches a session. What woke it may have been meant for another.
    pub(crate) fn detach(&self, key: ConsumerKey) {
        self.change_readers(|fanout| fanout.remove(key));
        let mut state = self.state.lock();
        state.consumers.detach(key);
        let woken = state.wake_for_rest();
        drop(state);
        ring(woken);
    }

    /// A session takes no more values. What it has taken may still come back.
    pub(crate) fn retire(&self, key: ConsumerKey) {
        self.change_readers(|fanout| fanout.remove(key));
        let mut state = self.state.lock();
        state.consumers.retire(key);
        let woken = state.wake_for_rest();
        drop(state);
        ring(woken);
    }

    /// A session cannot take values now: another that waits may.
    pub(crate) fn pass_on(&self) {
        let mut state = self.state.lock();
        // What goes to everyone is not for another.
        let is_for_another = !state.is_empty() && state.fanout.is_none();
        let woken = if is_for_another { state.consumers.wake_one() } else { None };
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
        if state.fanout.is_some() {
            drop(state);
            return self.refill_from_log(key, values_max, bytes_wanted, chunk);
        }
        let share = state.share(values_max);
        let was_stuffed = state.is_stuffed();
        let first_ordinal = state.dispatched_values;
        let taken = state.take(share, bytes_wanted, chunk);
        let mut withdrawn = Vec::new();
        if let Some(asks) = &self.asks
            && taken > 0
        {
            let unwanted = asks.dispatch(key, first_ordinal, chunk);
            withdrawn = state.carried.take(unwanted.iter().map(|place| first_ordinal + place + 1));
        }
        state.carry_away();
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
        drop(withdrawn);
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
        let mut state = self.state.lock();
        let Remains { unconfirmed_values, returned, discarded_values, .. } = match &self.asks {
            Some(asks) if state.ended.is_none() => {
                let is_retained = state.bounds.redelivers;
                let sent_values = if is_retained { remains.unconfirmed_values } else { 0 };
                let dispatched_values = state.dispatched_values;
                asks.take_back(remains, sent_values, |kept| dispatched_values - kept)
            }
            _ => remains,
        };
        let values = u64::from(returned.values);
        let mut dropped_values = 0;
        if state.ended.is_some() || state.fanout.is_some() {
            // What goes to everyone is not for another.
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

    /// Values have left the peer's channel, in all: so many in any order that their slots are free, and
    /// those of this session up to the first that has not. Its window has `window_values` now.
    pub(crate) fn taken_by_peer(
        &self,
        key: ConsumerKey,
        freed: u64,
        of_session: u64,
        window_values: u64,
    ) {
        let mut state = self.state.lock();
        if state.consumers.taken(key, of_session) && state.is_finished && state.is_empty() {
            // The others may have waited for that.
            let woken = state.wake_for_rest();
            drop(state);
            ring(woken);
            state = self.state.lock();
        }
        if state.fanout.is_some() {
            drop(state);
            return self.go_on_reading(key);
        }
        let mut new_slots = state.make_slots(window_values);
        if state.bounds.slots == Slots::UntilTaken && freed > state.freed_slots {
            new_slots += freed - state.freed_slots;
            state.freed_slots = freed;
        }
        drop(state);
        if new_slots > 0 {
            self.slot_freed.notify(usize::try_from(new_slots).unwrap_or(usize::MAX));
        }
    }

    /// Ends the channel for its senders. Returns how many queued values are dropped by that.
    pub(crate) fn end(&self, closed: Closed) -> u64 {
        let mut state = self.state.lock();
        let discarded = state.accepted_values - state.dispatched_values;
        let closed = state.ended.get_or_insert(closed).clone();
        state.discarded_values += discarded;
        state.dispatched_values = state.accepted_values;
        state.backlog = Backlog::default();
        if let Some(fanout) = &mut state.fanout {
            fanout.clear();
        }
        let withdrawn = std::mem::take(&mut state.carried);
        drop(state);
        drop(withdrawn);
        if let Some(asks) = &self.asks {
            asks.end(&closed);
        }
        self.notify_all();
        discarded
    }

    /// Whether nothing will ever be taken from it again.
    pub(crate) fn is_over(&self) -> bool {
        let state = self.state.lock();
        let may_come_back =
            state.bounds.redelivers && state.consumers.hold_values() || state.keeps_value();
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

    /// Sets who is told of messages that are dropped in front of this queue.
    pub(crate) fn on_overflow(&self, tell: Tell) {
        self.overflow_listener.set(tell);
    }

    /// Tells of messages that were dropped in front of this queue.
    pub(crate) fn tell_overflow(&self, overflowed: Overflowed) {
        self.overflow_listener.tell(overflowed);
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
        if let Some(asks) = &self.asks {
            asks.poke();
        }
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
