//! Schemas that go with refusals, as bytes: whole or not at all, once, and no burden to either side.

use bytes::Bytes;
use netchan::dir::Dir;
use netchan::id::ChannelId;
use netchan::limits::*;
use netchan::session::{Document, Role};
use netchan::wire::{Code, DOCUMENT_PREFIX_BYTES, Frame, Piece, Subject};

use crate::pair::{Ask, Pair};
use crate::script::{Script, open};
use crate::side::{Answer, Note};

const PIECE_BYTES: usize = CONTROL_BODY_BYTES_MAX - DOCUMENT_PREFIX_BYTES;

fn document(length: usize) -> Document {
    let bytes: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
    Document { subject: Subject::Answers, older_types: 3, bytes: bytes.into() }
}

/// A pair whose exporter refuses a channel with a document.
fn refused_with(length: usize) -> (Pair, ChannelId) {
    let mut pair = Pair::new();
    pair.exporter.answer = Answer::Show(Code::TypeMismatch, document(length));
    let channel = pair.open(Dir::Recv, Ask::default());
    (pair, channel)
}

/// What an importer hears of a refusal.
fn told(channel: ChannelId, shown: Option<usize>) -> Vec<Note> {
    let shown = shown.map(|length| Note::Shown(channel, document(length)));
    let refused = Note::Refused(channel, Code::TypeMismatch, String::new());
    shown.into_iter().chain([refused]).collect()
}

#[test]
fn both_sides_see_what_the_other_has() {
    for length in [1, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES - 1, SCHEMA_BYTES_MAX] {
        let (mut pair, channel) = refused_with(length);
        pair.run_until_idle();
        assert_eq!(pair.importer.story(channel), told(channel, Some(length)));
        pair.importer.session.show(channel, &document(length / 2 + 1));
        pair.run_until_idle();
        let shown = Note::Shown(channel, document(length / 2 + 1));
        assert_eq!(pair.exporter.story(channel), [Note::OpenRequested(channel), shown]);
        pair.assert_all_over();
    }
}

#[test]
fn one_that_is_too_long_or_empty_is_left_out() {
    for length in [0, SCHEMA_BYTES_MAX + 1] {
        let (mut pair, channel) = refused_with(length);
        pair.run_until_idle();
        pair.importer.session.show(channel, &document(length));
        pair.run_until_idle();
        assert_eq!(pair.importer.story(channel), told(channel, None));
        assert_eq!(pair.exporter.story(channel), [Note::OpenRequested(channel)]);
    }
}

#[test]
fn nothing_is_shown_about_what_was_not_refused() {
    let mut pair = Pair::new();
    let channel = pair.opened(Dir::Recv, Ask::default());
    let never_asked = ChannelId(channel.0 + 1);
    let of_exporter = ChannelId::FIRST_OF_EXPORTER;
    for id in [ChannelId::NONE, channel, channel.answers(), never_asked, of_exporter] {
        pair.importer.session.show(id, &document(10));
        // It finds no fault.
        pair.run_until_idle();
    }
    let story = [Note::OpenRequested(channel)];
    assert_eq!(pair.exporter.story(channel), story);
}

