//! A session that goes on with another link: nothing is lost and nothing comes twice.

use netchan::dir::Dir;
use netchan::id::ChannelId;
use netchan::session::Role;
use netchan::wire::Frame;

use crate::dice::Pieces;
use crate::pair::{Ask, BOTH, Pair, opposite};
use crate::script::{Script, values};

/// A little of everything: values both ways, a long one, an end, a hangup, a limit. The link is cut
/// when so many bytes have arrived at a side. Says whether that happened.
fn talk_and_cut(listener: Role, cut_at_bytes: usize) -> bool {
    let mut pair = Pair::new();
    pair.pieces = Pieces::Single;
    let ask = Ask { window_values: 3, window_bytes: 16 * 1024, limit: None };
    let limit = Some(2);
    let inward = pair.open(Dir::Recv, ask);
    let outward = pair.open(Dir::Send, Ask { limit, ..ask });
    let broken = pair.open(Dir::Recv, ask);
    pair.send(inward, [5, 0, 70, 3, 3]);
    pair.finish(inward);
    pair.send(outward, [9, 9, 9]);
    pair.send(broken, [1]);
    let mut read_bytes = 0;
    let mut was_cut = false;
    let mut idle_turns = 0;
    let mut is_hung_up = false;
    while idle_turns < 50 {
        let mut moved = false;
        for role in BOTH {
            if role == listener && read_bytes == cut_at_bytes && !was_cut {
                was_cut = true;
                pair.cut_link();
                pair.resume();
            }
            moved |= pair.write(role, 16) > 0;
            let read = pair.read(role, 1);
            read_bytes += if role == listener { read } else { 0 };
            moved |= read > 0;
        }
        idle_turns = if moved { 0 } else { idle_turns + 1 };
        pair.advance(netchan::limits::ACK_DELAY / 20);
        for channel in [inward, outward] {
            pair.take(channel, 1);
        }
        if !is_hung_up && pair.importer.inlets[&broken].waiting() > 0 {
            is_hung_up = true;
            pair.hangup(Role::Importer, broken);
        }
    }
    pair.assert_all_arrived(inward);
    assert_eq!(pair.taken(outward), pair.given(outward));
    assert_eq!(pair.taken(outward).len(), 2);
    assert_eq!(pair.exporter.lost(broken), Some(1));
    pair.assert_all_over();
    was_cut
}

#[test]
fn a_link_can_break_at_every_byte_of_a_conversation() {
    for listener in BOTH {
        let mut cut_at_bytes = 0;
        while talk_and_cut(listener, cut_at_bytes) {
            cut_at_bytes += 1;
        }
        assert!(cut_at_bytes > 200, "{cut_at_bytes} bytes were said");
    }
}

#[test]
fn a_link_that_carried_nothing_back_repeats_all() {
    let mut pair = Pair::new();
    let channel = pair.opened(Dir::Recv, Ask::default());
    pair.send(channel, [10; 30]);
    pair.write(Role::Exporter, usize::MAX);
    pair.cut_link();
    pair.resume();
    pair.finish(channel);
    pair.run_and_take_all();
    pair.assert_all_arrived(channel);
    pair.assert_all_over();
}

#[test]
fn a_long_value_goes_on_where_the_link_broke() {
    let mut pair = Pair::new();
    let ask = Ask { window_values: 1, window_bytes: 20_000, limit: None };
    let channel = pair.opened(Dir::Recv, ask);
    pair.send(channel, [3_000_000]);
    pair.finish(channel);
    for cut in 0..30 {
        for _ in 0..3 {
            pair.turn_both();
        }
        // The cut is somewhere inside of a frame.
        pair.write(Role::Exporter, usize::MAX);
        pair.read(Role::Importer, 1 + cut * 777);
        pair.cut_link();
        pair.resume();
    }
    pair.run_and_take_all();
    pair.assert_all_arrived(channel);
    pair.assert_all_over();
    // Whole frames that had arrived were not sent again.
    assert!(pair.exporter.written_bytes < 30_000_000);
}

#[test]
fn only_frames_that_did_not_arrive_are_repeated() {
    let mut script = Script::receiving(100, 1 << 20);
    let channel = ChannelId(1);
    script.side.hangup(script.now, channel, netchan::wire::Code::HungUp, "first time");
    let hangup = script.hear_past_acks().expect("a hangup is heard");
    let now = script.now;
    let resumed = script.side.session.handle_resume(now, 1);
    assert_eq!(resumed.map(|resumed| resumed.repeated_frames), Ok(1));
    script.expect(hangup);
    let resumed = script.side.session.handle_resume(now, 2);
    assert_eq!(resumed.map(|resumed| resumed.repeated_frames), Ok(0));
    script.expect_nothing();
}

#[test]
fn credit_is_told_again_on_a_new_link() {
    let mut script = Script::receiving(10, 1 << 20);
    script.send(values(1, 8, 1));
    script.side.take(script.now, ChannelId(1), 8);
    let grant = Frame::Grant {
        channel: ChannelId(1),
        values: 18,
        bytes: (1 << 20) + 16,
        taken: 8,
        freed: 8,
    };
    script.expect(grant.clone());
    script.side.resume(script.now, 1);
    script.expect(grant);
}

#[test]
fn a_request_that_was_lost_is_repeated() {
    let mut pair = Pair::new();
    let channel = pair.open(Dir::Recv, Ask::default());
    pair.write(Role::Importer, usize::MAX);
    pair.cut_link();
    pair.resume();
    pair.send(channel, [1, 2, 3]);
    pair.finish(channel);
    pair.run_and_take_all();
    pair.assert_all_arrived(channel);
    pair.assert_all_over();
}

#[test]
fn a_flush_goes_on_with_a_new_link() {
    for role in BOTH {
        let mut pair = Pair::new();
        let dir = if role == Role::Importer { Dir::Send } else { Dir::Recv };
        let channel = pair.opened(dir, Ask::default());
        pair.send(channel, [5; 10]);
        pair[role].session.set_flushing(true);
        pair.write(role, usize::MAX);
        pair.read(opposite(role), 100);
        pair.cut_link();
        pair.resume();
        pair.run_until_idle();
        assert_eq!(pair[role].session.outstanding_values(), 0);
    }
}

#[test]
fn a_goodbye_is_said_again_on_a_new_link() {
    let mut pair = Pair::new();
    pair.exporter.session.goodbye(netchan::wire::Code::Closed, "going home");
    pair.write(Role::Exporter, usize::MAX);
    pair.cut_link();
    pair.resume();
    pair.run_until_idle();
    assert_eq!(pair.importer.notes.len(), 1);
}

#[test]
fn a_frame_that_comes_again_is_acknowledged_again() {
    let mut script = Script::receiving(10, 1 << 20);
    script.send(values(1, 3, 5));
    // The link ends, and the peer has missed all that was acknowledged: it repeats its last frame.
    script.side.resume(script.now, 1);
    let again = script.say_numbered(values(1, 3, 5), 2);
    assert_eq!(again, Ok(()));
    script.advance(netchan::limits::ACK_DELAY);
    let heard: Vec<Frame> = std::iter::from_fn(|| script.hear()).collect();
    assert!(heard.contains(&Frame::Ack { received: 2 }), "{heard:?}");
}
