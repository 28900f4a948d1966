//! Hangups: at every stage of a channel both sides forget it and know what was lost.

use netchan::dir::Dir;
use netchan::session::Role;
use netchan::wire::Code;

use crate::pair::{Ask, BOTH, Pair, opposite};
use crate::side::{Answer, Note};

const DIRS: [Dir; 2] = [Dir::Recv, Dir::Send];

fn hung_up(note: &Note) -> bool {
    matches!(note, Note::HungUp(..))
}

#[test]
fn an_importer_can_hang_up_before_it_is_answered() {
    for dir in DIRS {
        let mut pair = Pair::new();
        let channel = pair.open(dir, Ask::default());
        pair.send(channel, [5]);
        pair.hangup(Role::Importer, channel);
        pair.run_until_idle();
        pair.assert_all_over();
        let told = pair.importer.story(channel);
        assert!(!told.iter().any(hung_up), "nobody else hung up: {told:?}");
        assert_eq!(pair.importer.lost(channel), Some(0));
        assert_eq!(pair.exporter.lost(channel), Some(0));
    }
}

#[test]
fn an_importer_that_hung_up_may_be_accepted_meanwhile() {
    for dir in DIRS {
        let mut pair = Pair::new();
        let channel = pair.open(dir, Ask::default());
        pair.write(Role::Importer, usize::MAX);
        pair.send(channel, [5, 6, 7]);
        pair.read(Role::Exporter, usize::MAX);
        pair.write(Role::Exporter, usize::MAX);
        pair.hangup(Role::Importer, channel);
        pair.run_until_idle();
        pair.assert_all_over();
    }
}

#[test]
fn an_importer_that_hung_up_may_be_refused_meanwhile() {
    let mut pair = Pair::new();
    pair.exporter.answer = Answer::Refuse(Code::UnknownName, "no such channel".into());
    let channel = pair.open(Dir::Recv, Ask::default());
    pair.write(Role::Importer, usize::MAX);
    pair.read(Role::Exporter, usize::MAX);
    pair.hangup(Role::Importer, channel);
    pair.run_until_idle();
    pair.assert_all_over();
    assert!(matches!(pair.importer.story(channel)[..], [Note::Refused(..)]));
}

#[test]
fn an_answer_to_a_request_that_was_withdrawn_does_nothing() {
    for dir in DIRS {
        let mut pair = Pair::new();
        pair.exporter.answer = Answer::Wait;
        let channel = pair.opened(dir, Ask::default());
        pair.hangup(Role::Importer, channel);
        pair.run_until_idle();
        pair.assert_all_over();
        pair.exporter.answer = Answer::Accept(1, 1 << 20);
        pair.exporter.answer_requests();
        pair.run_until_idle();
        pair.assert_all_over();
    }
}

#[test]
fn an_exporter_that_hangs_up_instead_of_an_answer_refuses() {
    for dir in DIRS {
        let mut pair = Pair::new();
        pair.exporter.answer = Answer::Wait;
        let channel = pair.opened(dir, Ask::default());
        pair.hangup(Role::Exporter, channel);
        pair.run_until_idle();
        pair.assert_all_over();
        let refused = Note::Refused(channel, Code::HungUp, "enough".into());
        assert_eq!(pair.importer.story(channel), [refused]);
        assert_eq!(pair.exporter.lost(channel), Some(0));
    }
}

#[test]
fn a_hangup_in_the_middle_reports_what_was_not_taken() {
    for dir in DIRS {
        for role in BOTH {
            let mut pair = Pair::new();
            let channel = pair.opened(dir, Ask::default());
            pair.send(channel, [10; 7]);
            pair.run_until_idle();
            pair.take(channel, 3);
            pair.hangup(role, channel);
            pair.run_until_idle();
            pair.assert_all_over();
            // What has come when the other side hangs up can still be taken.
            let lost = if role == pair.sending_role(channel) { 0 } else { 4 };
            assert_eq!(pair.importer.lost(channel), Some(lost), "{dir} {role:?}");
            assert_eq!(pair.exporter.lost(channel), Some(lost), "{dir} {role:?}");
            let told = pair[opposite(role)].story(channel);
            assert!(told.contains(&Note::HungUp(channel, Code::HungUp, "enough".into())));
            assert!(!pair[role].story(channel).iter().any(hung_up));
        }
    }
}

