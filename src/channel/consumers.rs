//! The sessions that are attached to a sending channel, and which of them wait for values.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use crate::channel::ready::ReadySet;
use crate::id::ChannelId;

/// An attachment of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ConsumerKey(u64);

#[derive(Debug)]
struct Consumer {
    ready: Arc<ReadySet>,
    channel: ChannelId,
    is_waiting: bool,
}

/// The attached sessions of one channel.
#[derive(Debug, Default)]
pub(super) struct Consumers {
    by_key: HashMap<ConsumerKey, Consumer>,
    last_key: u64,
    /// Those that found the queue empty, the longest waiting first.
    waiting: VecDeque<ConsumerKey>,
}

impl Consumers {
    pub(super) fn attach(&mut self, ready: Arc<ReadySet>, channel: ChannelId) -> ConsumerKey {
        self.last_key += 1;
        let key = ConsumerKey(self.last_key);
        self.by_key.insert(key, Consumer { ready, channel, is_waiting: false });
        key
    }

    pub(super) fn detach(&mut self, key: ConsumerKey) {
        self.by_key.remove(&key);
        self.waiting.retain(|waiting| *waiting != key);
    }

    pub(super) fn len(&self) -> usize {
        self.by_key.len()
    }

    /// Notes that a session found the queue empty.
    pub(super) fn wait(&mut self, key: ConsumerKey) {
        if let Some(consumer) = self.by_key.get_mut(&key)
            && !consumer.is_waiting
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
