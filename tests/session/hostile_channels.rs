//! A hostile peer: frames that do not fit the state of a channel.

use netchan::dir::Dir;
use netchan::id::ChannelId;
use netchan::limits::{CHANNELS_MAX, REPLAY_FRAMES_MAX};
use netchan::session::{Growth, OpenRequest, SessionError};
use netchan::wire::{Code, Content, Frame};

use crate::script::{Script, data, open, values};
use crate::side::{Answer, Note};

const FIRST: ChannelId = ChannelId(1);

fn accept(channel: u32, window_values: u32, window_bytes: u64) -> Frame {
    Frame::Accept {
        channel: ChannelId(channel),
        window_values,
        window_bytes,
        content: Content::Values,
        clock_ms: 0,
        identity: [0; 16],
    }
}

fn end(channel: u32, values: u64) -> Frame {
    Frame::End { channel: ChannelId(channel), values }
}

fn hangup(channel: u32, values: u64) -> Frame {
    Frame::Hangup { channel: ChannelId(channel), code: Code::HungUp, values, text: String::new() }
}

fn refuse(channel: u32) -> Frame {
    Frame::Refuse { channel: ChannelId(channel), code: Code::UnknownName, text: String::new() }
}

fn grant(channel: u32, values: u64, bytes: u64, taken: u64) -> Frame {
    Frame::Grant { channel: ChannelId(channel), values, bytes, taken, freed: taken }
}

#[track_caller]
fn assert_violation(error: SessionError) {
    assert!(matches!(error, SessionError::Violation { .. }), "{error}");
    assert_eq!(error.code(), Code::Violation);
}

fn importer_with_channel(dir: Dir) -> Script {
    let mut script = Script::importer();
    script.open(dir, 10, 1 << 20);
    while script.hear().is_some() {}
    script
}

#[test]
fn frames_for_channels_that_never_were_are_nonsense() {
    let frames = [
        values(9, 1, 1),
        end(9, 0),
        hangup(9, 0),
        refuse(9),
        accept(9, 1, 1 << 20),
        grant(9, 1, 1, 0),
    ];
    for frame in frames {
        assert_violation(Script::exporter().send_wrong(frame.clone()));
        assert_violation(Script::importer().send_wrong(frame));
    }
}

#[test]
fn late_frames_for_channels_that_are_over_are_ignored() {
    let mut script = Script::receiving(10, 1 << 20);
    script.send(end(1, 0));
    assert_eq!(script.side.session.channels(), 0);
    let late = [values(1, 1, 1), end(1, 77), hangup(1, 3), grant(1, 1, 1, 99)];
    for frame in late {
        script.send(frame);
    }
    assert_eq!(script.side.lost(FIRST), Some(0));
}

/// The first number of the exporter.
const OF_EXPORTER: u32 = ChannelId::FIRST_OF_EXPORTER.0;

#[test]
fn nobody_opens_a_channel_with_a_number_of_the_other_side() {
    let mut script = Script::importer();
    script.send(open(OF_EXPORTER, Dir::Recv, 1));
    let numbers = [(Script::importer(), 1), (script, 1), (Script::exporter(), OF_EXPORTER)];
    for (mut script, number) in numbers {
        assert_violation(script.send_wrong(open(number, Dir::Recv, 1)));
    }
    // Nor with that of a channel which this side has opened.
    let mut script = importer_with_channel(Dir::Recv);
    assert_violation(script.send_wrong(open(1, Dir::Recv, 1)));
}

#[test]
fn nobody_answers_a_channel_that_is_its_own() {
    for answer in [accept(OF_EXPORTER, 1, 1 << 20), refuse(OF_EXPORTER)] {
        let mut script = Script::importer();
        script.side.answer = Answer::Wait;
        script.send(open(OF_EXPORTER, Dir::Recv, 1));
        assert_violation(script.send_wrong(answer));
    }
}

