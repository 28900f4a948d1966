//! Where the answer to one request comes in: one cell, shared by its asker and the table of requests.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use parking_lot::Mutex;

use crate::channel::asking::asks::Settle;
use crate::channel::forms::{Decoder, Form};
use crate::channel::{AskError, CodecError};

/// An answer that is awaited.
pub(super) struct Reply<R> {
    decoder: Decoder<R>,
    state: Mutex<State<R>>,
}

enum State<R> {
    /// Nobody has asked for it yet.
    Open,
    Awaited(Waker),
    Here(Result<R, AskError>),
    Taken,
}

impl<R> Reply<R> {
    pub(super) fn new(decoder: Decoder<R>) -> Arc<Reply<R>> {
        Arc::new(Reply { decoder, state: Mutex::new(State::Open) })
    }

    /// The answer, once.
    ///
    /// # Panics
    ///
    /// When it was taken before.
    pub(super) fn poll(&self, cx: &mut Context<'_>) -> Poll<Result<R, AskError>> {
        let mut state = self.state.lock();
        match std::mem::replace(&mut *state, State::Taken) {
            State::Here(answer) => return Poll::Ready(answer),
            State::Taken => panic!("an answer was polled after it had come"),
            State::Awaited(waker) if waker.will_wake(cx.waker()) => {
                *state = State::Awaited(waker);
            }
            State::Open | State::Awaited(_) => *state = State::Awaited(cx.waker().clone()),
        }
        Poll::Pending
    }

    fn put(&self, answer: Result<R, AskError>) {
        let before = std::mem::replace(&mut *self.state.lock(), State::Here(answer));
        if let State::Awaited(waker) = before {
            waker.wake();
        }
    }
}

impl<R: Send> Settle for Reply<R> {
    fn settle(&self, form: Form, outcome: Result<&[u8], AskError>) -> Option<String> {
        // An answer's own code may panic when it is decoded: its asker does not wait for ever.
        let unless_decoded = Panicked(self);
        let answer = outcome
            .and_then(|bytes| self.decoder.of(form)(bytes).map_err(AskError::AnswerUndecodable));
        std::mem::forget(unless_decoded);
        let undecodable = match &answer {
            Err(AskError::AnswerUndecodable(error)) => Some(error.to_string()),
            _ => None,
        };
        self.put(answer);
        undecodable
    }
}

/// Dropped while an answer is decoded.
struct Panicked<'a, R>(&'a Reply<R>);

impl<R> Drop for Panicked<'_, R> {
    fn drop(&mut self) {
        let error = CodecError::Refused("it panicked".to_owned());
        self.0.put(Err(AskError::AnswerUndecodable(error)));
    }
}
