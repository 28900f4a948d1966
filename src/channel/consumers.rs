//! The sessions that are attached to a sending channel, and which of them wait for values.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::channel::ready::ReadySet;
use crate::id::{ChannelId, IdMap};

/// An attachment of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ConsumerKey(pub(super) u64);

#[derive(Debug)]
struct Consumer {
    ready: Arc<ReadySet>,
    channel: ChannelId,
    is_waiting: bool,
    /// Values that it took from the queue.
    dispatched_values: u64,
    /// Those of them that have left its peer's channel, or have come back.
    taken_values: u64,
    /// It takes no more.
    is_retired: bool,
    /// Requests that it holds and that nobody waits for any more, until its driver asks for them.
    cancelled: Vec<u64>,
}

impl Consumer {
    fn holds_values(&self) -> bool {
        self.taken_values < self.dispatched_values
    }
}

/// The attached sessions of one channel.
#[derive(Debug, Default)]
pub(super) struct Consumers {
    by_key: IdMap<ConsumerKey, Consumer>,
    last_key: u64,
    /// How many of them may take more.
    takers: usize,
    /// How many of them have values that have not left their peer's channel.
    holders: usize,
    /// Those that found the queue empty, the longest waiting first.
    waiting: VecDeque<ConsumerKey>,
}

impl Consumers {
    pub(super) fn attach(&mut self, ready: Arc<ReadySet>, channel: ChannelId) -> ConsumerKey {
        self.last_key += 1;
        let key = ConsumerKey(self.last_key);
        let consumer = Consumer {
            ready,
            channel,
            is_waiting: false,
            dispatched_values: 0,
            taken_values: 0,
            is_retired: false,
            cancelled: Vec::new(),
        };
        self.by_key.insert(key, consumer);
        self.takers += 1;
        key
    }

    pub(super) fn detach(&mut self, key: ConsumerKey) {
        self.retire(key);
        let consumer = self.by_key.remove(&key);
        self.holders -= usize::from(consumer.is_some_and(|consumer| consumer.holds_values()));
    }

    /// Notes that a session takes no more. What it has may still come back.
    pub(super) fn retire(&mut self, key: ConsumerKey) {
        if let Some(consumer) = self.by_key.get_mut(&key)
            && !std::mem::replace(&mut consumer.is_retired, true)
        {
            self.takers -= 1;
            self.waiting.retain(|waiting| *waiting != key);
        }
    }

    /// Notes that nobody waits for a request any more which a session holds. Marks the session if its
    /// driver has not been told of another one.
    pub(super) fn cancel(&mut self, key: ConsumerKey, request: u64) -> Option<Arc<ReadySet>> {
        let consumer = self.by_key.get_mut(&key)?;
        consumer.cancelled.push(request);
        if consumer.cancelled.len() > 1 {
            return None;
        }
        consumer.ready.mark(consumer.channel);
        Some(consumer.ready.clone())
    }

    /// The requests that were cancelled since the last call.
    pub(super) fn take_cancelled(&mut self, key: ConsumerKey) -> Vec<u64> {
        let consumer = self.by_key.get_mut(&key);
        consumer.map(|consumer| std::mem::take(&mut consumer.cancelled)).unwrap_or_default()
    }

    /// Sessions that may take more.
    pub(super) fn len(&self) -> usize {
        self.takers
    }

    /// Whether some session has values that would come back if it were lost.
    pub(super) fn hold_values(&self) -> bool {
        self.holders > 0
    }

    /// Whether a session has values that have not left its peer's channel.
    pub(super) fn holds_values(&self, key: ConsumerKey) -> bool {
        self.by_key.get(&key).is_some_and(Consumer::holds_values)
    }

    /// Notes that what a session had has come back.
    pub(super) fn gave_back(&mut self, key: ConsumerKey) {
        self.count(key, |consumer| consumer.taken_values = consumer.dispatched_values);
    }

    /// Notes that a session took values.
    pub(super) fn dispatched(&mut self, key: ConsumerKey, values: u64) {
        self.count(key, |consumer| consumer.dispatched_values += values);
    }

    /// Notes how many values of a session have left its peer's channel, in all. `true`: it holds no
    /// more.
    pub(super) fn taken(&mut self, key: ConsumerKey, values: u64) -> bool {
        let before = self.holders;
        self.count(key, |consumer| consumer.taken_values = values);
        self.holders < before
    }

    fn count(&mut self, key: ConsumerKey, change: impl FnOnce(&mut Consumer)) {
        let Some(consumer) = self.by_key.get_mut(&key) else { return };
        let held_values = consumer.holds_values();
        change(consumer);
        self.holders -= usize::from(held_values);
        self.holders += usize::from(consumer.holds_values());
    }

    /// Whether other sessions have values that would come back if they were lost.
    pub(super) fn others_hold_values(&self, key: ConsumerKey) -> bool {
        let is_holder = self.by_key.get(&key).is_some_and(Consumer::holds_values);
        self.holders > usize::from(is_holder)
    }

    /// Whether some session may find that no other one has such values.
    pub(super) fn may_be_settled(&self) -> bool {
        self.holders <= 1
    }

    /// Notes that a session found the queue empty.
    pub(super) fn wait(&mut self, key: ConsumerKey) {
        if let Some(consumer) = self.by_key.get_mut(&key)
            && !consumer.is_waiting
            && !consumer.is_retired
        {
            consumer.is_waiting = true;
            self.waiting.push_back(key);
        }
    }

    /// Marks the session that waits longest. The caller [rings](ring) when the lock is free.
    #[inline]
    pub(super) fn wake_one(&mut self) -> Option<Arc<ReadySet>> {
        // Nobody waits behind most values.
        if self.waiting.is_empty() { None } else { self.wake_first() }
    }

    fn wake_first(&mut self) -> Option<Arc<ReadySet>> {
        let key = self.waiting.pop_front()?;
        let consumer = self.by_key.get_mut(&key)?;
        consumer.is_waiting = false;
        consumer.ready.mark(consumer.channel);
        Some(consumer.ready.clone())
    }

    /// Marks a session whether or not it waits.
    pub(super) fn wake(&mut self, key: ConsumerKey) -> Option<Arc<ReadySet>> {
        let consumer = self.by_key.get_mut(&key)?;
        if std::mem::take(&mut consumer.is_waiting) {
            self.waiting.retain(|waiting| *waiting != key);
        }
        consumer.ready.mark(consumer.channel);
        Some(consumer.ready.clone())
    }

    /// Marks all sessions that wait.
    pub(super) fn wake_all(&mut self) -> Vec<Arc<ReadySet>> {
        let mut woken = Vec::new();
        while !self.waiting.is_empty() {
            woken.extend(self.wake_first());
        }
        woken
    }
}

/// Wakes the drivers of sessions that were marked.
pub(super) fn ring(woken: impl IntoIterator<Item = Arc<ReadySet>>) {
    for ready in woken {
        ready.ring();
    }
}
