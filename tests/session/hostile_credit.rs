//! A hostile peer: more than was granted, and values that are longer than they may be.

use netchan::id::ChannelId;
use netchan::limits::{
    LARGE_VALUES_BYTES_MAX, REPLAY_BYTES_MAX, UNTAKEN_BYTES_MAX, VALUE_BYTES_MAX,
};
use netchan::session::SessionError;
use netchan::wire::{Code, Frame, WireError};

use crate::script::{Script, data, values};

const FIRST: ChannelId = ChannelId(1);

#[track_caller]
fn assert_exceeded(error: SessionError) {
    assert_eq!(error, SessionError::CreditExceeded(FIRST));
    assert_eq!(error.code(), Code::CreditExceeded);
}

#[track_caller]
fn assert_violation(error: SessionError) {
    assert!(matches!(error, SessionError::Violation { .. }), "{error}");
}

/// The prefix of a value of so many bytes, four bytes wide.
fn prefix(length: usize) -> [u8; 4] {
    ((length as u32) << 2 | 0b10).to_le_bytes()
}

#[test]
fn more_values_than_the_window_are_refused() {
    let mut script = Script::receiving(3, 1 << 20);
    script.send(values(1, 2, 5));
    assert_exceeded(script.send_wrong(values(1, 2, 5)));
}

#[test]
fn values_that_nobody_took_are_not_forgotten() {
    let mut script = Script::receiving(3, 1 << 20);
    script.send(values(1, 3, 5));
    script.side.take(script.now, FIRST, 1);
    script.expect(Frame::Grant {
        channel: FIRST,
        values: 4,
        bytes: (1 << 20) + 6,
        taken: 1,
        freed: 1,
    });
    script.send(values(1, 1, 5));
    assert_exceeded(script.send_wrong(values(1, 1, 5)));
}

#[test]
fn credit_that_was_not_told_does_not_count() {
    let mut script = Script::receiving(3, 1 << 20);
    script.send(values(1, 3, 5));
    script.side.take(script.now, FIRST, 3);
    assert_exceeded(script.send_wrong(values(1, 1, 5)));
}

#[test]
fn more_bytes_than_the_window_are_refused() {
    let mut script = Script::receiving(1000, 16 * 1024);
    let length = 60;
    let fitting = 16 * 1024 / (u32::from(length) + 1);
    script.send(values(1, fitting, length));
    assert_exceeded(script.send_wrong(values(1, 1, length)));
}

#[test]
fn a_value_that_only_begins_counts_as_a_value() {
    let mut script = Script::receiving(1, 1 << 20);
    script.send(values(1, 1, 5));
    assert_exceeded(script.send_wrong(data(1, 0, Some((1, 5)), &[20])));
}

#[test]
fn values_after_the_limit_are_refused() {
    let mut script = Script::exporter();
    let mut request = crate::script::open(1, netchan::Dir::Send, 10);
    if let Frame::Open(open) = &mut request {
        open.limit = Some(2);
    }
    script.send(request);
    script.send(values(1, 2, 1));
    assert_exceeded(script.send_wrong(values(1, 1, 1)));
}

#[test]
fn a_value_longer_than_any_may_be_is_refused_when_it_is_announced() {
    let longest = VALUE_BYTES_MAX as u32 + 4;
    let mut script = Script::receiving(4, 1 << 20);
    let head = prefix(VALUE_BYTES_MAX);
    script.send(data(1, 0, Some((4, longest - 4)), &head));
    for rest in [longest - 3, u32::MAX - 4, u32::MAX] {
        let mut script = Script::receiving(4, 1 << 20);
        let error = script.send_wrong(data(1, 0, Some((4, rest)), &head));
        let length = 4 + u64::from(rest);
        assert_eq!(error, SessionError::ValueTooLong { channel: FIRST, length });
        assert_eq!(error.code(), Code::TooLarge);
    }
}

#[test]
fn a_long_value_is_granted_what_it_needs_and_no_more() {
    let window_bytes = 16 * 1024;
    let mut script = Script::receiving(4, window_bytes);
    let length = 100_000;
    let head = [&prefix(length)[..], &[7; 996]].concat();
    let rest = length as u32 + 4 - 1000;
    script.send(data(1, 0, Some((1000, rest)), &head));
    script.expect(Frame::Grant {
        channel: FIRST,
        values: 4,
        bytes: length as u64 + 4,
        taken: 0,
        freed: 0,
    });
    let mut rest = rest;
    while rest > 50_000 {
        rest -= 50_000;
        script.send(data(1, 0, Some((50_000, rest)), &[7; 50_000]));
    }
    script.send(data(1, 1, None, &vec![7; rest as usize]));
    assert_exceeded(script.send_wrong(values(1, 1, 1)));
}

#[test]
fn many_long_values_at_once_are_not_granted_more_than_there_is_room_for() {
    let mut script = Script::exporter();
    script.side.answer = crate::side::Answer::Accept(1, 16 * 1024);
    let length = VALUE_BYTES_MAX / 3;
    let mut granted = 0;
    for number in 1..=10 {
        script.send(crate::script::open(number, netchan::Dir::Send, 1));
        let begin = data(number, 0, Some((4, length as u32)), &prefix(length));
        script.send(begin);
        while let Some(frame) = script.hear() {
            if let Frame::Grant { bytes, .. } = frame {
                granted += bytes - 16 * 1024;
            }
        }
    }
    assert!(granted <= LARGE_VALUES_BYTES_MAX, "{granted}");
    assert!(granted > LARGE_VALUES_BYTES_MAX / 2, "{granted}");
}

