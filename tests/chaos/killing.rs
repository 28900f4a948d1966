//! A process is killed while values flow, and started again; the other one goes on with what it holds.
//!
//! `Redeliver`: every value is taken at least once, and those that were taken twice were reported as
//! unconfirmed. `Discard`: no value is taken twice, and those that are missing were reported as
//! discarded. What a killed sender had accepted and not delivered is gone with it, whatever was
//! chosen; what was delivered has no hole, and nothing in it comes twice.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;

use crate::dice::Dice;
use crate::process::Process;
use crate::proxy::seed;
use crate::restarting::{Ports, Records};
use crate::task::{Duty, Outcome, Place, Policy, Task, value_of};

/// Values that a sender sends which is not killed.
const VALUES: u64 = 20_000;

/// How often the other one is killed.
const KILLS: u64 = 5;

/// It is killed when it has taken so many values, and up to as many again, by chance.
const TAKEN_LEAST: usize = 1_000;

/// And stops at so many, if the signal is late. That for each kill is less than all.
const TAKEN_MAX: u64 = 3_000;

/// How many values are taken before the next kill.
fn until_kill(dice: &mut Dice) -> u64 {
    (TAKEN_LEAST + dice.below(TAKEN_LEAST)) as u64
}

/// Which side the sender is.
#[derive(Clone, Copy)]
enum Sends {
    Exporter,
    Importer,
}

impl Sends {
    /// The places of the sender and of the receiver.
    fn places(self, address: SocketAddr) -> (Place, Place) {
        let (export, import) = (Place::Export(address), Place::Import(address));
        match self {
            Sends::Exporter => (export, import),
            Sends::Importer => (import, export),
        }
    }
}

/// Kills the receiver again and again. Gives what the sender says, and what all receivers took.
async fn kill_receivers(sends: Sends, policy: Policy) -> (Outcome, Vec<Vec<u64>>) {
    let mut dice = Dice::new(seed(21));
    let records = Records::new();
    let (sender_at, receiver_at) = sends.places(Ports::next());
    let duty = Duty::Send { generation: 0, values: Some(VALUES), policy };
    let mut sender = Process::start(&Task::new(sender_at, 1, duty));
    for life in 0..KILLS {
        let duty = Duty::Take { record: records.path(life), values_max: Some(TAKEN_MAX) };
        let mut receiver = Process::start(&Task::new(receiver_at.clone(), 2, duty));
        receiver.took(until_kill(&mut dice)).await;
        receiver.kill().await;
    }
    let duty = Duty::Take { record: records.path(KILLS), values_max: None };
    let mut receiver = Process::start(&Task::new(receiver_at, 2, duty));
    let (sent, received) = tokio::join!(sender.done(), receiver.done());
    assert!(received.is_finished);
    // The sender goes last: it is the one that waits for an answer.
    receiver.release().await;
    sender.release().await;
    let taken: Vec<_> = (0..=KILLS).map(|life| records.read(life)).collect();
    let tally = sent.tally;
    assert_eq!((tally.missed_events, tally.lost_sessions), (0, KILLS));
    println!("{:?} taken, {tally:?}", taken.iter().map(Vec::len).collect::<Vec<_>>());
    (sent, taken)
}

/// Every value is taken, and no more than the unconfirmed ones are taken twice.
async fn nothing_is_lost(sends: Sends) {
    let (sent, lives) = kill_receivers(sends, Policy::Redeliver).await;
    let taken: Vec<u64> = lives.concat();
    let distinct: HashSet<u64> = taken.iter().copied().collect();
    assert_eq!(distinct, (0..VALUES).collect());
    let repeats = (taken.len() - distinct.len()) as u64;
    println!("{repeats} repeats");
    let tally = sent.tally;
    assert!(repeats <= tally.redelivered_values, "{repeats} repeats");
    assert_eq!(tally.redelivered_values, tally.unconfirmed_values);
    assert_eq!(tally.discarded_values, 0);
    for life in lives {
        assert!(life.is_sorted_by(|one, next| one < next), "a life has its values in order");
    }
}

