//! A peer that sends and does not read: what waits for it stays bounded, and goes out when it
//! reads again.

use netchan::dir::Dir;
use netchan::id::ChannelId;
use netchan::limits::{ACK_DELAY, COMPOSED_BYTES_MAX};
use netchan::session::Role;
use netchan::wire::Frame;

use crate::pair::{Ask, Pair};
use crate::script::{Script, values};

/// Enough rounds for 24 bytes each to exceed what may be composed ahead.
const ROUNDS: u64 = 20_000;

#[test]
fn pings_of_a_peer_that_does_not_read_take_no_memory() {
    let mut script = Script::exporter();
    for token in 0..ROUNDS {
        script.send(Frame::Ping { token });
        script.side.poll(script.now);
    }
    assert!(script.side.session.unwritten_bytes() < COMPOSED_BYTES_MAX + 1024);
    let mut last = None;
    while let Some(Frame::Pong { token }) = script.hear() {
        last = Some(token);
    }
    assert_eq!(last, Some(ROUNDS - 1), "the last ping is answered at last");
}

#[test]
fn acknowledgements_and_grants_for_a_peer_that_does_not_read_take_no_memory() {
    let mut script = Script::receiving(1, 1 << 20);
    for _ in 0..ROUNDS / 4 {
        if script.say(values(1, 1, 8)).is_err() {
            // The session has stopped to compose grants, and holds the peer to what it was told.
            break;
        }
        script.side.take(script.now, ChannelId(1), 1);
        script.advance(ACK_DELAY);
        script.side.poll(script.now);
    }
    assert!(script.side.session.unwritten_bytes() < COMPOSED_BYTES_MAX + 1024);
    let next_timeout = script.side.session.next_timeout();
    assert!(next_timeout > script.now, "nothing can be done before the peer reads");
}

#[test]
fn what_a_stalled_link_held_back_goes_out_when_it_moves() {
    let mut pair = Pair::new();
    let lines = pair.opened(Dir::Send, Ask::default());
    let bulk = pair.opened(Dir::Recv, Ask::default());
    // The exporter's way out is stuffed with values.
    pair.pipe_bytes_max = 0;
    pair.send(bulk, [60_000; 10]);
    pair.run_until_idle();
    assert!(pair.exporter.session.unwritten_bytes() >= COMPOSED_BYTES_MAX);
    // Meanwhile values come in and are taken.
    pair.send(lines, [10; 200]);
    pair.finish(lines);
    let now = pair.now;
    pair.pipe_bytes_max = usize::MAX;
    pair.write(Role::Importer, usize::MAX);
    pair.pipe_bytes_max = 0;
    pair.read(Role::Exporter, usize::MAX);
    pair.exporter.take(now, lines, usize::MAX);
    pair.run_until_idle();
    assert!(pair.importer.session.outstanding_values() > 0);
    pair.pipe_bytes_max = 256 * 1024;
    pair.run_and_take_all();
    pair.finish(bulk);
    pair.run_and_take_all();
    pair.assert_all_arrived(lines);
    pair.assert_all_arrived(bulk);
    pair.assert_all_over();
}
