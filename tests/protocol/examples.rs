//! Each hex example of the document is what the crate decodes and encodes.

use std::collections::BTreeSet;

use bytes::{Bytes, BytesMut};
use netchan::Dir;
use netchan::channel::identity::Schema;
use netchan::id::{ChannelId, Incarnation, NodeId, SessionId, SessionToken};
use netchan::wire::{
    Code, Content, Data, Frame, Hello, Open, Opening, PREAMBLE, Partial, Piece, Reject, Resume,
    Sequenced, Spent, Subject, Welcome, check_preamble, decode, encode,
};

use crate::document::{self, Block, Corrections};
use crate::layout;

/// The blocks of the conversation are looked at elsewhere.
pub(crate) const STEP: &str = "step ";

/// What an example shows.
#[derive(Debug, PartialEq)]
pub(crate) enum Example {
    Preamble,
    Hello(Hello),
    Opening(Opening),
    Frame(Sequenced),
}

impl Example {
    pub(crate) fn to_bytes(&self) -> BytesMut {
        let mut bytes = BytesMut::new();
        match self {
            Example::Preamble => bytes.extend_from_slice(&PREAMBLE),
            Example::Hello(hello) => hello.encode(&mut bytes),
            Example::Opening(opening) => opening.encode(&mut bytes),
            Example::Frame(Sequenced { sequence, frame }) => encode(frame, *sequence, &mut bytes),
        }
        bytes
    }

    /// Decodes bytes as what `self` is. `None` if they cannot be that.
    fn decode_alike(&self, bytes: &[u8]) -> Option<Example> {
        let mut input = BytesMut::from(bytes);
        let example = match self {
            Example::Preamble => check_preamble(&mut input).ok()?.then_some(Example::Preamble),
            Example::Hello(_) => Hello::decode(&mut input).ok()?.map(Example::Hello),
            Example::Opening(_) => Opening::decode(&mut input).ok()?.map(Example::Opening),
            Example::Frame(_) => decode(&mut input, 1024).ok()?.map(Example::Frame),
        };
        example.filter(|_| input.is_empty())
    }
}

/// Sixteen bytes that count up from `first`.
fn counting(first: u8) -> [u8; 16] {
    std::array::from_fn(|at| first + at as u8)
}

pub(crate) fn hello(resume: Option<Resume>, received: u64) -> Example {
    Example::Hello(Hello {
        version_min: 1,
        version_max: 1,
        node: NodeId(counting(0x10)),
        incarnation: Incarnation(counting(0x20)),
        resume,
        received,
        frame_bytes_max: 65536,
        expiry_ms: 60_000,
        features: 0,
        credentials: Bytes::new(),
    })
}

fn resume() -> Resume {
    let (session, token) = (SessionId(counting(0x50)), SessionToken(counting(0x60)));
    Resume { session, token, epoch: 2 }
}

pub(crate) fn welcome() -> Example {
    Example::Opening(Opening::Welcome(Welcome {
        version: 1,
        node: NodeId(counting(0x30)),
        incarnation: Incarnation(counting(0x40)),
        session: SessionId(counting(0x50)),
        token: SessionToken(counting(0x60)),
        epoch: 1,
        received: 0,
        frame_bytes_max: 65536,
        channels_max: 16384,
        expiry_ms: 90_000,
        features: 0,
    }))
}

fn reject() -> Example {
    let code = Code::UnsupportedVersion;
    Example::Opening(Opening::Reject(Reject { code, text: "version 1 only".into() }))
}

fn frame(sequence: u32, frame: Frame) -> Example {
    Example::Frame(Sequenced { sequence, frame })
}

fn data(sequence: u32, values: u32, partial: Option<(u32, u32)>, run: &'static [u8]) -> Example {
    let partial = partial.map(|(tail, rest)| Partial { tail, rest });
    let run = Bytes::from_static(run);
    frame(
        sequence,
        Frame::Data(Data { channel: ChannelId(3), values, partial, spent: Spent::default(), run }),
    )
}

