//! Sends and receives the same values at the same time: another process's part of an exchange.

use std::cell::Cell;
use std::rc::Rc;

use netchan::channel::{Receiver, RecvError, Value};
use serde::{Deserialize, Serialize};

use crate::dice::Dice;
use crate::duties::{LONG, Peer, STEP, Side, say_progress};
use crate::process::enough;
use crate::task::{Outcome, Policy, add_to_checksum};

/// The longest of the large values, in bytes: several frames, and the greater part of a second on a
/// slow link.
const LARGE_BYTES_MAX: usize = 150_000;

/// Values that both sides can make, so that each can check what it receives.
pub(crate) trait Item: Value + PartialEq {
    fn of(number: u64) -> Self;
}

impl Item for u64 {
    fn of(number: u64) -> u64 {
        number
    }
}

/// A value of any length. Most of them travel in several frames.
#[derive(PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Large(#[serde(with = "serde_bytes")] Vec<u8>);

impl Item for Large {
    fn of(number: u64) -> Large {
        let length = Dice::new(number).below(LARGE_BYTES_MAX);
        Large((number..).take(length).map(|byte| byte as u8).collect())
    }
}

/// Sends and receives at the same time.
pub(crate) async fn exchange<T: Item>(peer: &Peer, values: u64, waits: bool) -> Outcome {
    let (up, down) = ("up", "down");
    let (sends, receives) = match peer.side {
        Side::Export(_) => (down, up),
        Side::Import(_) => (up, down),
    };
    let sender = peer.sender(sends, Policy::Redeliver).await;
    let receiver = peer.receiver::<T>(receives).await;
    let is_enough = Rc::new(Cell::new(!waits));
    if waits {
        let is_enough = is_enough.clone();
        tokio::task::spawn_local(async move {
            enough().await;
            is_enough.set(true);
        });
    }
    let sending = async {
        let mut sent = 0;
        while sent < values || !is_enough.get() {
            sender.send(T::of(sent)).await.unwrap();
            sent += 1;
        }
        drop(sender);
        sent
    };
    let (sent, outcome) = tokio::join!(sending, check(receiver));
    if let Side::Import(connection) = &peer.side {
        let report = connection.shut_down(LONG).await;
        assert!(report.is_complete(), "{report:?}");
    }
    Outcome { sent, ..outcome }
}

/// Takes the numbers from zero on; no other, and none twice.
async fn check<T: Item>(mut receiver: Receiver<T>) -> Outcome {
    let mut outcome = Outcome::default();
    let closed = loop {
        match receiver.recv().await {
            Ok(value) => {
                let number = outcome.received;
                assert!(value == T::of(number), "value {number} is missing, or another one came");
                outcome.received += 1;
                outcome.checksum = add_to_checksum(outcome.checksum, number);
                say_progress(outcome.received, number, 100 * STEP);
            }
            Err(RecvError::Closed(closed)) => break closed,
            Err(error) => panic!("{error}"),
        }
    };
    outcome.is_finished = closed.is_finished();
    outcome
}
