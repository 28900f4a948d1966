//! What becomes of values whose fate is unknown because their session was lost: sent again, so that
//! none is missing, or given up and counted, so that none comes twice.

use actix::prelude::*;
use netchan::net::{Event, EventStream, ImportSettings, Unconfirmed};
use netchan::{Receiver, Sender};
use netchan_actix::ImporterActor;
use netchan_actix::messages::{Drain, Events, ExportReceiver, ImportSender};

use crate::support::{
    LONG, Number, Process, Proxy, TestResult, guarded, numbers, quick_config, take, wait_for,
};

/// What an importer is told of a channel after a restart.
#[derive(Debug, PartialEq)]
struct Fate {
    unconfirmed: u64,
    redelivered: u64,
    discarded: u64,
}

async fn fate(events: &mut EventStream) -> TestResult<Fate> {
    Ok(wait_for!(
        *events,
        Event::Unconfirmed { unconfirmed_values, redelivered_values, discarded_values, .. } => Fate {
            unconfirmed: unconfirmed_values,
            redelivered: redelivered_values,
            discarded: discarded_values,
        }
    ))
}

/// An importer that sends to an exporter which dies.
struct Scene {
    process: Process,
    inward: Receiver<Number>,
    importer: Addr<ImporterActor>,
    into: Sender<Number>,
    events: EventStream,
    proxy: Proxy,
}

impl Scene {
    async fn new(policy: Unconfirmed) -> TestResult<Scene> {
        let process = Process::start(quick_config()).await?;
        let inward = process.exporter.send(ExportReceiver::<Number>::new("in")).await??;
        let proxy = Proxy::new();
        proxy.point_to(&process.address);
        let importer = ImporterActor::connect(&proxy.listen().await?, quick_config()).await?;
        let settings = ImportSettings::default().size(64).unconfirmed(policy);
        let import = ImportSender::<Number>::new("in").settings(settings);
        let into = importer.send(import).await??;
        let events = importer.send(Events).await?;
        Ok(Scene { process, inward, importer, into, events, proxy })
    }

    /// The exporter dies, and its next life exports the same channel.
    async fn restart(self) -> TestResult<Scene> {
        let Scene { process, inward: _, importer, into, events, proxy } = self;
        proxy.cut_off();
        process.kill().await?;
        let process = Process::start(quick_config()).await?;
        let inward = process.exporter.send(ExportReceiver::<Number>::new("in")).await??;
        proxy.point_to(&process.address);
        proxy.admit();
        Ok(Scene { process, inward, importer, into, events, proxy })
    }
}

#[actix::test]
async fn values_that_were_received_and_not_taken_are_sent_again() -> TestResult {
    guarded(async {
        let scene = Scene::new(Unconfirmed::Redeliver).await?;
        scene.into.send_all(numbers(0..10)).await?;
        scene.importer.send(Drain { timeout: LONG }).await??;
        let mut scene = scene.restart().await?;
        let fate = fate(&mut scene.events).await?;
        assert_eq!(fate, Fate { unconfirmed: 10, redelivered: 10, discarded: 0 });
        scene.into.send(Number(10)).await?;
        assert_eq!(take(&mut scene.inward, 11).await?, numbers(0..11));
        let status = scene.importer.send(netchan_actix::messages::Status).await?;
        assert_eq!(status[0].channels[0].redelivered_values, 10);
        Ok(())
    })
    .await
}

#[actix::test]
async fn values_that_were_received_and_not_taken_are_given_up_and_counted_if_so_wanted()
-> TestResult {
    guarded(async {
        let scene = Scene::new(Unconfirmed::Discard).await?;
        scene.into.send_all(numbers(0..10)).await?;
        scene.importer.send(Drain { timeout: LONG }).await??;
        let mut scene = scene.restart().await?;
        let fate = fate(&mut scene.events).await?;
        assert_eq!(fate, Fate { unconfirmed: 10, redelivered: 0, discarded: 10 });
        scene.into.send(Number(10)).await?;
        assert_eq!(scene.inward.recv().await?, Number(10));
        let status = scene.importer.send(netchan_actix::messages::Status).await?;
        assert_eq!(status[0].channels[0].discarded_values, 10);
        Ok(())
    })
    .await
}

#[actix::test]
async fn values_that_no_session_had_taken_are_sent_whatever_is_chosen() -> TestResult {
    guarded(async {
        for policy in [Unconfirmed::Redeliver, Unconfirmed::Discard] {
            let mut scene = Scene::new(policy).await?;
            scene.proxy.cut_off();
            wait_for!(scene.events, Event::LinkLost { .. });
            scene.into.send_all(numbers(0..20)).await?;
            let mut scene = scene.restart().await?;
            assert_eq!(take(&mut scene.inward, 20).await?, numbers(0..20));
        }
        Ok(())
    })
    .await
}

/// What arrived in the lives of an exporter, while values were sent all the time.
struct Lives {
    arrived: Vec<Vec<Number>>,
    fates: Vec<Fate>,
}

const SENT: u64 = 1000;

