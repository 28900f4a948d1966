//! How a mailbox of actix is kept within a bound.
//!
//! A mailbox says neither how much is in it nor, while something is in it, that more has come; and
//! a `try_send` finds it full only while something is left in it. So an outlet whose channel is full
//! leaves messages there and cannot know of a flood by `do_send`. What it can do is to count what is
//! put into envelopes, which happens where messages are sent; only the envelope does not know its
//! outlet. Hence one count for all outlets that drop messages: when too much is in their mailboxes
//! together, whoever sends the next message makes all of them look, before it is sent. That bounds
//! them without a timer and without a thread, however busy the threads of the outlets are.
//!
//! Whoever sends may hold locks of their own. So no code of messages runs in a sweep but their
//! `Drop`, and that with no lock of ours held.

use std::any::Any;
use std::cmp::Reverse;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

use netchan::limits::{OUTLET_SWEEP_MESSAGES, OUTLET_SWEEP_MESSAGES_EACH};
use parking_lot::Mutex;

/// Whether the messages of a mailbox are counted.
pub(super) trait Tally: 'static {
    /// Goes with a message for as long as it is in the mailbox.
    type Entry: Send + 'static;

    /// A message is about to be put into a mailbox.
    fn enter() -> Self::Entry;
}

/// Of outlets whose messages wait, however many there are.
pub(super) struct Uncounted;

impl Tally for Uncounted {
    type Entry = ();

    fn enter() {}
}

/// Of outlets that drop messages.
pub(super) struct Counted;

impl Tally for Counted {
    type Entry = Entry;

    fn enter() -> Entry {
        ENTRIES.fetch_add(1, Ordering::Relaxed);
        if is_due() {
            sweep();
        }
        Entry
    }
}

/// A message in the mailbox of an outlet that drops messages.
pub(super) struct Entry;

impl Drop for Entry {
    fn drop(&mut self) {
        ENTRIES.fetch_sub(1, Ordering::Relaxed);
    }
}

/// An outlet that drops messages.
pub(super) trait Sweep: Send + Sync {
    /// Takes so many messages out of the mailbox and keeps what the policy allows. Returns the rest.
    fn sweep(&self, messages_max: usize) -> Box<dyn Any>;

    /// Messages that the last sweep has found.
    fn last_found(&self) -> usize;
}

/// Messages in the mailboxes of all outlets that drop messages.
static ENTRIES: AtomicUsize = AtomicUsize::new(0);

/// How many such outlets there are.
static OUTLETS: AtomicUsize = AtomicUsize::new(0);

/// These outlets.
static REGISTER: Mutex<Vec<Weak<dyn Sweep>>> = Mutex::new(Vec::new());

/// Held by who sweeps. Others wait, so that nobody sends faster than it is swept.
static SWEEPING: Mutex<()> = Mutex::new(());

fn entries_max() -> usize {
    OUTLET_SWEEP_MESSAGES + OUTLETS.load(Ordering::Relaxed) * OUTLET_SWEEP_MESSAGES_EACH
}

fn is_due() -> bool {
    ENTRIES.load(Ordering::Relaxed) > entries_max()
}

#[cold]
fn sweep() {
    let sweeping = SWEEPING.lock();
    if !is_due() {
        return;
    }
    let mut outlets: Vec<_> = REGISTER.lock().iter().rev().filter_map(Weak::upgrade).collect();
    // First those that were flooded before. What others have came by `try_send`, and taking it out
    // would make room for more.
    outlets.sort_by_key(|outlet| Reverse(outlet.last_found()));
    let mut dropped = Vec::new();
    for outlet in &outlets {
        // No more than there are: other threads may send as fast as this one takes.
        dropped.push(outlet.sweep(ENTRIES.load(Ordering::Relaxed)));
        if ENTRIES.load(Ordering::Relaxed) <= entries_max() / 2 {
            break;
        }
    }
    drop(sweeping);
    drop((dropped, outlets));
}

/// Keeps an outlet in the register.
pub(super) struct Registration {
    outlet: Weak<dyn Sweep>,
}

impl Registration {
    pub(super) fn new(outlet: &Arc<impl Sweep + 'static>) -> Registration {
        let outlet: Arc<dyn Sweep> = outlet.clone();
        let outlet = Arc::downgrade(&outlet);
        REGISTER.lock().push(outlet.clone());
        OUTLETS.fetch_add(1, Ordering::Relaxed);
        Registration { outlet }
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        let mut register = REGISTER.lock();
        if let Some(at) = register.iter().position(|outlet| Weak::ptr_eq(outlet, &self.outlet)) {
            register.swap_remove(at);
            OUTLETS.fetch_sub(1, Ordering::Relaxed);
        }
    }
}
