//! Fairness: nobody waits for another channel's long values or long queues.

use netchan::dir::Dir;
use netchan::limits::{COMPOSED_BYTES_MAX, FRAME_BYTES_MAX, QUANTUM_BYTES};
use netchan::session::Role;

use crate::dice::Pieces;
use crate::pair::{Ask, Pair};

/// What may pass between the moment at which a small value is there and its last byte: what was
/// composed already, and a few turns of the others.
const DELAY_BYTES_MAX: u64 = (COMPOSED_BYTES_MAX + FRAME_BYTES_MAX + 4 * QUANTUM_BYTES) as u64;

#[test]
fn a_small_value_does_not_wait_for_a_long_one() {
    let mut pair = Pair::new();
    let bulk = pair.opened(Dir::Recv, Ask::default());
    let small = pair.opened(Dir::Recv, Ask::default());
    pair.send(bulk, [64 << 20]);
    for _ in 0..20 {
        pair.turn_both();
    }
    let before = pair.exporter.written_bytes;
    assert!(before > 1 << 20, "the long value is on its way");
    pair.send(small, [10]);
    while pair.importer.inlets[&small].waiting() == 0 {
        pair.turn_both();
    }
    let between = pair.exporter.written_bytes - before;
    // What is in the pipes of the test was written before or is counted.
    assert!(between <= DELAY_BYTES_MAX + 256 * 1024, "{between} bytes");
    assert!(pair.importer.inlets[&bulk].waiting() == 0);
    pair.finish(bulk);
    pair.finish(small);
    pair.run_and_take_all();
    pair.assert_all_arrived(bulk);
    pair.assert_all_arrived(small);
    pair.assert_all_over();
}

#[test]
fn a_small_value_is_written_a_few_turns_after_it_came() {
    let mut pair = Pair::new();
    pair.pieces = Pieces::Whole;
    let bulk = pair.opened(Dir::Recv, Ask::default());
    let small = pair.opened(Dir::Recv, Ask::default());
    pair.send(bulk, [16 << 20]);
    for _ in 0..20 {
        pair.turn_both();
    }
    // The pipe is full; from here on each byte that is written is counted.
    pair.pipe_bytes_max = 0;
    pair.write(Role::Exporter, usize::MAX);
    pair.send(small, [10]);
    let before = pair.exporter.written_bytes;
    let taken_before = pair.given(small).len();
    assert_eq!(taken_before, 0);
    pair.pipe_bytes_max = usize::MAX;
    while pair.given(small).is_empty() {
        pair.write(Role::Exporter, QUANTUM_BYTES);
    }
    let between = pair.exporter.written_bytes + pair.exporter.session.unwritten_bytes() as u64;
    let between = between - before;
    assert!(between <= DELAY_BYTES_MAX, "{between} bytes");
}

#[test]
fn busy_channels_share_the_link_evenly() {
    let mut pair = Pair::new();
    let ask = Ask { window_values: 1 << 20, window_bytes: 1 << 30, limit: None };
    let lengths = [10, 1000, 12_000, 100_000];
    let channels = lengths.map(|_| pair.opened(Dir::Recv, ask));
    for (channel, length) in channels.into_iter().zip(lengths) {
        pair.send(channel, vec![length; 8_000_000 / length]);
    }
    while pair.exporter.written_bytes < 4_000_000 {
        pair.turn_both();
    }
    let shares = channels.map(|channel| pair.importer.inlets[&channel].buffered_bytes());
    let most = *shares.iter().max().expect("there are shares");
    let least = *shares.iter().min().expect("there are shares");
    assert!(most < 2 * least, "{shares:?}");
}

#[test]
fn a_channel_whose_user_sleeps_does_not_hold_up_another() {
    let mut pair = Pair::new();
    let ask = Ask { window_values: 4, window_bytes: 20_000, limit: None };
    let asleep = pair.opened(Dir::Recv, ask);
    let awake = pair.opened(Dir::Recv, ask);
    pair.send(asleep, [9_000; 50]);
    pair.send(awake, [9_000; 50]);
    pair.finish(awake);
    loop {
        pair.run_until_idle();
        if !pair.take(awake, usize::MAX) {
            break;
        }
    }
    pair.assert_all_arrived(awake);
    assert!(pair.importer.inlets[&asleep].waiting() <= 4);
    pair.finish(asleep);
    pair.run_and_take_all();
    pair.assert_all_over();
}

#[test]
fn hundreds_of_channels_all_come_to_their_turn() {
    let mut pair = Pair::seeded(11);
    pair.pieces = Pieces::Whole;
    let channels: Vec<_> = (0..300)
        .map(|number| {
            let dir = if number % 2 == 0 { Dir::Recv } else { Dir::Send };
            pair.open(dir, Ask::default())
        })
        .collect();
    for (number, channel) in channels.iter().enumerate() {
        pair.send(*channel, vec![number % 90; number % 40]);
        pair.finish(*channel);
    }
    pair.run_and_take_all();
    for channel in channels {
        pair.assert_all_arrived(channel);
    }
    pair.assert_all_over();
}
