//! Many producers and many consumers of one channel.

use std::sync::Arc;

use netchan::channel::{Permit, RecvError};
use netchan::net::{Connection, Exporter, ImportSettings, ReportStream, SendSettings};
use netchan::{Dir, Receiver, Sender};
use tokio::sync::Barrier;

use crate::support::{World, arrived, each_way, one_channel, over_each, poll_once, take};

const fn is_send<T: Send>() {}
const fn is_sync<T: Sync>() {}

/// Not `Sync`, and neither are the ends meant to be less than their parts.
type Cell = std::cell::Cell<u8>;

const _: () = {
    is_send::<Sender<Cell>>();
    is_sync::<Sender<Cell>>();
    is_send::<Receiver<Cell>>();
    is_sync::<Receiver<Cell>>();
    is_send::<Permit<'static, Cell>>();
    is_send::<Connection>();
    is_sync::<Connection>();
    is_send::<Exporter>();
    is_sync::<Exporter>();
    is_send::<ReportStream>();
    is_send::<netchan::net::Driver>();
};

async fn consume(mut receiver: Receiver<u32>) -> Vec<u32> {
    let mut values = Vec::new();
    loop {
        match receiver.recv().await {
            Ok(value) => values.push(value),
            Err(RecvError::Closed(closed)) if closed.is_finished() => return values,
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_value_of_many_producers_goes_to_one_of_many_consumers() {
    each_way(async |medium, dir| {
        const PRODUCERS: u32 = 8;
        const VALUES: u32 = 2_000;
        let (sender, receiver, _world, _peers) = one_channel(medium, dir, 16).await;
        let barrier = Arc::new(Barrier::new(PRODUCERS as usize));
        for producer in 0..PRODUCERS {
            let (sender, barrier) = (sender.clone(), barrier.clone());
            tokio::spawn(async move {
                barrier.wait().await;
                for value in 0..VALUES {
                    sender.send(producer * VALUES + value).await.expect("the channel is open");
                }
            });
        }
        drop(sender);
        let consumers: Vec<_> = (0..8).map(|_| tokio::spawn(consume(receiver.clone()))).collect();
        drop(receiver);
        let mut all = Vec::new();
        for consumer in consumers {
            let values = consumer.await.unwrap();
            // Each consumer sees the values of a producer in their order.
            let mut last = [None; PRODUCERS as usize];
            for value in &values {
                let producer = (value / VALUES) as usize;
                assert!(last[producer] < Some(*value));
                last[producer] = Some(*value);
            }
            all.extend(values);
        }
        all.sort_unstable();
        assert_eq!(all, (0..PRODUCERS * VALUES).collect::<Vec<_>>());
    })
    .await;
}

#[tokio::test]
async fn an_idle_clone_hoards_no_values() {
    each_way(async |medium, dir| {
        let (sender, mut busy, world, peers) = one_channel(medium, dir, 100).await;
        let mut idle = busy.clone();
        sender.send_all(0..100_u32).await.unwrap();
        arrived(&world, &peers, dir).await;
        assert_eq!(idle.recv().await, Ok(0));
        assert_eq!(take(&mut busy, 99).await, (1..100).collect::<Vec<_>>());
        assert!(idle.is_empty() && busy.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_dropped_receiver_leaves_its_values_to_the_others() {
    each_way(async |medium, dir| {
        let (sender, mut first, world, peers) = one_channel(medium, dir, 100).await;
        sender.send_all(0..10_u32).await.unwrap();
        arrived(&world, &peers, dir).await;
        assert_eq!(first.recv().await, Ok(0));
        let mut second = first.clone();
        let mut third = second.clone();
        assert!(poll_once(third.recv()).is_some_and(|value| value == Ok(1)));
        drop(first);
        drop(third);
        assert_eq!(take(&mut second, 8).await, (2..10).collect::<Vec<_>>());
    })
    .await;
}

#[tokio::test]
async fn ends_of_one_channel_know_each_other() {
    over_each(async |medium| {
        let world = World::new(medium).await;
        let peers = world.connect().await;
        let one = world.exporter.export_sender::<u32>("one", SendSettings::default()).unwrap();
        let two = world.exporter.export_sender::<u32>("two", SendSettings::default()).unwrap();
        assert!(one.same_channel(&one.clone()));
        assert!(!one.same_channel(&two));
        assert_eq!(world.exporter.channels(), 2);
        let settings = ImportSettings::default();
        let _one = peers.importer.import_receiver::<u32>("one", settings).await.unwrap();
        assert_eq!(peers.importer.status().await.unwrap().channels.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn the_last_of_several_receivers_speaks_for_the_channel() {
    over_each(async |medium| {
        let (sender, receiver, _world, _peers) = one_channel::<u32>(medium, Dir::Send, 4).await;
        let clones = [receiver.clone(), receiver.clone()];
        drop(receiver);
        assert!(poll_once(sender.closed()).is_none());
        drop(clones);
        sender.closed().await;
    })
    .await;
}
