//! Credit: how much comes before anything is taken, and when the sender learns what was taken.

use netchan::dir::Dir;
use netchan::id::ChannelId;
use netchan::limits::ACK_DELAY;
use netchan::wire::{Content, Frame};

use crate::pair::{Ask, Pair};
use crate::script::{Script, values};
use crate::side::Note;

fn window(window_values: u32) -> Ask {
    Ask { window_values, ..Ask::default() }
}

#[test]
fn no_more_values_come_than_the_window_has() {
    for dir in [Dir::Recv, Dir::Send] {
        for size in [1, 2, 7] {
            let mut pair = Pair::new();
            let channel = pair.opened(dir, window(size));
            pair.send(channel, [3; 50]);
            pair.run_until_idle();
            let inlet = &pair.receiver(channel).inlets[&channel];
            assert_eq!(inlet.waiting(), size as usize);
            pair.take(channel, 1);
            pair.run_until_idle();
            let inlet = &pair.receiver(channel).inlets[&channel];
            assert_eq!(inlet.waiting(), size as usize);
        }
    }
}

#[test]
fn a_window_of_one_passes_each_value_from_hand_to_hand() {
    let mut script = Script::receiving(1, 1 << 20);
    for number in 1..=3 {
        script.send(values(1, 1, 9));
        script.side.take(script.now, ChannelId(1), 1);
        // Not a moment later: the sender waits.
        script.expect(Frame::Grant {
            channel: ChannelId(1),
            values: number + 1,
            bytes: (1 << 20) + 10 * number,
            taken: number,
            freed: number,
        });
    }
}

#[test]
fn small_credit_waits_for_other_traffic_but_not_for_long() {
    let mut script = Script::receiving(100, 1 << 20);
    script.send(values(1, 10, 1));
    assert_eq!(script.hear(), None);
    script.side.take(script.now, ChannelId(1), 10);
    script.expect_nothing();
    script.advance(ACK_DELAY);
    script.expect(Frame::Grant {
        channel: ChannelId(1),
        values: 110,
        bytes: (1 << 20) + 20,
        taken: 10,
        freed: 10,
    });
    script.expect_nothing();
}

#[test]
fn a_quarter_of_the_window_is_told_at_once() {
    let mut script = Script::receiving(100, 1 << 20);
    script.send(values(1, 50, 1));
    script.side.take(script.now, ChannelId(1), 24);
    script.expect_nothing();
    script.side.take(script.now, ChannelId(1), 1);
    script.expect(Frame::Grant {
        channel: ChannelId(1),
        values: 125,
        bytes: (1 << 20) + 50,
        taken: 25,
        freed: 25,
    });
}

#[test]
fn bytes_count_when_values_are_few() {
    let ask = Ask { window_values: 1000, window_bytes: 16 * 1024, limit: None };
    let mut pair = Pair::new();
    let channel = pair.opened(Dir::Recv, ask);
    pair.send(channel, [1000; 100]);
    pair.finish(channel);
    pair.run_until_idle();
    assert_eq!(pair.importer.inlets[&channel].waiting(), 16);
    pair.run_and_take_all();
    pair.assert_all_arrived(channel);
    pair.assert_all_over();
}

#[test]
fn empty_values_are_values() {
    let mut pair = Pair::new();
    let channel = pair.opened(Dir::Send, window(3));
    pair.send(channel, [0; 100]);
    pair.finish(channel);
    pair.run_and_take_all();
    assert_eq!(pair.taken(channel).len(), 100);
    pair.assert_all_over();
}

#[test]
fn the_sender_learns_what_was_taken() {
    let mut pair = Pair::new();
    let channel = pair.opened(Dir::Recv, window(4));
    pair.send(channel, [2; 4]);
    pair.run_until_idle();
    let sender = &pair.exporter.session;
    let progress = sender.progress(channel).expect("the channel is open");
    assert_eq!(progress.acknowledged_values, 4);
    assert_eq!(sender.outstanding_values(), 0);
    assert!(!pair.exporter.story(channel).contains(&Note::Taken(channel, 4)));
    pair.take(channel, 4);
    pair.run_until_idle();
    assert!(pair.exporter.story(channel).contains(&Note::Taken(channel, 4)));
}

#[test]
fn an_exporters_window_is_no_wider_than_the_importer_asked_for() {
    let mut script = Script::exporter();
    script.side.answer = crate::side::Answer::Accept(1000, 1 << 20);
    script.send(crate::script::open(1, Dir::Send, 7));
    script.expect(Frame::Accept {
        channel: ChannelId(1),
        window_values: 7,
        window_bytes: 1 << 20,
        content: Content::Values,
        clock_ms: 0,
        identity: [0; 16],
    });
}
