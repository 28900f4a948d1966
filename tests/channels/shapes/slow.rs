//! Importers of a broadcast that do not keep up.

use netchan::channel::{Origin, Reason, RecvError, TrySendError};
use netchan::net::{Event, ImportSettings, SendSettings, Shape, Slow};

use crate::shapes::{export, import, importers, standing};
use crate::support::{GUARD, World, guarded, over_each, poll_once, settle, take, take_all};

const CAPACITY: u32 = 10;
const WINDOW: u32 = 4;

#[tokio::test]
async fn senders_wait_for_the_slowest() {
    over_each(async |medium| {
        let world = World::new(medium).await;
        let sender = export::<u32>(&world, Shape::Broadcast(Slow::Wait), CAPACITY);
        let (_peers, receivers) = importers::<u32>(&world, 2, WINDOW).await;
        let [mut slow, mut fast] = <[_; 2]>::try_from(receivers).unwrap();
        let all = CAPACITY + WINDOW;
        for value in 0..all {
            sender.send(value).await.unwrap();
        }
        take(&mut fast, all as usize).await;
        settle().await;
        assert!(matches!(sender.try_send(99), Err(TrySendError::Full(99))));
        assert_eq!((sender.capacity(), sender.len()), (0, CAPACITY as usize));
        let mut waiting = Box::pin(sender.send(all));
        assert!(poll_once(&mut waiting).is_none());
        take(&mut slow, 1).await;
        guarded("a slot is free", waiting).await.unwrap();
        assert_eq!(take(&mut slow, all as usize).await, (1..=all).collect::<Vec<_>>());
        assert_eq!(take(&mut fast, 1).await, [all]);
        assert_eq!(slow.missed_values(), 0);
    })
    .await;
}