#[test]
fn a_link_can_break_anywhere_in_the_exchange() {
    for (role, step) in [(Role::Importer, 97), (Role::Exporter, 97)] {
        let mut cut_at = 0;
        loop {
            let (mut pair, channel) = refused_with(3 * PIECE_BYTES);
            let mut read_bytes = 0;
            let mut was_cut = false;
            let mut is_shown = false;
            let mut idle_turns = 0;
            while idle_turns < 50 {
                let mut moved = false;
                for side in [Role::Importer, Role::Exporter] {
                    if side == role && read_bytes >= cut_at && !was_cut {
                        was_cut = true;
                        pair.cut_link();
                        pair.resume();
                    }
                    let (written, read) = (pair.write(side, step), pair.read(side, step));
                    read_bytes += if side == role { read } else { 0 };
                    moved |= written + read > 0;
                }
                idle_turns = if moved { 0 } else { idle_turns + 1 };
                pair.advance(ACK_DELAY / 20);
                if !is_shown && !pair.importer.story(channel).is_empty() {
                    is_shown = true;
                    pair.importer.session.show(channel, &document(2 * PIECE_BYTES));
                }
            }
            assert_eq!(pair.importer.story(channel), told(channel, Some(3 * PIECE_BYTES)));
            let shown = Note::Shown(channel, document(2 * PIECE_BYTES));
            assert_eq!(pair.exporter.story(channel), [Note::OpenRequested(channel), shown]);
            if !was_cut {
                break;
            }
            cut_at += step;
        }
        assert!(cut_at > 2 * PIECE_BYTES, "{cut_at} bytes were said");
    }
}

#[test]
fn a_peer_that_acknowledges_nothing_is_soon_shown_nothing() {
    let mut script = Script::exporter();
    script.side.answer = Answer::Show(Code::TypeMismatch, document(SCHEMA_BYTES_MAX));
    let pieces = SCHEMA_BYTES_MAX.div_ceil(PIECE_BYTES);
    let shown_max = SCHEMA_BACKLOG_BYTES_MAX / SCHEMA_BYTES_MAX + 1;
    let mut documents = 0;
    for number in 1..=2 * shown_max as u32 {
        script.send(open(number, Dir::Recv, 1));
        let mut heard = 0;
        loop {
            match script.hear_past_acks() {
                Some(Frame::Document(piece)) => heard += usize::from(piece.is_last) + 1,
                Some(Frame::Refuse { code: Code::TypeMismatch, .. }) => break,
                other => panic!("{other:?}"),
            }
        }
        assert!(heard == 0 || heard == pieces + 1, "a schema is shown whole or not at all");
        documents += usize::from(heard > 0);
    }
    assert!(documents > shown_max / 2, "{documents} schemas");
    assert!(documents <= shown_max, "{documents} schemas");
    // It goes on when the peer has acknowledged.
    let frames = (documents * pieces + 2 * shown_max) as u64;
    script.send(Frame::Ack { received: frames });
    script.send(open(2 * shown_max as u32 + 1, Dir::Recv, 1));
    assert!(matches!(script.hear_past_acks(), Some(Frame::Document(_))));
}

#[test]
fn a_channel_that_is_given_up_meanwhile_is_over_with_its_refusal() {
    let (mut pair, channel) = refused_with(2 * PIECE_BYTES);
    pair.write(Role::Importer, usize::MAX);
    pair.read(Role::Exporter, usize::MAX);
    pair.hangup(Role::Importer, channel);
    pair.run_until_idle();
    assert_eq!(pair.importer.story(channel), told(channel, Some(2 * PIECE_BYTES)));
    pair.assert_all_over();
}

#[test]
fn what_nobody_has_asked_to_see_is_put_together_and_no_more() {
    let mut script = Script::exporter();
    script.side.answer = Answer::Refuse(Code::UnknownName, String::new());
    script.send(open(1, Dir::Recv, 1));
    assert!(matches!(script.hear_past_acks(), Some(Frame::Refuse { .. })));
    let (channel, subject) = (ChannelId(1), Subject::Values);
    for _ in 0..3 {
        for is_last in [false, true] {
            let bytes = Bytes::from_static(b"piece");
            let piece = Piece { channel, subject, is_last, older_types: 0, bytes };
            script.send(Frame::Document(piece));
        }
    }
    let shown = script.side.story(channel).into_iter().filter_map(|note| match note {
        Note::Shown(_, document) => Some(document.bytes),
        _ => None,
    });
    assert_eq!(shown.collect::<Vec<_>>(), [&b"piecepiece"[..]; 3]);
    script.expect_nothing();
}
