//! What has come from one peer on a receiving channel.
//!
//! An imported channel has one lane; an exported one has a lane per importer. Pure bookkeeping:
//! no lock, no waiting, no types.

mod batch;
mod joined;
mod pieces;
mod store;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;

use crate::channel::Closed;
use crate::channel::asking::answering::Answering;
use crate::channel::forms::Form;
use crate::channel::lane::store::Store;
use crate::channel::offer::Claiming;
use crate::channel::ready::ReadySet;
use crate::id::ChannelId;
use crate::limits::{GRANT_FRACTION, TEXT_BYTES_MAX, WINDOW_BYTES_DEFAULT};
use crate::limits::{WINDOW_BYTES_GROWN_MAX, WINDOW_VALUES_GROWN_MAX, WINDOW_VALUES_MAX};
use crate::session::{Growth, OpenRequest, Rejection};

pub(super) use batch::{Batch, Held, Uncounted};

/// Names a lane among those of its channel, over all time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct LaneKey(pub(in crate::channel) u64);

/// The window of a lane, which says when its driver should hear of values that were taken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LaneWindow {
    pub(crate) values: u32,
    pub(crate) bytes: u64,
    /// How far its session lets it grow.
    pub(crate) growth: Growth,
}

impl LaneWindow {
    /// The window with which a channel is asked for.
    pub(crate) fn of(request: &OpenRequest) -> LaneWindow {
        let OpenRequest { window_values, window_bytes, growth, .. } = request;
        LaneWindow { values: *window_values, bytes: *window_bytes, growth: *growth }
    }

    /// The window of a channel whose sending end travels.
    pub(in crate::channel) fn offered(values: u32) -> LaneWindow {
        let values = values.clamp(1, WINDOW_VALUES_MAX);
        // Whoever claims it may begin with fewer values.
        let values_max = values.min(WINDOW_VALUES_GROWN_MAX);
        let growth = Growth { values_max, bytes_max: WINDOW_BYTES_GROWN_MAX };
        LaneWindow { values, bytes: WINDOW_BYTES_DEFAULT, growth }
    }
}

/// Values and the bytes that they take, since the channel was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Taken {
    pub(crate) values: u64,
    pub(crate) bytes: u64,
}

/// The bytes of a lane are not a sequence of values.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::channel) struct Corrupt;

/// What has come from one peer and was not handed out.
#[derive(Debug)]
pub(in crate::channel) struct Lane {
    ready: Arc<ReadySet>,
    channel: ChannelId,
    window: LaneWindow,
    /// The bytes of what was not handed out.
    store: Store,
    /// Values that the peer has left out.
    pub(in crate::channel) missed_values: u64,
    /// Whole values that were not handed out.
    values: u64,
    /// Values that were handed to receivers.
    handed: Taken,
    /// Values that their users have taken.
    taken: Taken,
    /// How many of them are in front of the first that was not taken.
    leading_values: u64,
    /// Places of those that were taken before others that came earlier.
    taken_ahead: BTreeSet<u64>,
    /// What the driver knows of `taken`.
    told: Taken,
    is_marked: bool,
    /// The peer sends no more.
    pub(in crate::channel) closed: Option<Closed>,
    /// This side wants no more, and why the peer is told so.
    pub(in crate::channel) fault: Option<Fault>,
    /// Where ends of channels are claimed that are inside of values; nowhere if the type has none.
    pub(in crate::channel) claiming: Option<Arc<dyn Claiming>>,
    /// It stands among the lanes that have values.
    pub(in crate::channel) is_queued: bool,
    /// Its session is gone.
    pub(in crate::channel) is_detached: bool,
    /// This side wants no more: what was not reported by now will not be missed.
    is_stopped: bool,
    /// What comes back is dropped.
    is_discarded: bool,
    /// Its values are messages of a channel of requests.
    pub(in crate::channel) answering: Option<Box<Answering>>,
    /// What its values are decoded as.
    pub(in crate::channel) form: Form,
    /// Values that could not be decoded.
    rejected_values: u64,
    /// The last of them, if the driver does not know of it yet.
    rejection: Option<Box<Rejection>>,
}

/// What has left a lane, in all.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Progress {
    pub(crate) taken: Taken,
    /// How many of the values are in front of the first that was not taken.
    pub(crate) leading_values: u64,
}

