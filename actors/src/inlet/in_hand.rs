//! Messages in an actor's hands: put into its mailbox, and not done with.
//!
//! Most handlers are done when they return. So a message is looked at again when the other tasks of
//! the thread have had their turn, all in one go, and only if it is not done with by then it gets what
//! it takes to wait for it: a place among those that are woken one by one, and an ear for askers who
//! give up.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use actix::dev::RecipientRequest;
use actix::{MailboxError, Message};
use futures::future::{BoxFuture, Either, select};
use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};
use netchan::channel::{Request, Responder};

use crate::inlet::hands::Hands;
use crate::target::Target;

/// What became of a message in the actor's hands.
#[derive(Clone, Copy, Debug)]
pub(super) enum Outcome {
    Handled,
    Cancelled,
    /// The actor dropped it: it is restarted, or gone.
    Dropped,
}

/// A message that was put into the mailbox.
struct Handling<M>
where
    M: Message + Send + 'static,
    M::Result: Send,
{
    reply: Pin<Box<RecipientRequest<M>>>,
    responder: Responder<M::Result>,
    place: u64,
    is_cancellable: bool,
}

/// The messages in the hands of one actor.
pub(super) struct InHand<M>
where
    M: Message + Send + 'static,
    M::Result: Send,
{
    hands: Hands,
    /// Not looked at since they were put into the mailbox, in their order.
    fresh: VecDeque<Handling<M>>,
    /// The other tasks have had a turn since.
    looks_again: bool,
    /// Not done with when they were looked at again.
    waiting: FuturesUnordered<BoxFuture<'static, (u64, Outcome)>>,
    /// What was told and is done with, until it is counted.
    told: Vec<Responder<M::Result>>,
}

impl<M> InHand<M>
where
    M: Message + Send + 'static,
    M::Result: Send,
{
    pub(super) fn new(messages_max: usize) -> InHand<M> {
        InHand {
            hands: Hands::new(messages_max),
            fresh: VecDeque::new(),
            looks_again: false,
            waiting: FuturesUnordered::new(),
            told: Vec::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.fresh.len() + self.waiting.len()
    }

    pub(super) fn is_full(&self) -> bool {
        self.hands.are_full(self.len())
    }

    /// Puts a message into the actor's mailbox. A request does that when it is made or when it is polled
    /// for the first time, so it is polled before the next is made: order holds. Returns what became of
    /// it if that is known at once.
    pub(super) async fn begin(
        &mut self,
        target: &Target<M>,
        request: Request<M, M::Result>,
    ) -> Option<Outcome> {
        let is_cancellable = self.hands.may_be_given_up();
        let place = self.hands.put();
        let (message, responder) = request.into_parts();
        let mut reply = Box::pin(target.recipient().send(message));
        let polled = poll_fn(|cx| Poll::Ready(reply.as_mut().poll(cx))).await;
        match polled {
            Poll::Ready(result) => Some(self.conclude(place, result, responder)),
            Poll::Pending => {
                self.fresh.push_back(Handling { reply, responder, place, is_cancellable });
                None
            }
        }
    }

    /// Sees what has become of messages, and says so.
    pub(super) fn poll_done(&mut self, cx: &mut Context<'_>, mut note: impl FnMut(Outcome)) {
        if std::mem::take(&mut self.looks_again) {
            while let Some(mut handling) = self.fresh.pop_front() {
                match handling.reply.as_mut().poll(cx) {
                    Poll::Ready(result) => {
                        let Handling { responder, place, .. } = handling;
                        note(self.conclude(place, result, responder));
                    }
                    Poll::Pending => self.waiting.push(wait(handling).boxed()),
                }
            }
        }
        while let Poll::Ready(Some((place, outcome))) = self.waiting.poll_next_unpin(cx) {
            match outcome {
                Outcome::Cancelled => self.hands.note_given_up(place),
                Outcome::Handled | Outcome::Dropped => self.hands.note_done(place),
            }
            note(outcome);
        }
        Responder::settle(&mut self.told);
    }

    /// There is nothing else to do: looks again after the others.
    pub(super) fn look_again(&mut self, cx: &mut Context<'_>) {
        if !self.fresh.is_empty() && !std::mem::replace(&mut self.looks_again, true) {
            cx.waker().wake_by_ref();
        }
    }

    /// Waits until all are done with.
    pub(super) async fn finish(mut self) {
        while let Some(handling) = self.fresh.pop_front() {
            self.waiting.push(wait(handling).boxed());
        }
        while self.waiting.next().await.is_some() {}
    }

    fn conclude(
        &mut self,
        place: u64,
        result: Result<M::Result, MailboxError>,
        responder: Responder<M::Result>,
    ) -> Outcome {
        self.hands.note_done(place);
        match result {
            Ok(_) if !responder.is_ask() => {
                self.told.push(responder);
                Outcome::Handled
            }
            result => conclude(result, responder),
        }
    }
}

fn conclude<R>(result: Result<R, MailboxError>, responder: Responder<R>) -> Outcome {
    match result {
        Ok(answer) => {
            if let Err(error) = responder.answer(answer) {
                tracing::warn!(%error, "an answer was not sent");
            }
            Outcome::Handled
        }
        Err(_) => Outcome::Dropped,
    }
}

/// Waits until the message is handled, or nobody waits for that any more, or its time is up. In the
/// latter cases it is dropped from the mailbox, if it was not begun.
async fn wait<M>(handling: Handling<M>) -> (u64, Outcome)
where
    M: Message + Send + 'static,
    M::Result: Send,
{
    let Handling { reply, responder, place, is_cancellable } = handling;
    let result = if responder.is_ask() && is_cancellable {
        let given_up = pin!(given_up(&responder));
        match select(reply, given_up).await {
            Either::Left((result, _)) => result,
            Either::Right(_) => return (place, Outcome::Cancelled),
        }
    } else {
        reply.await
    };
    (place, conclude(result, responder))
}

/// Resolves when the asker has given up. A link that is lost meanwhile tells nobody so, but then the
/// request's deadline does.
async fn given_up<R>(responder: &Responder<R>) {
    match responder.time_left() {
        None => responder.cancelled().await,
        Some(time_left) => {
            let _either = tokio::time::timeout(time_left, responder.cancelled()).await;
        }
    }
}
