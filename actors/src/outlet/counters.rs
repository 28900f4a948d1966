//! What an outlet counts.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// Counts of an outlet, for whoever asks.
#[derive(Debug, Default)]
pub(super) struct Counters {
    dropped: AtomicU64,
    refused: AtomicU64,
    waiting: AtomicUsize,
}

impl Counters {
    pub(super) fn add_dropped(&self, messages: usize) {
        self.dropped.fetch_add(messages as u64, Ordering::Relaxed);
    }

    pub(super) fn add_refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn set_waiting(&self, messages: usize) {
        self.waiting.store(messages, Ordering::Relaxed);
    }

    pub(super) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    pub(super) fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    pub(super) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }
}