/// Sends values through several lives of an exporter, each of which dies after some of them.
async fn through_many_lives(policy: Unconfirmed) -> TestResult<Lives> {
    let mut scene = Scene::new(policy).await?;
    let into = scene.into.clone();
    let sending = actix::spawn(async move { into.send_all(numbers(0..SENT)).await });
    let mut arrived = Vec::new();
    for life in 0..5 {
        arrived.push(take(&mut scene.inward, 40 + 7 * life).await?);
        scene = scene.restart().await?;
    }
    let mut last = Vec::new();
    while last.last() != Some(&Number(SENT - 1)) {
        last.push(scene.inward.recv().await?);
    }
    arrived.push(last);
    sending.await??;
    scene.importer.send(Drain { timeout: LONG }).await??;
    let status = scene.importer.send(netchan_actix::messages::Status).await?;
    assert_eq!(status[0].lost_sessions, 5);
    let mut fates = Vec::new();
    let mut restarts = 0;
    while restarts < 5 {
        match scene.events.next_event().await.ok_or("no more events")? {
            Event::PeerRestarted { .. } => restarts += 1,
            Event::Unconfirmed {
                unconfirmed_values, redelivered_values, discarded_values, ..
            } => fates.push(Fate {
                unconfirmed: unconfirmed_values,
                redelivered: redelivered_values,
                discarded: discarded_values,
            }),
            _ => {}
        }
    }
    assert_eq!(scene.events.missed(), 0);
    Ok(Lives { arrived, fates })
}

#[actix::test]
async fn redelivery_misses_nothing_keeps_the_order_and_repeats_no_more_than_was_told() -> TestResult
{
    guarded(async {
        let Lives { arrived, fates } = through_many_lives(Unconfirmed::Redeliver).await?;
        // In each life the values are in a row, and the row begins at or before the end of the last.
        let mut next = 0;
        let mut repeats = 0;
        for life in &arrived {
            let Some(Number(first)) = life.first().copied() else { continue };
            assert!(first <= next, "{first} after {next}");
            assert_eq!(*life, numbers(first..first + life.len() as u64));
            repeats += next - first;
            next = first + life.len() as u64;
        }
        assert_eq!(next, SENT);
        let told: u64 = fates.iter().map(|fate| fate.redelivered).sum();
        let unconfirmed: u64 = fates.iter().map(|fate| fate.unconfirmed).sum();
        assert!(repeats <= told && told <= unconfirmed, "{repeats} repeats of {fates:?}");
        assert!(fates.iter().all(|fate| fate.discarded == 0));
        Ok(())
    })
    .await
}

#[actix::test]
async fn discarding_repeats_nothing_and_what_is_missing_was_told() -> TestResult {
    guarded(async {
        let Lives { arrived, fates } = through_many_lives(Unconfirmed::Discard).await?;
        let all: Vec<Number> = arrived.concat();
        assert!(all.is_sorted_by(|earlier, later| earlier < later), "{all:?}");
        let missing = SENT - all.len() as u64;
        let told: u64 = fates.iter().map(|fate| fate.discarded).sum();
        // Some that were told to be given up had been taken, as nobody could know.
        assert!(missing <= told, "{missing} are missing of {fates:?}");
        assert!(fates.iter().all(|fate| fate.redelivered == 0));
        Ok(())
    })
    .await
}

#[actix::test]
async fn nothing_is_said_to_be_sent_again_on_a_channel_that_ends_with_its_session() -> TestResult {
    guarded(async {
        let mut scene = Scene::new(Unconfirmed::Redeliver).await?;
        let _passing =
            scene.process.exporter.send(ExportReceiver::<Number>::new("passing")).await??;
        let settings = ImportSettings::default().ends_with_session();
        let import = ImportSender::<Number>::new("passing").settings(settings);
        let into = scene.importer.send(import).await??;
        into.send_all(numbers(0..5)).await?;
        scene.importer.send(Drain { timeout: LONG }).await??;
        scene = scene.restart().await?;
        let fate = fate(&mut scene.events).await?;
        assert_eq!(fate, Fate { unconfirmed: 5, redelivered: 0, discarded: 5 });
        into.closed().await;
        Ok(())
    })
    .await
}

#[actix::test]
async fn the_values_of_a_lost_session_are_those_of_its_channels() -> TestResult {
    guarded(async {
        let mut scene = Scene::new(Unconfirmed::Redeliver).await?;
        let _other = scene.process.exporter.send(ExportReceiver::<Number>::new("other")).await??;
        let other = scene.importer.send(ImportSender::<Number>::new("other")).await??;
        other.send_all(numbers(0..3)).await?;
        scene.into.send_all(numbers(0..4)).await?;
        scene.importer.send(Drain { timeout: LONG }).await??;
        scene = scene.restart().await?;
        let sum =
            fate(&mut scene.events).await?.unconfirmed + fate(&mut scene.events).await?.unconfirmed;
        wait_for!(
            scene.events,
            Event::PeerRestarted { unconfirmed_values, .. } if unconfirmed_values == sum
        );
        assert_eq!(sum, 7);
        Ok(())
    })
    .await
}
