//! Channels of requests: how they are opened, the channel for their answers, cancels, and values
//! that are taken in any order.

use netchan::dir::Dir;
use netchan::id::ChannelId;
use netchan::limits::{REPLAY_FRAMES_MAX, WINDOW_BYTES_MIN};
use netchan::session::{Growth, OpenRequest, Remains, RequestTerms, SessionError};
use netchan::wire::{Code, Content, Data, Frame, Open};

use crate::inlet::Inlet;
use crate::script::{Script, values};
use crate::side::{Answer, Note};

const FIRST: ChannelId = ChannelId(1);
const ANSWERS: u32 = FIRST.0 | 1 << 30;

/// Encoded bytes of requests, and of answers, that may be on their way.
const REQUESTS_BYTES: u64 = WINDOW_BYTES_MIN + 100;
const ANSWERS_BYTES: u64 = WINDOW_BYTES_MIN + 200;

#[track_caller]
fn assert_violation(error: SessionError, what: &str) {
    assert!(
        matches!(error, SessionError::Violation { what: found, .. } if found.contains(what)),
        "{error}"
    );
}

/// What an importer of requests asks for.
fn asking(dir: Dir, content: Content) -> OpenRequest {
    OpenRequest {
        dir,
        content,
        name: "lines".into(),
        codec: "bytes".into(),
        identity: [0; 16],
        answer_identity: [0; 16],
        also_accepts: Vec::new(),
        window_values: 4,
        window_bytes: if dir == Dir::Send { ANSWERS_BYTES } else { REQUESTS_BYTES },
        limit: None,
        clock_ms: 7,
        redelivers: true,
        growth: Growth::NONE,
    }
}

/// What the importer says to it.
fn open(dir: Dir, content: Content) -> Open {
    let OpenRequest { name, codec, window_values, window_bytes, .. } = asking(dir, content);
    Open {
        channel: FIRST,
        dir,
        content,
        name,
        codec,
        identity: [0; 16],
        answer_identity: [0; 16],
        also_accepts: Vec::new(),
        window_values,
        window_bytes,
        limit: None,
        clock_ms: 7,
    }
}

fn terms() -> RequestTerms {
    RequestTerms {
        window_values: 3,
        window_bytes: REQUESTS_BYTES,
        answers_bytes: ANSWERS_BYTES,
        redelivers: true,
        clock_ms: 9,
        identity: [0; 16],
    }
}

fn accept(content: Content, window_values: u32, window_bytes: u64) -> Frame {
    Frame::Accept {
        channel: FIRST,
        content,
        window_values,
        window_bytes,
        clock_ms: 9,
        identity: [0; 16],
    }
}

/// An exporter that has accepted a channel of requests on which the importer has this direction.
fn accepted(dir: Dir) -> Script {
    let mut script = Script::exporter();
    script.side.answer = Answer::Wait;
    let open = open(dir, Content::Requests);
    script.send(Frame::Open(open.clone()));
    script.side.session.accept_requests(&open, terms());
    let bytes = if dir == Dir::Send { REQUESTS_BYTES } else { ANSWERS_BYTES };
    let window_values = if dir == Dir::Send { 3 } else { 0 };
    script.expect(accept(Content::Requests, window_values, bytes));
    receive_on(&mut script, if dir == Dir::Send { FIRST } else { FIRST.answers() });
    script
}

/// An importer whose channel of requests was accepted.
fn opened(dir: Dir) -> Script {
    let mut script = Script::importer();
    script.side.session.open(asking(dir, Content::Requests)).expect("there is room");
    script.expect(Frame::Open(open(dir, Content::Requests)));
    script.send(if dir == Dir::Send {
        accept(Content::Requests, 3, REQUESTS_BYTES)
    } else {
        accept(Content::Requests, 0, ANSWERS_BYTES)
    });
    receive_on(&mut script, if dir == Dir::Recv { FIRST } else { FIRST.answers() });
    script
}

fn receive_on(script: &mut Script, channel: ChannelId) {
    // Wide: it is the session's windows that are under test.
    script.side.inlets.insert(channel, Inlet::new(1000, 1 << 20));
}

