//! `sync` and `drain` wait until values have been received, and say what has not been.

use std::time::Duration;

use netchan::Dir;
use netchan::net::{ConnectionEnd, FlushError, ImportSettings, SendSettings};
use netchan::testing::Way;

use crate::support::{
    GUARD, Medium, Peers, World, channel, guarded, over_each, poll_once, settle, take,
};

/// For waits that must not succeed.
const SHORT: Duration = Duration::from_millis(30);

async fn sync(world: &World, peers: &Peers, dir: Dir, timeout: Duration) -> Result<(), FlushError> {
    match dir {
        Dir::Recv => world.exporter.sync(timeout).await,
        Dir::Send => peers.importer.sync(timeout).await,
    }
}

async fn drain(
    world: &World,
    peers: &Peers,
    dir: Dir,
    timeout: Duration,
) -> Result<(), FlushError> {
    match dir {
        Dir::Recv => world.exporter.drain(timeout).await,
        Dir::Send => peers.importer.drain(timeout).await,
    }
}

fn outstanding(result: Result<(), FlushError>) -> u64 {
    match result {
        Err(FlushError::TimedOut { outstanding_values }) => outstanding_values,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn sync_waits_for_a_link_that_carries_nothing() {
    for dir in [Dir::Recv, Dir::Send] {
        let world = World::new(Medium::Memory).await;
        let (peers, network) = world.connect_over_network().await;
        let (sender, mut receiver) = channel(&world, &peers, "values", dir, 10).await;
        network.stall();
        sender.send_all(0..5_u32).await.unwrap();
        assert_eq!(outstanding(sync(&world, &peers, dir, SHORT).await), 5);
        assert_eq!(outstanding(drain(&world, &peers, dir, SHORT).await), 5);
        assert!(receiver.is_empty());
        network.resume();
        sync(&world, &peers, dir, GUARD).await.unwrap();
        assert_eq!(receiver.len(), 5);
        assert_eq!(take(&mut receiver, 5).await, (0..5).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn sync_waits_for_the_word_of_the_peer() {
    for dir in [Dir::Recv, Dir::Send] {
        let world = World::new(Medium::Memory).await;
        let (peers, network) = world.connect_over_network().await;
        let (sender, mut receiver) = channel(&world, &peers, "values", dir, 10).await;
        // The values arrive, and nobody says so.
        match dir {
            Dir::Recv => network.stall_one_way(Way::ToExporter),
            Dir::Send => network.stall_one_way(Way::ToImporter),
        }
        sender.send_all(0..4_u32).await.unwrap();
        assert_eq!(receiver.recv().await, Ok(0));
        assert_eq!(outstanding(sync(&world, &peers, dir, SHORT).await), 4);
        network.resume();
        sync(&world, &peers, dir, GUARD).await.unwrap();
    }
}

#[tokio::test]
async fn sync_needs_nobody_to_take_values() {
    over_each(async |medium| {
        let world = World::new(medium).await;
        let peers = world.connect().await;
        let (there, there_receiver) = channel(&world, &peers, "there", Dir::Send, 10).await;
        let (back, back_receiver) = channel(&world, &peers, "back", Dir::Recv, 10).await;
        there.send_all(0..10_u32).await.unwrap();
        back.send_all(0..10_u32).await.unwrap();
        let (here, there) = tokio::join!(peers.importer.sync(GUARD), world.exporter.sync(GUARD));
        here.unwrap();
        there.unwrap();
        assert_eq!((there_receiver.len(), back_receiver.len()), (10, 10));
        peers.importer.drain(GUARD).await.unwrap();
        world.exporter.drain(GUARD).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn drain_waits_for_an_importer_and_sync_does_not() {
    over_each(async |medium| {
        let world = World::new(medium).await;
        let sender = world.exporter.export_sender("values", SendSettings::default()).unwrap();
        sender.send_all(0..7_u32).await.unwrap();
        world.exporter.sync(GUARD).await.unwrap();
        assert_eq!(outstanding(world.exporter.drain(SHORT).await), 7);
        let draining = tokio::spawn({
            let exporter = world.exporter.clone();
            async move { exporter.drain(GUARD).await }
        });
        settle().await;
        assert!(!draining.is_finished());
        let peers = world.connect().await;
        let settings = ImportSettings::default();
        let receiver = peers.importer.import_receiver::<u32>("values", settings).await.unwrap();
        guarded("it drains", draining).await.unwrap().unwrap();
        assert_eq!(receiver.len(), 7);
    })
    .await;
}

#[tokio::test]
async fn drain_waits_for_what_the_window_does_not_let_through() {
    over_each(async |medium| {
        let world = World::new(medium).await;
        let peers = world.connect().await;
        let (sender, mut receiver) = channel(&world, &peers, "values", Dir::Recv, 4).await;
        sender.send_all(0..8_u32).await.unwrap();
        assert_eq!(outstanding(world.exporter.drain(SHORT).await), 4);
        assert_eq!(outstanding(world.exporter.sync(SHORT).await), 4);
        let (drained, values) = tokio::join!(world.exporter.drain(GUARD), take(&mut receiver, 8));
        drained.unwrap();
        assert_eq!(values, (0..8).collect::<Vec<_>>());
    })
    .await;
}

#[tokio::test]
async fn a_flush_says_how_many_values_went_down_with_the_link() {
    for dir in [Dir::Recv, Dir::Send] {
        for drains in [false, true] {
            let world = World::new(Medium::Memory).await;
            let (peers, network) = world.connect_over_network().await;
            let (sender, _receiver) = channel(&world, &peers, "values", dir, 10).await;
            network.stall();
            sender.send_all(0..6_u32).await.unwrap();
            let flushing = async {
                if drains {
                    drain(&world, &peers, dir, GUARD).await
                } else {
                    sync(&world, &peers, dir, GUARD).await
                }
            };
            let cutting = async {
                settle().await;
                network.cut();
            };
            let (flushed, ()) = tokio::join!(flushing, cutting);
            match flushed {
                Err(FlushError::Disconnected { outstanding_values: 6, end }) => {
                    assert!(matches!(end, ConnectionEnd::LinkEnded | ConnectionEnd::Io(_)));
                }
                other => panic!("{dir} {drains}: {other:?}"),
            }
        }
    }
}

/// One importer is lost with values while the flush still waits for another importer to take some.
#[tokio::test]
async fn a_flush_never_forgets_a_link_that_was_lost_meanwhile() {
    for drains in [false, true] {
        let world = World::new(Medium::Memory).await;
        let (lost, network) = world.connect_over_network().await;
        let slow = world.connect().await;
        let (doomed, _receiver) = channel(&world, &lost, "doomed", Dir::Recv, 10).await;
        let (queued, mut slow_receiver) = channel(&world, &slow, "queued", Dir::Recv, 1).await;
        network.stall();
        doomed.send_all(0..3_u32).await.unwrap();
        queued.send_all(0..2_u32).await.unwrap();
        settle().await;
        let exporter = world.exporter.clone();
        let flushing = tokio::spawn(async move {
            if drains { exporter.drain(GUARD).await } else { exporter.sync(GUARD).await }
        });
        settle().await;
        network.cut();
        lost.exporter.closed().await;
        settle().await;
        assert_eq!(take(&mut slow_receiver, 2).await, [0, 1]);
        let flushed = guarded("it is answered", flushing).await.unwrap();
        assert!(
            matches!(flushed, Err(FlushError::Disconnected { outstanding_values: 3, .. })),
            "{drains}: {flushed:?}"
        );
    }
}

#[tokio::test]
async fn a_flush_can_be_dropped() {
    let world = World::new(Medium::Memory).await;
    let (peers, network) = world.connect_over_network().await;
    let (sender, receiver) = channel(&world, &peers, "values", Dir::Send, 10).await;
    network.stall();
    sender.send(1_u32).await.unwrap();
    for _ in 0..100 {
        assert!(poll_once(peers.importer.sync(GUARD)).is_none());
        settle().await;
    }
    network.resume();
    peers.importer.sync(GUARD).await.unwrap();
    assert_eq!(receiver.len(), 1);
}
