//! The actors that the messages are for.

use actix::{Actor, Context, Handler, Message, MessageResult};

use crate::recipient::{Ask, Tell};
use crate::{Checker, Item};

/// Checks what comes.
pub(crate) struct Target {
    checker: Checker,
    failure: Option<String>,
}

impl Target {
    /// For all that comes on one channel, from several connections.
    pub(crate) fn of_channel(channel: usize, connections: usize) -> Target {
        Target { checker: Checker::of_channel(channel, connections), failure: None }
    }
}

impl Actor for Target {
    type Context = Context<Self>;
}

impl<V: Item> Handler<Tell<V>> for Target {
    type Result = ();

    fn handle(&mut self, Tell(value): Tell<V>, _: &mut Context<Self>) {
        if let Err(error) = self.checker.check(value.number()) {
            self.failure.get_or_insert(error.to_string());
        }
    }
}

/// How many values have come, or what was wrong with them.
pub(crate) struct Finish;

impl Message for Finish {
    type Result = Result<u64, String>;
}

impl Handler<Finish> for Target {
    type Result = Result<u64, String>;

    fn handle(&mut self, Finish: Finish, _: &mut Context<Self>) -> Self::Result {
        match self.failure.take() {
            Some(failure) => Err(failure),
            None => Ok(self.checker.values()),
        }
    }
}

/// Answers each value with itself.
pub(crate) struct Echo;

impl Actor for Echo {
    type Context = Context<Self>;
}

impl<V: Item> Handler<Ask<V>> for Echo {
    type Result = MessageResult<Ask<V>>;

    fn handle(&mut self, Ask(value): Ask<V>, _: &mut Context<Self>) -> Self::Result {
        MessageResult(value)
    }
}
