//! Windows that grow by themselves: when nothing but credit is waited for, and never further than they may.

use netchan::dir::Dir;
use netchan::id::ChannelId;
use netchan::session::{Growth, Parameters, Role};
use netchan::wire::{Frame, Spent};

use crate::script::{Script, open, values};
use crate::side::{Answer, Note, Side, parameters};

const CHANNEL: ChannelId = ChannelId(1);
const BYTES: u64 = 16 * 1024;
const VALUES_SPENT: Spent = Spent { values: true, bytes: false };
const BYTES_SPENT: Spent = Spent { values: false, bytes: true };

/// A window of four values that may grow to so many.
fn four_values(values_max: u32) -> Script {
    let mut script = Script::receiving(4, BYTES);
    script.side.session.let_grow(CHANNEL, Growth { values_max, bytes_max: 4 * BYTES });
    script
}

/// So many values of one byte each; with them their sender has used up credit.
fn spending(channel: u32, count: u32, spent: Spent) -> Frame {
    match values(channel, count, 1) {
        Frame::Data(data) => Frame::Data(netchan::wire::Data { spent, ..data }),
        other => other,
    }
}

/// The credit that is told next, for values and for bytes.
fn credit(script: &mut Script) -> Option<(u64, u64)> {
    match script.hear_past_acks()? {
        Frame::Grant { values, bytes, .. } => Some((values, bytes)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_window_doubles_when_its_sender_and_its_user_wait_for_credit() {
    let mut script = four_values(100);
    let mut received = 0;
    for window in [4, 8, 16, 32, 64, 100, 100] {
        script.send(spending(1, window, VALUES_SPENT));
        script.side.take(script.now, CHANNEL, window as usize);
        received += u64::from(window);
        let grown = u64::from(2 * window).min(100);
        // Not a moment later.
        assert_eq!(credit(&mut script), Some((received + grown, BYTES + 2 * received)));
    }
    assert!(script.side.notes.contains(&Note::WindowGrown(CHANNEL, 100, BYTES)));
}

#[test]
fn a_window_stays_when_its_user_does_not_keep_up() {
    let mut script = four_values(100);
    script.send(spending(1, 4, VALUES_SPENT));
    script.side.take(script.now, CHANNEL, 3);
    assert_eq!(credit(&mut script), Some((7, BYTES + 6)));
    // What comes next is here before the last of them was taken.
    script.send(spending(1, 3, VALUES_SPENT));
    script.side.take(script.now, CHANNEL, 3);
    assert_eq!(credit(&mut script), Some((10, BYTES + 12)));
}

#[test]
fn a_window_stays_when_its_sender_has_credit_left() {
    let mut script = four_values(100);
    script.send(values(1, 4, 1));
    script.side.take(script.now, CHANNEL, 4);
    assert_eq!(credit(&mut script), Some((8, BYTES + 8)));
}

#[test]
fn a_window_that_may_not_grow_stays() {
    let mut script = Script::receiving(4, BYTES);
    script.send(spending(1, 4, VALUES_SPENT));
    script.side.take(script.now, CHANNEL, 4);
    assert_eq!(credit(&mut script), Some((8, BYTES + 8)));
    // One that is larger than it may grow to is not cut.
    let mut script = four_values(3);
    script.send(spending(1, 4, VALUES_SPENT));
    script.side.take(script.now, CHANNEL, 4);
    assert_eq!(credit(&mut script), Some((8, BYTES + 8)));
}

#[test]
fn who_does_not_know_yet_that_a_window_has_grown_cannot_make_it_grow_again() {
    let mut script = four_values(100);
    script.send(spending(1, 2, Spent::default()));
    script.send(spending(1, 2, VALUES_SPENT));
    script.side.take(script.now, CHANNEL, 4);
    assert_eq!(credit(&mut script), Some((12, BYTES + 8)));
    // It says so although it has eight more to send: that is not what it was told.
    script.send(spending(1, 8, VALUES_SPENT));
    script.side.take(script.now, CHANNEL, 8);
    assert_eq!(credit(&mut script), Some((12 + 16, BYTES + 24)));
}

#[test]
fn a_window_that_has_grown_is_told_again_on_another_link() {
    let mut script = four_values(100);
    script.send(spending(1, 4, VALUES_SPENT));
    script.side.take(script.now, CHANNEL, 4);
    // The grant is lost with its link.
    script.side.session.handle_link_lost(script.now).unwrap();
    script.side.session.handle_resume(script.now, 1).unwrap();
    assert_eq!(credit(&mut script), Some((12, BYTES + 8)));
    script.send(spending(1, 8, VALUES_SPENT));
    script.side.take(script.now, CHANNEL, 8);
    assert_eq!(credit(&mut script), Some((12 + 16, BYTES + 24)));
}

#[test]
fn the_channels_of_a_session_share_what_their_windows_may_grow_by() {
    let growth_bytes_max = BYTES + BYTES / 2;
    let mut script = Script::with(Role::Exporter);
    let parameters = Parameters { growth_bytes_max, ..parameters(Role::Exporter) };
    script.side = Side::new(parameters, script.now);
    script.side.answer = Answer::Accept(10_000, BYTES);
    for channel in [1, 2] {
        script.send(open(channel, Dir::Send, 10_000));
        let growth = Growth { values_max: 0, bytes_max: 8 * BYTES };
        script.side.session.let_grow(ChannelId(channel), growth);
        while script.hear().is_some() {}
    }
    // Sends so many values of two bytes, with their prefix, and returns the window in bytes then.
    let mut taken_bytes = [0; 3];
    let mut grow = |script: &mut Script, channel: u32, count: u32| {
        script.send(spending(channel, count, BYTES_SPENT));
        script.side.take(script.now, ChannelId(channel), count as usize);
        let taken_bytes = &mut taken_bytes[channel as usize];
        *taken_bytes += 2 * u64::from(count);
        credit(script).map(|(_, bytes)| bytes - *taken_bytes)
    };
    assert_eq!(grow(&mut script, 1, 8000), Some(2 * BYTES));
    // The rest of what there is.
    assert_eq!(grow(&mut script, 2, 8000), Some(BYTES + BYTES / 2));
    // None is left.
    assert_eq!(grow(&mut script, 2, 5000), Some(BYTES + BYTES / 2));
    script.send(Frame::End { channel: CHANNEL, values: 8000 });
    while script.hear().is_some() {}
    // The first channel is over, and what it had grown by is there for others.
    assert_eq!(grow(&mut script, 2, 5000), Some(BYTES + growth_bytes_max));
}
