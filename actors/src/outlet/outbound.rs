//! Where an outlet's messages go.

use std::future::Ready;
use std::sync::Arc;

use actix::Message;
use futures::FutureExt;
use futures::future::{BoxFuture, Map};
use netchan::Sender;
use netchan::channel::{Answer, AskError, Caller, Closed, Feeder, Overflowed, TrySendError};

/// The sending end of a channel, as an outlet needs it.
pub(super) trait Outbound<M: Message>: Clone + Send + Sync + 'static {
    /// What becomes of an ask; `None` if there will be no answer. Dropping it gives the ask up.
    type Answer: Future<Output = Option<M::Result>> + Send + 'static;

    /// Sends a message to which there is no answer.
    fn try_tell(&self, message: M) -> Result<(), TrySendError<M>>;

    /// Sends a message to which there is an answer.
    fn try_ask(&self, message: M) -> Result<Asked<M::Result, Self::Answer>, TrySendError<M>>;

    /// Resolves when a message may be taken, or the channel has ended.
    fn room(&self) -> BoxFuture<'_, ()>;

    /// Resolves when no message is taken any more. Does not keep the channel open.
    fn watch_closed(&self) -> BoxFuture<'static, Closed>;

    /// Messages that the channel takes when it is empty.
    fn slots(&self) -> usize;

    /// Makes `Sync` and `Drain` wait for what `feeder` holds.
    fn add_feeder(&self, feeder: Arc<dyn Feeder>);

    /// Tells of messages that were dropped.
    fn tell_overflow(&self, overflowed: Overflowed);
}

/// A message is on its way.
pub(super) enum Asked<R, A> {
    /// And answered already.
    Answered(R),
    /// The answer will come.
    Pending(A),
}

/// All that actix can tell of an answer: what it is, or that there is none.
type Known<R> = fn(Result<R, AskError>) -> Option<R>;

fn known<R>(answer: Result<R, AskError>) -> Option<R> {
    match answer {
        Ok(answer) => Some(answer),
        // It is not asked again, so somebody may want to see what became of it.
        Err(error @ AskError::UnknownFate(_)) => {
            tracing::warn!(%error, "a request has no answer");
            None
        }
        Err(error) => {
            tracing::debug!(%error, "a request has no answer");
            None
        }
    }
}

/// An ask is answered by the handler on the other side.
impl<M> Outbound<M> for Caller<M, M::Result>
where
    M: Message + Send + 'static,
    M::Result: Send,
{
    type Answer = Map<Answer<M::Result>, Known<M::Result>>;

    fn try_tell(&self, message: M) -> Result<(), TrySendError<M>> {
        Caller::try_tell(self, message)
    }

    fn try_ask(&self, message: M) -> Result<Asked<M::Result, Self::Answer>, TrySendError<M>> {
        Caller::try_ask(self, message).map(|answer| Asked::Pending(answer.map(known as Known<_>)))
    }

    fn room(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.has_room())
    }

    fn watch_closed(&self) -> BoxFuture<'static, Closed> {
        Box::pin(Caller::watch_closed(self))
    }

    fn slots(&self) -> usize {
        self.max_capacity()
    }

    fn add_feeder(&self, feeder: Arc<dyn Feeder>) {
        Caller::add_feeder(self, feeder);
    }

    fn tell_overflow(&self, overflowed: Overflowed) {
        Caller::tell_overflow(self, overflowed);
    }
}

/// An ask is answered when the channel has taken it.
impl<T: Message<Result = ()> + Send + 'static> Outbound<T> for Sender<T> {
    type Answer = Ready<Option<()>>;

    fn try_tell(&self, message: T) -> Result<(), TrySendError<T>> {
        self.try_send(message)
    }

    fn try_ask(&self, message: T) -> Result<Asked<(), Self::Answer>, TrySendError<T>> {
        self.try_send(message).map(Asked::Answered)
    }

    fn room(&self) -> BoxFuture<'_, ()> {
        // The slot is given back at once: nobody else sends in the outlet's stead meanwhile, unless
        // they share the channel, and then they may be first.
        Box::pin(async move { drop(self.reserve().await) })
    }

    fn watch_closed(&self) -> BoxFuture<'static, Closed> {
        Box::pin(Sender::watch_closed(self))
    }

    fn slots(&self) -> usize {
        self.max_capacity()
    }

    fn add_feeder(&self, feeder: Arc<dyn Feeder>) {
        Sender::add_feeder(self, feeder);
    }

    fn tell_overflow(&self, overflowed: Overflowed) {
        Sender::tell_overflow(self, overflowed);
    }
}
