//! Peers that make the most of refusals, frame by frame.

use bytes::{Bytes, BytesMut};
use netchan::Dir;
use netchan::id::{ChannelId, Incarnation, NodeId};
use netchan::limits::{EXPECTED_SCHEMAS_MAX, FRAME_BYTES_MAX, WINDOW_BYTES_DEFAULT};
use netchan::net::SendSettings;
use netchan::wire::{
    Code, Content, Frame, Hello, Open, Opening, PREAMBLE, Piece, Subject, VERSION, check_preamble,
    decode, encode,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{Place, TestResult, guarded};
use crate::types::nested::left;

/// An importer whose frames the test writes.
struct Peer {
    stream: TcpStream,
    input: BytesMut,
    sequence: u32,
}

impl Peer {
    async fn new(place: &Place) -> TestResult<Peer> {
        let netchan::net::Address::Tcp(address) = &place.address else { panic!("it is TCP") };
        let stream = TcpStream::connect(address).await?;
        let mut peer = Peer { stream, input: BytesMut::new(), sequence: 0 };
        let hello = Hello {
            version_min: VERSION,
            version_max: VERSION,
            node: NodeId([1; 16]),
            incarnation: Incarnation([2; 16]),
            resume: None,
            received: 0,
            frame_bytes_max: FRAME_BYTES_MAX as u32,
            expiry_ms: 0,
            features: 0,
            credentials: Bytes::new(),
        };
        let mut bytes = BytesMut::from(&PREAMBLE[..]);
        hello.encode(&mut bytes);
        peer.stream.write_all(&bytes).await?;
        while !check_preamble(&mut peer.input)? {
            peer.stream.read_buf(&mut peer.input).await?;
        }
        while !matches!(Opening::decode(&mut peer.input)?, Some(Opening::Welcome(_))) {
            peer.stream.read_buf(&mut peer.input).await?;
        }
        Ok(peer)
    }

    async fn say(&mut self, frame: Frame) -> TestResult {
        self.sequence += u32::from(frame.is_counted());
        let mut bytes = BytesMut::new();
        encode(&frame, self.sequence, &mut bytes);
        Ok(self.stream.write_all(&bytes).await?)
    }

    async fn hear(&mut self) -> TestResult<Frame> {
        loop {
            if let Some(frame) = decode(&mut self.input, FRAME_BYTES_MAX)? {
                return Ok(frame.frame);
            }
            if guarded(self.stream.read_buf(&mut self.input)).await? == 0 {
                return Err("the link has ended".into());
            }
        }
    }

    /// Asks for the wrong type. Returns the bytes of the schema that is shown.
    async fn ask_wrongly(&mut self, number: u32) -> TestResult<Vec<u8>> {
        self.say(Frame::Open(open(number))).await?;
        let mut schema = Vec::new();
        loop {
            match self.hear().await? {
                Frame::Document(piece) => schema.extend_from_slice(&piece.bytes),
                Frame::Refuse { code: Code::TypeMismatch, .. } => return Ok(schema),
                Frame::Ack { .. } => {}
                other => panic!("{other:?}"),
            }
        }
    }
}

fn open(number: u32) -> Open {
    Open {
        channel: ChannelId(number),
        dir: Dir::Recv,
        name: "orders".into(),
        codec: "bincode2".into(),
        identity: [7; 16],
        answer_identity: [0; 16],
        also_accepts: vec![[8; 16]; 15],
        content: Content::Values,
        clock_ms: 0,
        window_values: 10,
        window_bytes: WINDOW_BYTES_DEFAULT,
        limit: None,
    }
}

fn document(number: u32, bytes: &'static [u8]) -> Frame {
    Frame::Document(Piece {
        channel: ChannelId(number),
        subject: Subject::Values,
        is_last: true,
        older_types: u16::MAX,
        bytes: Bytes::from_static(bytes),
    })
}

#[tokio::test]
async fn what_a_peer_shows_may_be_anything() -> TestResult {
    let mut place = Place::new().await?;
    let _orders = place.exporter.export_sender::<left::Order>("orders", SendSettings::default())?;
    let mut peer = Peer::new(&place).await?;
    let unexplained = "the exporter's type is mismatch::types::nested::left::Order";
    let shown: [&[u8]; 5] = [
        b"\xff\xff\xff\xff\xff",
        // A list of more types than could ever come.
        b"\x01x\xfc\xff\xff\xff\x7f",
        // A reference out of the schema.
        b"\x01x\x01\x00\x06\x05",
        // No type at all.
        b"\x01x\x00",
        // More than a schema.
        b"\x01x\x01\x00\x00\x09\x00",
    ];
    for (at, shown) in shown.into_iter().enumerate() {
        let number = at as u32 + 1;
        assert!(!peer.ask_wrongly(number).await?.is_empty());
        peer.say(document(number, shown)).await?;
        let (code, difference, text) = place.refusal().await?;
        assert_eq!((code, difference, &text[..]), (Code::TypeMismatch, None, unexplained));
        // Shown again, it is nothing to anybody.
        peer.say(document(number, shown)).await?;
    }
    // A schema that is right, of a type that is equal after all: its identity was a lie.
    let schema = peer.ask_wrongly(6).await?;
    peer.say(document(6, schema.leak())).await?;
    let (code, difference, text) = place.refusal().await?;
    assert_eq!((code, difference, &text[..]), (Code::TypeMismatch, None, unexplained));
    // And one that differs.
    peer.ask_wrongly(7).await?;
    peer.say(document(7, b"\x01x\x01\x00\x00\x09")).await?;
    let (_, difference, text) = place.refusal().await?;
    assert_eq!(
        text,
        "Order: exporter struct Order, importer u32; the importer also accepts 65535 older types"
    );
    assert!(difference.is_some());
    place.expect_alive().await
}

#[tokio::test]
async fn a_peer_that_never_shows_its_schema_is_told_of_all_the_same() -> TestResult {
    let mut place = Place::new().await?;
    let _orders = place.exporter.export_sender::<left::Order>("orders", SendSettings::default())?;
    let mut peer = Peer::new(&place).await?;
    for number in 1..=EXPECTED_SCHEMAS_MAX as u32 {
        peer.ask_wrongly(number).await?;
    }
    // Beyond the bound, the oldest is told without what is not known.
    for number in 1..=3 {
        peer.ask_wrongly(EXPECTED_SCHEMAS_MAX as u32 + number).await?;
        let (code, difference, _) = place.refusal().await?;
        assert_eq!((code, difference), (Code::TypeMismatch, None));
    }
    // The others, when the session is over.
    drop(peer);
    for _ in 0..EXPECTED_SCHEMAS_MAX {
        let told = place.events.next_event();
        let is_told = |event| matches!(event, netchan::net::Event::ImportRefused { .. });
        let mut event = guarded(told).await;
        while !event.clone().is_some_and(is_told) {
            event = guarded(place.events.next_event()).await;
        }
    }
    place.expect_alive().await
}

/// It reads nothing and asks for more and more. It gets what is due to it, and loses its link.
#[tokio::test]
async fn a_peer_that_reads_nothing_is_not_shown_much() -> TestResult {
    let mut place = Place::new().await?;
    let format = crate::long::of_length(60_000);
    let settings = SendSettings::default();
    let _orders = place.exporter.export_sender_as("orders", settings, format)?;
    let mut peer = Peer::new(&place).await?;
    let mut said = 0;
    for number in 1..=20_000 {
        if peer.say(Frame::Open(open(number))).await.is_err() {
            break;
        }
        said += 1;
    }
    assert!(said > 0);
    place.expect_alive().await
}

#[tokio::test]
async fn what_a_peer_calls_its_codec_does_nothing_to_a_terminal() -> TestResult {
    let mut place = Place::new().await?;
    let _orders = place.exporter.export_sender::<left::Order>("orders", SendSettings::default())?;
    let mut peer = Peer::new(&place).await?;
    peer.say(Frame::Open(Open { codec: "json\u{1b}[2J\n".into(), ..open(1) })).await?;
    let (code, _, text) = place.refusal().await?;
    assert_eq!(code, Code::CodecMismatch);
    assert_eq!(text, r"exporter bincode2, importer json\u{1b}[2J\n");
    Ok(())
}
