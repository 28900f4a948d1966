//! The queue behind a receiving channel: encoded values on their way from sessions to receivers.
//!
//! Each attached session has a [lane](super::lane) of its own, so that what is taken becomes
//! credit for the peer that sent it. Receivers take from the lanes in turn.

mod reject;
mod requests;

use std::collections::VecDeque;
use std::sync::{Arc, OnceLock, Weak};

use bytes::Bytes;
use event_listener::{Event, EventListener};
use parking_lot::Mutex;

use crate::channel::asking::answering::Receipt;
use crate::channel::forms::Form;
use crate::channel::lane::{
    Batch, Corrupt, Fault, Held, Lane, LaneKey, LaneReport, LaneWindow, Taken,
};
use crate::channel::offer::{Claiming, Offered};
use crate::channel::ready::ReadySet;
use crate::channel::signal::{KeptListener, Signal};
use crate::channel::{Closed, Origin, Reason, Strictness};
use crate::id::{ChannelId, IdMap};
use crate::limits::LEFT_BYTES_MAX;
use crate::wire::Code;

/// When a receiving channel comes to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EndsWith {
    /// With its only peer, however that goes: an import.
    ItsPeer,
    /// When the last importer has finished or closed its connection; one that was lost may come
    /// back.
    LastImporter,
    /// Only when this side ends it.
    Nobody,
    /// When it is released: nobody has its sending end any more, and nobody can come by it.
    Release,
}

/// The queue of a receiving channel.
#[derive(Debug)]
pub(crate) struct Incoming {
    state: Mutex<State>,
    /// Values have come, or the channel has ended.
    arrived: Signal,
    /// Askers have given up requests that are in hand.
    cancelled: Event,
    /// What it does with values that cannot be decoded.
    strictness: Strictness,
    /// Values have ends of channels inside.
    carries_ends: bool,
    /// So have the answers, if they are requests.
    answers_carry_ends: bool,
    /// Values are bytes, and can be taken without a copy.
    shares_values: bool,
    /// Offers its sending end.
    offered: OnceLock<Weak<Offered>>,
}

#[derive(Debug)]
struct State {
    ends_with: EndsWith,
    lanes: IdMap<LaneKey, Lane>,
    last_key: u64,
    /// Lanes that have values, in turn.
    turns: VecDeque<LaneKey>,
    receivers: usize,
    /// Batches that may hold several values.
    batches: Vec<Arc<Held>>,
    /// Receivers want no more, but may take what has come.
    is_closed: bool,
    /// How the lane that closed last did, since one was attached.
    last_closed: Option<Closed>,
    /// This side has ended the channel, at once.
    ended: Option<Closed>,
    /// Lanes of which nothing is left, if that is noted, and how they ended.
    gone: Option<Vec<(LaneKey, Option<Closed>)>>,
    /// Values that peers have left out.
    missed_values: u64,
    /// Nobody can send any more.
    released: Option<Closed>,
}

/// What a receiver finds when it looks for more values.
#[derive(Debug)]
pub(super) enum Found {
    Values,
    Nothing,
    Corrupt,
    Ended(Closed),
}

impl Incoming {
    pub(crate) fn new(
        strictness: Strictness,
        ends_with: EndsWith,
        carries_ends: bool,
    ) -> Arc<Incoming> {
        Incoming::for_requests(strictness, ends_with, carries_ends, false)
    }

    /// The queue of a channel of bytes, which can be taken [without a copy](Batch::next_shared). Older
    /// types of such a channel may carry ends.
    pub(crate) fn for_bytes(
        strictness: Strictness,
        ends_with: EndsWith,
        carries_ends: bool,
    ) -> Arc<Incoming> {
        let empty = Incoming::empty(strictness, ends_with);
        Arc::new(Incoming { carries_ends, shares_values: true, ..empty })
    }

    /// The queue of a channel of requests.
    pub(crate) fn for_requests(
        strictness: Strictness,
        ends_with: EndsWith,
        carries_ends: bool,
        answers_carry_ends: bool,
    ) -> Arc<Incoming> {
        let empty = Incoming::empty(strictness, ends_with);
        Arc::new(Incoming { carries_ends, answers_carry_ends, ..empty })
    }

