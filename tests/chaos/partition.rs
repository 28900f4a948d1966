//! Two machines do not reach each other for a while, and nothing tells them so.

use std::io::Write;

use crate::exchange::Trip;
use crate::namespaces::Namespaces;
use crate::process::Process;
use crate::task::{Duty, Place, Task, Word};

/// Values that are sent at least. They flow until the network was parted often enough.
const VALUES: u64 = 100_000;

/// The network is parted when each side has taken so many values, and so many more.
const TAKEN: u64 = 10_000;

const PARTITIONS: u64 = 2;

/// Waits until a side has given its link up, because it heard nothing. Nobody can tell it that.
async fn silenced(process: &mut Process) {
    let fits = |word| matches!(word, Word::LinkLost { is_silent: true }).then_some(());
    process.until("that it heard nothing", fits).await;
}

async fn resumed(process: &mut Process) {
    let fits = |word| matches!(word, Word::Resumed).then_some(());
    process.until("that it goes on", fits).await;
}

#[tokio::test]
async fn values_survive_machines_that_do_not_reach_each_other_for_a_while() {
    let network = match Namespaces::make() {
        Ok(network) => network,
        Err(error) => {
            // Not by a macro, whose output is hidden when a test passes.
            let mut stderr = std::io::stderr();
            writeln!(stderr, "SKIPPED: there are no network namespaces here: {error}").unwrap();
            return;
        }
    };
    let address = network.exporter_address();
    let duty = Duty::Exchange { values: VALUES, waits: true };
    let task = |place, node| Task {
        // A busy machine must not look like a parted network.
        heartbeat_ms: (250, 1_200),
        ..Task::new(place, node, duty.clone())
    };
    let [export, import] = [task(Place::Export(address), 1), task(Place::Import(address), 2)];
    let mut exporter = Process::start_with(&network.at_exporter(), &export);
    exporter.listening().await;
    let mut importer = Process::start_with(&network.at_importer(), &import);
    for part in 1..=PARTITIONS {
        tokio::join!(exporter.took(part * TAKEN), importer.took(part * TAKEN));
        network.part();
        tokio::join!(silenced(&mut exporter), silenced(&mut importer));
        network.heal();
        tokio::join!(resumed(&mut exporter), resumed(&mut importer));
    }
    tokio::join!(exporter.tell_enough(), importer.tell_enough());
    let (exported, imported) = tokio::join!(exporter.done(), importer.done());
    let trip = Trip { exporter: exported, importer: imported };
    println!("{trip:?}");
    trip.check();
    assert!(exported.sent >= VALUES && imported.sent >= VALUES);
    trip.check_resumes(PARTITIONS);
    importer.release().await;
    exporter.release().await;
}
