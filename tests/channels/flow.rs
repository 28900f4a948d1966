//! Credit: who waits for whom, and who does not.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use netchan::Dir;
use netchan::channel::{Receiver, Sender, TrySendError};
use netchan::net::{ImportSettings, RecvSettings, SendSettings};

use crate::support::{
    GUARD, Medium, Peers, World, arrived, channel, channel_with, each_way, guarded, one_channel,
    over_each, poll_once, settle, take, take_all,
};

/// What a channel of a size holds when nobody takes values.
fn room(dir: Dir, size: u32) -> u32 {
    match dir {
        // The queue, and the importer's window.
        Dir::Recv => 2 * size,
        Dir::Send => size,
    }
}

/// Sends until no slot is left, and waits until the peer has what it may have.
async fn block(sender: &Sender<u32>, dir: Dir, size: u32) {
    sender.send_all(0..room(dir, size)).await.expect("the channel is open");
    settle().await;
    assert!(poll_once(sender.send(u32::MAX)).is_none());
}

#[tokio::test]
async fn a_sender_waits_at_the_window_and_goes_on_when_values_are_taken() {
    each_way(async |medium, dir| {
        for size in [1, 2, 7] {
            let (sender, mut receiver, _world, _peers) = one_channel(medium, dir, size).await;
            block(&sender, dir, size).await;
            assert!(receiver.len() <= size as usize);
            let rest = async {
                sender.send_all(room(dir, size)..100).await.unwrap();
                sender.close();
            };
            let ((), values) = tokio::join!(rest, take_all(&mut receiver));
            assert_eq!(values, (0..100).collect::<Vec<_>>(), "size {size}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_receiver_holds_no_more_bytes_than_its_window() {
    each_way(async |medium, dir| {
        let world = World::new(medium).await;
        let peers = world.connect().await;
        let window_bytes = 16 * 1024;
        let importing = ImportSettings::default().window_bytes(window_bytes);
        let (sender, mut receiver) = match dir {
            Dir::Recv => channel_with(&world, &peers, "values", dir, 256, importing).await,
            Dir::Send => {
                let taking = RecvSettings::default().window_bytes(window_bytes);
                let receiver = world.exporter.export_receiver("values", taking).unwrap();
                (peers.importer.import_sender("values", importing).await.unwrap(), receiver)
            }
        };
        for number in 0..100_u32 {
            sender.send((number, "x".repeat(1000))).await.unwrap();
        }
        sender.close();
        settle().await;
        assert_eq!(receiver.recv().await.unwrap().0, 0);
        assert!(receiver.len() < 16, "{} values were buffered", receiver.len());
        let rest = take_all(&mut receiver).await;
        assert!(rest.iter().map(|value| value.0).eq(1..100));
    })
    .await;
}

#[tokio::test]
async fn a_sender_waits_while_the_queue_has_many_bytes() {
    over_each(async |medium| {
        let world = World::new(medium).await;
        let peers = world.connect().await;
        let settings = SendSettings::default().queue_bytes(100);
        let sender = world.exporter.export_sender::<Vec<u8>>("values", settings).unwrap();
        sender.try_send(vec![1; 60]).unwrap();
        sender.try_send(vec![2; 60]).unwrap();
        assert!(matches!(sender.try_send(vec![3]), Err(TrySendError::Full(value)) if value == [3]));
        assert!(sender.capacity() > 0);
        let settings = ImportSettings::default();
        let mut receiver =
            peers.importer.import_receiver::<Vec<u8>>("values", settings).await.unwrap();
        sender.send(vec![3]).await.unwrap();
        assert_eq!(take(&mut receiver, 3).await[2], [3]);
    })
    .await;
}

#[tokio::test]
async fn a_blocked_channel_blocks_nothing_else() {
    each_way(async |medium, dir| {
        let world = World::new(medium).await;
        let peers = world.connect().await;
        let (blocked, _kept) = channel(&world, &peers, "blocked", dir, 2).await;
        block(&blocked, dir, 2).await;
        let (sender, mut receiver) = channel(&world, &peers, "free", dir, 2).await;
        let sending = async {
            sender.send_all(0..1000_u32).await.unwrap();
            sender.close();
        };
        let ((), values) = tokio::join!(sending, take_all(&mut receiver));
        assert_eq!(values.len(), 1000);
        // All that the blocked channel could send has arrived: there is nothing to wait for.
        peers.importer.sync(GUARD).await.unwrap();
        assert!(blocked.try_send(9).is_err_and(|error| error.is_full()));
        let report = peers.importer.hangup("blocked").await.unwrap();
        assert!(report.discarded_values <= u64::from(room(dir, 2)));
        assert_eq!(peers.importer.status().await.unwrap().channels.len(), 0);
    })
    .await;
}

#[tokio::test]
async fn values_longer_than_the_byte_window_arrive() {
    each_way(async |medium, dir| {
        let world = World::new(medium).await;
        let peers = world.connect().await;
        let settings = ImportSettings::default().window_bytes(16 * 1024);
        let (sender, mut receiver) = match dir {
            Dir::Recv => channel_with(&world, &peers, "values", dir, 256, settings).await,
            Dir::Send => {
                let taking = RecvSettings::default().window_bytes(16 * 1024);
                let receiver = world.exporter.export_receiver("values", taking).unwrap();
                (peers.importer.import_sender("values", settings).await.unwrap(), receiver)
            }
        };
        let lengths = [1, 16 * 1024 - 10, 16 * 1024 + 1, 3_000_000, 5, 100_000, 8_300, 8_200, 0];
        let sending = async {
            for length in lengths {
                sender.send("y".repeat(length)).await.unwrap();
            }
            sender.close();
        };
        let ((), values) = tokio::join!(sending, take_all(&mut receiver));
        assert!(values.iter().map(String::len).eq(lengths));
    })
    .await;
}

/// Bytes that serde moves in one piece.
type Large = String;

#[tokio::test]
async fn small_values_pass_a_large_one() {
    each_way(async |medium, dir| {
        const LARGE_BYTES: usize = 64 * 1024 * 1024;
        let world = World::new(medium).await;
        let peers = world.connect().await;
        let (large, mut large_receiver) = channel::<Large>(&world, &peers, "large", dir, 1).await;
        let (there, there_receiver) = channel(&world, &peers, "there", dir, 1).await;
        let (back, back_receiver) = channel(&world, &peers, "back", dir.opposite(), 1).await;
        let round_trips = Arc::new(AtomicU32::new(0));
        large.send("z".repeat(LARGE_BYTES)).await.unwrap();
        // On a task of its own, because the runtime favours tasks over its main future.
        let game = play(round_trips.clone(), there, there_receiver, back, back_receiver);
        let game = tokio::spawn(game);
        let received = large_receiver.recv().await.unwrap();
        game.abort();
        let round_trips = round_trips.load(Ordering::Relaxed);
        assert_eq!(received.len(), LARGE_BYTES);
        // In a socket, small values wait for what the operating system has taken already.
        let many = if medium == Medium::Tcp { 3 } else { 100 };
        assert!(round_trips >= many, "{round_trips} round trips");
    })
    .await;
}

/// Sends a value there and back, again and again.
async fn play(
    rounds: Arc<AtomicU32>,
    there: Sender<u32>,
    mut there_receiver: Receiver<u32>,
    back: Sender<u32>,
    mut back_receiver: Receiver<u32>,
) {
    loop {
        let round = rounds.load(Ordering::Relaxed);
        there.send(round).await.expect("the channel is open");
        let value = there_receiver.recv().await.expect("a value comes");
        back.send(value).await.expect("the channel is open");
        assert_eq!(back_receiver.recv().await, Ok(round));
        rounds.store(round + 1, Ordering::Relaxed);
    }
}

#[tokio::test]
async fn a_thousand_channels_share_a_connection() {
    over_each(async |medium| {
        let world = World::new(medium).await;
        let peers = world.connect().await;
        let mut channels = Vec::new();
        for number in 0..1000_u32 {
            let dir = if number % 2 == 0 { Dir::Recv } else { Dir::Send };
            let name = format!("channel {number}");
            channels.push((number, channel(&world, &peers, &name, dir, 3).await));
        }
        assert_eq!(peers.importer.status().await.unwrap().channels.len(), 1000);
        let mut tasks = Vec::new();
        for (number, (sender, mut receiver)) in channels {
            tasks.push(tokio::spawn(async move {
                let sending = async {
                    sender.send_all(number..number + 20).await.expect("the channel is open");
                    drop(sender);
                };
                let ((), values) = tokio::join!(sending, take_all(&mut receiver));
                values == (number..number + 20).collect::<Vec<_>>()
            }));
        }
        for task in tasks {
            assert!(guarded("values flow on all", task).await.unwrap());
        }
        peers.importer.sync(GUARD).await.unwrap();
        world.exporter.sync(GUARD).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn two_programs_export_to_each_other() {
    over_each(async |medium| {
        let (one, two) = (World::new(medium).await, World::new(medium).await);
        let (to_one, to_two) = (one.connect().await, two.connect().await);
        let (request, mut requests) = channel(&one, &to_one, "requests", Dir::Send, 4).await;
        let (answer, mut answers) = channel(&two, &to_two, "answers", Dir::Send, 4).await;
        let serving = async {
            while let Ok(number) = requests.recv().await {
                let number: u64 = number;
                answer.send(number * number).await.unwrap();
            }
            answer.close();
        };
        let asking = async {
            for number in 0..200_u64 {
                request.send(number).await.unwrap();
                assert_eq!(answers.recv().await, Ok(number * number));
            }
            request.close();
            assert!(take_all(&mut answers).await.is_empty());
        };
        tokio::join!(serving, asking);
    })
    .await;
}

#[tokio::test]
async fn a_stalled_link_stops_its_senders_and_no_others() {
    let world = World::new(Medium::Memory).await;
    let (stalled, network) = world.connect_over_network().await;
    let healthy: Peers = world.connect().await;
    let (slow, mut slow_receiver) =
        channel::<Vec<u64>>(&world, &stalled, "slow", Dir::Send, 3).await;
    let (quick, mut quick_receiver) = channel(&world, &healthy, "quick", Dir::Send, 3).await;
    network.stall();
    for _ in 0..3 {
        slow.send(vec![7; 1000]).await.unwrap();
    }
    assert!(slow.try_send(vec![]).is_err_and(|error| error.is_full()));
    for value in 0..1000_u32 {
        quick.send(value).await.unwrap();
        assert_eq!(quick_receiver.recv().await, Ok(value));
    }
    assert!(slow_receiver.is_empty());
    network.resume();
    assert_eq!(take(&mut slow_receiver, 3).await.len(), 3);
    arrived(&world, &stalled, Dir::Send).await;
}