/// What a driver has to know of a lane.
#[derive(Debug)]
pub(crate) struct LaneReport {
    pub(crate) progress: Progress,
    /// Values that could not be decoded, if there are more than were reported before.
    pub(crate) rejection: Option<Rejection>,
    /// The peer must be told to stop.
    pub(crate) fault: Option<Fault>,
}

/// Why a receiving side wants no more from a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// All receivers are gone.
    Abandoned,
    /// What came is not a sequence of values.
    Corrupt,
    /// A value could not be decoded, and ends the channel.
    Undecodable,
}

impl Lane {
    pub(in crate::channel) fn new(
        ready: Arc<ReadySet>,
        channel: ChannelId,
        window: LaneWindow,
    ) -> Lane {
        Lane {
            ready,
            channel,
            window,
            store: Store::default(),
            missed_values: 0,
            values: 0,
            handed: Taken::default(),
            taken: Taken::default(),
            leading_values: 0,
            taken_ahead: BTreeSet::new(),
            told: Taken::default(),
            is_marked: false,
            closed: None,
            fault: None,
            claiming: None,
            is_queued: false,
            is_detached: false,
            is_stopped: false,
            is_discarded: false,
            answering: None,
            form: Form::OWN,
            rejected_values: 0,
            rejection: None,
        }
    }

    /// Keeps values so that they can be handed out [without a copy](Batch::next_shared).
    pub(in crate::channel) fn share_values(&mut self) {
        self.store = Store::Pieces(Default::default());
    }

    pub(in crate::channel) fn window(&self) -> LaneWindow {
        self.window
    }

    /// Its window has grown.
    pub(in crate::channel) fn widen(&mut self, values: u32, bytes: u64) {
        self.window = LaneWindow { values, bytes, ..self.window };
    }

    pub(in crate::channel) fn has_values(&self) -> bool {
        self.values > 0
    }

    /// Whether it can be forgotten: its session is gone, nothing that was handed out can come back, and
    /// nobody asks whether a request was cancelled.
    pub(in crate::channel) fn is_over(&self) -> bool {
        let has_requests = || self.answering.as_ref().is_some_and(|known| known.has_in_hand());
        let is_dropped = || self.is_discarded && !has_requests();
        self.is_detached && self.values == 0 && (self.taken == self.handed || is_dropped())
    }

    /// Whether values that come are dropped.
    pub(in crate::channel) fn is_deaf(&self) -> bool {
        self.is_stopped || self.closed.is_some()
    }

    /// Encoded bytes that were not handed out.
    pub(in crate::channel) fn bytes(&self) -> usize {
        self.store.bytes()
    }

    pub(in crate::channel) fn values(&self) -> u64 {
        self.values
    }

    /// Appends what came; the last `tail_bytes` belong to a value that is not whole yet.
    #[inline]
    pub(in crate::channel) fn deliver(&mut self, values: u32, tail_bytes: usize, run: &Bytes) {
        self.store.append(values, tail_bytes, run);
        self.values += u64::from(values);
    }

    /// Hands out all whole values, or only the next one.
    pub(in crate::channel) fn hand_out(
        &mut self,
        batch: &mut Batch,
        only_one: bool,
    ) -> Result<(), Corrupt> {
        let is_all = !only_one || self.values <= 1;
        let values = if is_all { self.values } else { 1 };
        let bytes = self.store.hand_out(batch, is_all)?;
        batch.values_left = values;
        batch.held.values.store(values, Ordering::Relaxed);
        batch.end_place = self.handed.values + values;
        batch.has_messages = self.answering.is_some();
        batch.form = self.form;
        self.values -= values;
        self.handed.values += values;
        self.handed.bytes += bytes as u64;
        Ok(())
    }

    /// Takes back what a receiver has not looked at.
    pub(in crate::channel) fn take_back(&mut self, batch: &mut Batch) {
        let bytes = self.store.take_back(batch);
        self.values += batch.values_left;
        self.handed.values -= batch.values_left;
        batch.held.values.store(0, Ordering::Relaxed);
        self.handed.bytes -= bytes as u64;
    }

    /// Counts values that their users have taken in the order in which they came.
    pub(in crate::channel) fn take(&mut self, taken: Taken) {
        self.taken.values += taken.values;
        self.taken.bytes += taken.bytes;
        self.leading_values += taken.values;
    }

