//! How channels end when nobody hangs up: by their end, by their limit, or before they begin.

use netchan::dir::Dir;
use netchan::session::{Growth, OpenError, OpenRequest};
use netchan::wire::{Code, Content};

use crate::pair::{Ask, Pair};
use crate::side::{Answer, Note};

fn limited(limit: u64) -> Ask {
    Ask { limit: Some(limit), ..Ask::default() }
}

#[test]
fn a_channel_ends_when_all_of_its_values_were_taken() {
    let mut pair = Pair::new();
    let channel = pair.opened(Dir::Recv, Ask::default());
    pair.send(channel, [3, 0, 100]);
    pair.finish(channel);
    pair.run_until_idle();
    assert_eq!(pair.importer.story(channel), [Note::Accepted(channel), Note::Ended(channel)]);
    assert_eq!(pair.importer.session.channels(), 1);
    pair.take(channel, 2);
    pair.run_until_idle();
    assert_eq!(pair.exporter.session.channels(), 1);
    pair.take(channel, 1);
    pair.run_until_idle();
    pair.assert_all_arrived(channel);
    pair.assert_all_over();
    assert_eq!(pair.exporter.lost(channel), Some(0));
    assert_eq!(pair.importer.lost(channel), Some(0));
}

#[test]
fn a_channel_without_values_ends_as_well() {
    for dir in [Dir::Recv, Dir::Send] {
        let mut pair = Pair::new();
        let channel = pair.open(dir, Ask::default());
        pair.finish(channel);
        pair.run_until_idle();
        pair.assert_all_over();
        let ended = Note::Ended(channel);
        assert!(pair.receiver(channel).story(channel).contains(&ended));
    }
}

#[test]
fn a_source_that_finishes_without_credit_ends_its_channel() {
    let mut pair = Pair::new();
    let ask = Ask { window_values: 2, ..Ask::default() };
    let channel = pair.opened(Dir::Send, ask);
    pair.send(channel, [9, 9]);
    pair.run_until_idle();
    pair.finish(channel);
    pair.run_until_idle();
    let ended = Note::Ended(channel);
    assert!(pair.exporter.story(channel).contains(&ended));
    pair.run_and_take_all();
    pair.assert_all_over();
}

#[test]
fn a_limited_channel_carries_exactly_its_limit() {
    for dir in [Dir::Recv, Dir::Send] {
        for limit in [1, 2, 100, 300] {
            let mut pair = Pair::new();
            let channel = pair.opened(dir, limited(limit));
            pair.send(channel, [4; 1000]);
            pair.run_and_take_all();
            pair.assert_all_over();
            assert_eq!(pair.taken(channel).len() as u64, limit);
            assert_eq!(pair.given(channel).len() as u64, limit);
            let reached = Note::LimitReached(channel);
            assert!(pair.sender(channel).story(channel).contains(&reached));
        }
    }
}

#[test]
fn a_limit_of_nothing_is_a_limit_of_one() {
    for dir in [Dir::Recv, Dir::Send] {
        let mut pair = Pair::new();
        let channel = pair.opened(dir, limited(0));
        pair.send(channel, [4; 3]);
        pair.run_and_take_all();
        pair.assert_all_over();
        assert_eq!(pair.taken(channel).len(), 1);
    }
}

#[test]
fn a_limited_channel_may_end_before_its_limit() {
    let mut pair = Pair::new();
    let channel = pair.opened(Dir::Recv, limited(100));
    pair.send(channel, [4; 10]);
    pair.finish(channel);
    pair.run_and_take_all();
    pair.assert_all_arrived(channel);
    pair.assert_all_over();
}

#[test]
fn a_refused_channel_is_over_and_others_go_on() {
    let mut pair = Pair::new();
    let good = pair.opened(Dir::Recv, Ask::default());
    pair.exporter.answer = Answer::Refuse(Code::TypeMismatch, "numbers, not names".into());
    let refused = pair.opened(Dir::Send, Ask::default());
    let told = Note::Refused(refused, Code::TypeMismatch, "numbers, not names".into());
    assert_eq!(pair.importer.story(refused), [told]);
    pair.send(good, [1, 2, 3]);
    pair.finish(good);
    pair.run_and_take_all();
    pair.assert_all_arrived(good);
    pair.assert_all_over();
}

#[test]
fn a_session_has_no_more_channels_than_the_handshake_allows() {
    let mut pair = Pair::with(|parameters| parameters.channels_max = 3);
    let first = pair.open(Dir::Recv, Ask::default());
    pair.open(Dir::Recv, Ask::default());
    pair.open(Dir::Recv, Ask::default());
    let one_more = OpenRequest {
        dir: Dir::Recv,
        name: "one more".into(),
        codec: "bytes".into(),
        identity: [0; 16],
        answer_identity: [0; 16],
        also_accepts: Vec::new(),
        content: Content::Values,
        clock_ms: 0,
        window_values: 1,
        window_bytes: 1 << 20,
        limit: None,
        redelivers: true,
        growth: Growth::NONE,
    };
    let refused = pair.importer.session.open(one_more.clone());
    assert_eq!(refused, Err(OpenError::TooManyChannels(3)));
    pair.run_until_idle();
    pair.finish(first);
    pair.run_until_idle();
    assert!(pair.importer.session.open(one_more).is_ok());
}

#[test]
fn a_window_that_is_too_small_is_made_large_enough() {
    let mut pair = Pair::new();
    pair.exporter.answer = Answer::Accept(0, 0);
    for dir in [Dir::Recv, Dir::Send] {
        let request = OpenRequest {
            dir,
            name: "narrow".into(),
            codec: "bytes".into(),
            identity: [0; 16],
            answer_identity: [0; 16],
            also_accepts: Vec::new(),
            content: Content::Values,
            clock_ms: 0,
            window_values: 0,
            window_bytes: 0,
            limit: None,
            redelivers: true,
            growth: Growth::NONE,
        };
        let opened = pair.importer.session.open(request);
        assert!(opened.is_ok());
    }
    pair.run_until_idle();
    assert_eq!(pair.importer.notes.len(), 2, "both are accepted");
}

#[test]
fn a_goodbye_is_heard_and_stops_what_follows() {
    let mut pair = Pair::new();
    let channel = pair.opened(Dir::Recv, Ask::default());
    pair.exporter.session.goodbye(Code::Closed, "going home");
    pair.send(channel, [5; 5]);
    pair.run_until_idle();
    let heard = Note::Goodbye(Code::Closed, "going home".into());
    assert!(pair.importer.notes.contains(&heard));
    assert!(pair.given(channel).is_empty());
    let request = OpenRequest {
        dir: Dir::Recv,
        name: "late".into(),
        codec: "bytes".into(),
        identity: [0; 16],
        answer_identity: [0; 16],
        also_accepts: Vec::new(),
        content: Content::Values,
        clock_ms: 0,
        window_values: 1,
        window_bytes: 1 << 20,
        limit: None,
        redelivers: true,
        growth: Growth::NONE,
    };
    assert_eq!(pair.importer.session.open(request), Err(OpenError::Closing));
}
