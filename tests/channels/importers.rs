//! Several importers of one exported channel.

use netchan::channel::{Origin, Reason, RecvError};
use netchan::net::{ImportSettings, RecvSettings, SendSettings};
use netchan::{Receiver, Sender};

use crate::support::{GUARD, Peers, World, guarded, over_each, poll_once, settle, take, take_all};

async fn import_receivers(peers: &[Peers], size: u32) -> Vec<Receiver<u32>> {
    let mut receivers = Vec::new();
    for peer in peers {
        let settings = ImportSettings::default().size(size);
        let receiver = peer.importer.import_receiver("values", settings).await;
        receivers.push(receiver.expect("the channel is exported"));
    }
    receivers
}

async fn import_sender(peer: &Peers) -> Sender<u32> {
    let sender = peer.importer.import_sender("values", ImportSettings::default()).await;
    sender.expect("the channel is exported")
}

async fn connect(world: &World, count: usize) -> Vec<Peers> {
    let mut peers = Vec::new();
    for _ in 0..count {
        peers.push(world.connect().await);
    }
    peers
}

#[tokio::test]
async fn each_value_goes_to_exactly_one_importer() {
    over_each(async |medium| {
        let world = World::new(medium).await;
        let peers = connect(&world, 5).await;
        let sender =
            world.exporter.export_sender::<u32>("values", SendSettings::default()).unwrap();
        let receivers = import_receivers(&peers, 8).await;
        let taking: Vec<_> = receivers
            .into_iter()
            .map(|mut receiver| tokio::spawn(async move { take_all(&mut receiver).await }))
            .collect();
        sender.send_all(0..5_000).await.unwrap();
        drop(sender);
        let mut all = Vec::new();
        for task in taking {
            let values = task.await.unwrap();
            assert!(values.is_sorted());
            all.extend(values);
        }
        all.sort_unstable();
        assert_eq!(all, (0..5_000).collect::<Vec<_>>());
    })
    .await;
}

#[tokio::test]
async fn a_stalled_importer_takes_no_more_than_its_window() {
    over_each(async |medium| {
        let world = World::new(medium).await;
        let peers = connect(&world, 2).await;
        let sender =
            world.exporter.export_sender::<u32>("values", SendSettings::default()).unwrap();
        let [mut stalled, mut busy] =
            <[_; 2]>::try_from(import_receivers(&peers, 5).await).unwrap();
        let sending = tokio::spawn(async move { sender.send_all(0..500).await });
        let mut values = take(&mut busy, 495).await;
        guarded("all were sent", sending).await.unwrap().unwrap();
        settle().await;
        values.extend(take_all(&mut stalled).await);
        values.extend(take_all(&mut busy).await);
        values.sort_unstable();
        assert_eq!(values, (0..500).collect::<Vec<_>>());
    })
    .await;
}

#[tokio::test]
async fn several_importers_merge_into_one_receiver_that_ends_with_the_last() {
    over_each(async |medium| {
        let world = World::new(medium).await;
        let peers = connect(&world, 4).await;
        let mut receiver =
            world.exporter.export_receiver::<u32>("values", RecvSettings::default()).unwrap();
        let mut senders = Vec::new();
        for peer in &peers {
            senders.push(import_sender(peer).await);
        }
        for (number, sender) in (0..).zip(senders) {
            let values = number * 1000..number * 1000 + 500;
            tokio::spawn(async move { sender.send_all(values).await });
        }
        let values = take_all(&mut receiver).await;
        for number in 0..4 {
            let of_one = values.iter().filter(|value| **value / 1000 == number);
            assert!(of_one.copied().eq(number * 1000..number * 1000 + 500));
        }
        assert_eq!(values.len(), 2000);
    })
    .await;
}

#[tokio::test]
async fn a_channel_that_stays_open_outlives_its_importers() {
    over_each(async |medium| {
        let world = World::new(medium).await;
        let settings = RecvSettings::default().stays_open();
        let mut receiver = world.exporter.export_receiver::<u32>("values", settings).unwrap();
        for round in 0..3 {
            let peer = world.connect().await;
            let sender = import_sender(&peer).await;
            sender.send(round).await.unwrap();
            drop(sender);
            assert_eq!(receiver.recv().await, Ok(round));
            peer.importer.close().await;
            assert!(poll_once(receiver.recv()).is_none());
        }
        world.exporter.hangup("values").await.unwrap();
        let end = receiver.recv().await.unwrap_err();
        assert!(matches!(end, RecvError::Closed(closed) if closed.origin == Origin::Local));
    })
    .await;
}