#[test]
fn frames_for_channels_that_the_exporter_never_opened_are_nonsense() {
    for number in [OF_EXPORTER, OF_EXPORTER + 1, u32::MAX] {
        let frames = [end(number, 0), hangup(number, 0), refuse(number), grant(number, 1, 1, 0)];
        for frame in frames {
            assert_violation(Script::exporter().send_wrong(frame.clone()));
            assert_violation(Script::importer().send_wrong(frame));
        }
    }
}

#[test]
fn channels_are_numbered_without_gaps_from_one_or_from_two_to_the_31st() {
    for number in [2, 3, 1000, OF_EXPORTER - 1, u32::MAX] {
        assert_violation(Script::exporter().send_wrong(open(number, Dir::Recv, 1)));
    }
    for number in [OF_EXPORTER + 1, OF_EXPORTER + 1000, u32::MAX] {
        assert_violation(Script::importer().send_wrong(open(number, Dir::Recv, 1)));
    }
    let mut script = Script::receiving(1, 1 << 20);
    assert_violation(script.send_wrong(open(1, Dir::Recv, 1)));
    let mut script = Script::receiving(1, 1 << 20);
    script.send(end(1, 0));
    assert_violation(script.send_wrong(open(1, Dir::Recv, 1)));
}

#[test]
fn a_window_below_the_minimum_is_not_served() {
    let mut script = Script::exporter();
    let mut request = open(1, Dir::Recv, 1);
    if let Frame::Open(open) = &mut request {
        open.window_bytes = 100;
    }
    assert_violation(script.send_wrong(request));
    for (window_values, window_bytes) in [(0, 1 << 20), (1, 100), (0, 0)] {
        let mut script = importer_with_channel(Dir::Send);
        assert_violation(script.send_wrong(accept(1, window_values, window_bytes)));
    }
}

#[test]
fn an_answer_comes_once_and_to_a_question() {
    let mut script = importer_with_channel(Dir::Recv);
    script.send(accept(1, 0, 0));
    assert_violation(script.send_wrong(accept(1, 0, 0)));
    let mut script = importer_with_channel(Dir::Recv);
    script.send(accept(1, 0, 0));
    assert_violation(script.send_wrong(refuse(1)));
    // An exporter has asked for nothing.
    let mut script = Script::receiving(1, 1 << 20);
    assert_violation(script.send_wrong(accept(1, 1, 1 << 20)));
    let mut script = Script::receiving(1, 1 << 20);
    assert_violation(script.send_wrong(refuse(1)));
}

#[test]
fn nothing_happens_on_a_channel_before_it_is_accepted() {
    for frame in [values(1, 1, 1), end(1, 0), hangup(1, 0)] {
        let mut script = importer_with_channel(Dir::Recv);
        assert_violation(script.send_wrong(frame));
    }
    for frame in [values(1, 1, 1), end(1, 0)] {
        let mut script = Script::exporter();
        script.side.answer = Answer::Wait;
        script.send(open(1, Dir::Send, 1));
        assert_eq!(script.side.notes, [Note::OpenRequested(FIRST)]);
        let error = script.send_wrong(frame.clone());
        if matches!(frame, Frame::Data(_)) {
            assert_violation(error);
        }
    }
    let mut script = importer_with_channel(Dir::Send);
    assert_violation(script.send_wrong(grant(1, 1, 1, 0)));
}

#[test]
fn nothing_comes_after_the_end() {
    for frame in [values(1, 1, 1), end(1, 1)] {
        let mut script = Script::receiving(10, 1 << 20);
        script.send(values(1, 1, 1));
        script.send(end(1, 1));
        assert_violation(script.send_wrong(frame));
    }
}

#[test]
fn an_end_counts_what_came() {
    for total in [0, 1, 3, u64::MAX] {
        let mut script = Script::receiving(10, 1 << 20);
        script.send(values(1, 2, 1));
        assert_violation(script.send_wrong(end(1, total)));
    }
}

#[test]
fn an_end_does_not_come_inside_a_value() {
    let mut script = Script::receiving(10, 1 << 20);
    script.send(data(1, 0, Some((1, 5)), &[20]));
    assert_violation(script.send_wrong(end(1, 0)));
}

