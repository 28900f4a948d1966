//! What the document allows: frames that are dropped, repeated or late without harm.
//!
//! Each test names the paragraph that it holds the crate to.

use std::time::{Duration, Instant};

use netchan::Dir;
use netchan::id::ChannelId;
use netchan::limits::*;
use netchan::session::{Chunk, Event, Rejection, Session, Supply, ValueSource};
use netchan::wire::{Code, Content, Frame, decode};

use crate::conversation::written;
use crate::errors::{CHANNEL, Listener, begun_value, empty_values, hangup};
use crate::errors::{rejected, sender_of_three};

/// A queue without values.
pub(crate) struct Empty;

impl ValueSource for Empty {
    fn refill(&mut self, _: ChannelId, _: u64, _: usize, _: &mut Chunk) -> Supply {
        Supply::Empty
    }
}

/// The frames that a session writes now.
fn frames(session: &mut Session, now: Instant) -> Vec<Frame> {
    let mut input = bytes::BytesMut::from(&written(session, now, &mut Empty)[..]);
    let next = || decode(&mut input, FRAME_BYTES_MAX).expect("a session writes frames");
    std::iter::from_fn(next).map(|sequenced| sequenced.frame).collect()
}

#[test]
fn p_5_3_a_frame_that_was_seen_before_is_dropped() {
    let mut importer = Listener::importer(Dir::Recv);
    let value = empty_values(CHANNEL, 1);
    assert_eq!(importer.hear(value.clone()).unwrap().len(), 1);
    assert!(importer.hear_again(value).unwrap().is_empty());
    assert_eq!(importer.session.received_frames(), 2);
}

#[test]
fn p_5_4_an_old_acknowledgement_has_no_effect() {
    let mut importer = Listener::importer(Dir::Recv);
    let now = importer.now;
    frames(&mut importer.session, now);
    for received in [1, 0, 1] {
        assert!(importer.hear(Frame::Ack { received }).is_ok());
    }
}

#[test]
fn p_5_5_an_acknowledgement_waits_for_other_traffic_and_not_for_ever() {
    let mut importer = Listener::importer(Dir::Recv);
    let now = importer.now;
    frames(&mut importer.session, now);
    importer.hear(empty_values(CHANNEL, 1)).unwrap();
    assert_eq!(frames(&mut importer.session, now), []);
    let ack = Frame::Ack { received: 2 };
    assert_eq!(frames(&mut importer.session, now + ACK_DELAY), [ack]);
}

#[test]
fn p_6_15_a_new_link_repeats_what_was_not_received_and_then_all_credit() {
    let mut importer = Listener::importer(Dir::Recv);
    let now = importer.now;
    let first = frames(&mut importer.session, now);
    assert!(matches!(first[..], [Frame::Open(_), Frame::Ack { received: 1 }]), "{first:?}");
    let resumed = importer.session.handle_resume(now, 0);
    assert_eq!(resumed.map(|resumed| resumed.repeated_frames), Ok(1));
    let again = frames(&mut importer.session, now);
    assert_eq!(again[0], first[0]);
    let grant =
        Frame::Grant { channel: CHANNEL, values: 4, bytes: WINDOW_BYTES_MIN, taken: 0, freed: 0 };
    assert_eq!(again[1..], [grant]);
}

#[test]
fn p_7_4_and_p_7_5_the_last_ping_is_answered_behind_an_acknowledgement() {
    let mut importer = Listener::importer(Dir::Recv);
    let now = importer.now;
    frames(&mut importer.session, now);
    importer.hear(empty_values(CHANNEL, 1)).unwrap();
    importer.hear(Frame::Ping { token: 1 }).unwrap();
    importer.hear(Frame::Ping { token: 2 }).unwrap();
    importer.hear(Frame::Pong { token: 77 }).unwrap();
    let answer = [Frame::Ack { received: 2 }, Frame::Pong { token: 2 }];
    assert_eq!(frames(&mut importer.session, now), answer);
}

#[test]
fn p_8_15_values_that_are_left_out_need_no_credit_and_are_told_in_their_place() {
    let mut importer = Listener::importer(Dir::Recv);
    importer.hear(empty_values(CHANNEL, 4)).unwrap();
    let told = importer.hear(Frame::Skipped { channel: CHANNEL, values: 1 << 40 }).unwrap();
    assert!(matches!(told[..], [Event::Skipped { channel: CHANNEL, values }] if values == 1 << 40));
    let counters = importer.session.counters(CHANNEL).unwrap();
    assert_eq!((counters.sent_values, counters.taken_values), (4, 0));
}

fn rejection(position: u64, values: u64) -> Rejection {
    Rejection { position, values, text: String::new() }
}

