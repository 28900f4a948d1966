//! How a user's end of a channel gets the driver's attention.

use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use futures::task::AtomicWaker;
use parking_lot::Mutex;

use crate::id::ChannelId;

/// The channels of one session that have something for its driver.
///
/// Each channel stands in it at most once for each reason, which the channels themselves see to; so
/// it is bounded by the number of channels. Marking is apart from ringing: what can wait for the
/// driver's next
/// turn does not wake it.
#[derive(Debug, Default)]
pub(crate) struct ReadySet {
    marked: Mutex<Vec<ChannelId>>,
    bell: Bell,
}

impl ReadySet {
    /// Notes that a channel has something for the driver.
    pub(crate) fn mark(&self, channel: ChannelId) {
        self.marked.lock().push(channel);
    }

    /// Wakes the driver, if it sleeps.
    pub(crate) fn ring(&self) {
        self.bell.ring();
    }

    /// Moves the marked channels to `channels`, which is empty.
    pub(crate) fn take(&self, channels: &mut Vec<ChannelId>) {
        std::mem::swap(&mut *self.marked.lock(), channels);
    }

    /// For the driver: whether it was rung for since the last time.
    pub(crate) fn poll_rung(&self, cx: &Context<'_>) -> Poll<()> {
        self.bell.poll_rung(cx)
    }
}

/// Wakes a driver once, however often it is rung before the driver looks.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    is_rung: AtomicBool,
    driver: AtomicWaker,
}

impl Bell {
    /// Wakes the driver, if it sleeps.
    pub(crate) fn ring(&self) {
        if !self.is_rung.swap(true, Ordering::AcqRel) {
            self.driver.wake();
        }
    }

    /// For the driver: whether it was rung for since the last time.
    pub(crate) fn poll_rung(&self, cx: &Context<'_>) -> Poll<()> {
        if self.is_rung.swap(false, Ordering::AcqRel) {
            return Poll::Ready(());
        }
        self.driver.register(cx.waker());
        if self.is_rung.swap(false, Ordering::AcqRel) { Poll::Ready(()) } else { Poll::Pending }
    }
}
