//! An actor that knows nothing of the network: a store of counters.

use std::collections::HashMap;

use actix::prelude::*;
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

/// What the store can be asked. The answer is the counter's value.
#[derive(Debug, Message, Serialize, Deserialize)]
#[rtype(result = "Result<u64, StoreError>")]
pub(crate) enum Command {
    /// Add to a counter, which begins at zero.
    Add { name: String, amount: u64 },
    /// What is its value?
    Get { name: String },
    /// The same, when somebody has added to it.
    WaitFor { name: String },
}

/// Why there is no value. It travels like any other answer.
#[derive(Debug, thiserror::Error, Serialize, Deserialize)]
pub(crate) enum StoreError {
    #[error("there is no such counter")]
    NoSuchCounter,
    #[error("the counter cannot hold more")]
    Overflow,
    #[error("the store has ended")]
    Ended,
}

/// Counters by name.
#[derive(Default)]
pub(crate) struct Store {
    counters: HashMap<String, u64>,
    waiting: HashMap<String, Vec<oneshot::Sender<u64>>>,
}

impl Store {
    fn add(&mut self, name: String, amount: u64) -> Result<u64, StoreError> {
        let counter = self.counters.entry(name.clone()).or_default();
        *counter = counter.checked_add(amount).ok_or(StoreError::Overflow)?;
        for waiting in self.waiting.remove(&name).unwrap_or_default() {
            let _gave_up = waiting.send(*counter);
        }
        Ok(*counter)
    }

    fn get(&self, name: &str) -> Result<u64, StoreError> {
        self.counters.get(name).copied().ok_or(StoreError::NoSuchCounter)
    }
}

impl Actor for Store {
    type Context = Context<Self>;
}

impl Handler<Command> for Store {
    type Result = ResponseFuture<Result<u64, StoreError>>;

    fn handle(&mut self, command: Command, _: &mut Context<Self>) -> Self::Result {
        let value = match command {
            Command::Add { name, amount } => self.add(name, amount),
            Command::Get { name } => self.get(&name),
            Command::WaitFor { name } => match self.get(&name) {
                Err(StoreError::NoSuchCounter) => {
                    let (sender, receiver) = oneshot::channel();
                    self.waiting.entry(name).or_default().push(sender);
                    return Box::pin(async move { receiver.await.map_err(|_| StoreError::Ended) });
                }
                value => value,
            },
        };
        Box::pin(std::future::ready(value))
    }
}