#[test]
fn a_senders_hangup_counts_what_came() {
    for total in [0, 1, 3, u64::MAX] {
        let mut script = Script::receiving(10, 1 << 20);
        script.send(values(1, 2, 1));
        assert_violation(script.send_wrong(hangup(1, total)));
    }
}

#[test]
fn a_receivers_hangup_counts_no_more_than_was_sent() {
    for taken in [1, u64::MAX] {
        let mut script = Script::sending(10, 1 << 20);
        assert_violation(script.send_wrong(hangup(1, taken)));
    }
}

#[test]
fn values_and_ends_come_from_the_side_that_sends() {
    for frame in [values(1, 1, 1), end(1, 0)] {
        let mut script = Script::sending(10, 1 << 20);
        assert_violation(script.send_wrong(frame));
    }
    let mut script = Script::receiving(10, 1 << 20);
    assert_violation(script.send_wrong(grant(1, 1, 1, 0)));
}

#[test]
fn a_request_beyond_the_channels_of_the_session_is_refused() {
    let mut script = Script::exporter();
    script.side.session = netchan::session::Session::new(
        netchan::session::Parameters {
            channels_max: 1,
            ..crate::side::parameters(netchan::session::Role::Exporter)
        },
        script.now,
    );
    script.send(open(1, Dir::Recv, 1));
    script.expect(accept(1, 0, 0));
    script.send(open(2, Dir::Recv, 1));
    script.expect(Frame::Refuse {
        channel: ChannelId(2),
        code: Code::TooManyChannels,
        text: Code::TooManyChannels.to_string(),
    });
    script.send(hangup(2, 0));
    script.send(hangup(1, 0));
    script.expect(hangup(1, 0));
    script.send(open(3, Dir::Recv, 1));
    script.expect(accept(3, 0, 0));
}

#[test]
fn requests_that_are_never_acknowledged_come_to_an_end() {
    for answer in [Answer::Refuse(Code::UnknownName, "x".repeat(2000)), Answer::Accept(1, 1 << 20)]
    {
        let mut script = Script::exporter();
        script.side.answer = answer;
        let mut opened = 0;
        let error = loop {
            opened += 1;
            if let Err(error) = script.say(open(opened, Dir::Send, 1)) {
                break error;
            }
            while script.hear().is_some() {}
            if script.side.session.channels() > 0 {
                script.send(hangup(opened, 0));
                while script.hear().is_some() {}
            }
        };
        assert_violation(error);
        assert!(opened as usize <= 2 * REPLAY_FRAMES_MAX + 2);
        assert!(script.side.session.channels() <= CHANNELS_MAX);
    }
}

#[test]
fn a_refused_request_and_its_hangup_may_cross() {
    let mut script = Script::exporter();
    script.side.answer = Answer::Refuse(Code::UnknownName, "no".into());
    script.send(open(1, Dir::Recv, 1));
    script.send(hangup(1, 0));
    script.expect(Frame::Refuse { channel: FIRST, code: Code::UnknownName, text: "no".into() });
    script.expect_nothing();
}

#[test]
fn a_hangup_before_the_answer_is_answered_with_a_hangup() {
    let mut script = Script::exporter();
    script.side.answer = Answer::Wait;
    script.send(open(1, Dir::Recv, 1));
    script.send(hangup(1, 0));
    script.expect(hangup(1, 0));
    script.expect_nothing();
}

#[test]
fn texts_that_are_too_long_are_cut_between_characters() {
    let mut script = Script::receiving(1, 1 << 20);
    let text = "ä".repeat(400);
    script.side.hangup(script.now, FIRST, Code::HungUp, &text);
    let Some(Frame::Hangup { text: heard, .. }) = script.hear_past_acks() else {
        panic!("a hangup is heard");
    };
    assert_eq!(heard, "ä".repeat(256));
}

#[test]
fn a_closing_session_opens_nothing_more() {
    let mut script = Script::importer();
    script.send(Frame::Goodbye { code: Code::Closed, text: "bye".into() });
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
    assert!(script.side.session.open(request).is_err());
}
