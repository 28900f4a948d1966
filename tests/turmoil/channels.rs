//! Channels of plain tokio programs on simulated machines.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use netchan::net::{ImportSettings, RecvSettings, SendSettings, UnreadReports};
use netchan::{Connection, Exporter, Receiver};
use tokio::sync::watch;

use crate::dice::Dice;
use crate::machines::{EXPORTER, IMPORTER, Outcome, dial, listen, patient, simulation};
use crate::weather::Weather;
use crate::with_seeds;

const VALUES: u32 = 2_000;

/// Values that may be in flight: few, so that all take a while.
const SIZE: u32 = 16;

/// A time within which all ends.
const LONG: Duration = Duration::from_secs(20 * 60);

/// Takes all values, which must come once and in order.
async fn take_all(mut values: Receiver<u32>) -> Outcome {
    for expected in 0..VALUES {
        let value = values.recv().await?;
        if value != expected {
            return Err(format!("{value} came instead of {expected}").into());
        }
    }
    Ok(())
}

/// The software of the exporter's machine.
async fn export(received: watch::Sender<bool>) -> Outcome {
    let exporter = Exporter::new(patient());
    let out = exporter.export_sender::<u32>("out", SendSettings::default())?;
    let inward = exporter.export_receiver::<u32>("in", RecvSettings::default())?;
    tokio::spawn(async move { out.send_all(0..VALUES).await });
    tokio::task::spawn_local(async move {
        take_all(inward).await.expect("values come once and in order");
        received.send_replace(true);
    });
    let listener = listen().await?;
    loop {
        let stream = listener.accept().await?;
        let exporter = exporter.clone();
        tokio::spawn(async move { exporter.serve(stream).await });
    }
}

/// The software of the importer's machine. Gives the number of links that resumed the session.
async fn import(mut is_received: watch::Receiver<bool>) -> Outcome<u64> {
    let (connection, driver) =
        Connection::dial_later(dial(), EXPORTER, &patient(), UnreadReports::DropOldest);
    tokio::spawn(driver.run());
    let settings = ImportSettings::default().size(SIZE);
    let outward = connection.import_receiver::<u32>("out", settings).await?;
    let into = connection.import_sender::<u32>("in", settings).await?;
    let (sent, taken) = tokio::join!(into.send_all(0..VALUES), take_all(outward));
    sent?;
    taken?;
    connection.drain(LONG).await?;
    is_received.wait_for(|is_received| *is_received).await?;
    let status = connection.status().await?;
    connection.close().await;
    Ok(status.resumes)
}

/// What a run came to: how long it took on the simulated clock, and links that resumed the session.
fn run(seed: u64) -> (Duration, u64) {
    let mut dice = Dice::new(seed);
    let mut sim = simulation(seed);
    let (received, is_received) = watch::channel(false);
    sim.host(EXPORTER, move || export(received.clone()));
    let resumes = Rc::new(Cell::new(0));
    let counted = resumes.clone();
    sim.client(IMPORTER, async move {
        counted.set(import(is_received).await?);
        Ok(())
    });
    Weather::new(dice.split(), 8).run(&mut sim, |_| {}).expect("values come once and in order");
    (sim.elapsed(), resumes.get())
}

#[test]
fn values_arrive_once_and_in_order_between_machines_that_do_not_always_reach_each_other() {
    let mut resumes = 0;
    with_seeds(6, |seed| resumes += run(seed).1);
    assert!(resumes > 0, "no session was resumed, so these runs show nothing");
}

#[test]
fn a_seed_repeats_its_run() {
    with_seeds(2, |seed| assert_eq!(run(seed), run(seed)));
}
