//! Delivers the values of a receiving channel to an actor.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use actix::dev::RecipientRequest;
use actix::{Message, Recipient};
use netchan::Receiver;
use netchan::channel::{Deliveries, Receipt, RecvError, Value};

/// Values that are in the actor's hands at the same time: handed to its mailbox, and not handled.
///
/// More than one, so that the actor finds the next message in its mailbox when it is done with
/// one. Actors that answer at once never have more than a few.
const IN_HAND_MAX: usize = 16;

/// Delivers values on a task of its own until the channel ends or the actor is gone.
pub(crate) fn spawn<T: Value + Message<Result = ()>>(
    receiver: Receiver<T>,
    recipient: Recipient<T>,
    name: String,
) {
    tokio::spawn(async move {
        let inlet =
            Inlet { deliveries: receiver.into_deliveries(), recipient, in_hand: VecDeque::new() };
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
    recipient: Recipient<T>,
    /// In the order in which they were sent.
    in_hand: VecDeque<InHand<T>>,
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
                let Inlet { deliveries, in_hand, recipient } = &mut self;
                let mut next = pin!(deliveries.next());
                poll_fn(|cx| match poll_in_hand(in_hand, recipient, cx) {
                    Err(ActorGone) => Poll::Ready(None),
                    Ok(()) if in_hand.len() >= IN_HAND_MAX => Poll::Pending,
                    Ok(()) => next.as_mut().poll(cx).map(Some),
                })
                .await
            };
            match next {
                None => return End::ActorGone { in_hand: self.in_hand.len() },
                Some(Ok((value, receipt))) => self.hand_over(value, receipt),
                Some(Err(RecvError::Undecodable(error))) => {
                    tracing::warn!(%error, "a value that cannot be decoded is not delivered");
                }
                Some(Err(error @ RecvError::Closed(_))) => {
                    self.finish().await;
                    return End::Channel(error);
                }
                Some(Err(error)) => tracing::warn!(%error, "a peer was cut off"),
            }
        }
    }

    /// Puts a value into the actor's mailbox. A request does that when it is made or when it is
    /// polled for the first time, so each is polled before the next is made: order holds.
    fn hand_over(&mut self, value: T, receipt: Receipt) {
        let request = Box::pin(self.recipient.send(value));
        self.in_hand.push_back(InHand { request, _receipt: receipt });
    }

    /// Waits until the actor has handled what it has.
    async fn finish(&mut self) {
        poll_fn(|cx| match poll_in_hand(&mut self.in_hand, &self.recipient, cx) {
            Ok(()) if !self.in_hand.is_empty() => Poll::Pending,
            _ => Poll::Ready(()),
        })
        .await;
    }
}

/// The actor is gone, and will not be restarted.
struct ActorGone;

/// Looks which values have been handled, the oldest first.
fn poll_in_hand<T: Value + Message<Result = ()>>(
    in_hand: &mut VecDeque<InHand<T>>,
    recipient: &Recipient<T>,
    cx: &mut Context<'_>,
) -> Result<(), ActorGone> {
    let mut result = Ok(());
    in_hand.retain_mut(|value| match value.request.as_mut().poll(cx) {
        Poll::Pending => true,
        Poll::Ready(Ok(())) => false,
        // An actor that is restarted drops what it was at, and goes on with the next.
        Poll::Ready(Err(_)) if recipient.connected() => {
            tracing::warn!("an actor dropped a value that it was handling");
            false
        }
        Poll::Ready(Err(_)) => {
            result = Err(ActorGone);
            false
        }
    });
    result
}
