//! Those who hold values for a channel before its queue does.

use std::fmt;
use std::sync::Arc;

use futures::future::{BoxFuture, join_all};
use parking_lot::Mutex;

/// Something that holds values for a channel before they are in its queue, such as an actor with a
/// mailbox. `Sync` and `Drain` count these values, too: they wait for the feeders first.
pub trait Feeder: Send + Sync + 'static {
    /// Resolves when everything that the feeder was given before the call is in the channel's
    /// queue, or will never be. `false` says that the feeder is gone for good.
    fn settle(&self) -> BoxFuture<'static, bool>;

    /// Whether the feeder is gone for good.
    fn is_gone(&self) -> bool;
}

/// The feeders of a channel.
#[derive(Default)]
pub(super) struct Feeders {
    list: Mutex<Vec<Arc<dyn Feeder>>>,
}

impl Feeders {
    pub(super) fn add(&self, feeder: Arc<dyn Feeder>) {
        let mut list = self.list.lock();
        list.retain(|feeder| !feeder.is_gone());
        list.push(feeder);
    }

    /// Waits until all feeders have settled, and forgets those that are gone.
    pub(super) async fn settle(&self) {
        let feeders = self.list.lock().clone();
        let settled = join_all(feeders.iter().map(|feeder| feeder.settle())).await;
        for (feeder, is_left) in feeders.iter().zip(settled) {
            if !is_left {
                self.list.lock().retain(|other| !Arc::ptr_eq(feeder, other));
            }
        }
    }
}

impl fmt::Debug for Feeders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Feeders").field("count", &self.list.lock().len()).finish()
    }
}
