//! The answering side of a channel of requests: what one peer asks for, and the way back to it.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::channel::asking::envelope::{self, Verdict};
use crate::channel::incoming::Incoming;
use crate::channel::lane::{LaneKey, Taken};
use crate::channel::offer::Offering;
use crate::channel::outgoing::{Outgoing, OutgoingBounds, PushError, Slots};
use crate::channel::{Closed, CodecError, Shape};
use crate::clock;
use crate::id::IdSet;

/// The requests of one peer that were begun, and those that it has given up.
#[derive(Debug)]
pub(crate) struct Answering {
    answers: Arc<Answers>,
    /// What the peer's clock showed when this side's showed `opened_at_ms`.
    peer_clock_ms: u64,
    opened_at_ms: u64,
    /// Requests that are in hand.
    begun: IdSet<u64>,
    /// Those of them, and of those that are still to come, which the peer has given up.
    cancelled: IdSet<u64>,
    /// The highest number that was begun. Requests come in the order of their numbers, but for those
    /// that another session gave back.
    highest: u64,
    /// Requests that can be on their way.
    window_values: usize,
}

/// Whether a request is to be handled.
#[derive(Debug)]
pub(in crate::channel) enum Begun {
    Yes {
        answers: Arc<Answers>,
        /// Until when it is worth while to begin, by this side's clock.
        deadline_ms: Option<u64>,
    },
    /// Its asker has given up.
    Cancelled,
    /// Its time was up before it was begun.
    Expired(Arc<Answers>),
}

impl Answering {
    /// For a peer whose clock shows `peer_clock_ms` now, and which may have so many requests on their
    /// way.
    pub(crate) fn new(answers: Arc<Answers>, peer_clock_ms: u64, window_values: u32) -> Answering {
        Answering {
            answers,
            peer_clock_ms,
            opened_at_ms: clock::now_ms(),
            begun: IdSet::default(),
            cancelled: IdSet::default(),
            highest: 0,
            window_values: window_values as usize,
        }
    }

    pub(in crate::channel) fn begin(&mut self, number: u64, deadline_ms: Option<u64>) -> Begun {
        self.highest = self.highest.max(number);
        if !self.cancelled.is_empty() && self.cancelled.remove(&number) {
            return Begun::Cancelled;
        }
        let answers = self.answers.clone();
        let deadline_ms = match deadline_ms.map(|deadline| deadline.checked_sub(self.peer_now_ms()))
        {
            None => None,
            Some(None | Some(0)) => return Begun::Expired(answers),
            Some(Some(left_ms)) => Some(clock::now_ms().saturating_add(left_ms)),
        };
        self.begun.insert(number);
        Begun::Yes { answers, deadline_ms }
    }

    /// `true`: the request is in hand, and whoever has it does not know yet.
    pub(in crate::channel) fn cancel(&mut self, number: u64) -> bool {
        let is_in_hand = self.begun.contains(&number);
        // One that is neither in hand nor still to come was answered meanwhile.
        let may_come =
            number > self.highest && self.cancelled.len() < self.begun.len() + self.window_values;
        let is_new = (is_in_hand || may_come) && self.cancelled.insert(number);
        is_new && is_in_hand
    }

    pub(in crate::channel) fn is_cancelled(&self, number: u64) -> bool {
        self.cancelled.contains(&number)
    }

    /// Whether requests are in hand.
    pub(in crate::channel) fn has_in_hand(&self) -> bool {
        !self.begun.is_empty()
    }

    pub(in crate::channel) fn end(&mut self, number: u64) {
        self.begun.remove(&number);
        if !self.cancelled.is_empty() {
            self.cancelled.remove(&number);
        }
    }

    /// The peer's clock, as if what it said had come at once: not later than it really is.
    fn peer_now_ms(&self) -> u64 {
        let since = clock::now_ms().saturating_sub(self.opened_at_ms);
        self.peer_clock_ms.saturating_add(since)
    }
}

/// The answers to one peer: a queue to its session. A request counts as taken when its answer has left
/// that queue, so a peer that takes no answers soon has no credit for requests.
#[derive(Debug)]
pub(crate) struct Answers {
    queue: Arc<Outgoing>,
    receipts: Arc<Receipts>,
}

