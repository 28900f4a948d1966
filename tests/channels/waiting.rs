//! Slots, permits, and futures that are dropped while they wait.

use futures::{SinkExt, StreamExt, TryStreamExt};
use netchan::Dir;
use netchan::channel::{Reason, RecvError, SendError, TryRecvError, TrySendError};
use netchan::net::SendSettings;
use serde::{Deserialize, Serialize};

use crate::support::{
    World, arrived, channel, each_way, one_channel, over_each, poll_once, settle, take, take_all,
};

/// A value that does not print.
#[derive(Serialize, Deserialize)]
struct Silent(u32);

#[tokio::test]
async fn a_channel_is_full_exactly_at_its_size() {
    over_each(async |medium| {
        for size in [1, 2, 7] {
            let (sender, mut receiver, world, peers) = one_channel(medium, Dir::Send, size).await;
            let slots = size as usize;
            assert_eq!((sender.capacity(), sender.max_capacity()), (slots, slots));
            for value in 0..size {
                sender.try_send(value).unwrap();
            }
            assert!(matches!(sender.try_send(99), Err(TrySendError::Full(99))));
            assert_eq!((sender.capacity(), sender.len()), (0, slots));
            arrived(&world, &peers, Dir::Send).await;
            assert!(matches!(sender.try_send(99), Err(TrySendError::Full(99))));
            assert_eq!((sender.capacity(), sender.len(), receiver.len()), (0, 0, slots));
            // A quarter of the window is worth a word to the sender.
            let quarter = size.div_ceil(4);
            take(&mut receiver, quarter as usize).await;
            for value in 0..quarter {
                sender.reserve().await.unwrap().send(size + value).unwrap();
            }
            assert!(matches!(sender.try_send(99), Err(TrySendError::Full(99))));
            let rest = (quarter..size + quarter).collect::<Vec<_>>();
            assert_eq!(take(&mut receiver, slots).await, rest);
            assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
        }
    })
    .await;
}

#[tokio::test]
async fn an_export_that_nobody_imports_is_full_at_its_capacity() {
    over_each(async |medium| {
        let world = World::new(medium).await;
        let settings = SendSettings::default().capacity_values(3);
        let sender = world.exporter.export_sender("values", settings).unwrap();
        for value in 0..3_u32 {
            sender.try_send(value).unwrap();
        }
        assert!(sender.try_send(3).is_err_and(|error| error.is_full()));
        assert!(sender.try_reserve().is_err_and(|error| error.is_full()));
        assert_eq!((sender.len(), sender.is_empty()), (3, false));
    })
    .await;
}

#[tokio::test]
async fn errors_give_values_back_and_print_without_them() {
    over_each(async |medium| {
        let (sender, receiver, _world, _peers) = one_channel(medium, Dir::Send, 1).await;
        sender.try_send(Silent(1)).unwrap();
        let full = sender.try_send(Silent(2)).unwrap_err();
        assert_eq!((format!("{full:?}"), full.to_string()), texts("Full", "the channel is full"));
        assert_eq!(full.into_inner().0, 2);
        drop(receiver);
        sender.closed().await;
        let closed = sender.try_send(Silent(3)).unwrap_err();
        assert_eq!(
            closed.to_string(),
            "the channel was ended by the peer: the receiver was dropped"
        );
        assert!(format!("{closed:?}").starts_with("Closed("));
        assert_eq!(closed.into_inner().0, 3);
        let closed = sender.send(Silent(4)).await.unwrap_err();
        assert!(format!("{closed:?} {closed}").contains("the receiver was dropped"));
        assert_eq!(closed.into_inner().0, 4);
    })
    .await;
}

fn texts(debug: &str, display: &str) -> (String, String) {
    (debug.to_owned(), display.to_owned())
}

#[tokio::test]
async fn a_send_that_is_dropped_while_it_waits_sends_nothing_and_keeps_no_slot() {
    each_way(async |medium, dir| {
        let (sender, mut receiver, _world, _peers) = one_channel(medium, dir, 2).await;
        // What is in flight or buffered, and what waits for that in an exported channel.
        let sent = if dir == Dir::Recv { 4 } else { 2_u32 };
        sender.send_all(0..sent).await.unwrap();
        for value in 1000..3000 {
            assert!(poll_once(sender.send(value)).is_none());
            assert!(poll_once(sender.reserve()).is_none());
            assert!(poll_once(sender.closed()).is_none());
        }
        assert_eq!(take(&mut receiver, sent as usize).await, (0..sent).collect::<Vec<_>>());
        for _ in 0..1000 {
            assert!(poll_once(receiver.recv()).is_none());
            assert!(poll_once(receiver.recv_many(&mut Vec::new(), 5)).is_none());
            assert!(poll_once(receiver.next()).is_none());
        }
        sender.send(sent).await.unwrap();
        sender.close();
        assert_eq!(take_all(&mut receiver).await, [sent]);
    })
    .await;
}

