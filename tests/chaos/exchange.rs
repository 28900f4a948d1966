//! Values both ways at once, between two processes over a bad network, each once and in order.

use std::time::Instant;

use crate::process::Process;
use crate::proxy::Proxy;
use crate::task::{Duty, Outcome, Place, Task, checksum_of};
use crate::weather::Weather;

/// What has happened on the way.
#[derive(Debug)]
pub(crate) struct Trip {
    pub(crate) exporter: Outcome,
    pub(crate) importer: Outcome,
}

/// Lets two processes exchange values through such weather, and checks what they say.
pub(crate) async fn exchange(duty: Duty, weather: Weather, seed: u64) -> Trip {
    let started = Instant::now();
    let here = Place::Export(([127, 0, 0, 1], 0).into());
    let mut exporter = Process::start(&Task::new(here, 1, duty.clone()).nervous());
    let address = exporter.listening().await;
    let proxy = Proxy::start(address, weather, seed).await;
    let there = Place::Import(proxy.address());
    let mut importer = Process::start(&Task::new(there, 2, duty.clone()).nervous());
    let (exported, imported) = tokio::join!(exporter.done(), importer.done());
    let (elapsed, ended) = (started.elapsed(), proxy.ended_links());
    println!("{duty:?} in {elapsed:.1?}, {ended} links ended by the network");
    let trip = Trip { exporter: exported, importer: imported };
    println!("{trip:?}");
    trip.check();
    importer.release().await;
    exporter.release().await;
    trip
}

impl Trip {
    /// Nothing is lost, nothing comes twice, nothing is out of order, and the end is a regular one.
    pub(crate) fn check(&self) {
        let Trip { exporter, importer } = self;
        for (outcome, other) in [(exporter, importer), (importer, exporter)] {
            assert!(outcome.received > 0);
            assert_eq!(outcome.received, other.sent);
            assert_eq!(outcome.checksum, checksum_of(other.sent));
            assert!(outcome.is_finished, "the channel did not come to its regular end");
            let tally = outcome.tally;
            assert_eq!(tally.missed_events, 0);
            assert_eq!(tally.lost_sessions, 0);
            assert_eq!((tally.unconfirmed_values, tally.discarded_values), (0, 0));
        }
    }

    /// The network was as bad as it should be, and the session went on again and again.
    pub(crate) fn check_resumes(&self, least: u64) {
        for tally in [self.exporter.tally, self.importer.tally] {
            assert!(tally.lost_links >= least, "too few links were lost");
            assert!(tally.resumes >= least, "too few links were taken on");
        }
    }
}