#[test]
fn a_hangup_in_the_middle_of_a_long_value_loses_that_value() {
    for role in BOTH {
        let mut pair = Pair::new();
        pair.pipe_bytes_max = 50_000;
        let ask = Ask { window_bytes: 20_000, ..Ask::default() };
        let channel = pair.opened(Dir::Recv, ask);
        pair.send(channel, [400_000]);
        for _ in 0..5 {
            pair.turn_both();
        }
        assert!(pair.importer.inlets[&channel].buffered_bytes() > 0);
        pair.hangup(role, channel);
        pair.run_until_idle();
        pair.assert_all_over();
        assert_eq!(pair.exporter.lost(channel), Some(1));
        // The receiver never saw the end of the value, so it does not count it.
        assert_eq!(pair.importer.lost(channel), Some(0));
    }
}

#[test]
fn two_hangups_that_cross_end_the_channel_once() {
    let mut pair = Pair::new();
    let channel = pair.opened(Dir::Send, Ask::default());
    pair.send(channel, [1; 5]);
    pair.write(Role::Importer, usize::MAX);
    for role in BOTH {
        pair.hangup(role, channel);
        pair.write(role, usize::MAX);
    }
    pair.run_until_idle();
    pair.assert_all_over();
    for role in BOTH {
        let told = pair[role].story(channel);
        assert!(!told.iter().any(hung_up), "{told:?}");
        assert_eq!(pair[role].lost(channel), Some(5));
    }
}

#[test]
fn a_hangup_of_the_receiver_may_cross_the_end() {
    let mut pair = Pair::new();
    let channel = pair.opened(Dir::Recv, Ask::default());
    pair.send(channel, [1; 5]);
    pair.finish(channel);
    pair.write(Role::Exporter, usize::MAX);
    pair.hangup(Role::Importer, channel);
    pair.run_until_idle();
    pair.assert_all_over();
    assert_eq!(pair.importer.lost(channel), Some(5));
    assert_eq!(pair.exporter.lost(channel), Some(5));
    assert!(pair.exporter.story(channel).iter().any(hung_up));
}

#[test]
fn a_sender_can_hang_up_after_the_end() {
    let mut pair = Pair::new();
    let channel = pair.opened(Dir::Recv, Ask::default());
    pair.send(channel, [1; 5]);
    pair.finish(channel);
    pair.run_until_idle();
    pair.take(channel, 2);
    pair.hangup(Role::Exporter, channel);
    pair.run_until_idle();
    pair.assert_all_over();
    assert_eq!(pair.importer.lost(channel), Some(0));
    assert_eq!(pair.exporter.lost(channel), Some(0));
    assert!(pair.take(channel, 3), "what has come can still be taken");
}

#[test]
fn a_hangup_of_the_sender_may_cross_the_receivers_last_take() {
    let mut pair = Pair::new();
    let channel = pair.opened(Dir::Recv, Ask::default());
    pair.send(channel, [1; 5]);
    pair.finish(channel);
    pair.run_until_idle();
    pair.take(channel, 5);
    pair.hangup(Role::Exporter, channel);
    pair.run_until_idle();
    pair.assert_all_over();
    assert_eq!(pair.importer.lost(channel), Some(0));
    assert_eq!(pair.exporter.lost(channel), Some(0));
}

#[test]
fn a_second_hangup_changes_nothing() {
    let mut pair = Pair::new();
    let channel = pair.opened(Dir::Recv, Ask::default());
    pair.hangup(Role::Importer, channel);
    let composed = pair.importer.session.unwritten_bytes();
    pair.hangup(Role::Importer, channel);
    assert_eq!(pair.importer.session.unwritten_bytes(), composed);
    pair.run_until_idle();
    pair.assert_all_over();
}

#[test]
fn values_that_wait_behind_a_hangup_are_counted_as_lost() {
    let mut pair = Pair::new();
    let ask = Ask { window_values: 3, ..Ask::default() };
    let channel = pair.opened(Dir::Recv, ask);
    pair.send(channel, [1; 10]);
    pair.run_until_idle();
    pair.hangup(Role::Importer, channel);
    pair.run_until_idle();
    pair.assert_all_over();
    let given = pair.given(channel).len() as u64;
    assert_eq!(given, 3, "a source is asked for no more than the window");
    assert_eq!(pair.exporter.lost(channel), Some(3));
}