    fn empty(strictness: Strictness, ends_with: EndsWith) -> Incoming {
        Incoming {
            state: Mutex::new(State {
                ends_with,
                lanes: IdMap::default(),
                last_key: 0,
                turns: VecDeque::new(),
                receivers: 0,
                batches: Vec::new(),
                is_closed: false,
                last_closed: None,
                ended: None,
                gone: None,
                missed_values: 0,
                released: None,
            }),
            arrived: Signal::default(),
            cancelled: Event::new(),
            strictness,
            carries_ends: false,
            answers_carry_ends: false,
            shares_values: false,
            offered: OnceLock::new(),
        }
    }

    // For receivers.

    pub(super) fn add_receiver(&self) {
        self.state.lock().receivers += 1;
    }

    /// A receiver is gone; with the last one nobody wants more.
    pub(super) fn remove_receiver(&self, batch: &mut Batch) {
        self.give_back(batch);
        let mut state = self.state.lock();
        state.receivers -= 1;
        if state.receivers == 0 {
            let rings = state.abandon(Lane::discard);
            drop(state);
            ring(rings);
            self.revoke_offers();
        }
    }

    /// Wants no more; what has come can still be taken.
    pub(super) fn close(&self) {
        let mut state = self.state.lock();
        let rings = state.abandon(Lane::stop);
        let closed = Closed::new(Origin::Local, Reason::ReceiverDropped);
        state.last_closed.get_or_insert(closed);
        state.is_closed = true;
        drop(state);
        ring(rings);
        self.arrived.notify_all();
        self.revoke_offers();
    }

    /// Reports what was taken from `batch`.
    pub(super) fn report_taken(&self, batch: &mut Batch) {
        let taken = batch.take_unreported();
        if let Some(key) = batch.lane() {
            self.count_taken(key, taken, batch.is_empty());
        }
    }

    /// Counts values of a lane as taken.
    pub(super) fn count_taken(&self, key: LaneKey, taken: Taken, is_idle: bool) {
        let mut state = self.state.lock();
        let ringing = state.count_taken(key, taken, is_idle);
        drop(state);
        ring(ringing);
    }

    /// Counts a value of a lane as taken, perhaps before others that came earlier.
    pub(super) fn count_taken_at(&self, key: LaneKey, place: u64, taken: Taken) {
        let mut state = self.state.lock();
        let ringing = state.count(key, true, |lane| lane.take_at(place, taken));
        drop(state);
        ring(ringing);
    }

    /// Counts values of this queue as taken that were handed on, under one lock.
    pub(super) fn count_all_taken(&self, receipts: impl IntoIterator<Item = Receipt>) {
        let mut rings: Vec<Arc<ReadySet>> = Vec::new();
        let mut state = self.state.lock();
        for mut receipt in receipts {
            let (key, place) = (receipt.lane, receipt.place);
            let taken = receipt.settle();
            if let Some(ringing) = state.count(key, true, |lane| lane.take_at(place, taken))
                && !rings.last().is_some_and(|last| Arc::ptr_eq(last, &ringing))
            {
                rings.push(ringing);
            }
        }
        drop(state);
        ring(rings);
    }

    /// Fills `batch`, which is empty.
    pub(super) fn refill(&self, batch: &mut Batch) -> Found {
        if batch.owes_report() {
            self.report_taken(batch);
        }
        batch.clear();
        let mut state = self.state.lock();
        let (found, ringing) = state.find(batch);
        drop(state);
        ring(ringing);
        found
    }

    /// Cuts off the peer from which `batch` came: its bytes make no sense.
    pub(super) fn cut_off(&self, batch: &mut Batch) {
        if let Some(key) = batch.lane() {
            let mut state = self.state.lock();
            let ringing = state.cut_off(key);
            drop(state);
            ring(ringing);
        }
        batch.clear();
    }

