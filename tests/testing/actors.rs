//! Actors and Recipients over a network of the test kit.

use actix::prelude::*;
use netchan::net::Config;
use netchan::testing::{Network, Way};
use netchan_actix::messages::{ExportReceiver, ImportSender, Serve};
use netchan_actix::testing::block_on_paused_clock;
use netchan_actix::{ExporterActor, ImporterActor, SenderExt};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use crate::support::{TestResult, guarded, guarded_in_real_time};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Message)]
#[rtype(result = "()")]
struct Number(u64);

/// Passes on what it is sent.
struct Collector {
    numbers: mpsc::UnboundedSender<Number>,
}

impl Actor for Collector {
    type Context = Context<Self>;
}

impl Handler<Number> for Collector {
    type Result = ();

    fn handle(&mut self, number: Number, _: &mut Context<Self>) {
        let _unread = self.numbers.send(number);
    }
}

/// A collecting actor, and what it collects.
fn collector() -> (Recipient<Number>, mpsc::UnboundedReceiver<Number>) {
    let (numbers, collected) = mpsc::unbounded_channel();
    (Collector { numbers }.start().recipient(), collected)
}

async fn next(collected: &mut mpsc::UnboundedReceiver<Number>) -> TestResult<u64> {
    Ok(collected.recv().await.ok_or("the collector is gone")?.0)
}

/// A life of the exporter's program.
async fn offer(recipient: Recipient<Number>) -> TestResult<Addr<ExporterActor>> {
    let exporter = ExporterActor::new(Config::default()).start();
    exporter.send(ExportReceiver::new("numbers").deliver_to(recipient)).await??;
    Ok(exporter)
}

/// A life of the importer's program: an actor far away.
async fn far_away(importer: ImporterActor) -> TestResult<Recipient<Number>> {
    Ok(importer.start().send(ImportSender::new("numbers")).await??.recipient())
}

#[test]
fn a_recipient_survives_cuts_stalls_and_half_open_links_with_nothing_lost_or_repeated() -> TestResult
{
    block_on_paused_clock(guarded(async {
        let network = Network::new();
        let (recipient, mut collected) = collector();
        let exporter = offer(recipient).await?;
        exporter.send(Serve(network.listener())).await?;
        let importer = ImporterActor::new(network.dialler(), "exporter", Config::default());
        let remote = far_away(importer).await?;
        let failures: [fn(&Network); 6] = [
            Network::cut,
            Network::stall,
            Network::swallow,
            |network| network.cut_one_way(Way::ToExporter),
            |network| network.cut_after(Way::ToExporter, 10),
            |network| network.swallow_one_way(Way::ToImporter),
        ];
        for (number, fail) in (0..).zip(failures) {
            let made = network.traffic().links_made;
            fail(&network);
            remote.send(Number(2 * number)).await?;
            network.wait_for(|traffic| traffic.links_made > made).await;
            network.resume();
            remote.send(Number(2 * number + 1)).await?;
            assert_eq!(next(&mut collected).await?, 2 * number);
            assert_eq!(next(&mut collected).await?, 2 * number + 1);
        }
        assert!(remote.connected());
        Ok(())
    }))
}

#[test]
fn a_recipient_goes_on_with_the_next_life_of_its_exporter() -> TestResult {
    block_on_paused_clock(guarded(async {
        let network = Network::new();
        let (recipient, mut collected) = collector();
        let exporter = offer(recipient).await?;
        exporter.send(Serve(network.listener())).await?;
        let importer = ImporterActor::new(network.dialler(), "exporter", Config::default());
        let remote = far_away(importer).await?;
        for life in 0..3 {
            let listener = network.restart_exporter();
            // Accepted while the exporter is away.
            remote.send(Number(life)).await?;
            let (recipient, mut next_collected) = collector();
            let exporter = offer(recipient).await?;
            exporter.send(Serve(listener)).await?;
            // The words that earlier ones were taken were cut off, so these come again.
            let first = next(&mut next_collected).await?;
            for number in first + 1..=life {
                assert_eq!(next(&mut next_collected).await?, number);
            }
            assert!(first <= life);
        }
        assert!(collected.try_recv().is_err(), "the first life was cut off");
        Ok(())
    }))
}

#[test]
fn the_next_life_of_an_importer_is_another_one() -> TestResult {
    block_on_paused_clock(guarded(async {
        let network = Network::new();
        let (recipient, mut collected) = collector();
        let exporter = ExporterActor::new(Config::default()).start();
        exporter.send(ExportReceiver::new("numbers").deliver_to(recipient)).await??;
        exporter.send(Serve(network.listener())).await?;
        let importer = ImporterActor::new(network.dialler(), "exporter", Config::default());
        let earlier = far_away(importer).await?;
        earlier.send(Number(1)).await?;
        assert_eq!(next(&mut collected).await?, 1);
        let dialler = network.restart_importer();
        // From the grave.
        earlier.do_send(Number(666));
        let importer = ImporterActor::new(dialler, "exporter", Config::default());
        let later = far_away(importer).await?;
        later.send(Number(2)).await?;
        assert_eq!(next(&mut collected).await?, 2);
        assert_eq!(network.links(), 1);
        Ok(())
    }))
}

#[test]
fn two_systems_on_threads_of_their_own_share_a_network() -> TestResult {
    let network = Network::new();
    let listener = network.listener();
    let (done, mut is_done) = mpsc::unbounded_channel();
    let exporters = std::thread::spawn(move || {
        System::new().block_on(async {
            let (recipient, mut collected) = collector();
            let exporter = offer(recipient).await.expect("a new name");
            exporter.send(Serve(listener)).await.expect("it lives");
            for number in 0..100 {
                assert_eq!(next(&mut collected).await.expect("the collector lives"), number);
                done.send(number).expect("the test lives");
            }
        });
    });
    System::new().block_on(guarded_in_real_time(async {
        let importer = ImporterActor::new(network.dialler(), "exporter", Config::default());
        let remote = far_away(importer).await?;
        for number in 0..100 {
            remote.send(Number(number)).await?;
            if number % 40 == 20 {
                network.cut();
            }
        }
        for number in 0..100 {
            assert_eq!(is_done.recv().await, Some(number));
        }
        Ok(())
    }))?;
    exporters.join().map_err(|_| "the exporter's system panicked".into())
}
