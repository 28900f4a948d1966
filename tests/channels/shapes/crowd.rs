//! Many importers that come and go while values are sent, on several threads.

use netchan::Receiver;
use netchan::channel::{Reason, RecvError};
use netchan::net::{Shape, Slow};

use crate::shapes::{export, import};
use crate::support::{Medium, Peers, World, guarded, settle};

/// Importers at the same time.
const CROWD: u32 = 20;

/// How often each of them joins.
const ROUNDS: u32 = 4;

/// Takes so many values and leaves in one of several ways; says what it got, what it missed, and
/// whether it was cut off.
async fn visit(mut receiver: Receiver<u64>, peers: Peers, number: u32) -> (Vec<u64>, u64, bool) {
    let mut values = Vec::new();
    let mut was_cut_off = false;
    while values.len() < 20 + number as usize % 50 {
        match receiver.recv().await {
            Ok(value) => values.push(value),
            Err(RecvError::Closed(closed)) => {
                was_cut_off = closed.reason == Reason::TooSlow;
                break;
            }
            Err(error) => panic!("{error}"),
        }
        if number.is_multiple_of(3) {
            settle().await;
        }
    }
    let missed = receiver.missed_values();
    match number % 4 {
        0 => drop(receiver),
        1 => {
            peers.importer.close().await;
        }
        2 => peers.importer_driver.abort(),
        _ => {
            // It is gone if the channel has ended meanwhile.
            let _answer = peers.importer.hangup("values").await;
        }
    }
    (values, missed, was_cut_off)
}

fn check(shape: Shape, values: &[u64], missed: u64, was_cut_off: bool) {
    assert!(values.is_sorted_by(|a, b| a < b), "{shape:?}: {values:?}");
    let (Some(first), Some(last)) = (values.first(), values.last()) else { return };
    let between = last - first + 1 - values.len() as u64;
    match shape {
        Shape::Broadcast(Slow::DropOldest) => assert!(between <= missed, "{values:?} {missed}"),
        Shape::Broadcast(_) => assert_eq!((between, missed), (0, 0), "{values:?}"),
        _ => assert_eq!(missed, 0),
    }
    assert!(!was_cut_off || shape == Shape::Broadcast(Slow::Disconnect));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn importers_come_and_go_and_nothing_hangs_or_is_out_of_order() {
    for shape in [
        Shape::Broadcast(Slow::Wait),
        Shape::Broadcast(Slow::DropOldest),
        Shape::Broadcast(Slow::Disconnect),
        Shape::Latest,
    ] {
        guarded(format!("{shape:?}"), async {
            let world = World::new(Medium::Memory).await;
            let sender = export::<u64>(&world, shape, 8);
            let sending = tokio::spawn(async move {
                let mut value = 0;
                while sender.send(value).await.is_ok() {
                    value += 1;
                    tokio::task::yield_now().await;
                }
            });
            for round in 0..ROUNDS {
                let mut visits = Vec::new();
                for number in round..round + CROWD {
                    let peers = world.connect().await;
                    let receiver = import(&peers, 1 + number % 7).await;
                    visits.push(tokio::spawn(visit(receiver, peers, number)));
                }
                for visit in visits {
                    let (values, missed, was_cut_off) = visit.await.unwrap();
                    check(shape, &values, missed, was_cut_off);
                }
            }
            world.exporter.hangup("values").await.ok();
            sending.await.unwrap();
        })
        .await;
    }
}
