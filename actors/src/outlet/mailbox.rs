//! What is between the senders and the outlet's task.

use std::any::Any;
use std::collections::VecDeque;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use actix::dev::channel::AddressReceiver;
use actix::{Addr, Message, WeakAddr};
use futures::StreamExt;
use futures::future::BoxFuture;
use netchan::channel::{Feeder, Overflow};
use netchan::limits::OUTLET_SWEEP_MESSAGES_EACH;
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::outlet::address::{Letter, Opener, Settle};
use crate::outlet::counters::Counters;
use crate::outlet::overflow::Waiting;
use crate::outlet::tally::{Sweep, Tally};

/// The bounds of a mailbox.
#[derive(Clone, Copy)]
pub(super) struct Bounds {
    pub(super) policy: Overflow,
    /// Messages that may wait while the channel is full.
    pub(super) waiting_max: usize,
    /// Messages that the channel may have room for while it is not known to be full.
    pub(super) slots: usize,
}

/// The mailbox of an outlet. Its task takes messages out; sweeps only look at what is over.
pub(super) struct Mailbox<M: Message + Send + 'static, C: Tally> {
    state: Mutex<State<M, C>>,
    bounds: Bounds,
    counters: Arc<Counters>,
    /// A sweep has been here.
    swept: Notify,
    last_found: AtomicUsize,
}

struct State<M: Message + Send + 'static, C: Tally> {
    /// `None` when the outlet has ended.
    receiver: Option<AddressReceiver<Opener<M, C>>>,
    /// What came out of it and is not in the channel yet.
    waiting: Waiting<M>,
    /// The channel was full when it was last asked.
    is_full: bool,
}

impl<M: Message + Send + 'static, C: Tally> Mailbox<M, C>
where
    M::Result: Send,
{
    pub(super) fn new(receiver: AddressReceiver<Opener<M, C>>, bounds: Bounds) -> Arc<Self> {
        let waiting = Waiting::default();
        let state = State { receiver: Some(receiver), waiting, is_full: false };
        let (counters, swept) = (Arc::default(), Notify::new());
        let last_found = AtomicUsize::new(0);
        Arc::new(Mailbox { state: Mutex::new(state), bounds, counters, swept, last_found })
    }

    pub(super) fn policy(&self) -> Overflow {
        self.bounds.policy
    }

    pub(super) fn counters(&self) -> Arc<Counters> {
        self.counters.clone()
    }

    /// Messages that were dropped since the beginning.
    pub(super) fn dropped(&self) -> u64 {
        self.counters.dropped()
    }

    /// A message cannot be sent and is dropped.
    pub(super) fn note_refused(&self) {
        self.counters.add_refused();
    }

    /// Moves the next messages into `hand`, which is empty: at least one, at most `messages_max`, so
    /// that the lock is taken for many at once. `false` if there will be none.
    pub(super) fn poll_take(
        &self,
        hand: &mut VecDeque<Letter<M>>,
        messages_max: usize,
        cx: &mut Context<'_>,
    ) -> Poll<bool> {
        let mut state = self.state.lock();
        state.is_full = false;
        while hand.len() < messages_max {
            let letter = match state.waiting.pop_front() {
                Some(letter) => {
                    self.counters.set_waiting(state.waiting.len());
                    letter
                }
                None => match state.poll_receive(cx) {
                    Poll::Ready(Some(letter)) => letter,
                    _ if !hand.is_empty() => break,
                    Poll::Ready(None) => return Poll::Ready(false),
                    Poll::Pending => return Poll::Pending,
                },
            };
            hand.push_back(letter);
        }
        Poll::Ready(true)
    }

    /// The channel is full and did not take these messages, which were the first. None is dropped for
    /// that: they may be of a `try_send`, and the next sweep drops what is over.
    pub(super) fn put_back(&self, hand: &mut VecDeque<Letter<M>>) {
        let mut state = self.state.lock();
        state.is_full = true;
        while let Some(letter) = hand.pop_back() {
            state.waiting.push_front(letter);
        }
        self.counters.set_waiting(state.waiting.len());
    }

    /// Resolves when a sweep has been here.
    pub(super) async fn swept(&self) {
        self.swept.notified().await;
    }

    /// Takes no more messages, and refuses those that wait.
    pub(super) fn close(&self) {
        let mut state = self.state.lock();
        let receiver = state.receiver.take();
        let waiting = std::mem::take(&mut state.waiting);
        self.counters.set_waiting(0);
        drop(state);
        // First the address: who is refused finds it closed.
        drop(receiver);
        drop(waiting);
    }
}

