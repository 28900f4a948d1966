//! Silence: a link is asked whether it lives, and given up when it does not answer.

use std::time::Duration;

use netchan::limits::{DEAD_AFTER, HEARTBEAT_AFTER};
use netchan::session::SessionError;
use netchan::wire::{Code, Frame};

use crate::pair::{BOTH, Pair};
use crate::script::Script;

#[test]
fn a_silent_link_is_asked_once() {
    let mut script = Script::exporter();
    assert_eq!(script.side.session.next_timeout(), script.now + HEARTBEAT_AFTER);
    script.advance(HEARTBEAT_AFTER);
    assert_eq!(script.hear(), Some(Frame::Ping { token: 1 }));
    assert_eq!(script.hear(), None);
    script.advance(Duration::from_secs(1));
    assert_eq!(script.hear(), None);
    script.send(Frame::Pong { token: 1 });
    script.advance(HEARTBEAT_AFTER);
    assert_eq!(script.hear(), Some(Frame::Ping { token: 2 }));
}

#[test]
fn a_link_that_does_not_answer_is_dead() {
    let mut script = Script::exporter();
    script.advance(HEARTBEAT_AFTER);
    assert!(script.hear().is_some());
    assert_eq!(script.side.session.next_timeout(), script.now + (DEAD_AFTER - HEARTBEAT_AFTER));
    script.advance(DEAD_AFTER - HEARTBEAT_AFTER);
    let Err(error) = script.side.session.handle_timeout(script.now) else {
        panic!("the link is dead");
    };
    let silent_ms = DEAD_AFTER.as_millis() as u64;
    assert_eq!(error, SessionError::Silent { silent_ms });
    assert_eq!(error.code(), Code::Silent);
}

#[test]
fn any_byte_is_a_sign_of_life() {
    let mut script = Script::exporter();
    script.advance(HEARTBEAT_AFTER);
    assert!(script.hear().is_some());
    script.advance(HEARTBEAT_AFTER);
    assert_eq!(script.say_bytes(&[0x12]), Ok(()));
    script.advance(DEAD_AFTER - Duration::from_millis(1));
    assert_eq!(script.side.session.handle_timeout(script.now), Ok(()));
}

#[test]
fn a_new_link_begins_without_silence() {
    let mut script = Script::exporter();
    script.advance(DEAD_AFTER);
    assert!(script.side.session.handle_timeout(script.now).is_err());
    script.side.resume(script.now, 0);
    assert_eq!(script.side.session.handle_timeout(script.now), Ok(()));
    assert_eq!(script.side.session.next_timeout(), script.now + HEARTBEAT_AFTER);
}

#[test]
fn two_idle_sides_keep_each_other_alive() {
    let mut pair = Pair::new();
    for _ in 0..100 {
        pair.advance(HEARTBEAT_AFTER / 2);
        while pair.turn_both() {}
    }
    // In 250 s of silence each side speaks every 5 s or so, and no more.
    for role in BOTH {
        let written_bytes = pair[role].written_bytes;
        assert!((24 * 20..24 * 120).contains(&written_bytes), "{written_bytes} bytes");
    }
}