    /// Puts what a receiver has not looked at back, so that another can take it.
    pub(super) fn give_back(&self, batch: &mut Batch) {
        self.report_taken(batch);
        if let Some(key) = batch.lane()
            && !batch.is_empty()
        {
            let mut state = self.state.lock();
            let is_wanted = state.ended.is_none();
            if let Some(lane) = state.lanes.get_mut(&key).filter(|_| is_wanted) {
                lane.take_back(batch);
            }
            state.queue(key);
            drop(state);
            self.arrived.notify(1);
        }
        batch.clear();
    }

    // For readers of answers.

    /// Wakes whoever reads, although nothing has come: there may be nothing to wait for any more.
    pub(super) fn poke(&self) {
        self.arrived.notify_all();
    }

    /// Notes lanes of which nothing is left, for [`take_gone_lanes`](Incoming::take_gone_lanes).
    pub(super) fn note_gone_lanes(&self) {
        self.state.lock().gone = Some(Vec::new());
    }

    /// The lanes of which nothing is left since the last call, and how they ended.
    pub(super) fn take_gone_lanes(&self) -> Vec<(LaneKey, Option<Closed>)> {
        self.state.lock().gone.as_mut().map(std::mem::take).unwrap_or_default()
    }

    // For all who receive.

    pub(super) fn arrived(&self) -> EventListener {
        self.arrived.listen()
    }

    /// The same for a stream.
    pub(super) fn arrived_kept(&self) -> KeptListener {
        self.arrived.listen_kept()
    }

    /// Values that have come and were not handed out.
    pub(super) fn values(&self) -> u64 {
        self.state.lock().lanes.values().map(Lane::values).sum()
    }

    /// Values that did not come because this side is slow.
    pub(super) fn missed_values(&self) -> u64 {
        self.state.lock().missed_values
    }

    // For those who offer its sending end.

    pub(super) fn is_offered_by(&self, offered: Weak<Offered>) {
        let _is_new = self.offered.set(offered);
    }

    /// Nobody can send any more. What has come can still be taken.
    pub(super) fn release(&self, closed: Closed) {
        self.state.lock().released.get_or_insert(closed);
        self.arrived.notify_all();
    }

    fn revoke_offers(&self) {
        if let Some(offered) = self.offered.get().and_then(Weak::upgrade) {
            offered.revoke();
        }
    }

    // For sessions.

    /// Whether answers to its requests have ends of channels inside.
    pub(crate) fn answers_carry_ends(&self) -> bool {
        self.answers_carry_ends
    }

    /// Attaches a session. Ends of channels that are inside of values are claimed from its peer.
    pub(crate) fn attach(
        &self,
        ready: Arc<ReadySet>,
        channel: ChannelId,
        window: LaneWindow,
        claiming: &Arc<impl Claiming + 'static>,
    ) -> LaneKey {
        let mut state = self.state.lock();
        state.last_key += 1;
        let key = LaneKey(state.last_key);
        let mut lane = Lane::new(ready, channel, window);
        if self.shares_values {
            lane.share_values();
        }
        lane.claiming = self.carries_ends.then(|| claiming.clone() as Arc<dyn Claiming>);
        let mut ringing = None;
        if state.is_unwanted() {
            lane.stop();
            lane.fault = Some(Fault::Abandoned);
            ringing = Some(lane.mark());
        }
        state.lanes.insert(key, lane);
        state.last_closed = state.last_closed.take().filter(|_| state.is_closed);
        drop(state);
        ring(ringing);
        key
    }

    /// Values that come on a lane have this form.
    pub(crate) fn expect_form(&self, key: LaneKey, form: Form) {
        if let Some(lane) = self.state.lock().lanes.get_mut(&key) {
            lane.form = form;
        }
    }

    /// The lane's window has grown.
    pub(crate) fn widen(&self, key: LaneKey, values: u32, bytes: u64) {
        if let Some(lane) = self.state.lock().lanes.get_mut(&key) {
            lane.widen(values, bytes);
        }
    }

    /// Takes values that came from the lane's peer.
    pub(crate) fn deliver(&self, key: LaneKey, values: u32, tail_bytes: usize, run: &Bytes) {
        let mut state = self.state.lock();
        let Some(lane) = state.lanes.get_mut(&key) else { return };
        if lane.is_deaf() {
            return;
        }
        lane.deliver(values, tail_bytes, run);
        if values > 0 {
            state.queue(key);
            drop(state);
            self.arrived.notify(values as usize);
        }
    }