#[tokio::test]
async fn an_importer_that_was_lost_may_come_back() {
    over_each(async |medium| {
        let world = World::new(medium).await;
        let mut receiver =
            world.exporter.export_receiver::<u32>("values", RecvSettings::default()).unwrap();
        let lost = world.connect().await;
        let sender = import_sender(&lost).await;
        sender.send(1).await.unwrap();
        assert_eq!(receiver.recv().await, Ok(1));
        lost.importer_driver.abort();
        lost.exporter.closed().await;
        let end = sender.closed().await;
        assert_eq!(end.origin, Origin::Link);
        assert!(poll_once(receiver.recv()).is_none());
        let again = world.connect().await;
        import_sender(&again).await.send(2).await.unwrap();
        assert_eq!(take_all(&mut receiver).await, [2]);
    })
    .await;
}

#[tokio::test]
async fn the_importer_that_ends_last_decides_whether_the_channel_ends() {
    over_each(async |medium| {
        for lost_first in [true, false] {
            let world = World::new(medium).await;
            let mut receiver =
                world.exporter.export_receiver::<u32>("values", RecvSettings::default()).unwrap();
            let (lost, finishing) = (world.connect().await, world.connect().await);
            let _of_lost = import_sender(&lost).await;
            let of_finishing = import_sender(&finishing).await;
            of_finishing.send(1).await.unwrap();
            let lose = async {
                lost.importer_driver.abort();
                lost.exporter.closed().await;
            };
            if lost_first {
                lose.await;
                drop(of_finishing);
                assert_eq!(guarded("it ends", take_all(&mut receiver)).await, [1]);
            } else {
                drop(of_finishing);
                assert_eq!(receiver.recv().await, Ok(1));
                finishing.importer.sync(GUARD).await.unwrap();
                settle().await;
                lose.await;
                assert_eq!(receiver.closed_by(), None);
                let again = world.connect().await;
                drop(import_sender(&again).await);
                assert!(guarded("it ends", take_all(&mut receiver)).await.is_empty());
            }
        }
    })
    .await;
}

#[tokio::test]
async fn limited_imports_share_a_channel_exactly() {
    over_each(async |medium| {
        let world = World::new(medium).await;
        let peers = connect(&world, 3).await;
        let sender =
            world.exporter.export_sender::<u32>("values", SendSettings::default()).unwrap();
        sender.send_all(0..100_u32).await.unwrap();
        drop(sender);
        let mut all = Vec::new();
        for (peer, limit) in peers.iter().zip([10, 25, 1000]) {
            let settings = ImportSettings::default().size(7).limit(limit);
            let mut receiver = peer.importer.import_receiver("values", settings).await.unwrap();
            let values = take_all::<u32>(&mut receiver).await;
            assert_eq!(values.len() as u64, limit.min(65));
            all.extend(values);
        }
        assert_eq!(all, (0..100).collect::<Vec<_>>());
    })
    .await;
}

#[tokio::test]
async fn values_in_the_hands_of_an_importer_that_is_lost_are_counted() {
    over_each(async |medium| {
        let world = World::new(medium).await;
        let peers = connect(&world, 2).await;
        let sender =
            world.exporter.export_sender::<u32>("values", SendSettings::default()).unwrap();
        let mut receivers = import_receivers(&peers, 4).await;
        sender.send_all(0..4).await.unwrap();
        world.exporter.sync(GUARD).await.unwrap();
        peers[0].importer_driver.abort();
        peers[0].exporter.closed().await;
        let end = loop {
            match receivers[0].recv().await {
                Ok(_) => {}
                Err(end) => break end,
            }
        };
        let RecvError::Closed(closed) = end else { panic!("{end}") };
        assert!(matches!(closed.reason, Reason::ConnectionLost(_)));
        assert_eq!(closed.origin, Origin::Link);
        sender.send(9).await.unwrap();
        sender.close();
        assert!(take_all(&mut receivers[1]).await.ends_with(&[9]));
    })
    .await;
}

#[tokio::test]
async fn a_hundred_connections_share_an_exporter() {
    over_each(async |medium| {
        let world = World::new(medium).await;
        let peers = connect(&world, 100).await;
        assert_eq!(world.exporter.connections().len(), 100);
        let sender =
            world.exporter.export_sender::<u32>("values", SendSettings::default()).unwrap();
        let receivers = import_receivers(&peers, 2).await;
        let taking: Vec<_> = receivers
            .into_iter()
            .map(|mut receiver| tokio::spawn(async move { take_all(&mut receiver).await }))
            .collect();
        sender.send_all(0..3000).await.unwrap();
        drop(sender);
        let mut all = Vec::new();
        for task in taking {
            all.extend(task.await.unwrap());
        }
        all.sort_unstable();
        assert_eq!(all, (0..3000).collect::<Vec<_>>());
        world.exporter.close().await;
        for peer in &peers {
            assert!(peer.importer.closed().await.is_regular());
        }
        assert!(world.exporter.connections().is_empty());
    })
    .await;
}
