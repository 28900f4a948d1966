//! A hostile peer: bytes that nobody planned. A session refuses them or not, but never panics, and
//! what it keeps stays bounded (which the loose shell checks).

use bytes::BytesMut;
use netchan::dir::Dir;
use netchan::session::Role;
use netchan::wire::{Hello, Opening, check_preamble};
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

use crate::loose::Loose;
use crate::pair::{Ask, Pair, opposite};

fn config(cases: u32) -> ProptestConfig {
    let file = "tests/session/hostile_bytes.proptest-regressions";
    ProptestConfig {
        cases,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(file))),
        ..ProptestConfig::default()
    }
}

/// What the other side says to a side in a conversation of four channels with all that there is:
/// values short and long, grants, ends, a hangup, a limit, a goodbye.
fn conversation(listener: Role) -> Vec<u8> {
    let mut pair = Pair::new();
    let ask = Ask { window_values: 20, window_bytes: 20_000, limit: None };
    let dirs = [Dir::Recv, Dir::Send, Dir::Recv, Dir::Send];
    let channels = dirs.map(|dir| pair.open(dir, ask));
    pair.exporter.answer = crate::side::Answer::Accept(20, 20_000);
    pair.exporter.page = vec![7; 3000].into();
    pair.importer.session.list("lines");
    let mut heard = Vec::new();
    for round in 0..12 {
        for channel in channels {
            match round {
                0..4 => pair.send(channel, [0, 5, 70, 100 << round, 30]),
                4 => pair.send(channel, [30_000]),
                8 if channel == channels[2] => pair.hangup(opposite(listener), channel),
                9 => pair.finish(channel),
                11 => pair[opposite(listener)].session.goodbye(netchan::wire::Code::Closed, "bye"),
                _ => {}
            }
            pair.take(channel, 7);
        }
        for _ in 0..3 {
            pair.turn(listener);
            pair.write(opposite(listener), usize::MAX);
            heard.extend_from_slice(pair.in_flight_bytes(listener));
            pair.read(listener, usize::MAX);
            pair.read(opposite(listener), usize::MAX);
            pair.advance(netchan::limits::ACK_DELAY);
        }
    }
    heard
}

/// A change to a conversation, at a place.
#[derive(Clone, Debug)]
enum Mutation {
    Set(u8),
    Flip(u8),
    Fill(u8, usize),
    Insert(Vec<u8>),
    Remove(usize),
    Repeat(usize),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    prop_oneof![
        any::<u8>().prop_map(Mutation::Set),
        (0..8_u8).prop_map(Mutation::Flip),
        (prop::sample::select(vec![0, 0x7f, 0x80, 0xff]), 1..9_usize)
            .prop_map(|(byte, length)| Mutation::Fill(byte, length)),
        prop::collection::vec(any::<u8>(), 1..40).prop_map(Mutation::Insert),
        (1..60_usize).prop_map(Mutation::Remove),
        (1..200_usize).prop_map(Mutation::Repeat),
    ]
}

fn mutate(bytes: &mut Vec<u8>, place: prop::sample::Index, mutation: Mutation) {
    let at = place.index(bytes.len());
    let end = |length: usize| (at + length).min(bytes.len());
    match mutation {
        Mutation::Set(byte) => bytes[at] = byte,
        Mutation::Flip(bit) => bytes[at] ^= 1 << bit,
        Mutation::Fill(byte, length) => {
            let end = end(length);
            bytes[at..end].fill(byte);
        }
        Mutation::Insert(more) => {
            bytes.splice(at..at, more);
        }
        Mutation::Remove(length) => {
            let end = end(length);
            bytes.drain(at..end);
            bytes.push(0);
        }
        Mutation::Repeat(length) => {
            let again = bytes[at..end(length)].to_vec();
            bytes.splice(at..at, again);
        }
    }
}

fn listen(role: Role, takes: bool, bytes: &[u8], piece_bytes: usize) {
    let mut loose = Loose::new(role, takes);
    for piece in bytes.chunks(piece_bytes) {
        if loose.feed(piece).is_err() {
            // The link ends; the session must be sound enough to go on with another.
            let _resumed = loose.resume(0);
            let _result = loose.feed(bytes);
            return;
        }
    }
}

#[test]
fn the_conversation_itself_is_understood() {
    for role in [Role::Importer, Role::Exporter] {
        let mut loose = Loose::new(role, true);
        let heard = conversation(role);
        assert!(heard.len() > 30_000);
        // An acknowledgement of what the loose shell has not said may end it early, but not before
        // values have come.
        let _error = heard.chunks(16).find_map(|piece| loose.feed(piece).err());
        let received = loose.session.received_frames();
        assert!(received > 8, "{role:?} has received {received} frames");
    }
}

proptest! {
    #![proptest_config(config(400))]

    #[test]
    fn a_mutated_conversation_never_panics(
        is_importer: bool,
        takes: bool,
        piece_bytes in prop::sample::select(vec![1, 7, 100, 5000, 100_000]),
        mutations in prop::collection::vec((any::<prop::sample::Index>(), mutation()), 1..6),
        is_early: bool,
    ) {
        let role = if is_importer { Role::Importer } else { Role::Exporter };
        let mut bytes = conversation(role);
        if is_early {
            bytes.truncate(2000);
        }
        for (place, mutation) in mutations {
            mutate(&mut bytes, place, mutation);
        }
        listen(role, takes, &bytes, piece_bytes.max(bytes.len() / 500));
    }
}

proptest! {
    #![proptest_config(config(1000))]

    #[test]
    fn random_bytes_never_panic(
        is_importer: bool,
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        piece_bytes in 1..100_usize,
    ) {
        let role = if is_importer { Role::Importer } else { Role::Exporter };
        listen(role, true, &bytes, piece_bytes);
    }

    #[test]
    fn random_bodies_behind_a_sound_header_never_panic(
        is_importer: bool,
        kind in prop::sample::select(vec![
            0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27_u8,
        ]),
        flags in 0..2_u8,
        channel in 0..5_u32,
        body in prop::collection::vec(prop_oneof![Just(0), Just(0xff), any::<u8>()], 0..120),
    ) {
        let role = if is_importer { Role::Importer } else { Role::Exporter };
        let is_counted = kind >= 0x20;
        let mut bytes = vec![kind, flags, 0, 0];
        bytes.extend_from_slice(&channel.to_le_bytes());
        bytes.extend_from_slice(&u32::from(is_counted).to_le_bytes());
        bytes.extend_from_slice(&(body.len() as u32).to_le_bytes());
        bytes.extend_from_slice(&body);
        listen(role, true, &bytes, 1000);
    }

    #[test]
    fn random_handshakes_never_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        for kind in [0x01, 0x02, 0x03] {
            if bytes.len() >= 16 {
                let length = bytes.len() as u32 - 16;
                bytes[..12].copy_from_slice(&[kind, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
                bytes[12..16].copy_from_slice(&length.to_le_bytes());
            }
            let input = BytesMut::from(&bytes[..]);
            let _preamble = check_preamble(&mut input.clone());
            let _hello = Hello::decode(&mut input.clone());
            let _opening = Opening::decode(&mut input.clone());
        }
    }
}
