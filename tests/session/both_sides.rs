//! Both sides of a session open channels.

use netchan::dir::Dir;
use netchan::id::ChannelId;
use netchan::session::{Growth, OpenError, OpenRequest, Parameters, Role};
use netchan::wire::{Code, Content};

use crate::pair::{Ask, BOTH, Pair};
use crate::side::{Answer, Note};

/// All four kinds of channels: by opener and direction.
fn all_kinds(pair: &mut Pair) -> Vec<ChannelId> {
    let kinds = BOTH.into_iter().flat_map(|role| [Dir::Send, Dir::Recv].map(|dir| (role, dir)));
    kinds.map(|(role, dir)| pair.open_by(role, dir, Ask::default())).collect()
}

#[test]
fn each_side_has_numbers_of_its_own() {
    let mut pair = Pair::new();
    let channels = all_kinds(&mut pair);
    let first = ChannelId::FIRST_OF_EXPORTER.0;
    assert_eq!(channels, [1, 2, first, first + 1].map(ChannelId));
}

#[test]
fn values_pass_in_both_directions_whoever_has_opened_the_channel() {
    let mut pair = Pair::new();
    let channels = all_kinds(&mut pair);
    for channel in &channels {
        pair.send(*channel, [8, 100, 70_000]);
        pair.finish(*channel);
    }
    pair.run_and_take_all();
    for channel in &channels {
        assert_eq!(pair.taken(*channel).len(), 3);
        pair.assert_all_arrived(*channel);
    }
    pair.assert_all_over();
}

#[test]
fn channels_of_both_sides_go_on_over_the_next_link() {
    let mut pair = Pair::new();
    let channels = all_kinds(&mut pair);
    // The requests are lost with their link.
    for role in BOTH {
        pair.write(role, usize::MAX);
    }
    pair.cut_link();
    pair.resume();
    for channel in &channels {
        pair.send(*channel, [8; 50]);
    }
    pair.turn_both();
    pair.cut_link();
    pair.resume();
    channels.iter().for_each(|channel| pair.finish(*channel));
    pair.run_and_take_all();
    channels.iter().for_each(|channel| pair.assert_all_arrived(*channel));
    pair.assert_all_over();
}

#[test]
fn either_side_may_refuse_hang_up_or_be_hung_up_on_before_it_answers() {
    for opener in BOTH {
        let answerer = crate::pair::opposite(opener);
        let mut pair = Pair::new();
        pair[answerer].answer = Answer::Refuse(Code::UnknownName, "no".into());
        let refused = pair.open_by(opener, Dir::Send, Ask::default());
        pair.run_until_idle();
        let told = Note::Refused(refused, Code::UnknownName, "no".into());
        assert_eq!(pair[opener].story(refused), [told]);

        pair[answerer].answer = Answer::Wait;
        let not_answered = pair.open_by(opener, Dir::Recv, Ask::default());
        let given_up = pair.open_by(opener, Dir::Recv, Ask::default());
        pair.run_until_idle();
        pair.hangup(answerer, not_answered);
        pair.hangup(opener, given_up);
        pair.run_until_idle();
        let told = Note::Refused(not_answered, Code::HungUp, "enough".into());
        assert_eq!(pair[opener].story(not_answered), [told]);
        assert_eq!(pair[opener].lost(given_up), Some(0));
        pair.assert_all_over();
    }
}

#[test]
fn the_bound_of_a_session_counts_the_channels_of_both_sides() {
    let mut pair = Pair::with(|parameters: &mut Parameters| parameters.channels_max = 3);
    pair.opened(Dir::Recv, Ask::default());
    pair.open_by(Role::Exporter, Dir::Send, Ask::default());
    pair.run_until_idle();
    // Both take the last place at the same time, so neither gets it.
    let crossing = BOTH.map(|role| pair.open_by(role, Dir::Recv, Ask::default()));
    pair.run_until_idle();
    for (role, channel) in BOTH.into_iter().zip(crossing) {
        let code = Code::TooManyChannels;
        let told = Note::Refused(channel, code, code.to_string());
        assert_eq!(pair[role].story(channel), [told]);
        assert_eq!(pair[role].session.channels(), 2);
    }
    pair.open_by(Role::Exporter, Dir::Recv, Ask::default());
    pair.run_until_idle();
    for role in BOTH {
        let request = OpenRequest {
            dir: Dir::Recv,
            content: Content::Values,
            name: "one more".into(),
            codec: "bytes".into(),
            identity: [0; 16],
            answer_identity: [0; 16],
            also_accepts: Vec::new(),
            window_values: 1,
            window_bytes: 1 << 20,
            limit: None,
            clock_ms: 0,
            redelivers: false,
            growth: Growth::NONE,
        };
        assert_eq!(pair[role].session.open(request), Err(OpenError::TooManyChannels(3)));
    }
}
