//! The newest value: there at once, and no backlog of old ones.

use netchan::channel::{Reason, RecvError};
use netchan::net::{ImportSettings, Shape};

use crate::shapes::{export, import, importers, standing};
use crate::support::{GUARD, World, guarded, over_each, poll_once, settle, take, take_all};

#[tokio::test]
async fn whoever_joins_gets_the_present_value_at_once() {
    over_each(async |medium| {
        let world = World::new(medium).await;
        let sender = export::<u32>(&world, Shape::Latest, 8);
        for value in 0..100 {
            sender.try_send(value).unwrap();
        }
        let (_peers, receivers) = importers::<u32>(&world, 3, 8).await;
        for mut receiver in receivers {
            assert_eq!(take(&mut receiver, 1).await, [99]);
            settle().await;
            assert!(poll_once(receiver.recv()).is_none(), "it comes once");
        }
    })
    .await;
}

#[tokio::test]
async fn a_slow_reader_of_a_wide_window_never_works_through_old_values() {
    over_each(async |medium| {
        let world = World::new(medium).await;
        let sender = export::<u32>(&world, Shape::Latest, 8);
        let (peers, receivers) = importers::<u32>(&world, 2, 1000).await;
        let [mut slow, mut fast] = <[_; 2]>::try_from(receivers).unwrap();
        let mut of_fast = Vec::new();
        for value in 0..200 {
            sender.try_send(value).unwrap();
            if value % 20 == 0 {
                of_fast.extend(take(&mut fast, 1).await);
            }
            settle().await;
            assert!(slow.len() <= 1 && fast.len() <= 1);
        }
        assert!(of_fast.is_sorted());
        // The one that was on its way, and then the newest.
        assert_eq!(take(&mut slow, 2).await, [0, 199]);
        assert_eq!(standing(&peers[0]).await.missed_values, 198);
        assert_eq!(slow.missed_values(), 0, "missing is what the shape is for");
    })
    .await;
}

#[tokio::test]
async fn every_importer_comes_to_the_last_value_and_then_to_the_end() {
    over_each(async |medium| {
        for count in [1, 100] {
            let world = World::new(medium).await;
            let sender = export::<u32>(&world, Shape::Latest, 8);
            let (_peers, receivers) = importers::<u32>(&world, count, 1).await;
            let taking: Vec<_> = receivers
                .into_iter()
                .map(|mut receiver| tokio::spawn(async move { take_all(&mut receiver).await }))
                .collect();
            for value in 0..500 {
                sender.send(value).await.unwrap();
                tokio::task::yield_now().await;
            }
            drop(sender);
            for task in taking {
                let values = task.await.unwrap();
                assert!(values.is_sorted_by(|a, b| a < b), "{values:?}");
                assert_eq!(values.last(), Some(&499));
            }
        }
    })
    .await;
}

#[tokio::test]
async fn who_comes_after_the_close_gets_the_last_value_and_the_end() {
    over_each(async |medium| {
        let world = World::new(medium).await;
        let sender = export::<u32>(&world, Shape::Latest, 8);
        sender.send(6).await.unwrap();
        sender.send(7).await.unwrap();
        drop(sender);
        for _ in 0..2 {
            let (_peers, mut receivers) = importers::<u32>(&world, 1, 8).await;
            assert_eq!(take_all(&mut receivers[0]).await, [7]);
        }
        world.exporter.drain(GUARD).await.unwrap();
        // Its name is free for another channel.
        let again = export::<u32>(&world, Shape::Latest, 8);
        let (_peers, mut receivers) = importers::<u32>(&world, 1, 8).await;
        again.send(8).await.unwrap();
        assert_eq!(take(&mut receivers[0], 1).await, [8]);
    })
    .await;
}

#[tokio::test]
async fn a_channel_without_a_value_waits_for_one_and_ends_without() {
    over_each(async |medium| {
        let world = World::new(medium).await;
        let sender = export::<u32>(&world, Shape::Latest, 8);
        let (peers, mut receivers) = importers::<u32>(&world, 1, 8).await;
        settle().await;
        assert!(poll_once(receivers[0].recv()).is_none());
        drop(sender);
        assert!(take_all(&mut receivers[0]).await.is_empty());
        let settings = ImportSettings::default();
        assert!(peers[0].importer.import_receiver::<u32>("values", settings).await.is_err());
    })
    .await;
}

#[tokio::test]
async fn a_flush_waits_until_everyone_has_the_newest() {
    over_each(async |medium| {
        let world = World::new(medium).await;
        let sender = export::<u32>(&world, Shape::Latest, 8);
        sender.send(0).await.unwrap();
        world.exporter.drain(GUARD).await.unwrap();
        let (_peers, mut receivers) = importers::<u32>(&world, 2, 8).await;
        settle().await;
        sender.send(1).await.unwrap();
        assert_eq!(sender.len(), 1);
        let mut draining = Box::pin(world.exporter.drain(GUARD));
        settle().await;
        assert!(poll_once(&mut draining).is_none());
        for receiver in &mut receivers {
            assert_eq!(take(receiver, 2).await, [0, 1]);
        }
        guarded("all have it", draining).await.unwrap();
        assert!(sender.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_hangup_ends_it_and_a_limit_too() {
    over_each(async |medium| {
        let world = World::new(medium).await;
        let sender = export::<u32>(&world, Shape::Latest, 8);
        let peers = world.connect().await;
        let settings = ImportSettings::default().size(1).limit(2);
        let mut few = peers.importer.import_receiver::<u32>("values", settings).await.unwrap();
        for value in 0..2 {
            sender.send(value).await.unwrap();
            assert_eq!(take(&mut few, 1).await, [value]);
        }
        assert!(take_all(&mut few).await.is_empty());
        let mut receiver = import::<u32>(&peers, 8).await;
        assert_eq!(take(&mut receiver, 1).await, [1]);
        world.exporter.hangup("values").await.unwrap();
        let end = receiver.recv().await.unwrap_err();
        assert!(matches!(end, RecvError::Closed(closed) if closed.reason == Reason::HungUp));
        assert!(sender.is_closed());
    })
    .await;
}