/// Both sides of a channel of requests on which the session under test asks, or answers.
fn scripts(asks: bool) -> [Script; 2] {
    let (of_importer, of_exporter) =
        if asks { (Dir::Send, Dir::Recv) } else { (Dir::Recv, Dir::Send) };
    [opened(of_importer), accepted(of_exporter)]
}

/// The session under test sends as much as it is let; says how many values that is.
fn send_all(script: &mut Script, channel: ChannelId, lengths: &[usize]) -> (u32, usize) {
    lengths.iter().for_each(|length| script.side.queues.push(channel, *length));
    script.side.session.ready(channel);
    let (mut count, mut bytes) = (0, 0);
    while let Some(frame) = script.hear_past_acks() {
        if let Frame::Data(Data { channel: found, values, run, .. }) = frame {
            assert_eq!(found, channel);
            count += values;
            bytes += run.len();
        }
    }
    (count, bytes)
}

// How they are opened.

#[test]
fn whoever_needs_answers_is_not_content_with_a_plain_channel() {
    let mut script = Script::importer();
    script.side.session.open(asking(Dir::Send, Content::Requests)).expect("there is room");
    let error = script.send_wrong(accept(Content::Values, 3, REQUESTS_BYTES));
    assert_violation(error, "carries something else");
}

#[test]
fn whoever_can_answer_need_not_be_asked() {
    let mut script = Script::importer();
    script.side.session.open(asking(Dir::Recv, Content::Requests)).expect("there is room");
    script.send(accept(Content::Values, 0, 0));
    receive_on(&mut script, FIRST);
    script.send(values(1, 4, 5));
    assert_eq!(script.side.session.channels(), 1, "there is none for answers");
    let error = script.send_wrong(Frame::Cancel { channel: FIRST, request: 1 });
    assert_violation(error, "nothing can be cancelled");
}

#[test]
fn nobody_is_asked_who_has_not_offered_to_answer() {
    for dir in [Dir::Send, Dir::Recv] {
        let mut script = Script::importer();
        script.side.session.open(asking(dir, Content::Values)).expect("there is room");
        let error = script.send_wrong(accept(Content::Requests, 3, REQUESTS_BYTES));
        assert_violation(error, "carries something else");
    }
}

#[test]
fn a_window_for_answers_that_is_too_small_is_refused() {
    let mut script = Script::importer();
    script.side.session.open(asking(Dir::Recv, Content::Requests)).expect("there is room");
    let error = script.send_wrong(accept(Content::Requests, 0, WINDOW_BYTES_MIN - 1));
    assert_violation(error, "too small");
    let mut script = Script::exporter();
    let small = Open { window_bytes: WINDOW_BYTES_MIN - 1, ..open(Dir::Send, Content::Requests) };
    assert_violation(script.send_wrong(Frame::Open(small)), "too small");
}

#[test]
fn a_channel_of_requests_that_is_refused_has_none_for_answers() {
    let mut script = Script::importer();
    script.side.session.open(asking(Dir::Send, Content::Requests)).expect("there is room");
    let code = Code::NoAnswers;
    script.send(Frame::Refuse { channel: FIRST, code, text: "no".into() });
    assert_eq!(script.side.session.channels(), 0);
}

// Credit for answers.

#[test]
fn as_many_answers_can_be_sent_as_requests() {
    for (script, count) in scripts(false).iter_mut().zip([4, 3]) {
        let sent = send_all(script, FIRST.answers(), &[5; 10]);
        assert_eq!(sent, (count, 6 * count as usize));
    }
}

#[test]
fn as_many_bytes_of_answers_can_be_sent_as_whoever_asks_has_stated() {
    for mut script in scripts(false) {
        // Longer than half of the window, so it is cut where the window ends.
        let sent = send_all(&mut script, FIRST.answers(), &[2 * ANSWERS_BYTES as usize]);
        assert_eq!(sent, (0, ANSWERS_BYTES as usize));
    }
}

