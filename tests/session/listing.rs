//! Which channels an exporter has: one question at a time, a page in pieces, over as many links as it
//! takes.

use std::time::Instant;

use bytes::Bytes;
use netchan::dir::Dir;
use netchan::limits::{COMPOSED_BYTES_MAX, LISTING_PAGE_BYTES_MAX};
use netchan::session::{Role, Session, SessionError, Settled};
use netchan::wire::{Code, Frame};

use crate::pair::{Ask, Pair};
use crate::script::Script;
use crate::side::{Note, parameters};

/// A page whose bytes are all at their places.
fn page(bytes: usize) -> Bytes {
    (0..bytes).map(|at| (at % 251) as u8).collect()
}

fn pages(notes: &[Note]) -> Vec<Bytes> {
    let page = |note: &Note| match note {
        Note::Listed(page) => Some(page.clone()),
        _ => None,
    };
    notes.iter().filter_map(page).collect()
}

fn list(token: u64, after: &str) -> Frame {
    Frame::List { token, after: after.into() }
}

fn piece(token: u64, is_last: bool, piece: &'static [u8]) -> Frame {
    Frame::Listing { token, is_last, piece: Bytes::from_static(piece) }
}

#[test]
fn a_page_of_any_length_comes_in_pieces_of_any_length_beside_values() {
    for (seed, bytes) in
        [0, 1, 1014, 1015, 1016, 30_000, LISTING_PAGE_BYTES_MAX].into_iter().enumerate()
    {
        let mut pair = Pair::seeded(seed as u64);
        pair.exporter.page = page(bytes);
        let channel = pair.opened(Dir::Recv, Ask::default());
        pair.send(channel, [100; 50]);
        pair.importer.session.list("numbers");
        pair.finish(channel);
        pair.run_and_take_all();
        pair.assert_all_arrived(channel);
        assert_eq!(pages(&pair.importer.notes), [page(bytes)]);
        assert!(pair.exporter.notes.contains(&Note::Questioned("numbers".into())));
        pair.assert_all_over();
    }
}

#[test]
fn a_link_that_is_cut_at_any_byte_costs_only_the_time_of_another_question() {
    let bytes = 2500;
    for cut_at in 0..bytes + 200 {
        let mut pair = Pair::new();
        pair.exporter.page = page(bytes);
        pair.importer.session.list("");
        // The question is on its way, or lost; and so is a part of the answer.
        pair.turn(Role::Importer);
        if cut_at > 0 {
            pair.read(Role::Exporter, usize::MAX);
            pair.write(Role::Exporter, cut_at);
            pair.read(Role::Importer, usize::MAX);
        }
        pair.cut_link();
        pair.resume();
        pair.run_until_idle();
        assert_eq!(pages(&pair.importer.notes), [page(bytes)], "cut at {cut_at}");
    }
}

#[test]
fn a_question_waits_for_the_first_link_and_for_the_next() {
    let now = Instant::now();
    let mut session = Session::waiting(parameters(Role::Importer), now);
    session.list("x");
    assert!(!session.poll_transmit(now, &mut crate::queues::Queues::default()));
    let settled = Settled {
        peer_frame_bytes_max: 65_536,
        channels_max: 10,
        expiry: parameters(Role::Importer).expiry,
    };
    session.begin(now, settled);
    assert!(session.poll_transmit(now, &mut crate::queues::Queues::default()));
    session.handle_link_lost(now).expect("it is kept");
    assert!(!session.poll_transmit(now, &mut crate::queues::Queues::default()));
    session.handle_resume(now, 0).expect("nothing is claimed");
    assert!(session.poll_transmit(now, &mut crate::queues::Queues::default()));
}

#[test]
fn what_is_left_of_an_earlier_answer_is_not_taken_for_the_new_one() {
    let mut script = Script::importer();
    script.side.session.list("");
    script.expect(list(1, ""));
    script.send(piece(1, false, b"half"));
    let now = script.now;
    script.side.resume(now, 0);
    script.expect(list(2, ""));
    script.send(piece(1, true, b" a page"));
    script.send(piece(7, true, b"nobody has asked"));
    assert!(pages(&script.side.notes).is_empty());
    script.send(piece(2, false, b"a whole"));
    script.send(piece(2, true, b" page"));
    assert_eq!(pages(&script.side.notes), [Bytes::from_static(b"a whole page")]);
    // It is answered once.
    script.send(piece(2, true, b" page"));
    assert_eq!(pages(&script.side.notes).len(), 1);
    script.expect_nothing();
}

#[test]
fn a_question_takes_the_place_of_the_one_before() {
    let mut script = Script::importer();
    script.side.session.list("a");
    script.expect(list(1, "a"));
    script.side.session.list("b");
    // The answer to the first comes before the second is put.
    script.send(piece(1, true, b"late"));
    script.expect(list(2, "b"));
    script.send(piece(2, true, b"right"));
    assert_eq!(pages(&script.side.notes), [Bytes::from_static(b"right")]);

    let mut script = Script::exporter();
    script.side.page = Bytes::from_static(b"p");
    for token in 1..=3 {
        script.send(list(token, &token.to_string()));
    }
    script.expect(piece(3, true, b"p"));
    script.expect_nothing();
    assert_eq!(script.side.notes, [Note::Questioned("3".into())]);
}

#[test]
fn a_peer_that_asks_and_does_not_read_takes_no_memory() {
    let mut script = Script::exporter();
    script.side.page = page(LISTING_PAGE_BYTES_MAX);
    for token in 0..100_000 {
        script.send(list(token, "a"));
        if let Some(question) = script.side.session.poll_question() {
            script.side.session.answer_list(&question, &script.side.page);
        }
    }
    let unwritten_bytes = script.side.session.unwritten_bytes();
    let bytes_max = COMPOSED_BYTES_MAX + LISTING_PAGE_BYTES_MAX * 11 / 10;
    assert!((1..bytes_max).contains(&unwritten_bytes), "{unwritten_bytes} bytes are composed");
    // What it asked last is answered when it reads.
    let last = std::iter::from_fn(|| script.hear_past_acks()).last();
    assert!(matches!(last, Some(Frame::Listing { token: 99_999, is_last: true, .. })), "{last:?}");
}

#[test]
fn pieces_without_end_are_too_large() {
    let mut script = Script::importer();
    script.side.session.list("");
    script.expect(list(1, ""));
    static PIECE: [u8; 1000] = [0; 1000];
    for _ in 0..LISTING_PAGE_BYTES_MAX / PIECE.len() {
        script.send(piece(1, false, &PIECE));
    }
    let error = script.send_wrong(piece(1, false, &PIECE));
    assert_eq!(error, SessionError::PageTooLong { bytes: 66_000 });
    assert_eq!(error.code(), Code::TooLarge);
}

#[test]
fn nobody_asks_an_importer_and_nobody_tells_an_exporter() {
    assert_eq!(Script::importer().send_wrong(list(1, "")).code(), Code::Violation);
    assert_eq!(Script::exporter().send_wrong(piece(1, true, b"")).code(), Code::Violation);
}

#[test]
fn a_session_that_is_closing_answers_no_more() {
    let mut script = Script::exporter();
    script.send(list(1, ""));
    script.side.session.goodbye(Code::Closed, "");
    assert_eq!(script.side.session.poll_question(), None);
}
