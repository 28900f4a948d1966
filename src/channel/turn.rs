//! When users of a channel let the drivers of their thread go on.
//!
//! A sender with free slots and a receiver with a full batch have nothing to wait for. On a thread
//! that runs their driver too, each would go on to the end of the window before a byte is written or
//! a grant is sent, and both sides of a connection would work in turn, never at the same time. So a
//! sender gives way when an eighth of what may wait is waiting, and a receiver when it has taken so
//! much that a grant is due. As tokio's own channels do, they yield between two values, never within
//! one, and only where a caller awaits anyway.

use std::cell::Cell;

thread_local! {
    /// Somebody on this thread has queued enough for a driver's turn.
    static IS_OVER: Cell<bool> = const { Cell::new(false) };
}

/// The turn of this thread's senders is over.
#[inline]
pub(super) fn end() {
    IS_OVER.set(true);
}

/// Whether a sender should give way before it sends more. Says so once.
#[inline]
pub(super) fn take_end() -> bool {
    IS_OVER.get() && IS_OVER.replace(false)
}

/// Lets the other tasks of the thread go on, and the sockets be looked at.
pub(super) async fn give_way() {
    tokio::task::yield_now().await;
}
