//! Hangups: who is told what, and how many values are lost.

use netchan::channel::{Closed, Origin, Reason, RecvError, SendError};
use netchan::net::{HangupError, HangupReport, ImportSettings};
use netchan::{Dir, Receiver};

use crate::support::{
    Medium, Peers, World, arrived, channel, each_way, guarded, one_channel, over_each, poll_once,
    settle, take,
};

/// Who hangs up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Importer,
    Exporter,
}

/// Each medium, each direction, each side.
async fn whoever(test: impl AsyncFn(Medium, Dir, By)) {
    each_way(async |medium, dir| {
        for by in [By::Importer, By::Exporter] {
            test(medium, dir, by).await;
        }
    })
    .await;
}

async fn hang_up(by: By, world: &World, peers: &Peers) -> Result<HangupReport, HangupError> {
    let hangup = async {
        match by {
            By::Importer => peers.importer.hangup("values").await,
            By::Exporter => world.exporter.hangup("values").await,
        }
    };
    guarded("the hangup is answered", hangup).await
}

/// What a side is told: its own hangup, or the peer's.
fn told(is_own: bool) -> Closed {
    Closed::new(if is_own { Origin::Local } else { Origin::Peer }, Reason::HungUp)
}

async fn end_of(receiver: &mut Receiver<u32>) -> Closed {
    loop {
        match receiver.recv().await {
            Ok(_) => {}
            Err(RecvError::Closed(closed)) => return closed,
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test]
async fn a_hangup_closes_both_ends_and_says_who_did_it() {
    whoever(async |medium, dir, by| {
        let (sender, mut receiver, world, peers) = one_channel::<u32>(medium, dir, 4).await;
        hang_up(by, &world, &peers).await.unwrap();
        let importer_is_told = told(by == By::Importer);
        let exporter_is_told = told(by == By::Exporter);
        match (dir, by) {
            (Dir::Recv, By::Exporter) => {
                assert_eq!(end_of(&mut receiver).await, importer_is_told);
                assert_eq!(sender.closed().await, exporter_is_told);
            }
            (Dir::Send, By::Exporter) => {
                assert_eq!(sender.closed().await, importer_is_told);
                assert_eq!(end_of(&mut receiver).await, exporter_is_told);
            }
            // An exported channel goes on for other importers.
            (Dir::Recv, By::Importer) => {
                assert_eq!(end_of(&mut receiver).await, importer_is_told);
                assert!(!sender.is_closed());
            }
            (Dir::Send, By::Importer) => {
                assert_eq!(sender.closed().await, importer_is_told);
                assert!(poll_once(receiver.recv()).is_none());
            }
        }
    })
    .await;
}

#[tokio::test]
async fn the_receiving_side_counts_what_was_sent_and_not_taken() {
    each_way(async |medium, dir| {
        let (sender, mut receiver, world, peers) = one_channel(medium, dir, 10).await;
        sender.send_all(0..5_u32).await.unwrap();
        arrived(&world, &peers, dir).await;
        assert_eq!(take(&mut receiver, 2).await, [0, 1]);
        let by = if dir == Dir::Recv { By::Importer } else { By::Exporter };
        let report = hang_up(by, &world, &peers).await.unwrap();
        assert_eq!(report.discarded_values, 3);
        assert_eq!(receiver.recv().await, Err(RecvError::Closed(told(true))));
    })
    .await;
}

#[tokio::test]
async fn values_of_several_importers_are_counted_apart() {
    over_each(async |medium| {
        let (first, mut receiver, world, peers) = one_channel(medium, Dir::Send, 10).await;
        let other = world.connect().await;
        let settings = ImportSettings::default();
        let second = other.importer.import_sender("values", settings).await.unwrap();
        first.send_all(0..2_u32).await.unwrap();
        arrived(&world, &peers, Dir::Send).await;
        assert_eq!(take(&mut receiver, 2).await, [0, 1]);
        second.send_all(10..15_u32).await.unwrap();
        arrived(&world, &other, Dir::Send).await;
        assert_eq!(take(&mut receiver, 1).await, [10]);
        first.send_all(2..5).await.unwrap();
        arrived(&world, &peers, Dir::Send).await;
        let report = hang_up(By::Exporter, &world, &peers).await.unwrap();
        assert_eq!(report.discarded_values, 7);
        assert!(receiver.is_empty());
    })
    .await;
}

#[tokio::test]
async fn the_sending_side_counts_what_had_not_arrived() {
    each_way(async |medium, dir| {
        let (sender, mut receiver, world, peers) = one_channel(medium, dir, 3).await;
        // Three arrive. An exported channel has three more in its queue.
        let sent = if dir == Dir::Recv { 6 } else { 3_u32 };
        sender.send_all(0..sent).await.unwrap();
        settle().await;
        let waiting = tokio::spawn({
            let sender = sender.clone();
            async move { sender.send(99).await }
        });
        settle().await;
        let by = if dir == Dir::Recv { By::Exporter } else { By::Importer };
        let report = hang_up(by, &world, &peers).await.unwrap();
        assert_eq!(report.discarded_values, u64::from(sent) - 3);
        match waiting.await.unwrap() {
            Err(SendError::Closed(99, closed)) => assert_eq!(closed, told(true)),
            other => panic!("{other:?}"),
        }
        // What has come can still be taken.
        assert_eq!(take(&mut receiver, 3).await, [0, 1, 2]);
    })
    .await;
}

#[tokio::test]
async fn a_receiver_that_waits_learns_of_the_hangup() {
    whoever(async |medium, dir, by| {
        if (dir, by) == (Dir::Send, By::Importer) {
            return;
        }
        let (_sender, mut receiver, world, peers) = one_channel::<u32>(medium, dir, 4).await;
        let waiting = tokio::spawn(async move { receiver.recv().await });
        settle().await;
        hang_up(by, &world, &peers).await.unwrap();
        let is_own = (dir, by) != (Dir::Recv, By::Exporter);
        assert_eq!(waiting.await.unwrap(), Err(RecvError::Closed(told(is_own))));
    })
    .await;
}

#[tokio::test]
async fn a_sender_that_waits_gets_its_value_back_when_the_peer_hangs_up() {
    over_each(async |medium| {
        let (sender, _receiver, world, peers) = one_channel(medium, Dir::Send, 1).await;
        sender.send(1_u32).await.unwrap();
        let waiting = tokio::spawn(async move { sender.send(2).await });
        settle().await;
        hang_up(By::Exporter, &world, &peers).await.unwrap();
        match waiting.await.unwrap() {
            Err(SendError::Closed(2, closed)) => assert_eq!(closed, told(false)),
            other => panic!("{other:?}"),
        }
    })
    .await;
}

#[tokio::test]
async fn a_second_hangup_finds_no_channel() {
    whoever(async |medium, dir, by| {
        let (_sender, _receiver, world, peers) = one_channel::<u32>(medium, dir, 4).await;
        hang_up(by, &world, &peers).await.unwrap();
        let second = hang_up(by, &world, &peers).await;
        assert!(matches!(second, Err(HangupError::UnknownName { name }) if name == "values"));
    })
    .await;
}

#[tokio::test]
async fn the_name_is_free_after_a_hangup() {
    whoever(async |medium, dir, by| {
        let (sender, receiver, world, peers) = one_channel::<u32>(medium, dir, 4).await;
        hang_up(by, &world, &peers).await.unwrap();
        let (sender, mut receiver) = match (by, dir) {
            (By::Exporter, _) => channel(&world, &peers, "values", dir, 4).await,
            (By::Importer, Dir::Recv) => {
                let settings = ImportSettings::default();
                (sender, peers.importer.import_receiver("values", settings).await.unwrap())
            }
            (By::Importer, Dir::Send) => {
                let settings = ImportSettings::default();
                (peers.importer.import_sender("values", settings).await.unwrap(), receiver)
            }
        };
        sender.send(7).await.unwrap();
        assert_eq!(receiver.recv().await, Ok(7));
    })
    .await;
}

#[tokio::test]
async fn hangups_of_both_sides_meet() {
    each_way(async |medium, dir| {
        for _ in 0..20 {
            let (sender, _receiver, world, peers) = one_channel(medium, dir, 4).await;
            sender.send_all(0..4_u32).await.unwrap();
            let (here, there) = tokio::join!(
                hang_up(By::Importer, &world, &peers),
                hang_up(By::Exporter, &world, &peers)
            );
            there.unwrap();
            assert!(matches!(here, Ok(_) | Err(HangupError::UnknownName { .. })));
            assert_eq!(peers.importer.status().await.unwrap().channels.len(), 0);
        }
    })
    .await;
}
