//! The task of an outlet: from the mailbox into the channel.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use actix::Message;
use actix::dev::OneshotSender;
use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use netchan::channel::{Overflow, Overflowed, TrySendError};
use netchan::limits::{OUTLET_HAND_MESSAGES, OUTLET_TURN_MESSAGES};

use crate::outlet::address::Letter;
use crate::outlet::mailbox::Mailbox;
use crate::outlet::outbound::{Asked, Outbound};
use crate::outlet::tally::{Registration, Tally};

/// An outlet that is not started yet. Dropped, also unstarted, it closes its address.
pub(super) struct Outlet<O, M: Message + Send + 'static, C: Tally>
where
    M::Result: Send,
{
    pub(super) outbound: O,
    pub(super) mailbox: Arc<Mailbox<M, C>>,
    pub(super) registration: Option<Registration>,
    /// Messages on their way from one to the other. Their senders are refused after the mailbox is
    /// closed.
    pub(super) hand: VecDeque<Letter<M>>,
}

impl<O, M: Message + Send + 'static, C: Tally> Drop for Outlet<O, M, C>
where
    M::Result: Send,
{
    fn drop(&mut self) {
        self.registration = None;
        self.mailbox.close();
    }
}

/// What an outlet was woken for.
enum Woken {
    /// The channel has ended.
    Closed,
    /// The last recipient is gone, and all of its messages have been taken out of the mailbox.
    Abandoned,
    /// There may be room in the channel, or something new in front of the mailbox.
    Look,
    /// There are messages.
    Mail,
}

/// What became of a message.
enum Fate<M: Message, A> {
    /// The channel has it, or it was refused.
    Done,
    /// The channel has it, and will answer.
    Asked(A, OneshotSender<M::Result>),
    /// The channel is full.
    Full(Letter<M>),
    /// The channel has ended.
    Closed(Letter<M>),
}

impl<O: Outbound<M>, M: Message + Send + 'static, C: Tally> Outlet<O, M, C>
where
    M::Result: Send,
{
    /// Runs until the channel has ended, or the last recipient is gone and all is sent and answered.
    pub(super) async fn run(mut self) {
        let policy = self.mailbox.policy();
        let mut closed = self.outbound.watch_closed();
        let mut swept = pin!(self.mailbox.swept());
        let mut room: Option<BoxFuture<'_, ()>> = None;
        let mut answers = FuturesUnordered::new();
        let mut episode = Episode::default();
        let mut turn = 0;
        // One by one when the channel was full: what is in hand is no longer in the mailbox, where it
        // makes `try_send` find it full.
        let mut hand_max = 1;
        loop {
            let woken = poll_fn(|cx| {
                if closed.as_mut().poll(cx).is_ready() {
                    return Poll::Ready(Woken::Closed);
                }
                while let Poll::Ready(Some(())) = answers.poll_next_unpin(cx) {}
                if swept.as_mut().poll(cx).is_ready() {
                    swept.set(self.mailbox.swept());
                    return Poll::Ready(Woken::Look);
                }
                if let Some(waiting) = &mut room {
                    ready!(waiting.as_mut().poll(cx));
                    room = None;
                }
                let taken = self.mailbox.poll_take(&mut self.hand, hand_max, cx);
                if taken.is_pending() {
                    episode.end(policy, &self.outbound);
                }
                taken.map(|is_mail| if is_mail { Woken::Mail } else { Woken::Abandoned })
            });
            match woken.await {
                Woken::Closed | Woken::Abandoned => break,
                Woken::Look => episode.note(self.mailbox.dropped(), policy, &self.outbound),
                Woken::Mail => {}
            }
            turn += self.hand.len();
            hand_max = OUTLET_HAND_MESSAGES.min(2 * hand_max);
            while let Some(letter) = self.hand.pop_front() {
                match self.send(letter) {
                    Fate::Done => {}
                    Fate::Asked(answer, reply) => answers.push(deliver(answer, reply)),
                    Fate::Full(letter) => {
                        self.hand.push_front(letter);
                        self.mailbox.put_back(&mut self.hand);
                        episode.note(self.mailbox.dropped(), policy, &self.outbound);
                        hand_max = 1;
                        room = Some(self.outbound.room());
                    }
                    Fate::Closed(letter) => {
                        // First the address: who is refused finds it closed.
                        self.mailbox.close();
                        drop(letter);
                    }
                }
            }
            if turn >= OUTLET_TURN_MESSAGES && room.is_none() {
                turn = 0;
                tokio::task::yield_now().await;
            }
        }
        episode.end(policy, &self.outbound);
        self.mailbox.close();
        self.hand.clear();
        while answers.next().await.is_some() {}
    }

    fn send(&self, letter: Letter<M>) -> Fate<M, O::Answer> {
        match letter {
            Letter::Tell(message) => match self.outbound.try_tell(message) {
                Ok(()) => Fate::Done,
                Err(error) => self.not_sent(error, Letter::Tell),
            },
            letter if letter.is_given_up() => Fate::Done,
            Letter::Ask(message, reply) => match self.outbound.try_ask(message) {
                Ok(Asked::Answered(result)) => {
                    let _nobody_waits = reply.send(result);
                    Fate::Done
                }
                Ok(Asked::Pending(answer)) => Fate::Asked(answer, reply),
                Err(error) => self.not_sent(error, |message| Letter::Ask(message, reply)),
            },
            Letter::Settle(reply) => {
                let _nobody_waits = reply.send(());
                Fate::Done
            }
        }
    }

    fn not_sent<A>(
        &self,
        error: TrySendError<M>,
        letter: impl FnOnce(M) -> Letter<M>,
    ) -> Fate<M, A> {
        match error {
            TrySendError::Full(message) => Fate::Full(letter(message)),
            TrySendError::Closed(message, _) => Fate::Closed(letter(message)),
            error => {
                tracing::warn!(%error, "a message was not sent");
                self.mailbox.note_refused();
                // A reply that is dropped tells the sender that the message was not taken.
                Fate::Done
            }
        }
    }
}

/// Brings an answer to who waits for it. Both are dropped when nobody waits any more.
async fn deliver<R>(answer: impl Future<Output = Option<R>>, mut reply: OneshotSender<R>) {
    let mut answer = pin!(answer);
    let result = poll_fn(|cx: &mut Context<'_>| match reply.poll_closed(cx) {
        Poll::Ready(()) => Poll::Ready(None),
        Poll::Pending => answer.as_mut().poll(cx),
    });
    if let Some(result) = result.await {
        let _nobody_waits = reply.send(result);
    }
}

/// An episode in which messages are dropped. It is told of twice, however many they are.
#[derive(Default)]
struct Episode {
    /// Messages that were dropped in all.
    dropped: u64,
    /// Messages that were dropped before this episode, while there is one.
    before: Option<u64>,
}

impl Episode {
    fn note<M: Message>(&mut self, dropped: u64, policy: Overflow, outbound: &impl Outbound<M>) {
        if dropped == self.dropped {
            return;
        }
        let before = std::mem::replace(&mut self.dropped, dropped);
        if self.before.is_none() {
            self.before = Some(before);
            let dropped_messages = dropped - before;
            outbound.tell_overflow(Overflowed { policy, dropped_messages, is_over: false });
        }
    }

    fn end<M: Message>(&mut self, policy: Overflow, outbound: &impl Outbound<M>) {
        if let Some(before) = self.before.take() {
            let dropped_messages = self.dropped - before;
            outbound.tell_overflow(Overflowed { policy, dropped_messages, is_over: true });
        }
    }
}