impl<M: Message + Send + 'static, C: Tally> State<M, C>
where
    M::Result: Send,
{
    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Option<Letter<M>>> {
        let Some(receiver) = &mut self.receiver else { return Poll::Ready(None) };
        loop {
            match receiver.poll_next_unpin(cx) {
                Poll::Ready(Some(envelope)) => {
                    if let Some(letter) = Opener::open(envelope) {
                        return Poll::Ready(Some(letter));
                    }
                }
                Poll::Ready(None) => return Poll::Ready(None),
                // Asked after the mailbox was empty, which is what makes its end wake this task.
                Poll::Pending if receiver.connected() => return Poll::Pending,
                Poll::Pending => {
                    return match receiver.poll_next_unpin(cx) {
                        Poll::Ready(Some(envelope)) => Poll::Ready(Opener::open(envelope)),
                        _ => Poll::Ready(None),
                    };
                }
            }
        }
    }
}

impl<M: Message + Send + 'static, C: Tally> Sweep for Mailbox<M, C>
where
    M::Result: Send,
{
    fn sweep(&self, messages_max: usize) -> Box<dyn Any> {
        let mut state = self.state.lock();
        let mut cx = Context::from_waker(Waker::noop());
        let mut found = 0;
        while found < messages_max {
            let Poll::Ready(Some(letter)) = state.poll_receive(&mut cx) else { break };
            state.waiting.push_back(letter);
            found += 1;
        }
        self.last_found.store(found, Ordering::Relaxed);
        // So few may all be of `try_send`.
        let spared = if found <= OUTLET_SWEEP_MESSAGES_EACH { found } else { 0 };
        let room = if state.is_full { 0 } else { self.bounds.slots };
        let tells_max = self.bounds.waiting_max.saturating_add(room + spared);
        let shed = state.waiting.shed(self.bounds.policy, tells_max);
        let dropped = shed.iter().filter(|letter| letter.is_tell()).count();
        self.counters.add_dropped(dropped);
        self.counters.set_waiting(state.waiting.len());
        drop(state);
        // The task's own waker is no longer with the mailbox, so it must look in any case.
        self.swept.notify_one();
        Box::new(shed)
    }

    fn last_found(&self) -> usize {
        self.last_found.load(Ordering::Relaxed)
    }
}

/// The mailbox, in which values wait while the channel is full.
pub(super) struct MailboxFeeder<M: Message + Send + 'static, C: Tally> {
    address: WeakAddr<Opener<M, C>>,
}

impl<M: Message + Send + 'static, C: Tally> MailboxFeeder<M, C> {
    pub(super) fn new(address: &Addr<Opener<M, C>>) -> Self {
        MailboxFeeder { address: address.downgrade() }
    }
}

impl<M: Message + Send + 'static, C: Tally> Feeder for MailboxFeeder<M, C>
where
    M::Result: Send,
{
    fn settle(&self) -> BoxFuture<'static, bool> {
        // A mailbox keeps its order, so this is answered behind all that came before.
        match self.address.upgrade().map(|address| address.send(Settle(PhantomData))) {
            Some(settled) => Box::pin(async move { settled.await.is_ok() }),
            None => Box::pin(std::future::ready(false)),
        }
    }

    fn is_gone(&self) -> bool {
        self.address.upgrade().is_none()
    }
}
