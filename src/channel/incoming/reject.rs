//! What a receiving channel does with a value that cannot be decoded.

use std::sync::Arc;

use crate::channel::incoming::{EndsWith, Incoming, State, ring};
use crate::channel::lane::{Batch, Fault, Lane, LaneKey};
use crate::channel::ready::ReadySet;
use crate::channel::{Closed, CodecError, Origin, Reason, RecvError};
use crate::channel::{Undecodable, UndecodableValue};

impl Incoming {
    /// The value of `batch` that was looked at last cannot be decoded. It is noted before its peer can
    /// learn that it was taken, which may be the last that is said on the channel.
    #[cold]
    pub(in crate::channel) fn reject(&self, batch: &mut Batch, error: CodecError) -> RecvError {
        let position = batch.last_place();
        let policy = self.strictness.policy;
        if let Some(key) = batch.lane() {
            let text = error.to_string();
            let mut state = self.state.lock();
            let mut rings = Vec::from_iter(self.note_in(&mut state, key, position, &text));
            let taken = batch.take_unreported();
            rings.extend(state.count_taken(key, taken, batch.is_empty()));
            if policy == Undecodable::End {
                rings.extend(state.end_with_value(key, batch.values_left(), position, text));
            }
            drop(state);
            ring(rings);
            if policy == Undecodable::End {
                batch.clear();
                self.arrived.notify_all();
            }
        }
        let channel = self.strictness.channel.clone();
        RecvError::Undecodable(Box::new(UndecodableValue { channel, position, error, policy }))
    }

    /// Notes a value that cannot be decoded, of which somebody else is told here.
    #[cold]
    pub(in crate::channel) fn note_rejected(&self, key: LaneKey, position: u64, text: &str) {
        let mut state = self.state.lock();
        let ringing = self.note_in(&mut state, key, position, text);
        drop(state);
        ring(ringing);
    }

    fn note_in(
        &self,
        state: &mut State,
        key: LaneKey,
        position: u64,
        text: &str,
    ) -> Option<Arc<ReadySet>> {
        let lane = state.lanes.get_mut(&key)?;
        let rejected_values = lane.reject(position, text);
        let name = &*self.strictness.channel;
        // A peer may send any number of them: one is worth a warning.
        if rejected_values == 1 {
            tracing::warn!(name, position, text, "a value cannot be decoded");
        } else {
            tracing::debug!(name, position, rejected_values, text, "a value cannot be decoded");
        }
        Some(lane.mark())
    }
}

impl State {
    /// Wants no more from the peer of a lane. `values_left` of it were handed out and are dropped.
    fn end_with_value(
        &mut self,
        key: LaneKey,
        values_left: u64,
        position: u64,
        text: String,
    ) -> Vec<Arc<ReadySet>> {
        let closed = Closed::new(Origin::Local, Reason::Undecodable { position, text });
        if let Some(lane) = self.lanes.get_mut(&key) {
            lane.hand_back(values_left);
        }
        let rings = if self.ends_with == EndsWith::ItsPeer {
            // What a later session has brought is of the same peer, and would come behind the gap.
            self.ended.get_or_insert(closed.clone());
            self.turns.clear();
            self.lanes.values_mut().map(|lane| cut_off(lane, &closed)).collect()
        } else {
            if !self.is_closed {
                self.last_closed = Some(closed.clone());
            }
            self.lanes.get_mut(&key).map(|lane| cut_off(lane, &closed)).into_iter().collect()
        };
        self.forget_if_over(key);
        rings
    }
}

fn cut_off(lane: &mut Lane, closed: &Closed) -> Arc<ReadySet> {
    lane.discard();
    lane.fault = Some(Fault::Undecodable);
    lane.closed = Some(closed.clone());
    lane.mark()
}
