//! Nobody sleeps while there is a slot or a value for it.

use futures::{SinkExt, StreamExt};
use netchan::channel::{Reason, SendError};
use netchan::net::{ImportSettings, SendSettings};
use netchan::{Dir, Receiver, Sender};
use serde::{Deserialize, Serialize};

use crate::support::{
    Medium, World, arrived, channel, channel_with, each_way, guarded, over_each, poll_once, settle,
    take,
};

/// A value that some of its senders cannot encode.
#[derive(Debug, PartialEq, Deserialize)]
struct Picky(bool);

impl Serialize for Picky {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 {
            serializer.serialize_newtype_struct("Picky", &self.0)
        } else {
            Err(serde::ser::Error::custom("not this one"))
        }
    }
}

/// A channel of two slots, both reserved, that nobody imports.
async fn full_export(world: &World) -> Sender<u32> {
    let settings = SendSettings::default().capacity_values(2);
    world.exporter.export_sender("values", settings).expect("a free name")
}

#[tokio::test]
async fn two_slots_that_become_free_one_by_one_wake_two_senders() {
    let world = World::new(Medium::Memory).await;
    let sender = full_export(&world).await;
    let permits = [sender.reserve().await.unwrap(), sender.reserve().await.unwrap()];
    let waiting = [1, 2].map(|value| {
        let sender = sender.clone();
        tokio::spawn(async move { sender.send(value).await })
    });
    settle().await;
    for permit in permits {
        drop(permit);
    }
    for send in waiting {
        guarded("there is a slot for each", send).await.unwrap().unwrap();
    }
    assert_eq!(sender.capacity(), 0);
}

#[tokio::test]
async fn a_value_that_does_not_encode_leaves_its_slot_to_the_next_sender() {
    let world = World::new(Medium::Memory).await;
    let settings = SendSettings::default().capacity_values(1);
    let sender = world.exporter.export_sender::<Picky>("values", settings).unwrap();
    let permit = sender.reserve().await.unwrap();
    let waiting = [false, true].map(|value| {
        let sender = sender.clone();
        tokio::spawn(async move { sender.send(Picky(value)).await })
    });
    settle().await;
    drop(permit);
    let [refused, sent] = waiting;
    let refused = guarded("the first is refused", refused).await.unwrap();
    assert!(matches!(refused, Err(SendError::Unencodable(Picky(false), _))));
    guarded("the second has a slot", sent).await.unwrap().unwrap();
}