    /// The lane's peer has left values out, in all.
    pub(crate) fn skip(&self, key: LaneKey, values: u64) {
        let mut state = self.state.lock();
        let Some(lane) = state.lanes.get_mut(&key) else { return };
        let news = values.saturating_sub(lane.missed_values);
        lane.missed_values += news;
        state.missed_values = state.missed_values.saturating_add(news);
    }

    /// Values that a lane's peer has left out.
    pub(crate) fn skipped_values(&self, key: LaneKey) -> u64 {
        self.state.lock().lanes.get(&key).map_or(0, |lane| lane.missed_values)
    }

    /// The lane's peer sends no more. What has come can still be taken.
    pub(crate) fn close_lane(&self, key: LaneKey, closed: Closed) {
        let mut state = self.state.lock();
        if let Some(lane) = state.lanes.get_mut(&key)
            && lane.closed.is_none()
        {
            lane.closed = Some(closed.clone());
            if !state.is_closed {
                state.last_closed = Some(closed);
            }
        }
        drop(state);
        self.arrived.notify_all();
    }

    /// The lane's session is lost, and another one will bring more. What has come can still be taken;
    /// it comes before what the next lane brings.
    pub(crate) fn suspend_lane(&self, key: LaneKey, closed: Closed) {
        if let Some(lane) = self.state.lock().lanes.get_mut(&key) {
            lane.closed.get_or_insert(closed);
        }
    }

    /// This side ends the lane: what was not handed out is dropped.
    pub(crate) fn end_lane(&self, key: LaneKey, closed: Closed) {
        if let Some(lane) = self.state.lock().lanes.get_mut(&key) {
            lane.discard();
        }
        self.close_lane(key, closed);
    }

    /// The lane's session is gone.
    pub(crate) fn detach(&self, key: LaneKey) {
        let mut state = self.state.lock();
        if let Some(lane) = state.lanes.get_mut(&key) {
            lane.is_detached = true;
        }
        let notes_gone = state.gone.is_some();
        state.forget_if_over(key);
        drop(state);
        if notes_gone {
            self.arrived.notify_all();
        }
    }

    /// What was taken from a lane and what could not be, and whether its peer must be told to stop.
    pub(crate) fn report(&self, key: LaneKey) -> Option<LaneReport> {
        self.state.lock().lanes.get_mut(&key).map(Lane::report)
    }

    /// Ends the channel from this side and drops what was not handed out.
    pub(crate) fn end(&self, closed: Closed) {
        let mut state = self.state.lock();
        state.ended.get_or_insert(closed);
        for held in std::mem::take(&mut state.batches) {
            let (key, values) = held.void();
            if let Some(lane) = state.lanes.get_mut(&key) {
                lane.hand_back(values);
            }
        }
        state.lanes.values_mut().for_each(Lane::discard);
        state.turns.clear();
        drop(state);
        self.arrived.notify_all();
        self.revoke_offers();
    }

    /// Why nothing more will come; `None` while something may.
    pub(crate) fn closed(&self) -> Option<Closed> {
        self.state.lock().closed()
    }

    /// Whether so much waits to be taken from peers that have left that no other may come.
    pub(crate) fn is_clogged(&self) -> bool {
        let state = self.state.lock();
        let left = state.lanes.values().filter(|lane| lane.closed.is_some());
        left.map(Lane::bytes).sum::<usize>() >= LEFT_BYTES_MAX
    }

    /// Whether no further peer can be attached.
    pub(crate) fn is_over(&self) -> bool {
        let state = self.state.lock();
        state.is_unwanted() || state.closed().is_some()
    }
}

impl State {
    /// Whether this side takes nothing more.
    fn is_unwanted(&self) -> bool {
        self.receivers == 0 || self.is_closed || self.ended.is_some()
    }

