//! One run: two peers, a relay between them, and programs that use their channels.

use std::time::Duration;

use futures::{FutureExt, SinkExt, StreamExt};
use netchan::channel::{RecvError, SendError, TrySendError};
use netchan::net::{
    Config, Connection, Exporter, ImportSettings, RecvSettings, SendSettings, Stream, UnreadReports,
};
use netchan::{Receiver, Sender};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::dice::Dice;

/// No run takes so long, unless it hangs.
const GUARD: Duration = Duration::from_secs(60);

/// What travels: who sent it, its number, and some weight.
type Value = (u32, u32, String);

/// Plays the run of a seed.
pub(crate) fn play(seed: u64) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    let run = async { tokio::time::timeout(GUARD, run(Dice::new(seed))).await };
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| runtime.block_on(run)));
    match result {
        Ok(Ok(())) => {}
        Ok(Err(_)) => panic!("seed {seed}: it hangs"),
        Err(panic) => {
            eprintln!("seed {seed}");
            std::panic::resume_unwind(panic);
        }
    }
}

async fn run(mut dice: Dice) {
    let (near, far, pace_bytes) = streams(&mut dice);
    let config = Config::default();
    let exporter = Exporter::new(config.clone());
    let (near, far) = tokio::join!(
        Connection::open(near, &config, UnreadReports::ShutDown),
        exporter.accept(far)
    );
    let ((importer, near), (_, far)) =
        (near.expect("welcome"), far.expect("a handshake").into_new().expect("a new session"));
    tokio::spawn(near.run());
    tokio::spawn(far.run());

    let mut channels = Vec::new();
    for number in 0..1 + dice.below(4) {
        let (sender, receiver) = channel(&mut dice, &exporter, &importer, number).await;
        channels.push(tokio::spawn(use_channel(dice.split(), pace_bytes, sender, receiver)));
    }
    for channel in channels {
        channel.await.expect("the channel keeps its promises");
    }
    importer.drain(GUARD).await.expect("nothing is left");
    exporter.drain(GUARD).await.expect("nothing is left");
    assert!(importer.close().await.is_regular());
}

/// Two streams with a relay between them that cuts what it carries, and how many bytes it carries
/// at once.
fn streams(dice: &mut Dice) -> (Stream, Stream, usize) {
    let [near_bytes, far_bytes, piece_bytes] = [(); 3].map(|()| 1 << dice.below(17));
    let (near, near_end) = tokio::io::duplex(near_bytes);
    let (far, far_end) = tokio::io::duplex(far_bytes);
    let (near_read, near_write) = tokio::io::split(near_end);
    let (far_read, far_write) = tokio::io::split(far_end);
    tokio::spawn(carry(dice.split(), piece_bytes, near_read, far_write));
    tokio::spawn(carry(dice.split(), piece_bytes, far_read, near_write));
    let pace_bytes = near_bytes.min(far_bytes).min(piece_bytes);
    (Stream::new(near, "importer"), Stream::new(far, "exporter"), pace_bytes)
}

async fn carry(
    mut dice: Dice,
    piece_bytes: usize,
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
) {
    let mut buffer = vec![0; 1 << 16];
    loop {
        let room = 1 + dice.below(piece_bytes);
        let Ok(length @ 1..) = from.read(&mut buffer[..room]).await else { break };
        for _ in 0..dice.below(4) {
            tokio::task::yield_now().await;
        }
        if to.write_all(&buffer[..length]).await.is_err() {
            break;
        }
    }
    let _gone = to.shutdown().await;
}

async fn channel(
    dice: &mut Dice,
    exporter: &Exporter,
    importer: &Connection,
    number: usize,
) -> (Sender<Value>, Receiver<Value>) {
    let name = format!("channel {number}");
    let window_bytes = (16 * 1024) << dice.below(4);
    let importing = ImportSettings::default()
        .size(1 + dice.below(20) as u32)
        .window_bytes(window_bytes)
        .queue_bytes(1 << dice.below(16));
    if dice.one_in(2) {
        let queue = SendSettings::default()
            .capacity_values(1 + dice.below(20) as u32)
            .queue_bytes(1 << dice.below(16));
        let sender = exporter.export_sender(&name, queue).expect("a free name");
        let receiver = importer.import_receiver(&name, importing).await;
        (sender, receiver.expect("it is exported"))
    } else {
        let taking = RecvSettings::default()
            .window_values(1 + dice.below(20) as u32)
            .window_bytes(window_bytes);
        let receiver = exporter.export_receiver(&name, taking).expect("a free name");
        let sender = importer.import_sender(&name, importing).await;
        (sender.expect("it is exported"), receiver)
    }
}