/// No value is taken twice, and no more than the discarded ones are missing.
async fn nothing_comes_twice(sends: Sends) {
    let (sent, lives) = kill_receivers(sends, Policy::Discard).await;
    let taken: Vec<u64> = lives.concat();
    assert!(taken.is_sorted_by(|one, next| one < next), "in order, and none twice");
    let missing = VALUES - taken.len() as u64;
    println!("{missing} missing");
    let tally = sent.tally;
    assert!(missing <= tally.discarded_values, "{missing} are missing");
    assert_eq!(tally.redelivered_values, 0);
    // A value of which only a part was sent is no unconfirmed one, and cannot be sent any more.
    let begun = tally.discarded_values - tally.unconfirmed_values;
    assert!(begun <= KILLS, "{begun} values were begun");
}

#[tokio::test]
async fn nothing_is_lost_when_importers_that_receive_are_killed() {
    nothing_is_lost(Sends::Exporter).await;
}

#[tokio::test]
async fn nothing_is_lost_when_exporters_that_receive_are_killed() {
    nothing_is_lost(Sends::Importer).await;
}

#[tokio::test]
async fn nothing_comes_twice_when_importers_that_receive_are_killed() {
    nothing_comes_twice(Sends::Exporter).await;
}

#[tokio::test]
async fn nothing_comes_twice_when_exporters_that_receive_are_killed() {
    nothing_comes_twice(Sends::Importer).await;
}

/// Kills the sender again and again, while the receiver goes on with the same channel.
async fn kill_senders(sends: Sends, policy: Policy) {
    let mut dice = Dice::new(seed(21));
    let records = Records::new();
    let (sender_at, receiver_at) = sends.places(Ports::next());
    let duty = Duty::Take { record: records.path(0), values_max: None };
    let mut receiver = Process::start(&Task::new(receiver_at, 2, duty));
    for generation in 0..KILLS {
        let duty = Duty::Send { generation, values: None, policy };
        let sender = Process::start(&Task::new(sender_at.clone(), 1, duty));
        receiver.took_of(generation, until_kill(&mut dice)).await;
        sender.kill().await;
    }
    let duty = Duty::Send { generation: KILLS, values: Some(VALUES), policy };
    let mut sender = Process::start(&Task::new(sender_at, 1, duty));
    let (sent, received) = tokio::join!(sender.done(), receiver.done());
    assert!(received.is_finished, "the last one comes to its regular end");
    assert_eq!(received.tally.lost_sessions, KILLS);
    assert_eq!(sent.tally.unconfirmed_values, 0);
    receiver.release().await;
    sender.release().await;
    let taken = records.read(0);
    println!("{} taken", taken.len());
    check_generations(&taken);
}

/// Of each generation, the first values came, without a hole and in order. Of the last one, all.
fn check_generations(taken: &[u64]) {
    let mut numbers: HashMap<u64, u64> = HashMap::new();
    for value in taken {
        let generation = value >> 32;
        let number = numbers.entry(generation).or_default();
        assert_eq!(*value, value_of(generation, *number), "a value is missing, or came twice");
        *number += 1;
    }
    assert_eq!(numbers[&KILLS], VALUES);
    assert_eq!(numbers.len() as u64, KILLS + 1, "each generation came to send");
}

#[tokio::test]
async fn what_killed_exporters_have_sent_has_no_hole_and_comes_once() {
    for policy in [Policy::Redeliver, Policy::Discard] {
        kill_senders(Sends::Exporter, policy).await;
    }
}

#[tokio::test]
async fn what_killed_importers_have_sent_has_no_hole_and_comes_once() {
    for policy in [Policy::Redeliver, Policy::Discard] {
        kill_senders(Sends::Importer, policy).await;
    }
}