    fn closed(&self) -> Option<Closed> {
        if let Some(closed) = &self.ended {
            return Some(closed.clone());
        }
        if let Some(closed) = &self.released {
            return Some(closed.clone());
        }
        let closed = self.last_closed.as_ref()?;
        let is_end = self.is_closed
            || match self.ends_with {
                EndsWith::ItsPeer => true,
                EndsWith::LastImporter => {
                    let has_left =
                        closed.is_finished() || closed.reason == Reason::ConnectionClosed;
                    has_left && self.lanes.values().all(|lane| lane.closed.is_some())
                }
                EndsWith::Nobody | EndsWith::Release => false,
            };
        is_end.then(|| closed.clone())
    }

    /// Counts what was taken from a lane. That all was taken is worth a ring, too: the driver
    /// decides what can wait.
    fn count_taken(&mut self, key: LaneKey, taken: Taken, is_idle: bool) -> Option<Arc<ReadySet>> {
        self.count(key, is_idle, |lane| lane.take(taken))
    }

    fn count(
        &mut self,
        key: LaneKey,
        is_idle: bool,
        take: impl FnOnce(&mut Lane),
    ) -> Option<Arc<ReadySet>> {
        let lane = self.lanes.get_mut(&key)?;
        take(lane);
        let is_due = lane.is_report_due() || (is_idle && !lane.has_values() && lane.owes_report());
        let ringing = is_due.then(|| lane.mark());
        self.forget_if_over(key);
        ringing
    }

    /// Lets a receiver have the next values.
    fn find(&mut self, batch: &mut Batch) -> (Found, Option<Arc<ReadySet>>) {
        if let Some(closed) = &self.ended {
            return (Found::Ended(closed.clone()), None);
        }
        let only_one = self.receivers > 1;
        while let Some(key) = self.turns.pop_front() {
            let Some(lane) = self.lanes.get_mut(&key) else { continue };
            lane.is_queued = false;
            if !lane.has_values() {
                continue;
            }
            if lane.hand_out(batch, only_one) == Err(Corrupt) {
                return (Found::Corrupt, self.cut_off(key));
            }
            batch.begin(key, lane.window(), &lane.claiming);
            // A batch of one value is taken before anybody can look.
            if !only_one && !self.batches.iter().any(|held| Arc::ptr_eq(held, batch.held())) {
                self.batches.retain(|held| Arc::strong_count(held) > 1);
                self.batches.push(batch.held().clone());
            }
            self.queue(key);
            return (Found::Values, None);
        }
        (self.closed().map_or(Found::Nothing, Found::Ended), None)
    }

    /// Gives a lane that has values a turn. One that gets no more comes first: what follows it may be
    /// on another lane.
    fn queue(&mut self, key: LaneKey) {
        if let Some(lane) = self.lanes.get_mut(&key)
            && lane.has_values()
            && !std::mem::replace(&mut lane.is_queued, true)
        {
            match &lane.closed {
                Some(_) => self.turns.push_front(key),
                None => self.turns.push_back(key),
            }
        }
    }

    /// Wants no more from a peer whose bytes make no sense.
    fn cut_off(&mut self, key: LaneKey) -> Option<Arc<ReadySet>> {
        let reason = Reason::Other(Code::Corrupt, String::new());
        let closed = Closed::new(Origin::Peer, reason);
        let lane = self.lanes.get_mut(&key)?;
        lane.discard();
        lane.fault = Some(Fault::Corrupt);
        lane.closed = Some(closed.clone());
        self.last_closed = Some(closed);
        Some(lane.mark())
    }

    /// Wants no more from anybody.
    fn abandon(&mut self, stop: fn(&mut Lane)) -> Vec<Arc<ReadySet>> {
        let mut rings = Vec::new();
        for lane in self.lanes.values_mut() {
            stop(lane);
            lane.fault.get_or_insert(Fault::Abandoned);
            rings.push(lane.mark());
        }
        self.lanes.retain(|_, lane| !lane.is_over());
        rings
    }

    fn forget_if_over(&mut self, key: LaneKey) {
        if self.lanes.get(&key).is_some_and(Lane::is_over)
            && let Some(lane) = self.lanes.remove(&key)
            && let Some(gone) = &mut self.gone
        {
            gone.push((key, lane.closed));
        }
    }
}

fn ring(rings: impl IntoIterator<Item = Arc<ReadySet>>) {
    for ready in rings {
        ready.ring();
    }
}
