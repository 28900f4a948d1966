//! A hostile peer: numbers of frames and acknowledgements that cannot be.

use netchan::dir::Dir;
use netchan::id::ChannelId;
use netchan::session::SessionError;
use netchan::wire::{Code, Frame};

use crate::script::{Script, open, values};

#[test]
fn a_missing_frame_is_noticed() {
    for found in [2, 3, 1000, i32::MAX as u32] {
        let mut script = Script::exporter();
        let error =
            script.say_numbered(open(1, Dir::Recv, 1), found).expect_err("a frame is missing");
        assert_eq!(error, SessionError::SequenceGap { expected: 1, found });
        assert_eq!(error.code(), Code::SequenceGap);
        assert_eq!(script.side.session.received_frames(), 0);
    }
}

#[test]
fn a_frame_that_comes_again_is_dropped() {
    let mut script = Script::receiving(10, 1 << 20);
    script.send(values(1, 2, 3));
    for sequence in [2, 1, 0, u32::MAX] {
        assert_eq!(script.say_numbered(values(1, 2, 3), sequence), Ok(()));
    }
    assert_eq!(script.side.session.received_frames(), 2);
    assert_eq!(script.side.inlets[&ChannelId(1)].waiting(), 2);
}

#[test]
fn more_than_was_sent_is_not_acknowledged() {
    for received in [2, 3, u64::from(u32::MAX), u64::MAX] {
        let mut script = Script::receiving(10, 1 << 20);
        let error = script.send_wrong(Frame::Ack { received });
        assert_eq!(error, SessionError::AcknowledgedTooMuch { acknowledged: received, sent: 1 });
        assert_eq!(error.code(), Code::Violation);
    }
}

#[test]
fn what_is_not_even_composed_is_not_acknowledged() {
    let mut script = Script::exporter();
    script.send(open(1, Dir::Recv, 1));
    // The answer was given, but nothing was asked to be transmitted since.
    let error = script.send_wrong(Frame::Ack { received: 1 });
    assert!(matches!(error, SessionError::AcknowledgedTooMuch { .. }));
}

#[test]
fn old_acknowledgements_change_nothing() {
    let mut script = Script::receiving(10, 1 << 20);
    script.send(Frame::Ack { received: 1 });
    for received in [1, 0, 1] {
        script.send(Frame::Ack { received });
    }
}

#[test]
fn a_peer_that_resumes_with_more_than_was_sent_is_found_out() {
    for peer_received in [2, u64::MAX] {
        let mut script = Script::receiving(10, 1 << 20);
        let now = script.now;
        let resumed = script.side.session.handle_resume(now, peer_received);
        assert!(matches!(resumed, Err(SessionError::AcknowledgedTooMuch { sent: 1, .. })));
    }
}

#[test]
fn what_came_before_a_wrong_frame_counts() {
    let mut script = Script::receiving(10, 1 << 20);
    let mut bytes = bytes::BytesMut::new();
    netchan::wire::encode(&values(1, 2, 3), 2, &mut bytes);
    netchan::wire::encode(&values(1, 2, 3), 9, &mut bytes);
    assert!(script.say_bytes(&bytes).is_err());
    assert_eq!(script.side.session.received_frames(), 2);
    assert_eq!(script.side.inlets[&ChannelId(1)].waiting(), 2);
}