    /// Counts a value that was taken, perhaps before others that came earlier.
    pub(in crate::channel) fn take_at(&mut self, place: u64, taken: Taken) {
        self.taken.values += taken.values;
        self.taken.bytes += taken.bytes;
        if place == self.leading_values {
            self.leading_values += 1;
        } else if place > self.leading_values {
            self.taken_ahead.insert(place);
        }
        // One that is never done must not make the peer keep all that follows it.
        let lag_max = u64::from(self.window.values);
        if self.leading_values + lag_max < self.taken.values {
            self.leading_values = self.taken.values - lag_max;
            self.taken_ahead = self.taken_ahead.split_off(&self.leading_values);
        }
        while !self.taken_ahead.is_empty() && self.taken_ahead.remove(&self.leading_values) {
            self.leading_values += 1;
        }
    }

    /// Notes a value that could not be decoded. Returns how many there are.
    pub(in crate::channel) fn reject(&mut self, position: u64, text: &str) -> u64 {
        self.rejected_values += 1;
        // It may wait for its driver, and travels no longer than this.
        let mut end = text.len().min(TEXT_BYTES_MAX);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let (values, text) = (self.rejected_values, text[..end].to_owned());
        self.rejection = Some(Box::new(Rejection { position, values, text }));
        values
    }

    /// Wants no more. What has come stays to be taken and counts as taken.
    pub(in crate::channel) fn stop(&mut self) {
        self.is_stopped = true;
    }

    /// Wants no more, and drops what was not handed out.
    pub(in crate::channel) fn discard(&mut self) {
        self.is_stopped = true;
        self.is_discarded = true;
        self.store.clear();
        self.values = 0;
    }

    /// Values that were handed out will not be taken.
    pub(in crate::channel) fn hand_back(&mut self, values: u64) {
        self.handed.values -= values;
    }

    /// Whether the sender may be waiting to hear what was taken.
    pub(in crate::channel) fn is_report_due(&self) -> bool {
        let fraction = u64::from(GRANT_FRACTION);
        let values = self.taken.values - self.told.values;
        let bytes = self.taken.bytes - self.told.bytes;
        values * fraction >= u64::from(self.window.values)
            || bytes * fraction >= self.window.bytes
            || (self.closed.is_some() && values > 0)
    }

    /// Whether the driver does not know yet all that was taken.
    pub(in crate::channel) fn owes_report(&self) -> bool {
        self.taken != self.told
    }

    /// Marks the lane for its driver. The caller rings when the lock is free.
    pub(in crate::channel) fn mark(&mut self) -> Arc<ReadySet> {
        if !std::mem::replace(&mut self.is_marked, true) {
            self.ready.mark(self.channel);
        }
        self.ready.clone()
    }