#[test]
fn more_answers_than_granted_are_noticed() {
    for (mut script, count) in scripts(true).into_iter().zip([3, 4]) {
        script.send(values(ANSWERS, count, 5));
        let error = script.send_wrong(values(ANSWERS, 1, 5));
        assert_eq!(error, SessionError::CreditExceeded(FIRST.answers()));
    }
    for mut script in scripts(true) {
        let run = vec![0; ANSWERS_BYTES as usize + 1];
        let error = script.send_wrong(crate::script::data(ANSWERS, 1, None, &run));
        assert_eq!(error, SessionError::CreditExceeded(FIRST.answers()));
    }
}

#[test]
fn answers_that_were_taken_are_granted_again() {
    for (mut script, count) in scripts(true).into_iter().zip([3, 4]) {
        script.send(values(ANSWERS, count, 5));
        script.side.take(script.now, FIRST.answers(), 1);
        script.expect(Frame::Grant {
            channel: FIRST.answers(),
            values: u64::from(count) + 1,
            bytes: ANSWERS_BYTES + 6,
            taken: 1,
            freed: 1,
        });
        script.send(values(ANSWERS, 1, 5));
        let error = script.send_wrong(values(ANSWERS, 1, 5));
        assert_eq!(error, SessionError::CreditExceeded(FIRST.answers()));
    }
}

// The life of the channel for answers.

#[test]
fn each_of_the_two_channels_ends_on_its_own() {
    for ends_first in [FIRST, FIRST.answers()] {
        for mut script in scripts(true) {
            let ends_last = if ends_first == FIRST { FIRST.answers() } else { FIRST };
            for (channel, left) in [(ends_first, 1), (ends_last, 0)] {
                let code = Code::HungUp;
                script.send(Frame::Hangup { channel, code, values: 0, text: String::new() });
                let text = String::new();
                script.expect(Frame::Hangup { channel, code, values: 0, text });
                assert_eq!(script.side.session.channels(), left);
            }
            // What is late has no effect on either.
            script.send(values(ANSWERS, 1, 5));
            script.send(Frame::End { channel: FIRST.answers(), values: 9 });
            let grant = |channel| Frame::Grant { channel, values: 9, bytes: 9, taken: 9, freed: 9 };
            script.send(grant(FIRST));
            script.send(Frame::Cancel { channel: FIRST.answers(), request: 1 });
            script.expect_nothing();
        }
    }
}

#[test]
fn answers_come_after_the_end_of_the_requests_and_end_when_all_are_taken() {
    for mut script in scripts(true) {
        script.side.queues.finish(FIRST);
        script.side.session.ready(FIRST);
        script.expect(Frame::End { channel: FIRST, values: 0 });
        let (code, text) = (Code::Complete, String::new());
        script.send(Frame::Hangup { channel: FIRST, code, values: 0, text: text.clone() });
        script.send(values(ANSWERS, 2, 5));
        script.send(Frame::End { channel: FIRST.answers(), values: 2 });
        script.expect_nothing();
        script.side.take(script.now, FIRST.answers(), 2);
        script.expect(Frame::Hangup { channel: FIRST.answers(), code, values: 2, text });
        assert_eq!(script.side.session.channels(), 0);
        assert_eq!(script.side.lost(FIRST.answers()), Some(0));
    }
}

#[test]
fn answers_on_a_channel_that_never_was_are_nonsense() {
    let mut script = Script::exporter();
    assert_violation(script.send_wrong(values(ANSWERS, 1, 5)), "never opened");
    // One with plain values has none either, but its number was used.
    let mut script = Script::sending(4, 1 << 20);
    script.send(values(ANSWERS, 1, 5));
    script.expect_nothing();
}

// Cancels.

#[test]
fn a_cancel_is_told_before_and_behind_its_request() {
    for mut script in scripts(false) {
        script.send(Frame::Cancel { channel: FIRST, request: 1 });
        script.send(values(1, 1, 5));
        script.send(Frame::Cancel { channel: FIRST, request: u64::MAX });
        script.send(Frame::End { channel: FIRST, values: 1 });
        // Its requests can still be in hand.
        script.send(Frame::Cancel { channel: FIRST, request: 2 });
        let told = script.side.story(FIRST);
        let cancels = told.iter().filter(|note| matches!(note, Note::Cancelled(..)));
        let expected = [1, u64::MAX, 2].map(|request| Note::Cancelled(FIRST, request));
        assert!(cancels.eq(&expected), "{told:?}");
        script.side.take(script.now, FIRST, 1);
        script.send(Frame::Cancel { channel: FIRST, request: 3 });
        assert_eq!(script.side.story(FIRST).last(), Some(&Note::Closed(FIRST, 0)));
    }
}

