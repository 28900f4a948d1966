//! A broadcast: each importer gets every value from its joining on.

use netchan::net::{ImportSettings, Shape, Slow};

use crate::shapes::{export, importers};
use crate::support::{GUARD, World, over_each, poll_once, settle, take, take_all};

const WAIT: Shape = Shape::Broadcast(Slow::Wait);

#[tokio::test]
async fn each_importer_gets_every_value_in_order() {
    over_each(async |medium| {
        for (count, values) in [(1, 3000), (3, 3000), (100, 300)] {
            let world = World::new(medium).await;
            let sender = export::<u32>(&world, WAIT, 16);
            let (_peers, receivers) = importers::<u32>(&world, count, 8).await;
            let taking: Vec<_> = receivers
                .into_iter()
                .map(|mut receiver| tokio::spawn(async move { take_all(&mut receiver).await }))
                .collect();
            sender.send_all(0..values).await.unwrap();
            drop(sender);
            for task in taking {
                assert_eq!(task.await.unwrap(), (0..values).collect::<Vec<_>>());
            }
        }
    })
    .await;
}

#[tokio::test]
async fn who_joins_later_gets_what_is_sent_later() {
    over_each(async |medium| {
        let world = World::new(medium).await;
        let sender = export::<u32>(&world, WAIT, 4);
        let (_first_peers, mut first) = importers::<u32>(&world, 1, 8).await;
        sender.send_all(0..4).await.unwrap();
        let (_later_peers, mut later) = importers::<u32>(&world, 1, 8).await;
        sender.send_all(4..8).await.unwrap();
        drop(sender);
        assert_eq!(take_all(&mut later[0]).await, [4, 5, 6, 7]);
        assert_eq!(take_all(&mut first[0]).await, (0..8).collect::<Vec<_>>());
    })
    .await;
}

#[tokio::test]
async fn with_no_importer_values_go_nowhere_and_nothing_waits() {
    over_each(async |medium| {
        let world = World::new(medium).await;
        let sender = export::<u32>(&world, WAIT, 4);
        for value in 0..1000 {
            sender.try_send(value).unwrap();
        }
        assert_eq!((sender.len(), sender.capacity()), (0, 4));
        world.exporter.sync(GUARD).await.unwrap();
        world.exporter.drain(GUARD).await.unwrap();
        let (_peers, mut receivers) = importers::<u32>(&world, 1, 8).await;
        sender.send(1000).await.unwrap();
        assert_eq!(take(&mut receivers[0], 1).await, [1000]);
    })
    .await;
}

#[tokio::test]
async fn a_channel_that_nobody_imports_is_over_when_it_is_closed() {
    over_each(async |medium| {
        let world = World::new(medium).await;
        let peers = world.connect().await;
        let sender = export::<u32>(&world, WAIT, 4);
        sender.send(1).await.unwrap();
        drop(sender);
        let settings = ImportSettings::default();
        assert!(peers.importer.import_receiver::<u32>("values", settings).await.is_err());
        assert_eq!(world.exporter.channels(), 0);
        let _again = export::<u32>(&world, WAIT, 4);
    })
    .await;
}

#[tokio::test]
async fn limited_importers_get_so_many_and_the_others_go_on() {
    over_each(async |medium| {
        let world = World::new(medium).await;
        let sender = export::<u32>(&world, WAIT, 4);
        let (_peers, mut receivers) = importers::<u32>(&world, 1, 8).await;
        let limited = world.connect().await;
        let settings = ImportSettings::default().size(2).limit(5);
        let mut few = limited.importer.import_receiver::<u32>("values", settings).await.unwrap();
        let sending = tokio::spawn(async move { sender.send_all(0..50).await });
        let (all, few) = tokio::join!(take(&mut receivers[0], 50), take_all(&mut few));
        assert_eq!((all.len(), few), (50, (0..5).collect()));
        sending.await.unwrap().unwrap();
    })
    .await;
}

#[tokio::test]
async fn long_and_short_values_reach_everyone_whole() {
    over_each(async |medium| {
        let world = World::new(medium).await;
        let sender = export::<Vec<u8>>(&world, WAIT, 4);
        let (_peers, receivers) = importers::<Vec<u8>>(&world, 3, 8).await;
        let taking: Vec<_> = receivers
            .into_iter()
            .map(|mut receiver| tokio::spawn(async move { take_all(&mut receiver).await }))
            .collect();
        let lengths = [0, 1_000_000, 5, 70_000, 16_384, 1, 40_000];
        let value = |(number, length): (usize, usize)| vec![number as u8; length];
        let values: Vec<_> = lengths.into_iter().cycle().take(21).enumerate().map(value).collect();
        for value in &values {
            sender.send(value.clone()).await.unwrap();
        }
        drop(sender);
        for task in taking {
            assert!(task.await.unwrap() == values);
        }
    })
    .await;
}

#[tokio::test]
async fn permits_hold_their_slots() {
    over_each(async |medium| {
        let world = World::new(medium).await;
        let sender = export::<u32>(&world, WAIT, 2);
        let (_peers, mut receivers) = importers::<u32>(&world, 1, 1).await;
        let first = sender.reserve().await.unwrap();
        let second = sender.reserve().await.unwrap();
        assert!(poll_once(sender.reserve()).is_none());
        second.send(2).unwrap();
        drop(first);
        sender.reserve().await.unwrap().send(3).unwrap();
        assert_eq!(take(&mut receivers[0], 2).await, [2, 3]);
    })
    .await;
}

#[tokio::test]
async fn a_flush_waits_for_the_slowest_importer() {
    over_each(async |medium| {
        let world = World::new(medium).await;
        let sender = export::<u32>(&world, WAIT, 8);
        let (_peers, mut receivers) = importers::<u32>(&world, 3, 2).await;
        sender.send_all(0..8).await.unwrap();
        take(&mut receivers[0], 8).await;
        take(&mut receivers[1], 8).await;
        settle().await;
        assert_eq!(sender.len(), 6, "two are within the slowest window");
        let mut draining = Box::pin(world.exporter.drain(GUARD));
        let mut syncing = Box::pin(world.exporter.sync(GUARD));
        settle().await;
        assert!(poll_once(&mut draining).is_none() && poll_once(&mut syncing).is_none());
        assert_eq!(take(&mut receivers[2], 8).await, (0..8).collect::<Vec<_>>());
        draining.await.unwrap();
        syncing.await.unwrap();
        assert!(sender.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_shutdown_delivers_to_everyone() {
    over_each(async |medium| {
        let world = World::new(medium).await;
        let sender = export::<u32>(&world, WAIT, 100);
        let (_peers, mut receivers) = importers::<u32>(&world, 3, 2).await;
        sender.send_all(0..100).await.unwrap();
        let exporter = world.exporter.clone();
        let closing = tokio::spawn(async move { exporter.shut_down(GUARD).await });
        for receiver in &mut receivers {
            assert_eq!(take(receiver, 100).await.len(), 100);
        }
        assert_eq!(closing.await.unwrap().undelivered_values(), 0);
    })
    .await;
}
