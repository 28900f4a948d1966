//! What becomes of messages for which a channel has no room, when their senders do not wait.

use std::fmt;
use std::sync::{Arc, OnceLock};

/// What is done with messages of senders that do not wait while their channel is full.
///
/// It concerns what stands in front of a channel and takes whatever it is given, such as an actor's
/// mailbox. A [`Sender`](crate::Sender) gives values back instead.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Overflow {
    /// They wait, however many there are.
    #[default]
    Wait,
    /// What waits has a bound. Beyond it, messages that come are dropped.
    DropNewest,
    /// What waits has a bound. Beyond it, those that have waited longest are dropped.
    DropOldest,
}

impl fmt::Display for Overflow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Overflow::Wait => "wait",
            Overflow::DropNewest => "drop the newest",
            Overflow::DropOldest => "drop the oldest",
        })
    }
}

/// Messages were dropped because their channel was full: an episode of it has begun, or is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overflowed {
    /// By what rule.
    pub policy: Overflow,
    /// Messages that were dropped in this episode until now.
    pub dropped_messages: u64,
    /// Nothing waits any more, so the episode is over.
    pub is_over: bool,
}

/// Whom a channel tells of messages that were dropped in front of it.
#[derive(Default)]
pub(super) struct OverflowListener {
    tell: OnceLock<Tell>,
}

/// Tells whoever listens to a channel's connections.
pub(crate) type Tell = Arc<dyn Fn(Overflowed) + Send + Sync>;

impl OverflowListener {
    /// The first one stays.
    pub(super) fn set(&self, tell: Tell) {
        let _is_first = self.tell.set(tell);
    }

    pub(super) fn tell(&self, overflowed: Overflowed) {
        if let Some(tell) = self.tell.get() {
            tell(overflowed);
        }
    }
}

impl fmt::Debug for OverflowListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OverflowListener").field("is_set", &self.tell.get().is_some()).finish()
    }
}
