//! How a channel comes to its end, and who is told what.

use netchan::Dir;
use netchan::channel::{Closed, Origin, Reason, RecvError, SendError, TryRecvError, TrySendError};
use netchan::net::{ImportError, ImportSettings, RecvSettings, SendSettings};

use crate::support::{
    World, arrived, channel, channel_with, each_way, one_channel, over_each, poll_once, take,
    take_all,
};

#[tokio::test]
async fn values_arrive_once_and_in_order() {
    each_way(async |medium, dir| {
        let (sender, mut receiver, _world, _peers) = one_channel(medium, dir, 16).await;
        let sending = async {
            sender.send_all(0..10_000_u32).await.unwrap();
            drop(sender);
        };
        let ((), values) = tokio::join!(sending, take_all(&mut receiver));
        assert_eq!(values, (0..10_000).collect::<Vec<_>>());
    })
    .await;
}

#[tokio::test]
async fn values_keep_their_content() {
    each_way(async |medium, dir| {
        let (sender, mut receiver, _world, _peers) = one_channel(medium, dir, 4).await;
        let values = [
            (1_u8, "one".to_owned(), vec![Some(1.5_f64), None]),
            (2, String::new(), Vec::new()),
            (3, "drei\u{1f980}".repeat(10_000), vec![Some(f64::MAX); 3]),
        ];
        for value in &values {
            sender.send(value.clone()).await.unwrap();
        }
        assert_eq!(take(&mut receiver, 3).await, values);
    })
    .await;
}

#[tokio::test]
async fn what_was_sent_before_the_last_sender_was_dropped_is_taken_before_the_end() {
    each_way(async |medium, dir| {
        let (sender, mut receiver, world, peers) = one_channel(medium, dir, 8).await;
        let clone = sender.clone();
        sender.send_all(0..3_u32).await.unwrap();
        drop(sender);
        clone.send(3).await.unwrap();
        assert!(!clone.is_closed());
        arrived(&world, &peers, dir).await;
        assert_eq!(poll_once(clone.closed()), None);
        drop(clone);
        assert_eq!(take(&mut receiver, 4).await, [0, 1, 2, 3]);
        let end = Closed::new(Origin::Peer, Reason::Finished);
        assert_eq!(receiver.recv().await, Err(RecvError::Closed(end.clone())));
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Recv(RecvError::Closed(end.clone()))));
        assert_eq!(receiver.recv_many(&mut Vec::new(), 3).await, Err(RecvError::Closed(end)));
    })
    .await;
}

#[tokio::test]
async fn closing_one_sender_ends_the_channel_for_all_of_them() {
    each_way(async |medium, dir| {
        let (sender, mut receiver, _world, _peers) = one_channel(medium, dir, 8).await;
        let clone = sender.clone();
        sender.send(1_u32).await.unwrap();
        clone.close();
        let end = Closed::new(Origin::Local, Reason::Finished);
        assert_eq!(sender.closed().await, end);
        match sender.send(2).await {
            Err(SendError::Closed(2, closed)) => assert_eq!(closed, end),
            other => panic!("{other:?}"),
        }
        assert!(
            matches!(sender.try_send(3), Err(TrySendError::Closed(3, closed)) if closed == end)
        );
        assert_eq!(sender.reserve().await.map(drop), Err(end.clone()));
        assert_eq!(take_all(&mut receiver).await, [1]);
    })
    .await;
}

#[tokio::test]
async fn senders_learn_that_the_last_receiver_was_dropped() {
    each_way(async |medium, dir| {
        let (sender, receiver, world, peers) = one_channel(medium, dir, 4).await;
        sender.send(1_u32).await.unwrap();
        arrived(&world, &peers, dir).await;
        let clone = receiver.clone();
        drop(receiver);
        assert_eq!(poll_once(sender.closed()), None);
        drop(clone);
        if dir == Dir::Recv {
            // Another importer may come, so the sender goes on.
            let settings = ImportSettings::default();
            let mut later =
                peers.importer.import_receiver::<u32>("values", settings).await.unwrap();
            sender.send(2).await.unwrap();
            assert_eq!(later.recv().await, Ok(2));
            return;
        }
        let end = Closed::new(Origin::Peer, Reason::ReceiverDropped);
        assert_eq!(sender.closed().await, end);
        match sender.send(2).await {
            Err(SendError::Closed(2, closed)) => assert_eq!(closed, end),
            other => panic!("{other:?}"),
        }
    })
    .await;
}

#[tokio::test]
async fn a_sender_that_waits_for_a_slot_learns_that_the_receiver_was_dropped() {
    over_each(async |medium| {
        let (sender, receiver, _world, _peers) = one_channel(medium, Dir::Send, 1).await;
        sender.send(1_u32).await.unwrap();
        let ((), sent, reserved) = tokio::join!(
            async {
                tokio::task::yield_now().await;
                drop(receiver);
            },
            sender.send(2),
            sender.reserve()
        );
        assert_eq!(sent.map_err(SendError::into_inner), Err(2));
        assert_eq!(reserved.map(drop).unwrap_err().reason, Reason::ReceiverDropped);
    })
    .await;
}

