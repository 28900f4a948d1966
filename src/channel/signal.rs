//! Waking those who wait: as many as there are things for them.
//!
//! An [`Event`] alone falls short in two ways. What becomes free one by one must wake one waiter
//! each, also when the one before has not run yet. And a sink or a stream keeps its listener between
//! polls: one that is never polled again must not swallow what was meant for another.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use event_listener::{Event, EventListener, IntoNotification};

/// Wakes tasks that wait for slots or values.
#[derive(Debug, Default)]
pub(super) struct Signal {
    event: Event,
    kept: Arc<AtomicUsize>,
}

impl Signal {
    /// For a future, which drops the listener when it is dropped itself.
    pub(super) fn listen(&self) -> EventListener {
        self.event.listen()
    }

    /// For a sink or a stream, which keeps the listener while nobody polls it.
    pub(super) fn listen_kept(&self) -> KeptListener {
        self.kept.fetch_add(1, Ordering::SeqCst);
        KeptListener { listener: self.event.listen(), kept: self.kept.clone() }
    }

    /// Wakes `count` waiters that were not woken yet, besides those that may never look.
    pub(super) fn notify(&self, count: usize) {
        let kept = self.kept.load(Ordering::SeqCst);
        self.event.notify(count.saturating_add(kept).additional());
    }

    /// Wakes all waiters.
    pub(super) fn notify_all(&self) {
        self.event.notify(usize::MAX);
    }
}

/// A listener that is kept between polls.
#[derive(Debug)]
pub(super) struct KeptListener {
    listener: EventListener,
    kept: Arc<AtomicUsize>,
}

impl KeptListener {
    pub(super) fn poll_woken(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.listener).poll(cx)
    }
}

impl Drop for KeptListener {
    fn drop(&mut self) {
        self.kept.fetch_sub(1, Ordering::SeqCst);
    }
}