fn open() -> Example {
    let open = Open {
        channel: ChannelId(3),
        dir: Dir::Recv,
        name: "lines".into(),
        codec: "bincode2".into(),
        identity: counting(0x70),
        answer_identity: [0; 16],
        also_accepts: vec![counting(0x80)],
        content: Content::Values,
        clock_ms: 60_000,
        window_values: 256,
        window_bytes: 1024 * 1024,
        limit: Some(1000),
    };
    frame(7, Frame::Open(open))
}

fn document() -> Example {
    let schema = Schema::of::<Vec<u32>>().expect("it can be traced");
    let bytes = bincode::serde::encode_to_vec(&*schema, bincode::config::standard());
    frame(
        16,
        Frame::Document(Piece {
            channel: ChannelId(3),
            subject: Subject::Values,
            is_last: true,
            older_types: 1,
            bytes: bytes.expect("it is no long one").into(),
        }),
    )
}

/// What each example of the document must be, by the name of its block.
fn expected() -> Vec<(&'static str, Example)> {
    let channel = ChannelId(3);
    let accept = Frame::Accept {
        channel: ChannelId(4),
        window_values: 256,
        window_bytes: 1 << 20,
        content: Content::Values,
        clock_ms: 60_001,
        identity: counting(0x70),
    };
    let refuse = Frame::Refuse { channel, code: Code::UnknownName, text: "no lines here".into() };
    let grant = Frame::Grant { channel, values: 320, bytes: 1_050_000, taken: 62, freed: 64 };
    let rejected = Frame::Rejected { channel, position: 3, values: 1, text: "odd".into() };
    let hangup = Frame::Hangup { channel, code: Code::HungUp, values: 2, text: "enough".into() };
    // A list without channels.
    let piece = Bytes::from_static(&[0, 0]);
    let goodbye = Frame::Goodbye { code: Code::Closed, text: "shutting down".into() };
    vec![
        ("preamble", Example::Preamble),
        ("Hello", hello(None, 0)),
        ("Hello, resuming", hello(Some(resume()), 41)),
        ("Welcome", welcome()),
        ("Reject", reject()),
        ("Ack", frame(0, Frame::Ack { received: 41 })),
        ("Grant", frame(0, grant)),
        ("Ping", frame(0, Frame::Ping { token: 9 })),
        ("Pong", frame(0, Frame::Pong { token: 9 })),
        ("Goodbye", frame(0, goodbye)),
        ("List", frame(0, Frame::List { token: 3, after: "lines".into() })),
        ("Listing", frame(0, Frame::Listing { token: 3, is_last: true, piece })),
        ("Open", open()),
        ("Accept", frame(8, accept)),
        ("Refuse", frame(8, refuse)),
        ("Data", data(9, 2, None, b"\x0c\x02ab\x10\x03cde")),
        ("Data, first piece", data(10, 1, Some((4, 3)), b"\x08\x01f\x18\x05he")),
        ("Data, last piece", data(11, 1, None, b"llo")),
        ("End", frame(12, Frame::End { channel, values: 4 })),
        ("Hangup", frame(13, hangup)),
        ("Skipped", frame(14, Frame::Skipped { channel, values: 7 })),
        ("Cancel", frame(15, Frame::Cancel { channel, request: 12 })),
        ("Document", document()),
        ("Rejected", frame(16, rejected)),
    ]
}

fn examples() -> Vec<Block> {
    let mut blocks = document::blocks("hex");
    blocks.retain(|block| !block.name.starts_with(STEP));
    blocks
}

#[test]
fn each_example_has_its_frame_and_each_kind_its_example() {
    let in_document: BTreeSet<String> = examples().into_iter().map(|block| block.name).collect();
    let here: BTreeSet<String> = expected().iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(in_document, here);
    for kind in netchan::wire::Kind::ALL {
        assert!(here.contains(&format!("{kind:?}")), "no example of {kind:?}");
    }
}

#[test]
fn each_example_is_what_the_crate_encodes() {
    let mut corrections = Corrections::default();
    for (name, example) in expected() {
        let block = document::block("hex", name);
        corrections.expect(&block, &layout::lay_out(&example.to_bytes()));
    }
    corrections.finish();
}

#[test]
fn each_example_is_decoded_to_its_frame() {
    for (name, example) in expected() {
        let bytes = document::bytes_of(&document::block("hex", name));
        assert_eq!(example.decode_alike(&bytes), Some(example), "{name}");
    }
}
