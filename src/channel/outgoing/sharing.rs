//! Broadcasts and newest values: what [`Outgoing`] does otherwise when a value goes to everyone.

use parking_lot::MutexGuard;

use crate::channel::consumers::{ConsumerKey, ring};
use crate::channel::outgoing::fanout::Fanout;
use crate::channel::outgoing::state::State;
use crate::channel::outgoing::{Outgoing, PushError};
use crate::channel::turn;
use crate::session::{Chunk, Supply};

/// What became free when values were settled.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Relief {
    slots: u64,
    /// There may have been slots all the time, for any number of senders.
    is_for_all: bool,
}

impl Outgoing {
    /// A value was queued: rings whom it is for, and tells who waits for progress.
    #[inline]
    pub(super) fn announce(&self, mut state: MutexGuard<'_, State>, value_bytes: usize) {
        if state.completes_turn(value_bytes) {
            turn::end();
        }
        if state.fanout.is_some() || state.is_finished {
            return self.announce_widely(state);
        }
        let woken = state.consumers.wake_one();
        drop(state);
        ring(woken);
    }

    /// The same for a value that is for everyone, or was the last one.
    fn announce_widely(&self, mut state: MutexGuard<'_, State>) {
        let (was_last, is_for_all) = (state.is_finished, state.fanout.is_some());
        let mut woken = std::mem::take(&mut state.cut_off);
        if is_for_all {
            woken.extend(state.consumers.wake_all());
        } else {
            woken.extend(state.consumers.wake_one());
        }
        drop(state);
        if was_last {
            self.notify_all();
        }
        if is_for_all {
            // The value may have pushed others out of the log, or have gone to nobody.
            self.dispatched.notify(usize::MAX);
        }
        ring(woken);
    }

    /// Copies the next values for a session from the log; see
    /// [`ValueSource::refill`](crate::session::ValueSource).
    pub(super) fn refill_from_log(
        &self,
        key: ConsumerKey,
        values_max: u64,
        bytes_wanted: usize,
        chunk: &mut Chunk,
    ) -> Supply {
        let mut state = self.state.lock();
        let goes_one_by_one = state.fanout.as_deref().is_some_and(Fanout::gives_one_by_one);
        let values_max = match goes_one_by_one {
            true if state.consumers.holds_values(key) => 0,
            true => values_max.min(1),
            false => values_max,
        };
        let (taken, relief) =
            state.change_log(|fanout| fanout.read(key, values_max, bytes_wanted, chunk));
        state.consumers.dispatched(key, taken);
        let supply = match state.fanout.as_ref().and_then(|fanout| fanout.has_more(key)) {
            // It will be told why.
            None => Supply::Empty,
            // When the peer has taken the value that it has, it is woken.
            Some(true) if goes_one_by_one && state.consumers.holds_values(key) => Supply::Empty,
            Some(true) => Supply::More,
            Some(false) if state.is_finished => Supply::Finished,
            Some(false) => {
                state.consumers.wait(key);
                Supply::Empty
            }
        };
        drop(state);
        self.relieve(relief);
        supply
    }

    /// Changes who reads the log. Does nothing for a queue.
    pub(super) fn change_readers(&self, change: impl FnOnce(&mut Fanout)) {
        let mut state = self.state.lock();
        let ((), relief) = state.change_log(change);
        drop(state);
        self.relieve(relief);
    }

    /// A peer has taken values: one that gets them one by one may have the next.
    pub(super) fn go_on_reading(&self, key: ConsumerKey) {
        let mut state = self.state.lock();
        let is_due = state
            .fanout
            .as_ref()
            .is_some_and(|fanout| fanout.gives_one_by_one() && fanout.has_more(key) == Some(true));
        let woken = if is_due { state.consumers.wake(key) } else { None };
        drop(state);
        ring(woken);
    }

    fn relieve(&self, relief: Relief) {
        let Relief { slots, is_for_all } = relief;
        if slots == 0 {
            return;
        }
        if is_for_all {
            self.slot_freed.notify_all();
        } else {
            self.slot_freed.notify(usize::try_from(slots).unwrap_or(usize::MAX));
        }
        self.dispatched.notify(usize::MAX);
    }

    /// Whether a session was cut off because its peer is too slow. Its channel is to be hung up.
    pub(crate) fn was_cut_off(&self, key: ConsumerKey) -> bool {
        self.may_cut_off
            && self.state.lock().fanout.as_ref().is_some_and(|fanout| fanout.was_cut_off(key))
    }

    /// Values that a session did not get because its peer is slow.
    pub(crate) fn missed_values(&self, key: ConsumerKey) -> u64 {
        self.state.lock().fanout.as_ref().map_or(0, |fanout| fanout.missed_values(key))
    }
}

impl State {
    /// Changes the log or its readers, and counts what is settled by that.
    pub(super) fn change_log<R: Default>(
        &mut self,
        change: impl FnOnce(&mut Fanout) -> R,
    ) -> (R, Relief) {
        let was_stuffed = self.is_stuffed();
        let Some(fanout) = &mut self.fanout else { return Default::default() };
        let result = change(fanout);
        let before = self.dispatched_values;
        self.count_settled();
        let relief = Relief {
            slots: self.dispatched_values.saturating_sub(before),
            is_for_all: was_stuffed && !self.is_stuffed(),
        };
        (result, relief)
    }

    fn count_settled(&mut self) {
        if let Some(fanout) = &self.fanout
            && self.ended.is_none()
        {
            self.dispatched_values = fanout.settled_values();
            self.freed_slots = self.dispatched_values;
        }
    }

    /// A value was appended to the log: makes room, and marks those who are cut off by that.
    pub(super) fn accept_into_log(&mut self) {
        self.accepted_values += 1;
        let bounds = self.bounds;
        let Some(fanout) = &mut self.fanout else { return };
        for key in fanout.make_room(bounds) {
            self.cut_off.extend(self.consumers.wake(key));
        }
        self.count_settled();
    }

    /// Whether senders wait at all.
    pub(super) fn can_fill(&self) -> bool {
        self.fanout.as_deref().is_none_or(Fanout::can_fill)
    }

    /// Whether a value is there for those who are still to come, also when no more are sent.
    pub(super) fn keeps_value(&self) -> bool {
        self.fanout.as_deref().is_some_and(Fanout::keeps_value)
    }

    #[inline]
    pub(super) fn check_slot(&mut self) -> Result<(), PushError> {
        self.check_open()?;
        if (self.free_slots() == 0 || self.is_stuffed()) && self.can_fill() {
            return Err(PushError::Full);
        }
        Ok(())
    }
}
