//! Peers that break the rules of a link or of a channel.

use netchan::channel::{AskError, Origin, Reason, RecvError};
use netchan::id::ChannelId;
use netchan::limits::VALUE_BYTES_MAX;
use netchan::net::{Config, ConnectionEnd, RecvSettings, SendSettings};
use netchan::session::SessionError;
use netchan::wire::{Code, Content, Frame, Header, Kind, Open};
use netchan::{Dir, Receiver};

use crate::peer::{Peer, data, open, partial};
use crate::scene::{Scene, Served, guarded};

/// A peer that has opened channel 1 to send on it, and the receiver here.
async fn sending_peer(scene: &Scene, window: u32) -> (Peer, Served, Receiver<String>) {
    let settings = RecvSettings::default().window_values(window).stays_open();
    let receiver = scene.exporter.export_receiver("texts", settings).expect("a free name");
    let (mut peer, served) = scene.let_in().await;
    peer.say(&[open(1, Dir::Send, "texts")]).await;
    let accept = guarded(peer.hear_until(|frame| matches!(frame, Frame::Accept { .. }))).await;
    assert!(matches!(accept, Frame::Accept { channel: ChannelId(1), .. }));
    (peer, served, receiver)
}

#[tokio::test]
async fn what_breaks_the_rules_of_the_link_ends_it_with_a_goodbye_that_says_why() {
    let mut scene = Scene::new(Config::default()).await;
    let channel = ChannelId(1);
    let huge = Header { kind: Kind::Data, flags: 0, channel, sequence: 1, length: u32::MAX };
    let (mut composer, _accepting) = scene.knock().await;
    let mut one = |frame: Frame| composer.compose(&[frame]).to_vec();
    let mut gap = one(open(1, Dir::Recv, "back"));
    gap[8..12].copy_from_slice(&9_u32.to_le_bytes());
    for (what, bytes, code) in [
        (
            "garbage",
            b"garbage, and so much of it that it could be a frame".to_vec(),
            Code::Malformed,
        ),
        ("a length that is too long", huge.to_bytes().to_vec(), Code::TooLarge),
        ("a gap", gap, Code::SequenceGap),
        (
            "a grant for nothing",
            one(Frame::Grant { channel, values: 1, bytes: 1, taken: 0, freed: 0 }),
            Code::Violation,
        ),
        ("an ack of too much", one(Frame::Ack { received: 1000 }), Code::Violation),
    ] {
        let (mut peer, served) = scene.let_in().await;
        peer.say_bytes(&bytes).await;
        scene.exchange().await;
        assert_eq!(guarded(peer.hear_goodbye()).await, Some(code), "{what}");
        match served.end().await {
            ConnectionEnd::Session(error) => assert_eq!(error.code(), code, "{what}"),
            end => panic!("{what}: {end}"),
        }
        scene.expect_disconnected().await;
        scene.exchange().await;
    }
}

#[tokio::test]
async fn values_for_channels_that_never_were_end_the_link() {
    let mut scene = Scene::new(Config::default()).await;
    for frame in [
        data(7, 1, &[0]),
        Frame::End { channel: ChannelId(7), values: 0 },
        Frame::Accept {
            channel: ChannelId(7),
            window_values: 1,
            window_bytes: 1 << 20,
            content: Content::Values,
            clock_ms: 0,
            identity: [0; 16],
        },
        open(2, Dir::Recv, "back"),
    ] {
        let (mut peer, served) = scene.let_in().await;
        peer.say(std::slice::from_ref(&frame)).await;
        assert_eq!(guarded(peer.hear_goodbye()).await, Some(Code::Violation), "{frame:?}");
        let end = served.end().await;
        assert!(matches!(end, ConnectionEnd::Session(SessionError::Violation { .. })), "{end}");
        scene.exchange().await;
    }
}

#[tokio::test]
async fn a_frame_that_is_cut_off_ends_only_its_link() {
    let mut scene = Scene::new(Config::default()).await;
    let (mut peer, served) = scene.let_in().await;
    let whole = peer.compose(&[open(1, Dir::Recv, "back")]);
    peer.say_bytes(&whole[..whole.len() - 5]).await;
    peer.fall_silent().await;
    assert!(matches!(served.end().await, ConnectionEnd::LinkEnded));
    scene.exchange().await;
}

#[tokio::test]
async fn values_before_an_error_count() {
    let mut scene = Scene::new(Config::default()).await;
    let (mut peer, served, mut receiver) = sending_peer(&scene, 10).await;
    let mut bytes = peer.compose(&[data(1, 2, &[8, 1, b'a', 8, 1, b'b'])]);
    bytes.extend_from_slice(b"and now something that is no frame");
    peer.say_bytes(&bytes).await;
    assert!(!served.end().await.is_regular());
    assert_eq!(guarded(receiver.recv()).await.as_deref(), Ok("a"));
    assert_eq!(guarded(receiver.recv()).await.as_deref(), Ok("b"));
    assert_eq!(receiver.closed_by(), None, "another importer may come");
    scene.exchange().await;
}