#[tokio::test]
async fn a_permit_keeps_its_slot_until_it_is_used_or_dropped() {
    each_way(async |medium, dir| {
        let (sender, mut receiver, _world, _peers) = one_channel(medium, dir, 2).await;
        let first = sender.reserve().await.unwrap();
        let second = sender.try_reserve().unwrap();
        assert_eq!(sender.capacity(), 0);
        assert!(poll_once(sender.reserve()).is_none());
        drop(first);
        assert_eq!(sender.capacity(), 1);
        second.send(1_u32).unwrap();
        assert_eq!(receiver.recv().await, Ok(1));
        let late = sender.reserve().await.unwrap();
        sender.close();
        match late.send(2) {
            Err(SendError::Closed(2, closed)) => assert_eq!(closed.reason, Reason::Finished),
            other => panic!("{other:?}"),
        }
        assert!(take_all(&mut receiver).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn select_loops_lose_and_repeat_nothing_and_leak_no_slot() {
    each_way(async |medium, dir| {
        const COUNT: u32 = 5_000;
        let (sender, mut receiver, world, peers) = one_channel(medium, dir, 3).await;
        let sending = async {
            let mut next = 0;
            let mut dropped = 0;
            while next < COUNT {
                tokio::select! {
                    biased;
                    permit = sender.reserve() => {
                        permit.unwrap().send(next).unwrap();
                        next += 1;
                    }
                    () = std::future::ready(()) => {
                        dropped += 1;
                        tokio::task::yield_now().await;
                    }
                }
                if next % 7 == 0 {
                    tokio::select! {
                        biased;
                        () = std::future::ready(()) => {}
                        _ = sender.send(u32::MAX) => unreachable!("it is not polled"),
                    }
                }
            }
            arrived(&world, &peers, dir).await;
            dropped
        };
        let taking = async {
            let mut values = Vec::new();
            let mut turn = 0;
            while values.len() < COUNT as usize {
                turn += 1;
                let other = std::future::ready(());
                match turn % 3 {
                    0 => tokio::select! {
                        biased;
                        value = receiver.recv() => values.push(value.unwrap()),
                        () = other => tokio::task::yield_now().await,
                    },
                    1 => tokio::select! {
                        biased;
                        count = receiver.recv_many(&mut values, 2) => {
                            assert!((1..=2).contains(&count.unwrap()));
                        }
                        () = other => tokio::task::yield_now().await,
                    },
                    _ => tokio::select! {
                        biased;
                        value = receiver.next() => values.push(value.unwrap().unwrap()),
                        () = other => tokio::task::yield_now().await,
                    },
                }
            }
            values
        };
        let (dropped, values) = tokio::join!(sending, taking);
        assert_eq!(values, (0..COUNT).collect::<Vec<_>>());
        assert!(dropped > 100, "futures were dropped: {dropped}");
        // A reservation is all that is needed to see that each slot has come back.
        let all = [sender.reserve().await, sender.reserve().await, sender.reserve().await];
        assert!(all.iter().all(Result::is_ok));
        drop(all);
        assert_eq!(sender.capacity(), 3);
    })
    .await;
}

#[tokio::test]
async fn a_sink_feeds_flushes_and_closes() {
    each_way(async |medium, dir| {
        let (mut sender, receiver, _world, _peers) = one_channel(medium, dir, 2).await;
        let sending = async {
            sender.feed(0_u32).await.unwrap();
            SinkExt::flush(&mut sender).await.unwrap();
            let mut values = futures::stream::iter((1..100).map(Ok));
            SinkExt::send_all(&mut sender, &mut values).await.unwrap();
            SinkExt::send(&mut sender, 100).await.unwrap();
            SinkExt::close(&mut sender).await.unwrap();
            assert!(sender.feed(101).await.is_err());
        };
        let ((), values) = tokio::join!(sending, receiver.try_collect::<Vec<u32>>());
        assert_eq!(values, Ok((0..=100).collect()));
    })
    .await;
}

#[tokio::test]
async fn a_sink_that_is_dropped_gives_its_slot_back() {
    each_way(async |medium, dir| {
        let (sender, _receiver, _world, _peers) = one_channel::<u32>(medium, dir, 1).await;
        let mut sink = sender.clone();
        futures::future::poll_fn(|cx| sink.poll_ready_unpin(cx)).await.unwrap();
        assert_eq!(sender.capacity(), 0);
        drop(sink);
        assert_eq!(sender.capacity(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_stream_ends_after_an_end_that_was_not_regular() {
    each_way(async |medium, dir| {
        let (sender, mut receiver, world, peers) = one_channel(medium, dir, 4).await;
        sender.send(1_u32).await.unwrap();
        arrived(&world, &peers, dir).await;
        match dir {
            Dir::Recv => drop(peers.importer.close().await),
            Dir::Send => drop(world.exporter.hangup("values").await.unwrap()),
        }
        if dir == Dir::Recv {
            assert_eq!(receiver.next().await, Some(Ok(1)));
        }
        assert!(matches!(receiver.next().await, Some(Err(RecvError::Closed(_)))));
        assert_eq!(receiver.next().await, None);
        assert_eq!(receiver.next().await, None);
    })
    .await;
}

#[tokio::test]
async fn waiting_senders_are_served_in_turn() {
    over_each(async |medium| {
        let world = World::new(medium).await;
        let peers = world.connect().await;
        let (sender, mut receiver) = channel(&world, &peers, "values", Dir::Send, 1).await;
        sender.send(0_u32).await.unwrap();
        let mut sends = Vec::new();
        for value in 1..20 {
            let sender = sender.clone();
            sends.push(tokio::spawn(async move { sender.send(value).await }));
            settle().await;
        }
        assert_eq!(take(&mut receiver, 20).await, (0..20).collect::<Vec<_>>());
    })
    .await;
}