#[tokio::test]
async fn a_closed_receiver_still_gives_what_came() {
    each_way(async |medium, dir| {
        let (sender, mut receiver, world, peers) = one_channel(medium, dir, 8).await;
        sender.send_all(0..5_u32).await.unwrap();
        arrived(&world, &peers, dir).await;
        assert_eq!(receiver.recv().await, Ok(0));
        receiver.close();
        assert_eq!(take(&mut receiver, 4).await, [1, 2, 3, 4]);
        let end = Closed::new(Origin::Local, Reason::ReceiverDropped);
        assert_eq!(receiver.recv().await, Err(RecvError::Closed(end.clone())));
        assert_eq!(receiver.closed_by(), Some(end));
        if dir == Dir::Send {
            let end = Closed::new(Origin::Peer, Reason::ReceiverDropped);
            assert_eq!(sender.closed().await, end);
        }
    })
    .await;
}

#[tokio::test]
async fn a_limited_import_takes_exactly_so_many_values_and_ends_on_both_sides() {
    each_way(async |medium, dir| {
        let world = World::new(medium).await;
        let peers = world.connect().await;
        let settings = ImportSettings::default().size(4).limit(10);
        let (sender, mut receiver) =
            channel_with(&world, &peers, "values", dir, 100, settings).await;
        let (all_sent, values) = tokio::join!(sender.send_all(0..25_u32), take_all(&mut receiver));
        assert_eq!(values, (0..10).collect::<Vec<_>>());
        match dir {
            Dir::Send => {
                let end = Closed::new(Origin::Local, Reason::LimitReached);
                assert!(matches!(all_sent, Err(SendError::Closed(10, closed)) if closed == end));
            }
            Dir::Recv => {
                // The rest is for another importer.
                all_sent.unwrap();
                let other = world.connect().await;
                let mut rest = other.importer.import_receiver("values", settings).await.unwrap();
                assert_eq!(take_all::<u32>(&mut rest).await, (10..20).collect::<Vec<_>>());
                let mut rest = other.importer.import_receiver("values", settings).await.unwrap();
                drop(sender);
                assert_eq!(take_all::<u32>(&mut rest).await, (20..25).collect::<Vec<_>>());
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_sender_with_fewer_values_than_the_limit_ends_earlier() {
    each_way(async |medium, dir| {
        let world = World::new(medium).await;
        let peers = world.connect().await;
        let settings = ImportSettings::default().limit(10);
        let (sender, mut receiver) = channel_with(&world, &peers, "values", dir, 9, settings).await;
        sender.send_all(0..3_u32).await.unwrap();
        drop(sender);
        assert_eq!(take_all(&mut receiver).await, [0, 1, 2]);
    })
    .await;
}

#[tokio::test]
async fn the_name_of_a_channel_that_has_ended_can_be_used_again() {
    each_way(async |medium, dir| {
        let world = World::new(medium).await;
        let peers = world.connect().await;
        for round in 0..50_u32 {
            let (sender, mut receiver) = channel(&world, &peers, "values", dir, 4).await;
            sender.send(round).await.unwrap();
            drop(sender);
            assert_eq!(take_all(&mut receiver).await, [round]);
        }
    })
    .await;
}

#[tokio::test]
async fn an_importer_that_is_done_with_a_channel_can_import_it_again() {
    over_each(async |medium| {
        let world = World::new(medium).await;
        let peers = world.connect().await;
        let sender =
            world.exporter.export_sender::<u32>("values", SendSettings::default()).unwrap();
        let settings = ImportSettings::default();
        for round in 0..50 {
            let mut receiver =
                peers.importer.import_receiver::<u32>("values", settings).await.unwrap();
            sender.send(round).await.unwrap();
            assert_eq!(receiver.recv().await, Ok(round));
            drop(receiver);
        }
        let taking = RecvSettings::default().stays_open();
        let mut receiver = world.exporter.export_receiver::<u32>("other", taking).unwrap();
        for round in 0..50 {
            let sender = peers.importer.import_sender::<u32>("other", settings).await.unwrap();
            sender.send(round).await.unwrap();
        }
        let mut values = take(&mut receiver, 50).await;
        values.sort_unstable();
        assert_eq!(values, (0..50).collect::<Vec<_>>());
    })
    .await;
}

#[tokio::test]
async fn an_exported_channel_whose_sender_is_gone_is_served_until_it_is_empty() {
    over_each(async |medium| {
        let world = World::new(medium).await;
        let peers = world.connect().await;
        let sender = world.exporter.export_sender("values", SendSettings::default()).unwrap();
        sender.send_all([1_u32, 2]).await.unwrap();
        drop(sender);
        let settings = ImportSettings::default();
        let mut receiver = peers.importer.import_receiver("values", settings).await.unwrap();
        assert_eq!(take_all::<u32>(&mut receiver).await, [1, 2]);
        // The exporter may not know yet that all was taken: what was not would come back.
        match peers.importer.import_receiver::<u32>("values", settings).await {
            Err(ImportError::Ended { name }) => assert_eq!(name, "values"),
            Ok(mut late) => assert!(take_all(&mut late).await.is_empty()),
            Err(error) => panic!("{error}"),
        }
    })
    .await;
}