#[test]
fn a_value_goes_on_as_it_was_announced() {
    let begin = || {
        let mut script = Script::receiving(10, 1 << 20);
        script.send(data(1, 0, Some((1, 10)), &[10 << 2]));
        script
    };
    begin().send(data(1, 1, None, &[7; 10]));
    begin().send(data(1, 0, Some((4, 6)), &[7; 4]));
    begin().send(data(1, 1, Some((2, 3)), &[&[7; 10][..], &[4 << 2, 7]].concat()));
    // Shorter, longer, with another rest, or with its last bytes in the next value's tail.
    assert_violation(begin().send_wrong(data(1, 1, None, &[7; 9])));
    assert_violation(begin().send_wrong(data(1, 0, Some((4, 7)), &[7; 4])));
    assert_violation(begin().send_wrong(data(1, 0, Some((4, 5)), &[7; 4])));
    assert_violation(begin().send_wrong(data(1, 0, Some((11, 1)), &[7; 11])));
    assert_violation(begin().send_wrong(data(1, 1, Some((4, 1)), &[7; 10])));
    assert_violation(begin().send_wrong(data(1, 1, Some((9, 1 << 20)), &[7; 10])));
}

#[test]
fn a_tail_fits_its_frame() {
    let run = [10 << 2, 1, 2, 3];
    let wrong = [
        (0, Some((0, 7))),
        (0, Some((4, 0))),
        (0, Some((3, 7))),
        (0, Some((5, 7))),
        (0, Some((u32::MAX, u32::MAX))),
        (1, Some((5, 7))),
        (1, Some((4, 7))),
        (4, Some((1, 7))),
        (u32::MAX, Some((1, 1))),
        (5, None),
        (0, None),
        (u32::MAX, None),
    ];
    for (count, partial) in wrong {
        let mut script = Script::receiving(10, 1 << 20);
        let error = script.send_wrong(data(1, count, partial, &run));
        assert!(
            matches!(error, SessionError::Wire(WireError::Field(..))),
            "{count} {partial:?}: {error}"
        );
        assert_eq!(error.code(), Code::Malformed);
    }
}

#[test]
fn values_for_a_channel_that_was_hung_up_still_need_credit() {
    let mut script = Script::receiving(3, 1 << 20);
    script.side.hangup(script.now, FIRST, Code::HungUp, "");
    script.send(values(1, 3, 5));
    assert_exceeded(script.send_wrong(values(1, 1, 5)));
}

#[test]
fn a_grant_of_more_taken_than_sent_is_impossible() {
    let grants = [(10, 10, 1), (u64::MAX, u64::MAX, u64::MAX), (0, u64::MAX, 1)];
    for (values, bytes, taken) in grants {
        let mut script = Script::sending(10, 1 << 20);
        let error =
            script.send_wrong(Frame::Grant { channel: FIRST, values, bytes, taken, freed: taken });
        assert_violation(error);
    }
}

#[test]
fn a_grant_of_fewer_values_than_were_taken_is_impossible() {
    let mut script = Script::sending(10, 1 << 20);
    script.side.queues.push(FIRST, 3);
    script.side.session.ready(FIRST);
    assert!(matches!(script.hear_past_acks(), Some(Frame::Data(_))));
    let error = script.send_wrong(Frame::Grant {
        channel: FIRST,
        values: 0,
        bytes: 1 << 20,
        taken: 1,
        freed: 1,
    });
    assert_violation(error);
}

#[test]
fn a_grant_of_everything_is_taken_as_it_is() {
    let mut script = Script::sending(1, 16 * 1024);
    script.send(Frame::Grant {
        channel: FIRST,
        values: u64::MAX,
        bytes: u64::MAX,
        taken: 0,
        freed: 0,
    });
    for _ in 0..1000 {
        script.side.queues.push(FIRST, 100);
    }
    script.side.session.ready(FIRST);
    let mut sent = 0;
    while let Some(frame) = script.hear() {
        if let Frame::Data(data) = frame {
            sent += data.values;
        }
    }
    assert_eq!(sent, 1000);
}

#[test]
fn a_grant_of_less_than_before_takes_nothing_back() {
    let mut script = Script::sending(10, 1 << 20);
    script.send(Frame::Grant { channel: FIRST, values: 0, bytes: 0, taken: 0, freed: 0 });
    script.side.queues.push(FIRST, 3);
    script.side.session.ready(FIRST);
    assert!(matches!(script.hear_past_acks(), Some(Frame::Data(_))));
}

#[test]
fn a_peer_that_acknowledges_and_never_takes_stops_its_sender_at_a_bound() {
    let mut script = Script::sending(u32::MAX, u64::MAX);
    let channel = FIRST;
    let length = 1 << 20;
    for _ in 0..3 * UNTAKEN_BYTES_MAX / length {
        script.side.queues.push(channel, length);
    }
    script.side.session.ready(channel);
    let (mut received, mut came_bytes) = (1, 0);
    while let Some(frame) = script.hear_past_acks() {
        if let Frame::Data(data) = frame {
            received += 1;
            came_bytes += data.run.len();
            script.send(Frame::Ack { received });
        }
    }
    // What is kept for a second time, what is on its way, and a value that was begun.
    assert!(came_bytes >= UNTAKEN_BYTES_MAX, "{came_bytes} bytes");
    let bytes_max = UNTAKEN_BYTES_MAX + REPLAY_BYTES_MAX + 2 * length;
    assert!(came_bytes <= bytes_max, "{came_bytes} bytes");
    let taken = (came_bytes / length / 2) as u64;
    script.send(Frame::Grant { channel, values: u64::MAX, bytes: u64::MAX, taken, freed: taken });
    assert!(script.hear_past_acks().is_some(), "it goes on when something was taken");
}