#[tokio::test]
async fn bytes_fill_a_broadcast_as_well() {
    over_each(async |medium| {
        let world = World::new(medium).await;
        let shape = Shape::Broadcast(Slow::Wait);
        let settings = SendSettings::default().shape(shape).queue_bytes(10_000);
        let sender = world.exporter.export_sender::<Vec<u8>>("values", settings).unwrap();
        let (_peers, mut receivers) = importers::<Vec<u8>>(&world, 1, 1).await;
        sender.send(vec![1]).await.unwrap();
        settle().await;
        sender.send(vec![2; 10_000]).await.unwrap();
        assert!(matches!(sender.try_send(vec![3]), Err(TrySendError::Full(_))));
        let mut waiting = Box::pin(sender.send(vec![3]));
        assert!(poll_once(&mut waiting).is_none());
        take(&mut receivers[0], 2).await;
        guarded("there is room", waiting).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn the_oldest_are_dropped_for_a_slow_importer_which_is_told_how_many() {
    over_each(async |medium| {
        let world = World::new(medium).await;
        let sender = export::<u32>(&world, Shape::Broadcast(Slow::DropOldest), CAPACITY);
        let (peers, receivers) = importers::<u32>(&world, 2, WINDOW).await;
        let [mut slow, mut fast] = <[_; 2]>::try_from(receivers).unwrap();
        for value in 0..1000 {
            sender.try_send(value).unwrap();
            assert_eq!(take(&mut fast, 1).await, [value]);
        }
        assert_eq!(sender.len(), CAPACITY as usize);
        assert_eq!(standing(&peers[0]).await.missed_values, u64::from(1000 - WINDOW - CAPACITY));
        assert_eq!(standing(&peers[1]).await.missed_values, 0);
        let syncing = world.exporter.sync(GUARD);
        drop(sender);
        let values = take_all(&mut slow).await;
        let kept = (0..WINDOW).chain(1000 - CAPACITY..1000);
        assert_eq!(values, kept.collect::<Vec<_>>());
        assert_eq!(slow.missed_values() + values.len() as u64, 1000);
        assert_eq!(fast.missed_values(), 0);
        syncing.await.unwrap();
        assert!(take_all(&mut fast).await.is_empty());
        let _ = &peers;
    })
    .await;
}

#[tokio::test]
async fn what_was_missed_is_known_before_the_next_value_and_can_be_read_at_a_delivery() {
    over_each(async |medium| {
        let world = World::new(medium).await;
        let sender = export::<u32>(&world, Shape::Broadcast(Slow::DropOldest), 1);
        let peers = world.connect().await;
        let settings = ImportSettings::default().size(1);
        let mut deliveries =
            peers.importer.import_requests::<u32, ()>("values", settings).await.unwrap();
        sender.send(0).await.unwrap();
        world.exporter.sync(GUARD).await.unwrap();
        for value in 1..=50 {
            sender.send(value).await.unwrap();
        }
        let (first, receipt) = deliveries.recv().await.unwrap().into_parts();
        assert_eq!((first, deliveries.missed_values()), (0, 0));
        drop(receipt);
        let (second, _receipt) = deliveries.recv().await.unwrap().into_parts();
        assert_eq!((second, deliveries.missed_values()), (50, 49));
        let status = peers.importer.status().await.unwrap();
        assert_eq!(status.channels[0].missed_values, 49);
    })
    .await;
}

#[tokio::test]
async fn memory_for_a_stalled_importer_is_bounded_in_bytes() {
    over_each(async |medium| {
        for slow in [Slow::DropOldest, Slow::Wait] {
            let world = World::new(medium).await;
            let queue_bytes = 100_000;
            let settings = SendSettings::default()
                .shape(Shape::Broadcast(slow))
                .capacity_values(1_000_000)
                .queue_bytes(queue_bytes);
            let sender = world.exporter.export_sender::<Vec<u8>>("values", settings).unwrap();
            let (_peers, mut receivers) = importers::<Vec<u8>>(&world, 1, WINDOW).await;
            for number in 0..5000_u32 {
                // A thousand bytes, and their length twice.
                let sent = sender.try_send([&number.to_le_bytes()[..], &[7; 996]].concat());
                assert!(slow == Slow::DropOldest || sent.is_ok() || number >= 100);
                let queued_bytes = sender.len() * 1004;
                assert!(queued_bytes <= queue_bytes + 1004, "{queued_bytes} bytes wait");
                tokio::task::yield_now().await;
            }
            drop(sender);
            // The window, the queue, and what a session had taken to send it.
            let got = take_all(&mut receivers[0]).await.len();
            assert!(got * 1004 <= queue_bytes + 2 * 64 * 1024, "{got} values were kept");
            assert!(slow == Slow::Wait || got as u64 + receivers[0].missed_values() == 5000);
        }
    })
    .await;
}

#[tokio::test]
async fn who_is_too_slow_is_cut_off_and_the_others_go_on() {
    over_each(async |medium| {
        let world = World::new(medium).await;
        let mut events = world.exporter.events();
        let sender = export::<u32>(&world, Shape::Broadcast(Slow::Disconnect), CAPACITY);
        let (peers, receivers) = importers::<u32>(&world, 3, WINDOW).await;
        let [mut slow, mut fast, mut other] = <[_; 3]>::try_from(receivers).unwrap();
        for value in 0..100 {
            sender.try_send(value).unwrap();
            assert_eq!(take(&mut fast, 1).await, [value]);
            assert_eq!(take(&mut other, 1).await, [value]);
        }
        // What had come can still be taken.
        assert_eq!(take(&mut slow, WINDOW as usize).await, (0..WINDOW).collect::<Vec<_>>());
        let end = guarded("it is told", slow.recv()).await.unwrap_err();
        let RecvError::Closed(closed) = end else { panic!("{end}") };
        assert_eq!((closed.origin, &closed.reason), (Origin::Peer, &Reason::TooSlow));
        assert!(!closed.is_finished());
        let slow_peer = peers[0].exporter.status().await.unwrap().peer;
        loop {
            match guarded("an event tells", events.next_event()).await.unwrap() {
                Event::TooSlow { peer, name } => {
                    assert_eq!((peer, &name[..]), (slow_peer, "values"));
                    break;
                }
                Event::ChannelEnded { closed, .. } => panic!("{closed}"),
                _ => {}
            }
        }
        // Nothing is amiss with its connection, and it may join anew.
        let mut again = import::<u32>(&peers[0], WINDOW).await;
        sender.send(100).await.unwrap();
        drop(sender);
        for receiver in [&mut again, &mut fast, &mut other] {
            assert_eq!(take_all(receiver).await, [100]);
        }
    })
    .await;
}

#[tokio::test]
async fn a_burst_cuts_off_all_who_had_no_time_and_sending_goes_on() {
    over_each(async |medium| {
        let world = World::new(medium).await;
        let sender = export::<u32>(&world, Shape::Broadcast(Slow::Disconnect), CAPACITY);
        let (_peers, mut receivers) = importers::<u32>(&world, 3, WINDOW).await;
        for value in 0..=CAPACITY {
            sender.try_send(value).unwrap();
        }
        for receiver in &mut receivers {
            let end = guarded("it is told", receiver.recv()).await.unwrap_err();
            assert!(matches!(end, RecvError::Closed(closed) if closed.reason == Reason::TooSlow));
        }
        assert!(sender.is_empty());
        world.exporter.drain(GUARD).await.unwrap();
    })
    .await;
}
