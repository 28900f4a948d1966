//! The task that waits for leases to run out. It lives as long as there is one to wait for.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};

use tokio::runtime::Handle;
use tokio::time::{Instant, timeout_at};

use crate::channel::{Closed, Offered, Origin, Reason};
use crate::net::offers::{Offer, Offers};

impl Offers {
    /// Sees to it that leases run out.
    pub(super) fn keep_time(&self) {
        let runtime = Handle::try_current();
        self.lacks_timer.store(runtime.is_err(), Ordering::Relaxed);
        let Ok(runtime) = runtime else { return };
        let mut state = self.state.lock();
        if !state.leases.is_empty() && !std::mem::replace(&mut state.has_timer, true) {
            drop(state);
            runtime.spawn(wait_for_leases(Timer { offers: self.this.clone(), is_over: false }));
        }
    }

    /// Releases offers whose lease has run out. Returns when the next one does; without one the timer
    /// is over.
    fn expire(&self, now: Instant) -> Option<Instant> {
        let mut state = self.state.lock();
        let mut expired = Vec::new();
        while let Some((at, token)) = state.leases.first().copied()
            && at <= now
        {
            state.leases.pop_first();
            let offer = state.by_token.remove(&token);
            expired.extend(offer.map(|Offer { offered, .. }| (token, offered)));
        }
        let next = state.leases.first().map(|(at, _)| *at);
        state.has_timer = next.is_some();
        drop(state);
        let is_any = !expired.is_empty();
        for (token, offered) in expired {
            offered.remove_place(token);
            conclude(&offered);
        }
        if is_any {
            self.tell_change();
        }
        next
    }
}

fn conclude(offered: &Arc<Offered>) {
    offered.note_closed_at_last(Closed::new(Origin::Local, Reason::LeaseExpired));
}

/// Says that there is no timer when its task is gone, whatever ends it.
struct Timer {
    offers: Weak<Offers>,
    /// It has said so already.
    is_over: bool,
}

impl Drop for Timer {
    fn drop(&mut self) {
        if let Some(offers) = self.offers.upgrade().filter(|_| !self.is_over) {
            let is_needed = {
                let mut state = offers.state.lock();
                state.has_timer = false;
                !state.leases.is_empty()
            };
            // Its runtime has gone. Whoever drives a connection begins another one.
            offers.lacks_timer.store(is_needed, Ordering::Relaxed);
        }
    }
}

async fn wait_for_leases(mut timer: Timer) {
    while let Some(offers) = timer.offers.upgrade() {
        let changed = offers.changed.listen();
        let Some(next) = offers.expire(Instant::now()) else {
            timer.is_over = true;
            return;
        };
        drop(offers);
        // The first lease may have been that of an offer which was claimed, and the last one, too.
        let _time_is_up = timeout_at(next, changed).await;
    }
}
