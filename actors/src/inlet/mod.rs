//! Delivers the messages of a channel to an actor, and its answers back.

mod hands;
mod in_hand;

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use actix::Message;
use netchan::channel::{RecvError, Requests};
use tokio::time::Sleep;

use crate::inlet::in_hand::{InHand, Outcome};
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
    let mut in_hand = InHand::new(in_hand_max);
    let mut watch = Watch::default();
    loop {
        let next = {
            let mut next = pin!(requests.recv());
            poll_fn(|cx| {
                in_hand.poll_done(cx, |outcome| watch.note(outcome));
                if watch.poll_gone(cx, &target) {
                    return Poll::Ready(None);
                }
                if !in_hand.is_full()
                    && let Poll::Ready(next) = next.as_mut().poll(cx)
                {
                    return Poll::Ready(Some(next));
                }
                in_hand.look_again(cx);
                Poll::Pending
            })
            .await
        };
        match next {
            Some(Ok(request)) => {
                if let Some(outcome) = in_hand.begin(&target, request).await {
                    watch.note(outcome);
                }
            }
            Some(Err(RecvError::Undecodable(error))) => {
                // The channel has warned, and counts them.
                tracing::debug!(%error, "a message that cannot be decoded is not delivered");
            }
            Some(Err(error @ RecvError::Closed(_))) => {
                in_hand.finish().await;
                return End::Channel(error);
            }
            Some(Err(error)) => tracing::warn!(%error, "a peer was cut off"),
            None => {
                let in_hand = std::mem::replace(&mut in_hand, InHand::new(in_hand_max)).len();
                if !target.wait_for_next().await {
                    return End::ActorGone { in_hand };
                }
                watch = Watch::default();
            }
        }
    }
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
