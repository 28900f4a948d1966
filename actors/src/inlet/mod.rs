//! Delivers the messages of a channel to an actor, and its answers back.

mod hands;

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use actix::Message;
use actix::dev::RecipientRequest;
use futures::future::{Either, select};
use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};
use netchan::channel::{RecvError, Request, Requests, Responder};
use tokio::time::Sleep;

use crate::inlet::hands::Hands;
use crate::target::Target;

/// Messages that are in an actor's hands at the same time, unless its channel says otherwise: put into
/// its mailbox, and not done with. As many as a window has by default, so that handlers which take
/// their time can work on all of them.
pub(crate) const IN_HAND_MAX_DEFAULT: usize = 256;

/// How long an actor that dropped a message may take to be gone. One that panics drops the message
/// first and its mailbox last, and of the latter nobody is told; so it is looked at once more.
const LAST_LOOK_AFTER: Duration = Duration::from_millis(100);

/// Delivers messages on a task of its own until the channel ends or the actor is gone for good.
pub(crate) fn spawn<M>(
    requests: Requests<M, M::Result>,
    target: Target<M>,
    in_hand_max: usize,
    name: String,
) where
    M: Message + Send + 'static,
    M::Result: Send,
{
    actix_rt::spawn(run(requests, target, in_hand_max, name));
}

/// Delivers messages until the channel ends or the actor is gone for good.
pub(crate) async fn run<M>(
    requests: Requests<M, M::Result>,
    target: Target<M>,
    in_hand_max: usize,
    name: String,
) where
    M: Message + Send + 'static,
    M::Result: Send,
{
    let end = deliver(requests, target, in_hand_max).await;
    tracing::debug!(name, ?end, "the delivery to an actor has ended");
}

/// Why a delivery ended.
#[derive(Debug)]
#[expect(dead_code, reason = "read by its Debug in the log")]
enum End {
    /// The channel ended.
    Channel(RecvError),
    /// The actor is gone; so many messages were in its hands.
    ActorGone { in_hand: usize },
}

async fn deliver<M>(
    mut requests: Requests<M, M::Result>,
    mut target: Target<M>,
    in_hand_max: usize,
) -> End
where
    M: Message + Send + 'static,
    M::Result: Send,
{
    let mut in_hand = FuturesUnordered::new();
    let mut hands = Hands::new(in_hand_max);
    let mut watch = Watch::default();
    loop {
        let next = {
            let mut next = pin!(requests.recv());
            poll_fn(|cx| {
                while let Poll::Ready(Some((place, outcome))) = in_hand.poll_next_unpin(cx) {
                    match outcome {
                        Outcome::Cancelled => hands.note_given_up(place),
                        Outcome::Handled | Outcome::Dropped => hands.note_done(place),
                    }
                    watch.note(outcome);
                }
                if watch.poll_gone(cx, &target) {
                    return Poll::Ready(None);
                }
                if hands.are_full(in_hand.len()) {
                    return Poll::Pending;
                }
                next.as_mut().poll(cx).map(Some)
            })
            .await
        };
        match next {
            Some(Ok(request)) => {
                let is_cancellable = hands.may_be_given_up();
                let place = hands.put();
                let handling = begin(&target, request, is_cancellable).await;
                in_hand.push(handling.map(move |outcome| (place, outcome)));
            }
            Some(Err(RecvError::Undecodable(error))) => {
                // The channel has warned, and counts them.
                tracing::debug!(%error, "a message that cannot be decoded is not delivered");
            }
            Some(Err(error @ RecvError::Closed(_))) => {
                while in_hand.next().await.is_some() {}
                return End::Channel(error);
            }
            Some(Err(error)) => tracing::warn!(%error, "a peer was cut off"),
            None => {
                let in_hand = std::mem::take(&mut in_hand).len();
                hands = Hands::new(in_hand_max);
                if !target.wait_for_next().await {
                    return End::ActorGone { in_hand };
                }
                watch = Watch::default();
            }
        }
    }
}

/// Puts a message into the actor's mailbox. A request does that when it is made or when it is polled
/// for the first time, so it is polled before the next is made: order holds.
async fn begin<M>(
    target: &Target<M>,
    request: Request<M, M::Result>,
    is_cancellable: bool,
) -> impl Future<Output = Outcome> + use<M>
where
    M: Message + Send + 'static,
    M::Result: Send,
{
    let (message, responder) = request.into_parts();
    let mut handling = Box::pin(target.recipient().send(message));
    let polled = poll_fn(|cx| Poll::Ready(handling.as_mut().poll(cx))).await;
    match polled {
        Poll::Ready(result) => Either::Left(conclude(result, responder)),
        Poll::Pending => Either::Right(finish(handling, responder, is_cancellable)),
    }
}

async fn conclude<R: Send + 'static>(
    result: Result<R, actix::MailboxError>,
    responder: Responder<R>,
) -> Outcome {
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
async fn finish<M>(
    handling: Pin<Box<RecipientRequest<M>>>,
    responder: Responder<M::Result>,
    is_cancellable: bool,
) -> Outcome
where
    M: Message + Send + 'static,
    M::Result: Send,
{
    let result = if responder.is_ask() && is_cancellable {
        let given_up = pin!(given_up(&responder));
        match select(handling, given_up).await {
            Either::Left((result, _)) => result,
            Either::Right(_) => return Outcome::Cancelled,
        }
    } else {
        handling.await
    };
    conclude(result, responder).await
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

/// What became of a message in the actor's hands.
#[derive(Clone, Copy, Debug)]
enum Outcome {
    Handled,
    Cancelled,
    /// The actor dropped it: it is restarted, or gone.
    Dropped,
}

/// Watches for an actor that is gone and will not be restarted.
#[derive(Default)]
struct Watch {
    has_dropped: bool,
    /// When to see whether an actor that dropped a message is still there.
    last_look: Option<Pin<Box<Sleep>>>,
}

impl Watch {
    fn note(&mut self, outcome: Outcome) {
        if let Outcome::Dropped = outcome {
            // An actor that is restarted drops what it was at, and goes on with the next.
            tracing::warn!("an actor dropped a message");
            self.has_dropped = true;
        }
    }

    fn poll_gone<M>(&mut self, cx: &mut Context<'_>, target: &Target<M>) -> bool
    where
        M: Message + Send,
        M::Result: Send,
    {
        // Also when nothing was dropped: the next message stays with the channel if nobody is there.
        if !target.recipient().connected() {
            return true;
        }
        if std::mem::take(&mut self.has_dropped) {
            self.last_look = Some(Box::pin(tokio::time::sleep(LAST_LOOK_AFTER)));
        }
        let Some(look) = &mut self.last_look else { return false };
        if look.as_mut().poll(cx).is_ready() {
            self.last_look = None;
            return !target.recipient().connected();
        }
        false
    }
}
