//! Acknowledgements: when they go alone, what they free, and how a flush hurries them.

use netchan::dir::Dir;
use netchan::limits::{ACK_BYTES, ACK_DELAY, ACK_FRAMES, REPLAY_FRAMES_MAX};
use netchan::session::Role;
use netchan::wire::Frame;

use crate::pair::{Ask, Pair};
use crate::script::{Script, data, values};

#[test]
fn an_acknowledgement_waits_for_company_but_not_for_long() {
    let mut script = Script::receiving(1000, 1 << 20);
    script.send(values(1, 1, 1));
    assert_eq!(script.hear(), None);
    assert_eq!(script.side.session.next_timeout(), script.now + ACK_DELAY);
    script.advance(ACK_DELAY);
    assert_eq!(script.hear(), Some(Frame::Ack { received: 2 }));
    assert_eq!(script.hear(), None);
    assert!(script.side.session.next_timeout() > script.now + ACK_DELAY);
}

#[test]
fn many_frames_are_acknowledged_at_once() {
    let mut script = Script::receiving(1000, 1 << 20);
    for _ in 1..ACK_FRAMES {
        script.send(values(1, 1, 1));
        assert_eq!(script.hear(), None);
    }
    script.send(values(1, 1, 1));
    let received = 1 + u64::from(ACK_FRAMES);
    assert_eq!(script.hear(), Some(Frame::Ack { received }));
}

#[test]
fn many_bytes_are_acknowledged_at_once() {
    let mut script = Script::receiving(1000, 1 << 20);
    let run = [&[0b10, 0xfa, 0, 0][..], &[7; 0x3e80]].concat();
    for _ in 0..ACK_BYTES / 0x3e80 {
        assert_eq!(script.hear(), None);
        script.send(data(1, 1, None, &run));
    }
    script.send(data(1, 1, None, &run));
    assert!(matches!(script.hear(), Some(Frame::Ack { .. })));
}

#[test]
fn an_acknowledgement_rides_on_other_traffic() {
    let mut script = Script::receiving(1000, 1 << 20);
    script.send(values(1, 1, 1));
    script.send(Frame::Ping { token: 5 });
    assert_eq!(script.hear(), Some(Frame::Ack { received: 2 }));
    assert_eq!(script.hear(), Some(Frame::Pong { token: 5 }));
}

#[test]
fn a_flush_asks_for_acknowledgements_without_delay() {
    let mut pair = Pair::new();
    let channel = pair.opened(Dir::Recv, Ask::default());
    pair.exporter.session.set_flushing(true);
    pair.send(channel, [5; 10]);
    let start = pair.now;
    while pair.turn_both() {}
    assert_eq!(pair.now, start, "no time has passed");
    assert_eq!(pair.exporter.session.outstanding_values(), 0);
}

#[test]
fn a_flush_also_hurries_what_was_sent_before() {
    let mut pair = Pair::new();
    let channel = pair.opened(Dir::Recv, Ask::default());
    pair.send(channel, [5; 10]);
    while pair.turn_both() {}
    assert_eq!(pair.exporter.session.outstanding_values(), 10);
    pair.exporter.session.set_flushing(true);
    while pair.turn_both() {}
    assert_eq!(pair.exporter.session.outstanding_values(), 0);
    pair.exporter.session.set_flushing(false);
}

#[test]
fn without_a_flush_nobody_asks() {
    let mut script = Script::sending(1000, 1 << 20);
    script.side.queues.push(netchan::id::ChannelId(1), 5);
    script.side.session.ready(netchan::id::ChannelId(1));
    assert!(matches!(script.hear_past_acks(), Some(Frame::Data(_))));
    script.expect_nothing();
}

#[test]
fn a_full_replay_store_takes_no_more_values_until_it_is_acknowledged() {
    let mut script = Script::sending(u32::MAX, 1 << 30);
    let channel = netchan::id::ChannelId(1);
    let mut frames = 0;
    // One value in each frame.
    for _ in 0..REPLAY_FRAMES_MAX + 10 {
        script.side.queues.push(channel, 1);
        script.side.session.ready(channel);
        while script.hear_past_acks().is_some() {
            frames += 1;
        }
    }
    // The answer to the request is in the store as well.
    assert_eq!(frames, REPLAY_FRAMES_MAX - 1);
    let outstanding = script.side.session.outstanding_values();
    assert_eq!(outstanding, REPLAY_FRAMES_MAX as u64 - 1);
    script.send(Frame::Ack { received: 2 });
    let Some(Frame::Data(data)) = script.hear_past_acks() else {
        panic!("values are taken again");
    };
    assert_eq!(data.values, 11);
    script.send(Frame::Ack { received: REPLAY_FRAMES_MAX as u64 + 1 });
    assert_eq!(script.side.session.outstanding_values(), 0);
}

#[test]
fn control_frames_pass_a_full_replay_store() {
    let mut pair = Pair::new();
    let ask = Ask { window_values: 1 << 20, window_bytes: 1 << 30, limit: None };
    let bulk = pair.opened(Dir::Recv, ask);
    let other = pair.opened(Dir::Send, Ask::default());
    pair.send(bulk, vec![60_000; 400]);
    pair.pipe_bytes_max = usize::MAX;
    while pair.write(Role::Exporter, usize::MAX) > 0 {}
    assert!(pair.exporter.queues.by_channel[&bulk].waiting() > 0);
    pair.hangup(Role::Exporter, other);
    assert!(pair.write(Role::Exporter, usize::MAX) > 0);
    pair.finish(bulk);
    pair.run_and_take_all();
    pair.assert_all_arrived(bulk);
    pair.assert_all_over();
}
