//! actix actors on simulated machines. What turmoil has no room for is an `Arbiter`: that would be
//! another thread, with another clock.

use std::collections::BTreeSet;
use std::time::Duration;

use actix::prelude::*;
use netchan::net::Config;
use netchan_actix::messages::{ExportReceiver, ImportSender, Serve};
use netchan_actix::{ExporterActor, ImporterActor, SenderExt};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::dice::Dice;
use crate::machines::{EXPORTER, IMPORTER, Outcome, dial, listen, patient, simulation};
use crate::weather::Weather;
use crate::with_seeds;

const VALUES: u64 = 2_000;

#[derive(Clone, Copy, Debug, Serialize, Deserialize, Message)]
#[rtype(result = "()")]
struct Number(u64);

/// What the lives of the exporter have handled, as if on a disk.
#[derive(Default)]
struct Handled {
    numbers: BTreeSet<u64>,
    repeated: u64,
    lives: u64,
}

struct Collector {
    handled: watch::Sender<Handled>,
    last: Option<u64>,
}

impl Actor for Collector {
    type Context = Context<Self>;
}

impl Handler<Number> for Collector {
    type Result = ();

    fn handle(&mut self, Number(number): Number, _: &mut Context<Self>) {
        let last = self.last.replace(number);
        assert!(
            last.is_none_or(|last| number == last + 1),
            "{number} came after {last:?} in one life"
        );
        self.handled.send_modify(|handled| {
            handled.repeated += u64::from(!handled.numbers.insert(number));
        });
    }
}

/// One life of the exporter's machine.
async fn export(handled: watch::Sender<Handled>, config: Config) -> Outcome {
    handled.send_modify(|handled| handled.lives += 1);
    let collector = Collector { handled, last: None }.start();
    let exporter = ExporterActor::new(config).start();
    let numbers = ExportReceiver::<Number>::new("numbers").deliver_to(collector.recipient());
    exporter.send(numbers).await??;
    exporter.send(Serve(listen().await?)).await?;
    std::future::pending().await
}

async fn import(mut handled: watch::Receiver<Handled>, config: Config) -> Outcome {
    let importer = Supervisor::start(|_| ImporterActor::new(dial(), EXPORTER, config));
    let numbers = importer.send(ImportSender::<Number>::new("numbers").size(16)).await??;
    let remote: Recipient<Number> = numbers.recipient();
    for number in 0..VALUES {
        remote.send(Number(number)).await?;
    }
    handled.wait_for(|handled| handled.numbers.len() as u64 == VALUES).await?;
    Ok(())
}

/// Runs until all values are handled. The exporter's machine crashes so many times.
fn run(seed: u64, crashes: usize, config: fn() -> Config) -> (u64, u64) {
    let mut dice = Dice::new(seed);
    let weather = Weather::new(dice.split(), 5);
    let mut sim = simulation(seed);
    let (handled, is_handled) = watch::channel(Handled::default());
    let counts = is_handled.clone();
    sim.host(EXPORTER, move || export(handled.clone(), config()));
    sim.client(IMPORTER, import(is_handled, config()));
    let mut crashes_left = crashes;
    let mut until = Duration::from_secs(1);
    let result = weather.run(&mut sim, |sim| {
        if sim.elapsed() < until {
            return;
        }
        let wait_ms = if sim.is_host_running(EXPORTER) {
            if crashes_left == 0 {
                return;
            }
            crashes_left -= 1;
            sim.crash(EXPORTER);
            // Longer than a session lasts, sometimes.
            let wait_ms_max = if dice.one_in(4) { 100_000 } else { 10_000 };
            100 + dice.below(wait_ms_max)
        } else {
            sim.bounce(EXPORTER);
            500 + dice.below(10_000)
        };
        until = sim.elapsed() + Duration::from_millis(wait_ms as u64);
    });
    result.expect("all values arrive");
    let handled = counts.borrow();
    assert_eq!(handled.lives, 1 + (crashes - crashes_left) as u64);
    (handled.lives, handled.repeated)
}

#[test]
fn a_recipient_on_another_machine_gets_every_message_once_while_both_machines_live() {
    with_seeds(6, |seed| assert_eq!(run(seed, 0, patient), (1, 0)));
}

#[test]
fn a_recipient_on_a_machine_that_crashes_and_comes_back_misses_no_message() {
    let (mut lives, mut runs) = (0, 0);
    with_seeds(6, |seed| {
        lives += run(seed, 5, Config::default).0;
        runs += 1;
    });
    assert!(lives > runs, "no machine crashed, so these runs show nothing");
}
