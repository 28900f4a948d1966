//! What a receiving channel does besides when its messages may ask for an answer.

use event_listener::EventListener;

use crate::channel::asking::answering::{Answering, Begun};
use crate::channel::incoming::Incoming;
use crate::channel::lane::LaneKey;

impl Incoming {
    // For whoever answers.

    /// Begins a request that came on a lane.
    pub(in crate::channel) fn begin_request(
        &self,
        key: LaneKey,
        number: u64,
        deadline_ms: Option<u64>,
    ) -> Begun {
        let mut state = self.state.lock();
        let answering = state.lanes.get_mut(&key).and_then(|lane| lane.answering.as_mut());
        answering.map_or(Begun::Cancelled, |answering| answering.begin(number, deadline_ms))
    }

    /// A request is answered, or dropped.
    pub(in crate::channel) fn end_request(&self, key: LaneKey, number: u64) {
        let mut state = self.state.lock();
        if let Some(answering) = state.lanes.get_mut(&key).and_then(|lane| lane.answering.as_mut())
        {
            answering.end(number);
            state.forget_if_over(key);
        }
    }

    /// Whether the asker of a request that is in hand has given it up.
    pub(in crate::channel) fn is_cancelled(&self, key: LaneKey, number: u64) -> bool {
        let state = self.state.lock();
        let answering = state.lanes.get(&key).and_then(|lane| lane.answering.as_ref());
        answering.is_some_and(|answering| answering.is_cancelled(number))
    }

    /// Some request that is in hand was cancelled, or its session is gone.
    pub(in crate::channel) fn cancelled(&self) -> EventListener {
        self.cancelled.listen()
    }

    /// Tells those who have requests in hand to look whether they are cancelled.
    pub(in crate::channel) fn tell_cancelled(&self) {
        self.cancelled.notify(usize::MAX);
    }

    // For sessions.

    /// The values of a lane are messages of a channel of requests.
    pub(crate) fn expect_requests(&self, key: LaneKey, answering: Answering) {
        if let Some(lane) = self.state.lock().lanes.get_mut(&key) {
            lane.answering = Some(Box::new(answering));
        }
    }

    /// The asker of a request on a lane gives up.
    pub(crate) fn cancel(&self, key: LaneKey, number: u64) {
        let mut state = self.state.lock();
        let answering = state.lanes.get_mut(&key).and_then(|lane| lane.answering.as_mut());
        let is_in_hand = answering.is_some_and(|answering| answering.cancel(number));
        drop(state);
        if is_in_hand {
            self.tell_cancelled();
        }
    }
}
