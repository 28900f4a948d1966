//! The address behind a recipient: an actor that never runs.
//!
//! A `Recipient` can only be made of an actor's address, and what is sent to it comes out of a
//! mailbox as an envelope that only its actor's context can open. So there is an actor for it, which
//! opens an envelope by being handed the letter in it. Nobody starts it; the outlet's task has the
//! mailbox, and no context is between a message and its channel.

use std::marker::PhantomData;

use actix::dev::{Envelope, EnvelopeProxy, MessageResponse, OneshotSender, ToEnvelope};
use actix::{Actor, ActorContext, ActorState, Handler, Message};

use crate::outlet::tally::Tally;

/// What comes out of the mailbox.
pub(super) enum Letter<M: Message> {
    /// Somebody waits for no answer: `do_send` and `try_send`, which look the same from here.
    Tell(M),
    /// Somebody waits: `send`.
    Ask(M, OneshotSender<M::Result>),
    /// Somebody wants to know when everything before it is in the channel.
    Settle(OneshotSender<()>),
}

impl<M: Message> Letter<M> {
    fn new(message: M, reply: Option<OneshotSender<M::Result>>) -> Letter<M> {
        match reply {
            None => Letter::Tell(message),
            Some(reply) => Letter::Ask(message, reply),
        }
    }

    pub(super) fn is_tell(&self) -> bool {
        matches!(self, Letter::Tell(_))
    }

    /// Whether nobody waits any more for what comes of it.
    pub(super) fn is_given_up(&self) -> bool {
        match self {
            Letter::Tell(_) => false,
            Letter::Ask(_, reply) => reply.is_closed(),
            Letter::Settle(reply) => reply.is_closed(),
        }
    }
}

/// The actor that opens envelopes.
pub(super) struct Opener<M: Message, C> {
    letter: Option<Letter<M>>,
    tally: PhantomData<fn() -> C>,
}

impl<M: Message + Send + 'static, C: Tally> Opener<M, C> {
    pub(super) fn open(mut envelope: Envelope<Self>) -> Option<Letter<M>> {
        let mut opener = Opener { letter: None, tally: PhantomData };
        envelope.handle(&mut opener, &mut Idle);
        opener.letter
    }
}

impl<M: Message, C> Unpin for Opener<M, C> {}

impl<M: Message + Send + 'static, C: Tally> Actor for Opener<M, C> {
    type Context = Idle;
}

/// The context of an actor that never runs.
pub(super) struct Idle;

impl ActorContext for Idle {
    fn stop(&mut self) {}

    fn terminate(&mut self) {}

    fn state(&self) -> ActorState {
        ActorState::Stopped
    }
}

/// Says that everything before it in the mailbox has been looked at.
pub(super) struct Settle<M>(pub(super) PhantomData<fn() -> M>);

impl<M: 'static> Message for Settle<M> {
    type Result = ();
}

/// A letter in a mailbox.
struct Sealed<M: Message, C: Tally> {
    letter: Option<Letter<M>>,
    /// As long as it is there, the letter is counted.
    _entry: C::Entry,
}

impl<M: Message + Send + 'static, C: Tally> EnvelopeProxy<Opener<M, C>> for Sealed<M, C> {
    fn handle(&mut self, opener: &mut Opener<M, C>, _: &mut Idle) {
        opener.letter = self.letter.take();
    }
}

fn seal<M: Message + Send + 'static, C: Tally>(letter: Letter<M>) -> Envelope<Opener<M, C>>
where
    M::Result: Send,
{
    Envelope::with_proxy(Box::new(Sealed::<M, C> { letter: Some(letter), _entry: C::enter() }))
}

impl<M: Message + Send + 'static, C: Tally> ToEnvelope<Opener<M, C>, M> for Idle
where
    M::Result: Send,
{
    fn pack(message: M, reply: Option<OneshotSender<M::Result>>) -> Envelope<Opener<M, C>> {
        seal(Letter::new(message, reply))
    }
}

impl<M: Message + Send + 'static, C: Tally> ToEnvelope<Opener<M, C>, Settle<M>> for Idle
where
    M::Result: Send,
{
    fn pack(_: Settle<M>, reply: Option<OneshotSender<()>>) -> Envelope<Opener<M, C>> {
        // Without a reply nobody could be told.
        let reply = reply.unwrap_or_else(|| tokio::sync::oneshot::channel().0);
        seal(Letter::Settle(reply))
    }
}

// That there are handlers makes the address accept these messages; envelopes are opened otherwise.

impl<M: Message + Send + 'static, C: Tally> Handler<M> for Opener<M, C> {
    type Result = NoAnswer;

    fn handle(&mut self, message: M, _: &mut Idle) -> NoAnswer {
        self.letter = Some(Letter::Tell(message));
        NoAnswer
    }
}

impl<M: Message + Send + 'static, C: Tally> Handler<Settle<M>> for Opener<M, C> {
    type Result = NoAnswer;

    fn handle(&mut self, _: Settle<M>, _: &mut Idle) -> NoAnswer {
        NoAnswer
    }
}

/// Who waits for an answer finds that there will be none.
pub(super) struct NoAnswer;

impl<A: Actor, M: Message> MessageResponse<A, M> for NoAnswer {
    fn handle(self, _: &mut A::Context, _: Option<OneshotSender<M::Result>>) {}
}