#[test]
fn a_cancel_where_nothing_is_asked_is_nonsense() {
    let cancel = |channel| Frame::Cancel { channel, request: 1 };
    let mut wrong = Vec::new();
    wrong.push(Script::receiving(4, 1 << 20).send_wrong(cancel(FIRST)));
    wrong.push(Script::sending(4, 1 << 20).send_wrong(cancel(FIRST)));
    for mut script in scripts(true) {
        wrong.push(script.send_wrong(cancel(FIRST)));
    }
    for asks in [true, false] {
        for mut script in scripts(asks) {
            wrong.push(script.send_wrong(cancel(FIRST.answers())));
        }
    }
    let mut early = Script::exporter();
    early.side.answer = Answer::Wait;
    early.send(Frame::Open(open(Dir::Send, Content::Requests)));
    wrong.push(early.send_wrong(cancel(FIRST)));
    wrong.push(Script::exporter().send_wrong(cancel(FIRST)));
    for error in wrong {
        assert_eq!(error.code(), Code::Violation, "{error}");
    }
}

#[test]
fn a_cancel_is_said_only_where_it_means_something() {
    for mut script in scripts(true) {
        script.side.session.cancel(FIRST.answers(), 1);
        script.expect_nothing();
        script.side.session.cancel(FIRST, 1);
        script.expect(Frame::Cancel { channel: FIRST, request: 1 });
        script.side.queues.finish(FIRST);
        script.side.session.ready(FIRST);
        script.expect(Frame::End { channel: FIRST, values: 0 });
        script.side.session.cancel(FIRST, 2);
        script.expect(Frame::Cancel { channel: FIRST, request: 2 });
        script.side.hangup(script.now, FIRST, Code::HungUp, "");
        assert!(matches!(script.hear_past_acks(), Some(Frame::Hangup { .. })));
        script.side.session.cancel(FIRST, 3);
        script.expect_nothing();
    }
    for mut script in scripts(false) {
        // Not by the side that answers.
        script.side.session.cancel(FIRST.answers(), 1);
        script.expect_nothing();
    }
    let mut early = Script::importer();
    early.side.session.open(asking(Dir::Send, Content::Requests)).expect("there is room");
    assert!(early.hear_past_acks().is_some());
    early.side.session.cancel(FIRST, 1);
    early.expect_nothing();
}

#[test]
fn a_cancel_that_is_repeated_has_come() {
    let [mut script, _] = scripts(false);
    let cancel = Frame::Cancel { channel: FIRST, request: 1 };
    script.send(cancel.clone());
    let sequence = script.sequence;
    script.say_numbered(cancel, sequence).expect("it was seen before");
    let is_cancel = |note: &&Note| matches!(note, Note::Cancelled(..));
    assert_eq!(script.side.story(FIRST).iter().filter(is_cancel).count(), 1);
}

#[test]
fn a_cancel_without_a_link_is_said_on_the_next() {
    for mut script in scripts(true) {
        script.expect_nothing();
        script.side.session.handle_link_lost(script.now).expect("the session is kept");
        script.side.session.cancel(FIRST, 5);
        assert!(!script.side.session.poll_transmit(script.now, &mut script.side.queues));
        // The peer has received what was said before.
        script.side.resume(script.now, 1);
        script.expect(Frame::Cancel { channel: FIRST, request: 5 });
    }
}

