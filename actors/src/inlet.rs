//! Delivers the values of a receiving channel to an actor.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use actix::dev::RecipientRequest;
use actix::{Message, Recipient};
use netchan::Receiver;
use netchan::channel::{Deliveries, Receipt, RecvError, Value};
use tokio::time::Sleep;

/// Values that are in the actor's hands at the same time: handed to its mailbox, and not handled.
///
/// More than one, so that the actor finds the next message in its mailbox when it is done with
/// one. Actors that answer at once never have more than a few.
const IN_HAND_MAX: usize = 16;

/// How long an actor that dropped a value may take to be gone. One that panics drops the value first
/// and its mailbox last, and of the latter nobody is told; so it is looked at once more.
const LAST_LOOK_AFTER: Duration = Duration::from_millis(100);

/// Delivers values on a task of its own until the channel ends or the actor is gone.
pub(crate) fn spawn<T: Value + Message<Result = ()>>(
    receiver: Receiver<T>,
    recipient: Recipient<T>,
    name: String,
) {
    actix_rt::spawn(async move {
        let inlet = Inlet { deliveries: receiver.into_deliveries(), hand: Hand::new(recipient) };
        let end = inlet.run().await;
        tracing::debug!(name, ?end, "the delivery to an actor has ended");
    });
}

/// Why a delivery ended.
#[derive(Debug)]
#[expect(dead_code, reason = "read by its Debug in the log")]
enum End {
    /// The channel ended.
    Channel(RecvError),
    /// The actor is gone; so many values were in its hands.
    ActorGone { in_hand: usize },
}

struct Inlet<T: Value + Message<Result = ()>> {
    deliveries: Deliveries<T>,
    hand: Hand<T>,
}

/// The actor, and the values that it has and has not handled.
struct Hand<T: Value + Message<Result = ()>> {
    recipient: Recipient<T>,
    /// In the order in which they were sent.
    values: VecDeque<InHand<T>>,
    /// When to see whether an actor that dropped a value is still there.
    last_look: Option<Pin<Box<Sleep>>>,
}

/// A value that the actor has not handled yet. When this is dropped, the value counts as taken.
struct InHand<T: Value + Message<Result = ()>> {
    request: Pin<Box<RecipientRequest<T>>>,
    _receipt: Receipt,
}

impl<T: Value + Message<Result = ()>> Inlet<T> {
    async fn run(mut self) -> End {
        loop {
            let next = {
                let Inlet { deliveries, hand } = &mut self;
                let mut next = pin!(deliveries.next());
                poll_fn(|cx| match hand.poll(cx) {
                    Err(ActorGone) => Poll::Ready(None),
                    Ok(()) if hand.values.len() >= IN_HAND_MAX => Poll::Pending,
                    Ok(()) => next.as_mut().poll(cx).map(Some),
                })
                .await
            };
            match next {
                None => return End::ActorGone { in_hand: self.hand.values.len() },
                Some(Ok((value, receipt))) => self.hand.take(value, receipt),
                Some(Err(RecvError::Undecodable(error))) => {
                    tracing::warn!(%error, "a value that cannot be decoded is not delivered");
                }
                Some(Err(error @ RecvError::Closed(_))) => {
                    self.hand.finish().await;
                    return End::Channel(error);
                }
                Some(Err(error)) => tracing::warn!(%error, "a peer was cut off"),
            }
        }
    }
}

/// The actor is gone, and will not be restarted.
struct ActorGone;

impl<T: Value + Message<Result = ()>> Hand<T> {
    fn new(recipient: Recipient<T>) -> Hand<T> {
        Hand { recipient, values: VecDeque::new(), last_look: None }
    }

    /// Puts a value into the actor's mailbox. A request does that when it is made or when it is
    /// polled for the first time, so each is polled before the next is made: order holds.
    fn take(&mut self, value: T, receipt: Receipt) {
        let request = Box::pin(self.recipient.send(value));
        self.values.push_back(InHand { request, _receipt: receipt });
    }

    /// Waits until the actor has handled what it has.
    async fn finish(&mut self) {
        poll_fn(|cx| match self.poll(cx) {
            Ok(()) if !self.values.is_empty() => Poll::Pending,
            _ => Poll::Ready(()),
        })
        .await;
    }

    /// Looks which values have been handled, the oldest first.
    fn poll(&mut self, cx: &mut Context<'_>) -> Result<(), ActorGone> {
        let Hand { recipient, values, last_look } = self;
        let before = values.len();
        let mut dropped = 0;
        values.retain_mut(|value| match value.request.as_mut().poll(cx) {
            Poll::Pending => true,
            Poll::Ready(Ok(())) => false,
            Poll::Ready(Err(_)) => {
                dropped += 1;
                false
            }
        });
        if dropped > 0 {
            // An actor that is restarted drops what it was at, and goes on with the next.
            tracing::warn!(dropped, of = before, "an actor dropped values");
            *last_look = Some(Box::pin(tokio::time::sleep(LAST_LOOK_AFTER)));
        }
        let Some(look) = last_look else { return Ok(()) };
        let is_time = look.as_mut().poll(cx).is_ready();
        if !recipient.connected() {
            return Err(ActorGone);
        }
        if is_time {
            *last_look = None;
        }
        Ok(())
    }
}