#[tokio::test]
async fn senders_that_wait_for_a_long_value_to_go_go_on_together() {
    let world = World::new(Medium::Memory).await;
    let peers = world.connect().await;
    let settings = SendSettings::default().queue_bytes(50);
    let sender = world.exporter.export_sender::<Vec<u8>>("values", settings).unwrap();
    sender.send(vec![7; 100]).await.unwrap();
    let waiting: Vec<_> = (0..5)
        .map(|_| {
            let sender = sender.clone();
            tokio::spawn(async move { sender.send(vec![1]).await })
        })
        .collect();
    settle().await;
    let settings = ImportSettings::default().size(1);
    let _receiver: Receiver<Vec<u8>> =
        peers.importer.import_receiver("values", settings).await.unwrap();
    for send in waiting {
        guarded("there is room for all", send).await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_sink_that_nobody_polls_keeps_no_other_sender_waiting() {
    let world = World::new(Medium::Memory).await;
    let sender = full_export(&world).await;
    let permits = [sender.reserve().await.unwrap(), sender.reserve().await.unwrap()];
    let mut idle = sender.clone();
    assert!(poll_once(idle.feed(1)).is_none());
    let waiting = tokio::spawn({
        let sender = sender.clone();
        async move { sender.send(2).await }
    });
    settle().await;
    let [permit, _other] = permits;
    drop(permit);
    guarded("there is a slot", waiting).await.unwrap().unwrap();
    drop(idle);
}

#[tokio::test]
async fn a_stream_that_nobody_polls_keeps_no_other_receiver_waiting() {
    each_way(async |medium, dir| {
        let world = World::new(medium).await;
        let peers = world.connect().await;
        let (sender, mut idle) = channel::<u32>(&world, &peers, "values", dir, 4).await;
        let mut receiver = idle.clone();
        assert!(poll_once(idle.next()).is_none());
        let waiting = tokio::spawn(async move { receiver.recv().await });
        settle().await;
        sender.send(7).await.unwrap();
        assert_eq!(guarded("there is a value", waiting).await.unwrap(), Ok(7));
        drop(idle);
    })
    .await;
}

#[tokio::test]
async fn every_sender_that_waits_learns_that_the_limit_was_reached() {
    over_each(async |medium| {
        let world = World::new(medium).await;
        let peers = world.connect().await;
        let settings = ImportSettings::default().size(1).limit(2);
        let (sender, mut receiver) =
            channel_with::<u32>(&world, &peers, "values", Dir::Send, 1, settings).await;
        let senders: Vec<_> = (0..10)
            .map(|value| {
                let sender = sender.clone();
                tokio::spawn(async move { sender.send(value).await })
            })
            .collect();
        let closed = tokio::spawn({
            let sender = sender.clone();
            async move { sender.closed().await }
        });
        assert_eq!(take(&mut receiver, 2).await, [0, 1]);
        for (value, send) in senders.into_iter().enumerate() {
            let sent = guarded("it is told", send).await.unwrap();
            assert_eq!(sent.is_ok(), value < 2, "value {value}");
        }
        assert_eq!(guarded("it is told", closed).await.unwrap().reason, Reason::LimitReached);
    })
    .await;
}

/// Two importers of one channel: a link that is clogged, and one that is not.
#[tokio::test]
async fn an_importer_whose_link_is_clogged_keeps_no_value_from_the_others() {
    let world = World::new(Medium::Memory).await;
    let (clogged, network) = world.connect_over_network().await;
    let free = world.connect().await;
    let work = world.exporter.export_sender::<u32>("work", SendSettings::default()).unwrap();
    let (bulk, _bulk_receiver) =
        channel::<Vec<u64>>(&world, &clogged, "bulk", Dir::Recv, 100).await;
    let settings = ImportSettings::default();
    let _at_clogged: Receiver<u32> =
        clogged.importer.import_receiver("work", settings).await.unwrap();
    let mut at_free: Receiver<u32> = free.importer.import_receiver("work", settings).await.unwrap();
    network.stall();
    bulk.send(vec![u64::MAX; 100_000]).await.unwrap();
    settle().await;
    for value in 0..3 {
        work.send(value).await.unwrap();
        assert_eq!(guarded("it goes to the other", at_free.recv()).await, Ok(value));
    }
    network.resume();
}

#[tokio::test]
async fn a_receiver_that_comes_later_gets_what_another_had_not_looked_at() {
    each_way(async |medium, dir| {
        let world = World::new(medium).await;
        let peers = world.connect().await;
        let (sender, mut first) = channel::<u32>(&world, &peers, "values", dir, 8).await;
        sender.send_all(0..5).await.unwrap();
        arrived(&world, &peers, dir).await;
        assert_eq!(take(&mut first, 1).await, [0]);
        let mut second = first.clone();
        assert_eq!(take(&mut second, 2).await, [1, 2]);
        assert_eq!(take(&mut first, 2).await, [3, 4]);
    })
    .await;
}

#[tokio::test]
async fn what_came_before_a_close_survives_the_connection_and_a_clone() {
    each_way(async |medium, dir| {
        let world = World::new(medium).await;
        let peers = world.connect().await;
        let (sender, mut receiver) = channel::<u32>(&world, &peers, "values", dir, 8).await;
        sender.send_all(0..5).await.unwrap();
        arrived(&world, &peers, dir).await;
        assert_eq!(take(&mut receiver, 1).await, [0]);
        receiver.close();
        peers.importer.close().await;
        peers.exporter.closed().await;
        let mut clone = receiver.clone();
        assert_eq!(guarded("they are here", take(&mut clone, 4)).await, [1, 2, 3, 4]);
    })
    .await;
}