#[test]
fn p_8_19_many_rejections_are_told_in_one_frame_with_other_traffic_or_soon() {
    let mut importer = Listener::importer(Dir::Recv);
    let now = importer.now;
    importer.hear(empty_values(CHANNEL, 4)).unwrap();
    frames(&mut importer.session, now);
    for values in 1..=4 {
        importer.session.reject(now, CHANNEL, rejection(values - 1, values));
    }
    assert_eq!(frames(&mut importer.session, now), []);
    assert_eq!(frames(&mut importer.session, now + ACK_DELAY), [rejected(3, 4)]);
    assert_eq!(frames(&mut importer.session, now + 2 * ACK_DELAY), []);
    let counters = importer.session.counters(CHANNEL).unwrap();
    assert_eq!(counters.rejected_values, 4);
}

#[test]
fn p_8_19_a_rejection_comes_before_the_last_word() {
    let mut importer = Listener::importer(Dir::Recv);
    let now = importer.now;
    frames(&mut importer.session, now);
    importer.hear(empty_values(CHANNEL, 1)).unwrap();
    importer.hear(Frame::End { channel: CHANNEL, values: 1 }).unwrap();
    importer.session.reject(now, CHANNEL, rejection(0, 1));
    importer.session.taken(now, CHANNEL, 1, 1);
    let complete =
        Frame::Hangup { channel: CHANNEL, code: Code::Complete, values: 1, text: String::new() };
    assert_eq!(frames(&mut importer.session, now)[..2], [rejected(0, 1), complete]);
}

#[test]
fn p_8_19_a_value_that_ends_its_channel_is_told_although_it_was_the_last() {
    let mut importer = Listener::importer(Dir::Recv);
    let now = importer.now;
    frames(&mut importer.session, now);
    importer.hear(empty_values(CHANNEL, 2)).unwrap();
    importer.hear(Frame::End { channel: CHANNEL, values: 2 }).unwrap();
    importer.session.reject(now, CHANNEL, rejection(1, 1));
    importer.session.end_with_rejected(now, CHANNEL, (2, 2, 2), "value 1");
    let (code, text) = (Code::Undecodable, "value 1".to_owned());
    let hangup = Frame::Hangup { channel: CHANNEL, code, values: 2, text };
    assert_eq!(frames(&mut importer.session, now)[..2], [rejected(1, 1), hangup]);
}

#[test]
fn p_8_19_a_rejection_waits_while_the_peer_does_not_acknowledge() {
    let mut importer = Listener::importer(Dir::Recv);
    let mut now = importer.now;
    let mut written = 0;
    for position in 0..3 * REPLAY_FRAMES_MAX as u64 {
        importer.hear(empty_values(CHANNEL, 1)).unwrap();
        importer.session.reject(now, CHANNEL, rejection(position, position + 1));
        importer.session.taken(now, CHANNEL, position + 1, position + 1);
        now += ACK_DELAY;
        let frames = frames(&mut importer.session, now);
        written += frames.iter().filter(|frame| matches!(frame, Frame::Rejected { .. })).count();
    }
    // With the Open, that is all there is room for.
    assert_eq!(written, REPLAY_FRAMES_MAX + REPLAY_FRAMES_MAX / 2 - 1);
    let received = 1 + written as u64;
    importer.hear(Frame::Ack { received }).unwrap();
    let last = 3 * REPLAY_FRAMES_MAX as u64;
    let told = frames(&mut importer.session, now + ACK_DELAY);
    assert_eq!(told, [rejected(last - 1, last)]);
}

#[test]
fn p_8_18_a_rejection_is_repeated_on_a_new_link_and_told_once() {
    let mut importer = Listener::importer(Dir::Recv);
    let now = importer.now;
    frames(&mut importer.session, now);
    importer.hear(empty_values(CHANNEL, 1)).unwrap();
    importer.session.reject(now, CHANNEL, rejection(0, 1));
    let later = now + ACK_DELAY;
    assert!(frames(&mut importer.session, later).contains(&rejected(0, 1)));
    importer.session.handle_link_lost(later).unwrap();
    importer.session.handle_resume(later, 1).unwrap();
    assert!(frames(&mut importer.session, later).contains(&rejected(0, 1)));

    let mut exporter = sender_of_three();
    assert_eq!(exporter.hear(rejected(2, 1)).unwrap().len(), 1);
    assert!(exporter.hear_again(rejected(2, 1)).unwrap().is_empty());
    // It is no credit, and ends nothing.
    let counters = exporter.session.counters(CHANNEL).unwrap();
    assert_eq!((counters.rejected_values, counters.taken_values), (1, 0));
}

#[test]
fn p_10_7_the_rest_of_a_long_value_is_granted_at_once() {
    let mut importer = Listener::importer(Dir::Recv);
    let now = importer.now;
    frames(&mut importer.session, now);
    importer.hear(begun_value(1000, 100_000)).unwrap();
    let written = frames(&mut importer.session, now);
    let grant = Frame::Grant { channel: CHANNEL, values: 4, bytes: 101_000, taken: 0, freed: 0 };
    assert!(written.contains(&grant), "{written:?}");
}