async fn use_channel(
    mut dice: Dice,
    pace_bytes: usize,
    sender: Sender<Value>,
    receiver: Receiver<Value>,
) {
    let producers = 1 + dice.below(3);
    let consumers = 1 + dice.below(3);
    let most = 1 + dice.below((2 * pace_bytes).clamp(10, 150));
    // So that a run takes no time to speak of.
    let longest = (20 * pace_bytes).clamp(100, 100_000);
    let mut tasks = Vec::new();
    let mut sent = Vec::new();
    for producer in 0..producers {
        let count = dice.below(most) as u32;
        sent.extend((0..count).map(|value| (producer as u32, value)));
        let values = Values { producer: producer as u32, count, longest };
        tokio::spawn(produce(dice.split(), sender.clone(), values));
    }
    drop(sender);
    for _ in 0..consumers {
        tasks.push(tokio::spawn(consume(dice.split(), receiver.clone())));
    }
    drop(receiver);
    let mut received = Vec::new();
    for task in tasks {
        let values = task.await.expect("a consumer keeps its promises");
        for producer in 0..producers as u32 {
            let of_one = values.iter().filter(|value| value.0 == producer);
            assert!(of_one.is_sorted(), "the values of a producer keep their order");
        }
        received.extend(values);
    }
    received.sort_unstable();
    assert_eq!(received, sent, "each value arrives once");
}

/// What a producer sends.
struct Values {
    producer: u32,
    count: u32,
    /// The weight of the heaviest, in bytes.
    longest: usize,
}

/// Sends values in all the ways that there are, and gives some of the futures up.
async fn produce(mut dice: Dice, mut sender: Sender<Value>, values: Values) {
    let Values { producer, count, longest } = values;
    let mut next = 0;
    while next < count {
        let length = if dice.one_in(20) { dice.below(longest) } else { dice.below(50) };
        let value = (producer, next, "v".repeat(length));
        match dice.below(6) {
            0 => sender.send(value).await.expect("the channel is open"),
            1 => match sender.try_send(value) {
                Ok(()) => {}
                Err(TrySendError::Full(_)) => {
                    tokio::task::yield_now().await;
                    continue;
                }
                Err(error) => panic!("{error}"),
            },
            2 => {
                let permit = sender.reserve().await.expect("the channel is open");
                if dice.one_in(3) {
                    tokio::task::yield_now().await;
                    drop(permit);
                    continue;
                }
                permit.send(value).expect("the channel is open");
            }
            3 => match sender.reserve().now_or_never() {
                Some(permit) => permit.expect("it is open").send(value).expect("it is open"),
                None => {
                    tokio::task::yield_now().await;
                    continue;
                }
            },
            4 => SinkExt::send(&mut sender, value).await.expect("the channel is open"),
            _ => match sender.send(value).now_or_never() {
                Some(sent) => sent.map_err(SendError::without_value).expect("it is open"),
                None => {
                    tokio::task::yield_now().await;
                    continue;
                }
            },
        }
        next += 1;
    }
}

/// Takes values in all the ways that there are, and gives some of the futures up.
async fn consume(mut dice: Dice, mut receiver: Receiver<Value>) -> Vec<(u32, u32)> {
    let mut values = Vec::new();
    let mut many = Vec::new();
    loop {
        if dice.one_in(15) {
            // Another one takes over; what this one holds must not be lost.
            receiver = receiver.clone();
        }
        let result = match dice.below(5) {
            0 => receiver.recv().await,
            1 => match receiver.next().await {
                Some(result) => result,
                None => return values,
            },
            2 => match receiver.recv().now_or_never() {
                Some(result) => result,
                None => {
                    tokio::task::yield_now().await;
                    continue;
                }
            },
            3 => {
                let _given_up = receiver.next().now_or_never().map(|item| {
                    if let Some(Ok(value)) = item {
                        many.push(value);
                    }
                });
                tokio::task::yield_now().await;
                take(&mut values, &mut many);
                continue;
            }
            _ => {
                let limit = 1 + dice.below(10);
                match receiver.recv_many(&mut many, limit).await {
                    Ok(count) => {
                        assert!(count == many.len() && count <= limit);
                        take(&mut values, &mut many);
                        continue;
                    }
                    Err(error) => Err(error),
                }
            }
        };
        match result {
            Ok(value) => {
                many.push(value);
                take(&mut values, &mut many);
            }
            Err(RecvError::Closed(closed)) if closed.is_finished() => return values,
            Err(error) => panic!("{error}"),
        }
    }
}

fn take(values: &mut Vec<(u32, u32)>, many: &mut Vec<Value>) {
    for (producer, number, weight) in many.drain(..) {
        assert!(weight.bytes().all(|byte| byte == b'v'));
        values.push((producer, number));
    }
}
