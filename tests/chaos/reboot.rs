//! A machine loses its power: its links are silent, and its program is another incarnation next time.

use std::collections::HashSet;

use crate::process::Process;
use crate::proxy::Proxy;
use crate::restarting::{Ports, Records};
use crate::task::{Duty, Place, Policy, Task, Word};
use crate::weather::Weather;

const VALUES: u64 = 20_000;

/// The power fails when so many values were taken, or a few more.
const TAKEN: u64 = 1_000;

/// The exporter hears of the new incarnation while the old one's link still looks alive. As soon as
/// that is known to be dead, so is its session: nobody will come back to it.
#[tokio::test]
async fn values_of_an_importer_whose_machine_restarts_go_to_its_next_incarnation() {
    let records = Records::new();
    let address = Ports::next();
    let duty = Duty::Send { generation: 0, values: Some(VALUES), policy: Policy::Redeliver };
    let mut exporter = Process::start(&Task::new(Place::Export(address), 1, duty).nervous());
    exporter.listening().await;
    let proxy = Proxy::start(address, Weather::fair(), 0).await;
    let importer = |life, values_max| {
        let duty = Duty::Take { record: records.path(life), values_max };
        Process::start(&Task::new(Place::Import(proxy.address()), 2, duty).nervous())
    };
    let mut doomed = importer(0, Some(2 * TAKEN));
    doomed.took(TAKEN).await;
    proxy.silence();
    doomed.kill().await;
    let mut next = importer(1, None);
    let fits = |word| match word {
        Word::SessionLost { is_restart } => Some(is_restart),
        _ => None,
    };
    assert!(exporter.until("that a session is lost", fits).await, "it waited in vain");
    let (sent, received) = tokio::join!(exporter.done(), next.done());
    assert!(received.is_finished);
    next.release().await;
    exporter.release().await;
    let taken = [records.read(0), records.read(1)].concat();
    let distinct: HashSet<u64> = taken.iter().copied().collect();
    assert_eq!(distinct, (0..VALUES).collect());
    let repeats = (taken.len() - distinct.len()) as u64;
    println!("{repeats} repeats, {:?}", sent.tally);
    assert!(repeats <= sent.tally.redelivered_values, "{repeats} repeats");
}