#[tokio::test]
async fn a_peer_that_sends_more_than_it_was_granted_loses_its_link() {
    let mut scene = Scene::new(Config::default()).await;
    let (mut peer, served, mut receiver) = sending_peer(&scene, 2).await;
    peer.say(&[data(1, 2, &[4, 0, 4, 0]), data(1, 1, &[4, 0])]).await;
    assert_eq!(guarded(peer.hear_goodbye()).await, Some(Code::CreditExceeded));
    let end = served.end().await;
    assert!(matches!(end, ConnectionEnd::Session(SessionError::CreditExceeded(ChannelId(1)))));
    assert_eq!(receiver.recv().await.as_deref(), Ok(""));
    assert_eq!(receiver.recv().await.as_deref(), Ok(""));
    scene.exchange().await;
}

#[tokio::test]
async fn a_value_that_claims_to_be_too_long_takes_no_memory() {
    let mut scene = Scene::new(Config::default()).await;
    let (mut peer, served, _receiver) = sending_peer(&scene, 10).await;
    peer.say(&[partial(1, &[2, 0, 0, 0xff], u32::MAX)]).await;
    assert_eq!(guarded(peer.hear_goodbye()).await, Some(Code::TooLarge));
    let end = served.end().await;
    assert!(matches!(end, ConnectionEnd::Session(SessionError::ValueTooLong { .. })), "{end}");
    scene.exchange().await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn memory_does_not_grow_with_claims() {
    let mut scene = Scene::new(Config::default()).await;
    let settings = RecvSettings::default().stays_open();
    let mut receiver = scene.exporter.export_receiver::<String>("texts", settings).unwrap();
    scene.exchange().await;
    let before = resident_bytes();
    let mut peers = Vec::new();
    for _ in 0..50 {
        let (mut peer, served) = scene.let_in().await;
        peer.say(&[open(1, Dir::Send, "texts")]).await;
        guarded(peer.hear_until(|frame| matches!(frame, Frame::Accept { .. }))).await;
        // A string that claims 2^60 bytes, and a value that claims to be as long as may be.
        peer.say(&[data(1, 1, &[36, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0x10])]).await;
        let error = guarded(receiver.recv()).await.unwrap_err();
        assert!(matches!(error, RecvError::Undecodable(_)), "{error}");
        peer.say(&[partial(1, &[2, 0, 0, 0x40], VALUE_BYTES_MAX as u32)]).await;
        guarded(peer.hear_until(|frame| matches!(frame, Frame::Grant { .. }))).await;
        peers.push((peer, served));
    }
    scene.exchange().await;
    let grown = resident_bytes().saturating_sub(before);
    assert!(grown < 100 << 20, "{grown} bytes for 50 claims of 256 MiB");
}

/// Memory that this process has in use.
#[cfg(target_os = "linux")]
fn resident_bytes() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux says so");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("it has this line");
    let kib = line.split_whitespace().nth(1).and_then(|kib| kib.parse::<usize>().ok());
    kib.expect("a number") * 1024
}

#[tokio::test]
async fn a_value_that_does_not_decode_hurts_nothing_but_itself() {
    let mut scene = Scene::new(Config::default()).await;
    let (mut peer, served, mut receiver) = sending_peer(&scene, 10).await;
    // Not UTF-8, too long for its value, and too short.
    let run = [8, 1, 0xff, 8, 9, b'x', 12, 1, b'y', b'z', 8, 1, b'a'];
    peer.say(&[data(1, 4, &run)]).await;
    for _ in 0..3 {
        let error = guarded(receiver.recv()).await.unwrap_err();
        assert!(matches!(error, RecvError::Undecodable(_)), "{error}");
    }
    assert_eq!(guarded(receiver.recv()).await.as_deref(), Ok("a"));
    assert!(served.connection.end().is_none());
    scene.exchange().await;
}

#[tokio::test]
async fn a_run_that_is_no_sequence_of_values_ends_its_channel_and_nothing_else() {
    let mut scene = Scene::new(Config::default()).await;
    for (what, values, run) in [
        ("a reserved prefix", 1, &[0b11, 0, 0][..]),
        ("fewer values than it says", 2, &[8, 1, b'a']),
        ("more values than it says", 1, &[8, 1, b'a', 8, 1, b'b']),
        ("a value beyond its end", 1, &[80, 1, b'a']),
        ("a prefix that is cut off", 1, &[0b10, 0]),
    ] {
        let (mut peer, served, mut receiver) = sending_peer(&scene, 10).await;
        peer.say(&[data(1, values, run)]).await;
        let mut other = scene
            .exporter
            .export_receiver::<String>("others", RecvSettings::default().stays_open())
            .unwrap();
        loop {
            match guarded(receiver.recv()).await {
                Ok(_) => {}
                Err(RecvError::Corrupt) => break,
                Err(error) => panic!("{what}: {error}"),
            }
        }
        let hangup = guarded(peer.hear_until(|frame| matches!(frame, Frame::Hangup { .. }))).await;
        assert!(matches!(hangup, Frame::Hangup { code: Code::Corrupt, .. }), "{what}: {hangup:?}");
        // The same link still carries other channels.
        peer.say(&[open(2, Dir::Send, "others")]).await;
        guarded(peer.hear_until(|frame| matches!(frame, Frame::Accept { .. }))).await;
        peer.say(&[data(2, 1, &[8, 1, b'c'])]).await;
        assert_eq!(guarded(other.recv()).await.as_deref(), Ok("c"), "{what}");
        assert!(served.connection.end().is_none());
        drop(peer);
        served.end().await;
        guarded(scene.exporter.hangup("texts")).await.unwrap();
        guarded(scene.exporter.hangup("others")).await.unwrap();
        assert_eq!(
            receiver.closed_by().map(|closed| (closed.origin, closed.reason)),
            Some((Origin::Local, Reason::HungUp))
        );
        scene.exchange().await;
    }
}