#[test]
fn cancels_that_nobody_acknowledges_are_bounded_and_no_fault_of_the_peer() {
    let [_, mut script] = scripts(true);
    script.side.session.handle_link_lost(script.now).expect("the session is kept");
    let cancels = 3 * REPLAY_FRAMES_MAX;
    (0..cancels).for_each(|request| script.side.session.cancel(FIRST, request as u64));
    let resumed = script.side.session.handle_resume(script.now, 1);
    let repeated = resumed.expect("one frame was sent").repeated_frames;
    assert!((REPLAY_FRAMES_MAX..2 * REPLAY_FRAMES_MAX).contains(&repeated), "{repeated}");
    // The peer has not heard of any of them, so it cannot have acknowledged them.
    script.send(crate::script::open(2, Dir::Recv, 4));
}

// Values that are taken in any order.

/// A session that answers has received three requests of six bytes.
fn with_three_requests(asked: &mut Script) {
    asked.send(values(1, 3, 5));
}

#[test]
fn a_grant_counts_all_that_were_taken_and_those_up_to_the_first_that_was_not() {
    for (mut script, window) in scripts(false).into_iter().zip([4, 3]) {
        with_three_requests(&mut script);
        for (taken, leading) in [(1, 0), (2, 1), (3, 3)] {
            let now = script.now;
            script.side.session.taken_in_any_order(now, FIRST, taken, 6 * taken, leading);
            script.expect(Frame::Grant {
                channel: FIRST,
                values: taken + window,
                bytes: REQUESTS_BYTES + 6 * taken,
                taken: leading,
                freed: taken,
            });
        }
    }
}

#[test]
fn whoever_asks_keeps_what_is_behind_the_first_that_was_not_taken() {
    for mut script in scripts(true) {
        let (sent, _) = send_all(&mut script, FIRST, &[5, 6, 7]);
        assert_eq!(sent, 3);
        let bytes = 1 << 20;
        script.send(Frame::Grant { channel: FIRST, values: 5, bytes, taken: 1, freed: 1 });
        assert!(script.side.notes.contains(&Note::Taken(FIRST, 1)));
        let remains = script.side.session.into_remains();
        let (_, Remains { taken_values, unconfirmed_values, returned, discarded_values }) =
            remains.iter().find(|(id, _)| *id == FIRST).expect("it sends");
        assert_eq!((*taken_values, *unconfirmed_values, *discarded_values), (1, 2, 0));
        assert_eq!((returned.values, returned.bytes.len()), (2, 7 + 8));
    }
}

#[test]
fn no_grant_frees_more_than_was_sent() {
    for mut script in scripts(true) {
        send_all(&mut script, FIRST, &[5, 6, 7]);
        let freed = |script: &mut Script, values, taken, freed| {
            let frame = Frame::Grant { channel: FIRST, values, bytes: u64::MAX, taken, freed };
            let mut bytes = bytes::BytesMut::new();
            netchan::wire::encode(&frame, 0, &mut bytes);
            let session = &mut script.side.session;
            session.handle_input(script.now, &mut bytes).expect("it is possible");
            let mut found = None;
            while let Some(event) = session.poll_event() {
                if let netchan::session::Event::Taken { values, freed_values, .. } = event {
                    found = Some((values, freed_values));
                }
            }
            found
        };
        assert_eq!(freed(&mut script, 4 + 1, 1, 1).map(|found| found.0), Some(1));
        assert_eq!(freed(&mut script, u64::MAX, 2, 3), Some((2, 3)));
        assert_eq!(freed(&mut script, u64::MAX, 2, 3), None, "nothing is new");
        let error = script.send_wrong(Frame::Grant {
            channel: FIRST,
            values: u64::MAX,
            bytes: u64::MAX,
            taken: 2,
            freed: 4,
        });
        assert_eq!(error.code(), Code::Violation);
    }
}

#[test]
fn the_channel_is_complete_only_when_the_first_is_taken_as_well() {
    for mut script in scripts(false) {
        with_three_requests(&mut script);
        script.send(Frame::End { channel: FIRST, values: 3 });
        script.side.session.taken_in_any_order(script.now, FIRST, 2, 12, 0);
        script.expect_nothing();
        script.side.session.taken_in_any_order(script.now, FIRST, 3, 18, 3);
        let (code, text) = (Code::Complete, String::new());
        script.expect(Frame::Hangup { channel: FIRST, code, values: 3, text });
    }
}