#[test]
fn p_10_9_a_quarter_of_a_window_is_granted_at_once_and_less_later() {
    let mut importer = Listener::importer(Dir::Recv);
    let now = importer.now;
    frames(&mut importer.session, now);
    importer.hear(empty_values(CHANNEL, 4)).unwrap();
    importer.session.taken(now, CHANNEL, 0, 1);
    assert_eq!(frames(&mut importer.session, now), []);
    importer.session.taken(now, CHANNEL, 1, 1);
    let grant = Frame::Grant {
        channel: CHANNEL,
        values: 5,
        bytes: WINDOW_BYTES_MIN + 1,
        taken: 1,
        freed: 1,
    };
    assert_eq!(frames(&mut importer.session, now), [Frame::Ack { received: 2 }, grant]);
}

#[test]
fn p_11_5_and_p_11_10_a_hangup_is_answered_and_what_comes_later_is_late() {
    for dir in [Dir::Recv, Dir::Send] {
        let mut importer = Listener::importer(dir);
        let now = importer.now;
        let heard = importer.hear(hangup(Code::HungUp)).unwrap();
        assert!(matches!(heard[..], [Event::HungUp { .. }, Event::Closed { .. }]), "{heard:?}");
        let answer = frames(&mut importer.session, now);
        assert!(answer.contains(&hangup(Code::HungUp)), "{answer:?}");
        assert_eq!(importer.session.channels(), 0);
        let late = [
            empty_values(CHANNEL, 1),
            Frame::End { channel: CHANNEL, values: 9 },
            Frame::Grant { channel: CHANNEL, values: 0, bytes: 0, taken: 9, freed: 9 },
            Frame::Accept {
                channel: CHANNEL,
                window_values: 0,
                window_bytes: 0,
                content: Content::Values,
                clock_ms: 0,
                identity: [0; 16],
            },
            hangup(Code::HungUp),
        ];
        for frame in late {
            assert!(importer.hear(frame).unwrap().is_empty());
        }
    }
}

#[test]
fn p_11_9_hangups_that_cross_answer_each_other() {
    let mut importer = Listener::importer(Dir::Recv);
    let now = importer.now;
    importer.session.hangup(now, CHANNEL, Code::HungUp, "");
    let heard = importer.hear(hangup(Code::ReceiverDropped)).unwrap();
    assert!(matches!(heard[..], [Event::Closed { .. }]), "{heard:?}");
    let hangups = frames(&mut importer.session, now);
    let is_hangup = |frame: &&Frame| matches!(frame, Frame::Hangup { .. });
    assert_eq!(hangups.iter().filter(is_hangup).count(), 1);
}

#[test]
fn p_13_2_an_acknowledgement_may_follow_goodbye() {
    let mut importer = Listener::importer(Dir::Recv);
    let now = importer.now;
    frames(&mut importer.session, now);
    importer.hear(empty_values(CHANNEL, 1)).unwrap();
    importer.session.goodbye(Code::Closed, "");
    let goodbye = Frame::Goodbye { code: Code::Closed, text: String::new() };
    let expected = [goodbye, Frame::Ack { received: 2 }];
    assert_eq!(frames(&mut importer.session, now), expected);
}

#[test]
fn p_13_6_a_silent_link_is_asked_once() {
    let mut importer = Listener::importer(Dir::Recv);
    let now = importer.now;
    frames(&mut importer.session, now);
    for (at, pings) in [(HEARTBEAT_AFTER, 1), (HEARTBEAT_AFTER + Duration::from_secs(1), 0)] {
        importer.session.handle_timeout(now + at).unwrap();
        let written = frames(&mut importer.session, now + at);
        let is_ping = |frame: &&Frame| matches!(frame, Frame::Ping { .. });
        assert_eq!(written.iter().filter(is_ping).count(), pings, "{written:?}");
    }
}

#[test]
fn p_15_3_a_reserved_code_is_kept() {
    let mut importer = Listener::importer(Dir::Recv);
    let code = Code::Other(0x7777);
    let heard = importer.hear(hangup(code)).unwrap();
    assert!(matches!(heard[0], Event::HungUp { code: Code::Other(0x7777), .. }), "{heard:?}");
}

#[test]
fn p_11_3_a_hangup_that_overtakes_the_answer_is_answered_by_a_hangup() {
    let mut importer = Listener::asking(Dir::Recv);
    let now = importer.now;
    importer.session.hangup(now, CHANNEL, Code::HungUp, "");
    let heard = importer.hear(hangup(Code::HungUp)).unwrap();
    assert!(matches!(heard[..], [Event::Closed { .. }]), "{heard:?}");
}
