//! Values that are longer than their window, and the room that all of them share.

use netchan::dir::Dir;
use netchan::id::ChannelId;
use netchan::limits::{
    FRAME_BYTES_MAX, LARGE_VALUE_BYTES, LARGE_VALUES_BYTES_MAX, QUANTUM_BYTES, RETAINED_BYTES_MAX,
};
use netchan::session::Role;
use netchan::wire::Frame;

use crate::pair::{Ask, Pair};
use crate::script::{Script, data, open};

fn narrow() -> Ask {
    Ask { window_values: 1, window_bytes: 16 * 1024, limit: None }
}

/// The first bytes of a value of so many bytes: its prefix.
fn head(length: u64) -> [u8; 4] {
    ((length as u32) << 2 | 0b10).to_le_bytes()
}

#[test]
fn values_of_all_critical_lengths_arrive() {
    let edges = [
        0x40,
        0x4000,
        QUANTUM_BYTES,
        LARGE_VALUE_BYTES,
        FRAME_BYTES_MAX,
        FRAME_BYTES_MAX * 2,
        16 * 1024 / 2,
    ];
    let mut lengths = vec![0, 0, 1, 2];
    for edge in edges {
        lengths.extend(edge - 20..edge + 20);
    }
    for ask in [narrow(), Ask::default()] {
        for dir in [Dir::Recv, Dir::Send] {
            let mut pair = Pair::new();
            pair.exporter.answer = crate::side::Answer::Accept(ask.window_values, ask.window_bytes);
            let channel = pair.opened(dir, ask);
            pair.send(channel, lengths.clone());
            pair.finish(channel);
            pair.run_and_take_all();
            pair.assert_all_arrived(channel);
            pair.assert_all_over();
        }
    }
}

#[test]
fn long_values_of_many_channels_come_through_narrow_windows() {
    let mut pair = Pair::seeded(5);
    let channels: Vec<_> = (0..20).map(|_| pair.open(Dir::Recv, narrow())).collect();
    for channel in &channels {
        pair.send(*channel, [300_000, 5, 100_000]);
        pair.finish(*channel);
    }
    pair.run_and_take_all();
    for channel in channels {
        pair.assert_all_arrived(channel);
    }
    pair.assert_all_over();
}

#[test]
fn long_values_beyond_the_common_room_wait_for_each_other() {
    let mut pair = Pair::new();
    let half = LARGE_VALUES_BYTES_MAX as usize * 5 / 8;
    let first = pair.opened(Dir::Recv, narrow());
    let second = pair.opened(Dir::Recv, narrow());
    for channel in [first, second] {
        pair.send(channel, [half]);
        pair.finish(channel);
    }
    pair.run_until_idle();
    let arrived = |pair: &Pair, channel| pair.importer.inlets[&channel].waiting();
    assert_eq!(arrived(&pair, first), 1);
    assert_eq!(arrived(&pair, second), 0);
    let buffered_bytes = pair.importer.inlets[&second].buffered_bytes();
    assert!(buffered_bytes <= 16 * 1024, "{buffered_bytes} bytes wait");
    pair.run_and_take_all();
    pair.assert_all_arrived(first);
    pair.assert_all_arrived(second);
    pair.assert_all_over();
}

#[test]
fn room_that_a_hangup_frees_goes_to_the_next_in_line() {
    for hangs_up in [Role::Importer, Role::Exporter] {
        let mut script = Script::exporter();
        script.side.answer = crate::side::Answer::Accept(1, 16 * 1024);
        let length = LARGE_VALUES_BYTES_MAX * 5 / 8;
        for number in [1, 2] {
            script.send(open(number, Dir::Send, 1));
            assert!(matches!(script.hear_past_acks(), Some(Frame::Accept { .. })));
            script.send(data(number, 0, Some((4, length as u32)), &head(length)));
        }
        let granted = |channel| Frame::Grant {
            channel: ChannelId(channel),
            values: 1,
            bytes: length + 4,
            taken: 0,
            freed: 0,
        };
        script.expect(granted(1));
        script.expect_nothing();
        let hangup = Frame::Hangup {
            channel: ChannelId(1),
            code: netchan::wire::Code::HungUp,
            values: 0,
            text: String::new(),
        };
        match hangs_up {
            Role::Importer => script.send(hangup.clone()),
            Role::Exporter => {
                let code = netchan::wire::Code::HungUp;
                script.side.hangup(script.now, ChannelId(1), code, "");
            }
        }
        script.expect(hangup);
        script.expect(granted(2));
    }
}

#[test]
fn a_long_value_that_waits_is_forgotten_with_its_channel() {
    let mut script = Script::exporter();
    script.side.answer = crate::side::Answer::Accept(1, 16 * 1024);
    let length = LARGE_VALUES_BYTES_MAX * 5 / 8;
    for number in [1, 2, 3] {
        script.send(open(number, Dir::Send, 1));
        script.send(data(number, 0, Some((4, length as u32)), &head(length)));
    }
    while script.hear().is_some() {}
    let hangup = |channel| Frame::Hangup {
        channel: ChannelId(channel),
        code: netchan::wire::Code::HungUp,
        values: 0,
        text: String::new(),
    };
    script.send(hangup(2));
    script.expect(hangup(2));
    script.send(hangup(1));
    script.expect(hangup(1));
    script.expect(Frame::Grant {
        channel: ChannelId(3),
        values: 1,
        bytes: length + 4,
        taken: 0,
        freed: 0,
    });
}

#[test]
fn the_buffer_of_a_long_value_is_not_kept() {
    let mut pair = Pair::new();
    let channel = pair.opened(Dir::Recv, Ask::default());
    // A long value that shares its chunk with a short one is copied to the frames.
    pair.send(channel, [10, 500_000]);
    pair.run_and_take_all();
    pair.send(channel, [10]);
    pair.run_and_take_all();
    let kept_bytes = pair.exporter.queues.chunk_capacity;
    assert!(kept_bytes <= RETAINED_BYTES_MAX, "{kept_bytes} bytes");
}

#[test]
fn the_replay_store_of_long_values_is_bounded() {
    let mut pair = Pair::new();
    let ask = Ask { window_bytes: 1 << 30, ..Ask::default() };
    let channel = pair.opened(Dir::Recv, ask);
    pair.send(channel, [40 << 20]);
    // Nothing that the importer says arrives, so nothing is acknowledged.
    pair.pipe_bytes_max = usize::MAX;
    while pair.write(Role::Exporter, usize::MAX) > 0 {}
    let written_bytes = pair.exporter.written_bytes as usize;
    let replay_bytes_max = netchan::limits::REPLAY_BYTES_MAX;
    assert!(written_bytes >= replay_bytes_max);
    assert!(written_bytes <= replay_bytes_max + 3 * FRAME_BYTES_MAX);
    pair.finish(channel);
    pair.run_and_take_all();
    pair.assert_all_arrived(channel);
    pair.assert_all_over();
}
