//! Sending ends that are sent on: what comes for them is passed on to where they lead.

use crate::channel::codec::{Bincode, Value};
use crate::channel::offer::{OfferError, Token, end, scope};
use crate::channel::{Requests, Sender};
use crate::limits::WINDOW_VALUES_DEFAULT;

/// Offers an end whose values go to `sender`.
pub(super) fn offer<T: Value>(sender: &Sender<T>) -> Result<Token, OfferError> {
    let offering = scope::offering()?;
    // A type that cannot be sent has no sender.
    let offered = end::<T>(WINDOW_VALUES_DEFAULT).map_err(|_| OfferError::NoChannel)?;
    let values = Requests::new::<Bincode>(offered.queue.clone());
    let token = scope::offer(&offered)?;
    let task = Box::pin(pass_on(values, sender.clone()));
    offering.spawn(task).map_err(scope::refuse)?;
    Ok(token)
}

/// Passes values on until nobody can send any more, or nobody wants them. A value counts as taken when
/// the next channel has it, so the windows of both bound what is in between. One that cannot be passed on
/// ends the way: it would be lost, and there is nobody else who could be told.
async fn pass_on<T: Value>(mut values: Requests<T, ()>, sender: Sender<T>) {
    let closed = sender.watch_closed();
    let passing = async {
        while let Ok(value) = values.recv().await {
            let (value, receipt) = value.into_parts();
            if sender.send(value).await.is_err() {
                return;
            }
            drop(receipt);
        }
    };
    // Whoever sends is told at once that the way is closed, although nothing comes.
    futures::future::select(Box::pin(closed), Box::pin(passing)).await;
}
