//! Importers of a broadcast that leave, however they do: nobody waits for them.

use std::time::Duration;

use netchan::channel::{Reason, RecvError};
use netchan::net::{ConnectionEnd, Event, FlushError, Shape, Slow};

use crate::shapes::{export, importers};
use crate::support::{GUARD, World, guarded, over_each, poll_once, settle, take, take_all};

const WAIT: Shape = Shape::Broadcast(Slow::Wait);

/// How an importer leaves.
#[derive(Clone, Copy, Debug)]
enum Leave {
    DropReceiver,
    HangUp,
    HangUpAtExporter,
    Close,
    Abort,
}

#[tokio::test]
async fn a_sender_that_waits_for_the_slowest_goes_on_when_that_has_left() {
    over_each(async |medium| {
        for leave in [
            Leave::DropReceiver,
            Leave::HangUp,
            Leave::HangUpAtExporter,
            Leave::Close,
            Leave::Abort,
        ] {
            let world = World::new(medium).await;
            let sender = export::<u32>(&world, WAIT, 3);
            let (mut peers, mut receivers) = importers::<u32>(&world, 2, 2).await;
            for value in 0..5 {
                sender.send(value).await.unwrap();
            }
            take(&mut receivers[0], 5).await;
            settle().await;
            let mut waiting = Box::pin(sender.send(5));
            assert!(poll_once(&mut waiting).is_none(), "{leave:?}");
            let (slow, slow_peers) = (receivers.pop().unwrap(), peers.pop().unwrap());
            match leave {
                Leave::DropReceiver => drop(slow),
                Leave::HangUp => {
                    slow_peers.importer.hangup("values").await.unwrap();
                }
                Leave::HangUpAtExporter => {
                    slow_peers.exporter.hangup("values").await.unwrap();
                }
                Leave::Close => {
                    slow_peers.importer.close().await;
                }
                Leave::Abort => slow_peers.importer_driver.abort(),
            }
            guarded(format!("{leave:?}"), waiting).await.unwrap();
            assert_eq!(take(&mut receivers[0], 1).await, [5]);
            drop(sender);
            assert!(take_all(&mut receivers[0]).await.is_empty());
        }
    })
    .await;
}

#[tokio::test]
async fn a_flush_that_waits_for_one_that_leaves_does_not_hang() {
    over_each(async |medium| {
        let world = World::new(medium).await;
        let sender = export::<u32>(&world, WAIT, 8);
        let (peers, receivers) = importers::<u32>(&world, 1, 2).await;
        sender.send_all(0..8).await.unwrap();
        settle().await;
        let mut draining = Box::pin(world.exporter.drain(GUARD));
        assert!(poll_once(&mut draining).is_none());
        drop(receivers);
        let drained = guarded("nobody is waited for", draining).await;
        assert!(matches!(drained, Ok(()) | Err(FlushError::Discarded { .. })), "{drained:?}");
        assert_eq!((sender.len(), sender.capacity()), (0, 8));
        assert!(!sender.is_closed());
        drop(peers);
    })
    .await;
}

#[tokio::test]
async fn what_a_lost_importer_had_is_counted_as_given_up() {
    over_each(async |medium| {
        let world = World::new(medium).await;
        let sender = export::<u32>(&world, WAIT, 8);
        let (peers, mut receivers) = importers::<u32>(&world, 2, 4).await;
        let mut events = world.exporter.events();
        sender.send_all(0..4).await.unwrap();
        take(&mut receivers[1], 4).await;
        world.exporter.sync(GUARD).await.unwrap();
        peers[0].importer_driver.abort();
        let ended = async {
            loop {
                if let Event::Unconfirmed {
                    unconfirmed_values,
                    redelivered_values,
                    discarded_values,
                    ..
                } = events.next_event().await.unwrap()
                {
                    return (unconfirmed_values, redelivered_values, discarded_values);
                }
            }
        };
        assert_eq!(guarded("an event tells", ended).await, (4, 0, 4));
        // Nothing of it goes to the other one.
        drop(sender);
        assert!(take_all(&mut receivers[1]).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_hangup_of_the_channel_ends_it_for_all() {
    over_each(async |medium| {
        let world = World::new(medium).await;
        let sender = export::<u32>(&world, WAIT, 8);
        let (_peers, mut receivers) = importers::<u32>(&world, 3, 2).await;
        sender.send_all(0..8).await.unwrap();
        world.exporter.hangup("values").await.unwrap();
        assert!(sender.is_closed());
        for receiver in &mut receivers {
            let end = loop {
                if let Err(end) = guarded("it ends", receiver.recv()).await {
                    break end;
                }
            };
            assert!(matches!(end, RecvError::Closed(closed) if closed.reason == Reason::HungUp));
        }
    })
    .await;
}

#[tokio::test]
async fn senders_that_wait_are_told_of_the_end() {
    over_each(async |medium| {
        let world = World::new(medium).await;
        let sender = export::<u32>(&world, WAIT, 1);
        let (peers, _receivers) = importers::<u32>(&world, 1, 1).await;
        sender.send(0).await.unwrap();
        settle().await;
        sender.send(1).await.unwrap();
        let mut waiting = Box::pin(sender.send(2));
        assert!(poll_once(&mut waiting).is_none());
        world.exporter.close().await;
        assert!(guarded("it is told", waiting).await.is_err());
        let end = tokio::time::timeout(Duration::from_secs(10), peers[0].importer.closed()).await;
        assert!(matches!(end, Ok(ConnectionEnd::ClosedByPeer)), "{end:?}");
    })
    .await;
}
