//! Peers that want too much, answer nothing, or say nothing.

use std::time::Duration;

use netchan::Dir;
use netchan::limits::REPLAY_FRAMES_MAX;
use netchan::net::{Config, ConnectionEnd, SendSettings};
use netchan::session::SessionError;
use netchan::wire::{Code, Frame};

use crate::peer::open;
use crate::scene::{Scene, guarded};

#[tokio::test]
async fn a_peer_that_says_nothing_is_asked_and_then_given_up() {
    let heartbeat = (Duration::from_millis(40), Duration::from_millis(150));
    let config = Config::builder().heartbeat(heartbeat.0, heartbeat.1).build().unwrap();
    let scene = Scene::new(config).await;
    let (mut peer, served) = scene.let_in().await;
    guarded(peer.hear_until(|frame| matches!(frame, Frame::Ping { .. }))).await;
    assert_eq!(guarded(peer.hear_goodbye()).await, Some(Code::Silent));
    let end = served.end().await;
    assert!(matches!(end, ConnectionEnd::Session(SessionError::Silent { silent_ms: 150.. })));
}

#[tokio::test]
async fn a_peer_that_opens_too_many_channels_is_refused_them() {
    let config = Config::builder().channels_max(20).build().unwrap();
    let mut scene = Scene::new(config).await;
    let (mut peer, served) = scene.let_in().await;
    let opens: Vec<_> = (1..=100).map(|number| open(number, Dir::Recv, "back")).collect();
    peer.say(&opens).await;
    let (mut accepted, mut refused) = (0, 0);
    while accepted + refused < 100 {
        match guarded(peer.hear()).await {
            Some(Frame::Accept { .. }) => accepted += 1,
            Some(Frame::Refuse { code: Code::TooManyChannels, .. }) => refused += 1,
            Some(_) => {}
            None => panic!("the link lasts"),
        }
    }
    assert_eq!((accepted, refused), (20, 80));
    assert!(served.connection.end().is_none());
    drop(peer);
    served.end().await;
    scene.exchange().await;
}

#[tokio::test]
async fn a_peer_that_asks_and_never_reads_loses_its_link() {
    let mut scene = Scene::new(Config::default()).await;
    let (mut peer, served) = scene.let_in().await;
    let mut number = 0;
    while served.connection.end().is_none() && number < 10_000_000 {
        let opens: Vec<_> =
            (number + 1..=number + 1000).map(|number| open(number, Dir::Recv, "nobody")).collect();
        number += 1000;
        tokio::select! {
            () = peer.say(&opens) => {}
            _end = served.connection.closed() => break,
        }
    }
    let end = served.end().await;
    assert!(
        matches!(
            end,
            ConnectionEnd::Session(SessionError::Violation { .. })
                | ConnectionEnd::NotReading { .. }
        ),
        "{end}"
    );
    // Those that the exporter has not read wait in the sockets.
    assert!((number as usize) < 20 * REPLAY_FRAMES_MAX, "after {number} requests");
    scene.exchange().await;
}

#[tokio::test]
async fn a_peer_that_never_acknowledges_stops_its_own_values_only() {
    let mut scene = Scene::new(Config::default()).await;
    let sender = scene.exporter.export_sender::<u64>("work", SendSettings::default()).unwrap();
    let (mut peer, served) = scene.let_in().await;
    peer.say(&[open(1, Dir::Recv, "work")]).await;
    guarded(peer.hear_until(|frame| matches!(frame, Frame::Accept { .. }))).await;
    let channel = netchan::id::ChannelId(1);
    let (values, bytes) = (1 << 40, 1 << 40);
    peer.say(&[Frame::Grant { channel, values, bytes, taken: 0, freed: 0 }]).await;
    // One frame for each value, because each is read before the next is sent. With Accept they
    // are as many as may wait to be acknowledged.
    let frames = REPLAY_FRAMES_MAX as u64 - 1;
    for value in 0..frames {
        sender.send(value).await.unwrap();
        guarded(peer.hear_until(|frame| matches!(frame, Frame::Data(_)))).await;
    }
    sender.send(frames).await.unwrap();
    scene.exchange().await;
    assert_eq!(sender.len(), 1, "it is not sent to this peer");
    assert!(served.connection.end().is_none());
    // Another importer gets what this one does not take.
    let (mut other, _other_served) = scene.let_in().await;
    other.say(&[open(1, Dir::Recv, "work")]).await;
    guarded(other.hear_until(|frame| matches!(frame, Frame::Data(_)))).await;
    sender.send(7).await.unwrap();
    guarded(other.hear_until(|frame| matches!(frame, Frame::Data(_)))).await;
    scene.exchange().await;
}

#[tokio::test]
async fn a_peer_that_asks_for_lists_and_does_not_read_gets_no_memory() {
    let mut scene = Scene::new(Config::default()).await;
    let mut ends = Vec::new();
    for number in 0..2000 {
        let name = format!("{number:0200}");
        let end = scene.exporter.export_sender::<u64>(&name, SendSettings::default());
        ends.push(end.expect("a free name"));
    }
    let (mut peer, served) = scene.let_in().await;
    let asked = 200_000;
    for token in (1..=asked).step_by(1000) {
        let lists: Vec<_> = (token..token + 1000)
            .map(|token| Frame::List { token, after: String::new() })
            .collect();
        guarded(peer.say(&lists)).await;
    }
    scene.exchange().await;
    assert!(served.connection.end().is_none());
    // When it reads, it finds some pages, and the answer to its last question.
    let (mut pages, mut last) = (0, 0);
    while last < asked {
        let is_end = |frame: &Frame| matches!(frame, Frame::Listing { is_last: true, .. });
        let listing = guarded(peer.hear_until(is_end)).await;
        let Frame::Listing { token, .. } = listing else { unreachable!() };
        assert!(token > last, "the newest question wins");
        (pages, last) = (pages + 1, token);
    }
    // What the sockets hold, and what is composed.
    assert!(pages < 500, "{pages} pages of 64 KiB");
    scene.exchange().await;
}