#[tokio::test]
async fn two_receivers_share_what_comes_in_two_frames() {
    let scene = Scene::new(Config::default()).await;
    let (mut peer, _served, first) = sending_peer(&scene, 10).await;
    let waiting = [first.clone(), first].map(|mut receiver| {
        tokio::spawn(async move {
            let value = receiver.recv().await;
            // It keeps its end and takes no more.
            (value, receiver)
        })
    });
    tokio::task::yield_now().await;
    peer.say(&[data(1, 1, &[8, 1, b'a']), data(1, 1, &[8, 1, b'b'])]).await;
    let mut values = Vec::new();
    for task in waiting {
        values.push(guarded(task).await.unwrap().0.unwrap());
    }
    values.sort();
    assert_eq!(values, ["a", "b"]);
}

/// A peer is asked, and sends this on the channel of its answers.
async fn stop_answering(last: impl FnOnce(ChannelId) -> Frame) {
    let mut scene = Scene::new(Config::default()).await;
    let caller = scene.exporter.export_caller::<u64, u64>("asks", SendSettings::default());
    let caller = caller.expect("a free name");
    let (mut peer, _served) = scene.let_in().await;
    let Frame::Open(asked) = open(1, Dir::Recv, "asks") else { unreachable!() };
    peer.say(&[Frame::Open(Open { content: Content::Requests, ..asked })]).await;
    let first = caller.begin_ask(1).await.expect("there is a slot");
    guarded(peer.hear_until(|frame| matches!(frame, Frame::Data(_)))).await;
    peer.say(&[last(ChannelId(1).answers())]).await;
    let hung_up = |frame: &Frame| matches!(frame, Frame::Hangup { channel: ChannelId(1), .. });
    guarded(peer.hear_until(hung_up)).await;
    // What is asked from now on is for others.
    let second = caller.begin_ask(2).await.expect("there is a slot");
    let mut requests = scene.healthy_requests::<u64, u64>("asks").await;
    let (number, responder) = guarded(requests.recv()).await.expect("a request").into_parts();
    assert_eq!(number, 2);
    responder.answer(4).expect("a number encodes");
    assert_eq!(guarded(second).await, Ok(4));
    drop(peer);
    assert!(matches!(guarded(first).await, Err(AskError::UnknownFate(_))));
    scene.exchange().await;
}

#[tokio::test]
async fn a_peer_that_ends_its_answers_is_asked_no_more() {
    stop_answering(|channel| Frame::End { channel, values: 0 }).await;
    stop_answering(|channel| Frame::Hangup {
        channel,
        code: Code::HungUp,
        values: 0,
        text: String::new(),
    })
    .await;
}

#[tokio::test]
async fn a_peer_whose_answers_make_no_sense_is_asked_no_more() {
    stop_answering(|channel| data(channel.0, 1, &[0xff])).await;
}

#[tokio::test]
async fn no_more_cancellations_are_kept_than_the_channel_has_values_in_its_window() {
    let mut scene = Scene::new(Config::default()).await;
    let settings = RecvSettings::default().window_values(4);
    let mut requests = scene.exporter.export_requests::<u64, u64>("asks", settings).unwrap();
    let (mut peer, _served) = scene.let_in().await;
    let Frame::Open(asking) = open(1, Dir::Send, "asks") else { unreachable!() };
    let (content, window_values) = (Content::Requests, u32::MAX);
    peer.say(&[Frame::Open(Open { content, window_values, ..asking })]).await;
    guarded(peer.hear_until(|frame| matches!(frame, Frame::Accept { .. }))).await;
    let channel = ChannelId(1);
    let cancels: Vec<_> = (1..=100).map(|request| Frame::Cancel { channel, request }).collect();
    peer.say(&cancels).await;
    // Requests, by their first byte, their numbers and no deadline; then numbers to be handled.
    peer.say(&[data(1, 2, &[4 << 2, 1, 4, 0, 40, 4 << 2, 1, 50, 0, 50])]).await;
    let (number, _responder) = guarded(requests.recv()).await.unwrap().into_parts();
    assert_eq!(number, 50, "the fourth was cancelled, and the fiftieth is not remembered");
    scene.exchange().await;
}
