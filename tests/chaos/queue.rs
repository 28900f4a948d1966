//! Several workers share a queue of values, and one of them is killed at its work.

use std::collections::HashSet;

use netchan::limits::WINDOW_VALUES_DEFAULT;

use crate::duties::STEP;
use crate::process::Process;
use crate::restarting::{Ports, Records};
use crate::task::{Duty, Place, Policy, Task};

const VALUES: u64 = 30_000;

/// The worker that is killed has taken so many values, and stops if the signal is late.
const TAKEN_LEAST: u64 = 1_000;
const TAKEN_MAX: u64 = 2_000;

/// What becomes of the worker that was killed.
#[derive(Clone, Copy)]
enum Victim {
    /// It is started again, which ends its session.
    ComesBack,
    /// It is gone for good. Its session ends with its link.
    IsGone,
}

/// All values are handled, and those that were handled twice were reported as unconfirmed.
async fn kill_a_worker(victim: Victim) {
    let records = Records::new();
    let address = Ports::next();
    let policy = Policy::Redeliver;
    let duty = Duty::Send { generation: 0, values: Some(VALUES), policy };
    let mut exporter = Process::start(&Task::new(Place::Export(address), 1, duty));
    let worker = |life, node, values_max| {
        let duty = Duty::Take { record: records.path(life), values_max };
        let task = Task::new(Place::Import(address), node, duty);
        Process::start(&match victim {
            Victim::ComesBack => task,
            Victim::IsGone => task.forgetful(),
        })
    };
    let mut doomed = worker(0, 2, Some(TAKEN_MAX));
    doomed.took(TAKEN_LEAST / 2).await;
    let mut workers = vec![worker(1, 3, None), worker(2, 4, None)];
    doomed.took(TAKEN_LEAST).await;
    doomed.kill().await;
    if matches!(victim, Victim::ComesBack) {
        workers.push(worker(3, 2, None));
    }
    let sent = exporter.done().await;
    let mut lives = vec![records.read(0)];
    for (life, mut worker) in (1..).zip(workers) {
        assert!(worker.done().await.is_finished);
        worker.release().await;
        lives.push(records.read(life));
    }
    exporter.release().await;

    let taken: Vec<u64> = lives.concat();
    let distinct: HashSet<u64> = taken.iter().copied().collect();
    assert_eq!(distinct, (0..VALUES).collect());
    let repeats = (taken.len() - distinct.len()) as u64;
    let tally = sent.tally;
    let counts: Vec<_> = lives.iter().map(Vec::len).collect();
    println!("{counts:?} taken, {repeats} repeats, {tally:?}");
    assert!(repeats <= tally.redelivered_values, "{repeats} repeats");
    assert_eq!(tally.redelivered_values, tally.unconfirmed_values);
    assert_eq!((tally.lost_sessions, tally.missed_events), (1, 0));
}

#[tokio::test]
async fn all_values_are_handled_when_a_worker_is_killed_and_comes_back() {
    kill_a_worker(Victim::ComesBack).await;
}

#[tokio::test]
async fn all_values_are_handled_when_a_worker_is_killed_whose_session_is_not_kept() {
    kill_a_worker(Victim::IsGone).await;
}

/// The others do not come to their end while a worker has values that may come back.
#[tokio::test]
async fn values_of_a_worker_that_is_killed_behind_all_others_go_to_those() {
    let records = Records::new();
    let address = Ports::next();
    let duty = Duty::Send { generation: 0, values: Some(VALUES), policy: Policy::Redeliver };
    let mut exporter = Process::start(&Task::new(Place::Export(address), 1, duty));
    let worker = |life, node, values_max| {
        let duty = Duty::Take { record: records.path(life), values_max };
        Process::start(&Task::new(Place::Import(address), node, duty).forgetful())
    };
    let mut doomed = worker(0, 2, Some(TAKEN_MAX));
    doomed.took(TAKEN_MAX).await;
    let mut other = worker(1, 3, None);
    // All that the first one neither took nor has in its window, as far as the other says so.
    let others = VALUES - TAKEN_MAX - u64::from(WINDOW_VALUES_DEFAULT);
    other.took(others - others % STEP).await;
    doomed.kill().await;
    assert!(other.done().await.is_finished);
    let sent = exporter.done().await;
    other.release().await;
    exporter.release().await;
    let taken = [records.read(0), records.read(1)].concat();
    let distinct: HashSet<u64> = taken.iter().copied().collect();
    assert_eq!(distinct, (0..VALUES).collect());
    let repeats = (taken.len() - distinct.len()) as u64;
    assert!(repeats <= sent.tally.redelivered_values, "{repeats} repeats");
}