/// What is to be counted as taken when the answers have left their queue, in their order.
#[derive(Debug)]
pub(crate) struct Receipts {
    waiting: Mutex<VecDeque<Receipt>>,
    /// Where the requests came in.
    requests: Arc<Incoming>,
}

/// A value was handed on. When this is dropped, the value counts as taken.
#[derive(Debug)]
pub(in crate::channel) struct Receipt {
    pub(in crate::channel) queue: Arc<Incoming>,
    pub(in crate::channel) lane: LaneKey,
    pub(in crate::channel) place: u64,
    pub(in crate::channel) taken: Taken,
}

impl Answers {
    /// To what has come in `requests`. Ends of channels inside of answers are offered there.
    pub(crate) fn new(
        requests: Arc<Incoming>,
        offering: Option<Arc<dyn Offering>>,
    ) -> Arc<Answers> {
        // The window for requests is the bound: each has one answer at most, and counts as taken when
        // that has left.
        let bounds = OutgoingBounds {
            shape: Shape::Queue,
            capacity_values: u32::MAX,
            capacity_max: u32::MAX,
            queue_bytes: usize::MAX,
            slots: Slots::UntilDispatched,
            limit: None,
            redelivers: false,
        };
        let queue = Outgoing::new(bounds, offering);
        let receipts = Receipts { waiting: Mutex::default(), requests };
        Arc::new(Answers { queue, receipts: Arc::new(receipts) })
    }

    /// Whether nobody hears an answer any more: the session of those who ask is gone, or they want
    /// none.
    pub(in crate::channel) fn are_unheard(&self) -> bool {
        self.queue.has_ended()
    }

    /// Its queue, and what must hear of answers that have left it.
    pub(crate) fn ends(&self) -> (Arc<Outgoing>, Arc<Receipts>) {
        (self.queue.clone(), self.receipts.clone())
    }

    /// Sends what became of a request. If the peer cannot be told any more, its receipt is dropped; it
    /// stays if the answer cannot be encoded, or panics.
    pub(in crate::channel) fn push(
        &self,
        receipt: &mut Option<Receipt>,
        number: u64,
        verdict: Verdict,
        encode: impl FnOnce(&mut Vec<u8>) -> Result<(), CodecError>,
    ) -> Result<(), CodecError> {
        let encode = |bytes: &mut Vec<u8>| {
            envelope::put_verdict(bytes, number, verdict);
            encode(bytes)
        };
        // Receipts stand in the order of the answers.
        let note = || self.receipts.waiting.lock().extend(receipt.take());
        match self.queue.push_and(encode, note) {
            Ok(()) => Ok(()),
            Err(PushError::Unencodable(error)) => Err(error),
            Err(PushError::Full | PushError::Closed(_)) => {
                drop(receipt.take());
                Ok(())
            }
        }
    }
}

impl Drop for Answers {
    /// Whoever could answer is gone.
    fn drop(&mut self) {
        self.queue.finish();
    }
}

impl Receipts {
    /// So many answers have left their queue.
    pub(crate) fn dispatched(&self, values: u32) {
        if values == 0 {
            return;
        }
        let mut waiting = self.waiting.lock();
        let count = waiting.len().min(values as usize);
        let dispatched: Vec<Receipt> = waiting.drain(..count).collect();
        drop(waiting);
        self.requests.count_all_taken(dispatched);
    }

    /// The session is gone: no answer leaves any more.
    pub(crate) fn clear(&self) {
        let cleared = std::mem::take(&mut *self.waiting.lock());
        drop(cleared);
    }
}

impl Receipts {
    /// Ends the answers' queue with its session.
    pub(crate) fn end(&self, queue: &Outgoing, closed: Closed) {
        queue.end(closed);
        self.clear();
        // Nobody waits for what is in hand any more.
        self.requests.tell_cancelled();
    }
}

impl Receipt {
    /// The value will not be taken.
    pub(in crate::channel) fn give_up(mut self) {
        let _never_counted = self.settle();
    }

    /// What is to be counted now, for a caller who does so.
    pub(in crate::channel) fn settle(&mut self) -> Taken {
        std::mem::take(&mut self.taken)
    }
}

impl Drop for Receipt {
    fn drop(&mut self) {
        if self.taken.values > 0 {
            self.queue.count_taken_at(self.lane, self.place, self.taken);
        }
    }
}
