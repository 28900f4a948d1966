//! Sending ends that are sent on: what comes for them is passed on to where they lead.

use std::pin::pin;

use futures::StreamExt;
use futures::future::{self, Either, select};
use futures::stream;

use crate::channel::codec::Value;
use crate::channel::encoder::Encoder;
use crate::channel::offer::{OfferError, Token, caller, scope, sender};
use crate::channel::{AskError, Caller, RecvError, Request, Requests, Responder};
use crate::channel::{SendError, Sender};
use crate::limits::WINDOW_VALUES_DEFAULT;

/// Offers an end whose values go to `sender`.
pub(super) fn offer_sender<T: Value>(sender: &Sender<T>) -> Result<Token, OfferError> {
    let offering = scope::offering()?;
    // A type that cannot be sent has no sender.
    let (offered, coding) =
        sender::end::<T>(WINDOW_VALUES_DEFAULT).map_err(|_| OfferError::NoChannel)?;
    // None of them asks.
    let values =
        Requests::new(offered.queue.clone(), coding.decoder, Encoder::trusting(|(), _| Ok(())));
    let token = scope::offer(&offered)?;
    let task = Box::pin(pass_values_on(values, sender.clone()));
    offering.spawn(task).map_err(scope::refuse)?;
    Ok(token)
}

/// Offers an end whose messages go to `caller`.
pub(super) fn offer_caller<Q: Value, R: Value>(caller: &Caller<Q, R>) -> Result<Token, OfferError> {
    let offering = scope::offering()?;
    let (offered, (messages, answers)) =
        caller::end::<Q, R>(WINDOW_VALUES_DEFAULT).map_err(|_| OfferError::NoChannel)?;
    let requests = Requests::new(offered.queue.clone(), messages.decoder, answers.encoder.clone());
    let token = scope::offer(&offered)?;
    let task = Box::pin(pass_requests_on(requests, caller.clone()));
    offering.spawn(task).map_err(scope::refuse)?;
    Ok(token)
}

/// Passes values on until nobody can send any more, or nobody wants them. A value counts as taken when
/// the next channel has it, so the windows of both bound what is in between. One that cannot be passed on
/// ends the way: it would be lost, and there is nobody else who could be told.
async fn pass_values_on<T: Value>(mut values: Requests<T, ()>, sender: Sender<T>) {
    let closed = sender.watch_closed();
    let passing = async {
        loop {
            match values.recv().await {
                Ok(value) => {
                    let (value, receipt) = value.into_parts();
                    if sender.send(value).await.is_err() {
                        return;
                    }
                    drop(receipt);
                }
                // Whoever sent it is told, and the others that send here have done nothing wrong.
                Err(RecvError::Undecodable(_)) => {}
                Err(_) => return,
            }
        }
    };
    // Whoever sends is told at once that the way is closed, although nothing comes.
    select(Box::pin(closed), Box::pin(passing)).await;
}

/// Passes messages on in their order, and what becomes of requests back, until nobody can ask any more,
/// or nobody answers. The window of those who ask bounds how many are in between. What was sent when
/// the way ahead is closed may still be answered.
async fn pass_requests_on<Q: Value, R: Value>(requests: Requests<Q, R>, caller: Caller<Q, R>) {
    let closed = caller.watch_closed();
    let passing = stream::unfold((requests, caller), |(mut requests, caller)| async {
        let request = match requests.recv().await {
            Ok(request) => request,
            Err(RecvError::Undecodable(_)) => return Some((None, (requests, caller))),
            Err(_) => return None,
        };
        let answering = pass_on(request, &caller).await?;
        Some((answering, (requests, caller)))
    });
    let passing = passing.take_until(closed).filter_map(future::ready);
    passing.for_each_concurrent(None, |answering| answering).await;
}

/// Sends a message on. Returns what brings back the answer, if one is wanted; nothing at all if the way
/// is closed.
async fn pass_on<Q: Value, R: Value>(
    request: Request<Q, R>,
    caller: &Caller<Q, R>,
) -> Option<Option<impl Future<Output = ()> + use<Q, R>>> {
    let (message, responder) = request.into_parts();
    if !responder.is_ask() {
        return caller.tell(message).await.is_ok().then_some(None);
    }
    match caller.begin(message, responder.deadline_ms()).await {
        Ok(answer) => Some(Some(pass_back(answer, responder))),
        Err(SendError::Closed(..)) => None,
        Err(SendError::Unencodable(_, error)) => {
            responder.conclude(Err(AskError::Unencodable(error)));
            Some(None)
        }
    }
}

/// Waits for what becomes of a request, or until nobody wants to know.
async fn pass_back<R: Value>(
    answer: impl Future<Output = Result<R, AskError>>,
    responder: Responder<R>,
) {
    let outcome = match select(pin!(answer), pin!(responder.cancelled())).await {
        Either::Left((outcome, _)) => Some(outcome),
        Either::Right(_) => None,
    };
    if let Some(outcome) = outcome {
        responder.conclude(outcome);
    }
}
