//! Peers that do not get through the handshake.

use std::time::Duration;

use bytes::BytesMut;
use netchan::id::{Incarnation, NodeId, SessionId, SessionToken};
use netchan::net::{Config, ConnectError, Connection, Report, Stream, UnreadReports};
use netchan::wire::{
    Code, Hello, Opening, PREAMBLE, Reject, Resume, VERSION, Welcome, WireError, encode,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::peer::{Peer, hello, open};
use crate::scene::{Scene, guarded};

/// What the exporter answers to some first bytes, and what it makes of them.
async fn knock_with(scene: &mut Scene, bytes: &[u8]) -> (Option<Reject>, ConnectError) {
    let (mut peer, accepting) = scene.knock().await;
    peer.say_bytes(bytes).await;
    scene.exchange().await;
    let rejected = match guarded(peer.hear_opening()).await {
        None => None,
        Some(Opening::Reject(reject)) => Some(reject),
        Some(opening) => panic!("{opening:?}"),
    };
    let Err(error) = guarded(accepting).await.expect("no panic") else {
        panic!("it was let in");
    };
    let report = guarded(scene.exporter.reports().next_report()).await;
    assert!(matches!(report, Some(Report::HandshakeFailed { .. })), "{report:?}");
    scene.exchange().await;
    (rejected, error)
}

fn greeting(hello: &Hello) -> BytesMut {
    let mut bytes = BytesMut::from(&PREAMBLE[..]);
    hello.encode(&mut bytes);
    bytes
}

#[tokio::test]
async fn a_web_browser_is_told_that_it_is_in_the_wrong_place() {
    let mut scene = Scene::new(Config::default()).await;
    let request = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let (reject, error) = knock_with(&mut scene, request).await;
    assert_eq!(reject.unwrap().code, Code::NotNetchan);
    assert!(matches!(error, ConnectError::Wire(WireError::NotNetchan)));
}

#[tokio::test]
async fn a_peer_of_another_version_is_told_ours() {
    let mut scene = Scene::new(Config::default()).await;
    let later = Hello { version_min: 7, version_max: 9, ..hello() };
    let (reject, error) = knock_with(&mut scene, &greeting(&later)).await;
    let reject = reject.unwrap();
    assert_eq!(
        (reject.code, &*reject.text),
        (Code::UnsupportedVersion, "this side speaks version 1")
    );
    assert!(matches!(error, ConnectError::Version { version_min: 7, version_max: 9 }));
}

#[tokio::test]
async fn a_hello_that_cannot_be_is_rejected_with_its_fault() {
    let mut scene = Scene::new(Config::default()).await;
    let backwards = greeting(&Hello { version_min: 2, version_max: 1, ..hello() });
    let narrow = greeting(&Hello { frame_bytes_max: 3, ..hello() });
    let mut endless = greeting(&hello());
    endless[8 + 12..8 + 16].copy_from_slice(&u32::MAX.to_le_bytes());
    let mut short = greeting(&hello());
    short[8 + 12..8 + 16].copy_from_slice(&4_u32.to_le_bytes());
    let mut unknown = greeting(&hello());
    unknown[8] = 0xee;
    let mut early = BytesMut::from(&PREAMBLE[..]);
    encode(&open(1, netchan::Dir::Recv, "back"), 1, &mut early);
    let resume = Resume { session: SessionId([3; 16]), token: SessionToken([4; 16]), epoch: 2 };
    let resuming = greeting(&Hello { resume: Some(resume), ..hello() });
    for (what, bytes, code) in [
        ("a version range that is backwards", backwards, Code::Malformed),
        ("frames that are too short", narrow, Code::Malformed),
        ("a length that is too long", endless, Code::TooLarge),
        ("a length that is too short", short, Code::Malformed),
        ("an unknown kind", unknown, Code::Malformed),
        ("another frame", early, Code::Violation),
        ("a session that nobody has", resuming, Code::UnknownSession),
    ] {
        let (reject, _error) = knock_with(&mut scene, &bytes).await;
        assert_eq!(reject.map(|reject| reject.code), Some(code), "{what}");
    }
}

#[tokio::test]
async fn a_peer_that_stalls_in_the_handshake_is_given_up() {
    let config = Config::builder().handshake_timeout(Duration::from_millis(50)).build().unwrap();
    let mut scene = Scene::new(config).await;
    let whole = greeting(&hello());
    for cut in [0, 3, 8, 20, whole.len() - 1] {
        let (_, error) = knock_with(&mut scene, &whole[..cut]).await;
        assert!(matches!(error, ConnectError::TimedOut { timeout_ms: 50 }), "{error}");
    }
}

#[tokio::test]
async fn a_peer_that_leaves_in_the_handshake_is_reported() {
    let mut scene = Scene::new(Config::default()).await;
    let whole = greeting(&hello());
    for cut in [0, 7, 30] {
        let (mut peer, accepting) = scene.knock().await;
        peer.say_bytes(&whole[..cut]).await;
        peer.fall_silent().await;
        let error = guarded(accepting).await.unwrap().err().unwrap();
        assert!(matches!(error, ConnectError::LinkEnded), "{error}");
        scene.exchange().await;
    }
}

#[tokio::test]
async fn a_hello_may_come_byte_by_byte() {
    let mut scene = Scene::new(Config::default()).await;
    let (mut peer, accepting) = scene.knock().await;
    for byte in greeting(&hello()) {
        peer.say_bytes(&[byte]).await;
        tokio::task::yield_now().await;
    }
    assert!(matches!(guarded(peer.hear_opening()).await, Some(Opening::Welcome(_))));
    let served = guarded(accepting).await.unwrap().unwrap();
    scene.exchange().await;
    drop(peer);
    assert!(!served.end().await.is_regular());
}

#[tokio::test]
async fn strangers_beyond_the_limit_are_rejected() {
    let config = Config::builder().connections_max(3).build().unwrap();
    let mut scene = Scene::new(config).await;
    // The healthy one is the first. A stranger that says nothing takes nobody's place.
    let (_idle, _accepting) = scene.knock().await;
    let (_second, _served) = scene.let_in().await;
    let (_third, _served) = scene.let_in().await;
    let (mut peer, accepting) = scene.knock().await;
    peer.say_hello(&hello()).await;
    let opening = guarded(peer.hear_opening()).await;
    assert!(
        matches!(&opening, Some(Opening::Reject(Reject { code: Code::TooManyConnections, .. }))),
        "{opening:?}"
    );
    let error = guarded(accepting).await.unwrap().err().unwrap();
    assert!(matches!(error, ConnectError::TooManyConnections { connections_max: 3 }));
    scene.exchange().await;
}

/// What an importer makes of an exporter that answers so.
async fn dial_into(answer: &[u8]) -> ConnectError {
    let (near, mut far) = tokio::io::duplex(1 << 16);
    far.write_all(answer).await.expect("there is room");
    let config = Config::builder().handshake_timeout(Duration::from_millis(50)).build();
    let config = config.expect("good settings");
    let stream = Stream::new(near, "hostile");
    let dialled = guarded(Connection::open(stream, &config, UnreadReports::ShutDown)).await;
    let mut heard = vec![0; 8];
    far.read_exact(&mut heard).await.expect("a preamble came");
    assert_eq!(heard, PREAMBLE);
    dialled.map(drop).expect_err("that is no welcome")
}

#[tokio::test]
async fn an_importer_understands_no_answer_but_a_welcome() {
    let error = dial_into(b"SSH-2.0-OpenSSH_9.6\r\n").await;
    assert!(matches!(error, ConnectError::Wire(WireError::NotNetchan)));
    let error = dial_into(&PREAMBLE).await;
    assert!(matches!(error, ConnectError::TimedOut { .. }));
    let error = dial_into(&greeting(&hello())).await;
    assert!(matches!(error, ConnectError::Wire(WireError::Unexpected(_))));
    let mut bytes = BytesMut::from(&PREAMBLE[..]);
    let reject = Reject { code: Code::Unauthorized, text: "go away".into() };
    Opening::Reject(reject).encode(&mut bytes);
    let error = dial_into(&bytes).await;
    assert!(matches!(
        error,
        ConnectError::Rejected { code: Code::Unauthorized, text } if text == "go away"
    ));
}

#[tokio::test]
async fn a_new_session_begins_with_its_first_link() {
    for epoch in [0, 2, u64::MAX] {
        let mut bytes = BytesMut::from(&PREAMBLE[..]);
        let welcome = Welcome {
            version: VERSION,
            node: NodeId([1; 16]),
            incarnation: Incarnation([2; 16]),
            session: SessionId([3; 16]),
            token: SessionToken([4; 16]),
            epoch,
            received: 0,
            frame_bytes_max: 64 * 1024,
            channels_max: 1,
            expiry_ms: u32::MAX,
            features: 0,
        };
        Opening::Welcome(welcome).encode(&mut bytes);
        let error = dial_into(&bytes).await;
        assert!(matches!(error, ConnectError::Wire(WireError::Field(..))), "{error}");
    }
}

#[tokio::test]
async fn what_follows_a_hello_is_read_as_frames() {
    let mut scene = Scene::new(Config::default()).await;
    let (mut peer, accepting) = scene.knock().await;
    let mut bytes = greeting(&hello());
    bytes.extend_from_slice(b"and then some garbage that is no frame");
    peer.say_bytes(&bytes).await;
    let served = guarded(accepting).await.unwrap().unwrap();
    assert!(!served.end().await.is_regular());
    scene.expect_disconnected().await;
    scene.exchange().await;
    let _: Peer = peer;
}