    /// For the driver: what was taken and what could not be, and whether the peer must be told to stop.
    pub(in crate::channel) fn report(&mut self) -> LaneReport {
        self.is_marked = false;
        self.told = self.taken;
        let progress = if self.is_stopped {
            let unread_bytes = self.store.whole_bytes() as u64;
            let values = self.handed.values + self.values;
            let taken = Taken { values, bytes: self.handed.bytes + unread_bytes };
            Progress { taken, leading_values: values }
        } else {
            let leading_values = self.leading_values.min(self.taken.values);
            Progress { taken: self.taken, leading_values }
        };
        let rejection = self.rejection.take().map(|rejection| *rejection);
        LaneReport { progress, rejection, fault: self.fault }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prefix;

    fn run(values: &[&[u8]]) -> Bytes {
        let mut bytes = Vec::new();
        let mut encoder = prefix::Encoder::default();
        for value in values {
            let encode = |bytes: &mut Vec<u8>| {
                bytes.extend_from_slice(value);
                Ok::<(), ()>(())
            };
            encoder.append(&mut bytes, encode).unwrap();
        }
        bytes.into()
    }

    fn lane() -> Lane {
        let window = LaneWindow { values: 8, bytes: 1024, growth: Growth::NONE };
        Lane::new(Arc::default(), ChannelId(1), window)
    }

    fn next(batch: &mut Batch) -> Vec<u8> {
        batch.next().unwrap().unwrap().to_vec()
    }

    #[test]
    fn a_value_in_pieces_is_handed_out_when_it_is_whole() {
        let mut lane = lane();
        let mut batch = Batch::default();
        let bytes = run(&[b"one", b"three"]);
        lane.deliver(1, 2, &bytes.slice(..6));
        lane.hand_out(&mut batch, false).unwrap();
        assert_eq!(next(&mut batch), b"one");
        assert!(batch.next().is_none());
        assert!(!lane.has_values());
        lane.deliver(0, 1, &bytes.slice(6..7));
        assert!(!lane.has_values());
        lane.deliver(1, 0, &bytes.slice(7..));
        lane.hand_out(&mut batch, false).unwrap();
        assert_eq!(next(&mut batch), b"three");
        assert!(batch.next().is_none());
    }

    #[test]
    fn what_is_given_back_comes_first_again() {
        let mut lane = lane();
        let mut batch = Batch::default();
        lane.deliver(3, 0, &run(&[b"a", b"b", b"c"]));
        lane.hand_out(&mut batch, false).unwrap();
        assert_eq!(next(&mut batch), b"a");
        lane.deliver(1, 0, &run(&[b"d"]));
        lane.take_back(&mut batch);
        batch.clear();
        for expected in [b"b", b"c", b"d"] {
            lane.hand_out(&mut batch, true).unwrap();
            assert_eq!(next(&mut batch), expected);
        }
        assert!(!lane.has_values());
    }

    #[test]
    fn a_lane_that_is_never_empty_does_not_grow() {
        let mut lane = lane();
        let mut batch = Batch::default();
        let value = [7; 1000];
        lane.deliver(3, 0, &run(&[&value, &value, &value]));
        for _ in 0..1000 {
            lane.deliver(1, 0, &run(&[&value]));
            lane.hand_out(&mut batch, true).unwrap();
            assert_eq!(next(&mut batch), value);
        }
        assert_eq!(lane.values(), 3);
        let held_bytes = lane.store.held_bytes();
        assert!(held_bytes < 20_000, "{held_bytes} bytes");
    }

    #[test]
    fn bytes_that_do_not_fit_their_number_of_values_are_corrupt() {
        for (values, bytes) in
            [(2, run(&[b"a"])), (1, run(&[b"a", b"b"])), (1, Bytes::from_static(&[0xff]))]
        {
            let mut lane = lane();
            let mut batch = Batch::default();
            lane.deliver(values, 0, &bytes);
            lane.hand_out(&mut batch, false).unwrap();
            let results: Vec<bool> =
                std::iter::from_fn(|| batch.next().map(|value| value.is_ok())).collect();
            assert!(results.contains(&false), "{values} values in {bytes:?}");
        }
    }

    #[test]
    fn a_report_is_due_after_a_quarter_of_the_window() {
        let mut lane = lane();
        lane.deliver(3, 0, &run(&[b"a", b"b", b"c"]));
        let mut batch = Batch::default();
        batch.begin(LaneKey(1), lane.window(), &None);
        lane.hand_out(&mut batch, false).unwrap();
        let _first = next(&mut batch);
        assert!(!batch.is_report_due());
        let _second = next(&mut batch);
        assert!(batch.is_report_due());
        lane.take(batch.take_unreported());
        assert!(lane.is_report_due());
        assert_eq!(lane.report().progress.taken, Taken { values: 2, bytes: 4 });
        assert!(!lane.owes_report());
    }

    #[test]
    fn what_is_taken_out_of_order_leads_up_to_the_first_that_is_not() {
        let mut lane = lane();
        let window = u64::from(lane.window().values);
        let one = Taken { values: 1, bytes: 2 };
        let leading = |lane: &mut Lane| lane.report().progress.leading_values;
        for place in [1, 2] {
            lane.take_at(place, one);
            assert_eq!(leading(&mut lane), 0);
        }
        lane.take_at(0, one);
        assert_eq!(leading(&mut lane), 3);
        // One that is never done is passed by when a whole window has come behind it.
        for place in 4..4 + window {
            lane.take_at(place, one);
            assert_eq!(leading(&mut lane), 3);
        }
        for place in 4 + window..1000 {
            lane.take_at(place, one);
        }
        assert_eq!(leading(&mut lane), 999);
        assert!(lane.taken_ahead.is_empty());
        lane.take_at(3, one);
        assert_eq!(leading(&mut lane), 1000);
        assert_eq!(lane.report().progress.taken.values, 1000);
    }
}
