//! The corners of resumption, one by one and by name.

use std::time::Duration;

use netchan::limits::{
    ACK_DELAY, COMPOSED_BYTES_MAX, DEAD_AFTER, FRAME_BYTES_MAX, REPLAY_BYTES_MAX,
    REPLAY_FRAMES_MAX, SESSION_EXPIRY, SESSION_EXPIRY_MARGIN,
};
use netchan::session::{Role, Session, SessionError};
use netchan::wire::Code;

use crate::both::ROLES;
use crate::side::{Note, Over};
use crate::users::Ask;
use crate::weather::Plan;
use crate::world::{Settings, World};

const MOMENT: Duration = Duration::from_millis(100);

/// A world with a channel in each direction, linked, and with values on their way.
fn world_with_channels() -> (World, [usize; 2]) {
    let mut world = World::calm(Settings::default());
    let channels = ROLES.map(|sender| world.open(sender, Ask::default()));
    world.run_for(MOMENT);
    assert!(world.are_linked());
    for channel in channels {
        world.send(channel, &[10; 20]);
    }
    (world, channels)
}

/// The importer gives its link up and makes two attempts, whose Hellos travel so long.
fn race(first_ms: u64, second_ms: u64) -> World {
    let (mut world, channels) = world_with_channels();
    world.lose_line(Role::Importer, "it believes so");
    for (latency_ms, epoch) in [(first_ms, 2), (second_ms, 3)] {
        world.weather.quality.latency = Duration::from_millis(latency_ms);
        let id = world.dial();
        assert_eq!(id, epoch);
        let before = world.lines.importer;
        assert!(before.is_some());
        if epoch == 2 {
            // The Hello is on its way.
            world.turn(Role::Importer);
            world.lose_line(Role::Importer, "it waits no longer");
        }
    }
    channels.iter().for_each(|channel| world.send(*channel, &[7; 20]));
    world.run_for(MOMENT);
    assert_eq!(world.lines.importer, Some(3));
    assert!(world.are_linked());
    world.wind_up();
    world
}

#[test]
fn of_two_attempts_that_come_in_their_order_the_second_carries_the_session() {
    let world = race(1, 5);
    assert_eq!(world.statistics.resumes, 2);
    assert_eq!(world.statistics.resumes_superseded, 0);
    // Neither time did the exporter know that the older link was dead.
    assert_eq!(world.statistics.resumes_over_living_links, 2);
    assert_eq!(world.statistics.welcomes_lost, 1);
}

#[test]
fn an_attempt_that_a_newer_one_has_overtaken_is_refused() {
    let world = race(5, 1);
    assert_eq!(world.statistics.resumes, 1);
    assert_eq!(world.statistics.resumes_superseded, 1);
    assert_eq!(world.statistics.resumes_over_living_links, 1);
}

/// The exporter sends these values and hears of nothing; says how many were taken from the queue.
fn fill_replay_store(world: &mut World, lengths: &[u32]) -> u64 {
    let ask = Ask { window_values: 1 << 20, window_bytes: 1 << 26, ..Ask::default() };
    let channel = world.open(Role::Exporter, ask);
    world.weather.quality.capacity_bytes = 1 << 26;
    world.run_for(MOMENT);
    let until = world.now + DEAD_AFTER / 2;
    let link = world.links.get_mut(&1).expect("it is the first");
    link.pipes[Role::Importer].hold_until(until);
    for length in lengths {
        world.send(channel, &[*length]);
        world.settle();
    }
    world.run_for(ACK_DELAY);
    let session = world.sides.exporter.session.as_ref().expect("it is alive");
    assert!(session.is_clogged(), "the store is full");
    assert_eq!(session.unwritten_bytes(), 0, "the link has taken all");
    let given = world.sides.exporter.queues.by_channel[&channel].given();
    assert!(given < lengths.len() as u64, "the session takes no more");
    given
}

/// Cuts the link when the store is full; says how many frames were sent again.
fn break_and_go_on(world: &mut World) -> u64 {
    for role in ROLES {
        world.lose_line(role, "it is cut");
    }
    world.run_for(MOMENT);
    let repeated = world.statistics.frames_repeated;
    world.wind_up();
    let record = &world.model[0];
    assert_eq!(record.taken, record.sent(), "nothing is lost");
    repeated
}

#[test]
fn a_sender_whose_replay_store_is_full_of_bytes_stops_and_goes_on_after_the_resumption() {
    let mut world = World::calm(Settings::default());
    let given = fill_replay_store(&mut world, &[50_000; 500]) as usize;
    let frame_and_turn = COMPOSED_BYTES_MAX + 2 * FRAME_BYTES_MAX;
    assert!(given * 50_000 <= REPLAY_BYTES_MAX + frame_and_turn);
    assert!(given * 50_000 >= REPLAY_BYTES_MAX - frame_and_turn);
    break_and_go_on(&mut world);
}

#[test]
fn a_sender_whose_replay_store_is_full_of_frames_stops_and_goes_on_after_the_resumption() {
    let mut world = World::calm(Settings::default());
    let given = fill_replay_store(&mut world, &vec![1; REPLAY_FRAMES_MAX + 100]);
    assert!(given <= REPLAY_FRAMES_MAX as u64 + 1);
    let repeated = break_and_go_on(&mut world);
    assert!(repeated >= REPLAY_FRAMES_MAX as u64);
}

#[test]
fn a_goodbye_that_was_lost_with_its_link_is_heard_once_on_the_next() {
    for role in ROLES {
        let (mut world, _) = world_with_channels();
        world.run_for(MOMENT);
        world.goodbye(role);
        // It is written, and nothing of it arrives.
        world.turn(role);
        let peer = crate::both::opposite(role);
        let link = world.links.get_mut(&1).expect("it is the first");
        link.pipes[peer].cut_behind(0);
        world.wind_up();
        let heard = world.sides[peer].notes.iter().filter(|(_, note)| *note == Note::Goodbye);
        assert_eq!(heard.count(), 1, "from the {role:?}");
        assert_eq!(world.sides[peer].over, Some(Over::Closed));
    }
}

#[test]
fn a_goodbye_without_a_link_waits_for_the_next() {
    for role in ROLES {
        let (mut world, _) = world_with_channels();
        ROLES.iter().for_each(|role| world.lose_line(*role, "it is cut"));
        world.goodbye(role);
        world.wind_up();
        assert!(world.sides[crate::both::opposite(role)].has_heard_goodbye);
    }
}

#[test]
fn both_sides_may_say_goodbye_while_the_link_is_being_replaced() {
    for is_said_after_hello in [false, true] {
        let (mut world, _) = world_with_channels();
        world.lose_line(Role::Importer, "it believes so");
        world.goodbye(Role::Exporter);
        if is_said_after_hello {
            world.dial();
            world.turn(Role::Importer);
        }
        world.goodbye(Role::Importer);
        world.wind_up();
        let heard = ROLES.iter().filter(|role| world.sides[**role].has_heard_goodbye);
        assert!(heard.count() > 0);
    }
}

#[test]
fn whoever_has_lost_a_welcome_asks_again_with_its_old_token() {
    let (mut world, channels) = world_with_channels();
    // Three times the exporter admits a link, and the importer never hears of it.
    world.weather.plans = (2..=4)
        .map(|link| Plan {
            link,
            reader: Role::Importer,
            place: 20 * link,
            is_told: true,
            is_reached: false,
        })
        .collect();
    ROLES.iter().for_each(|role| world.lose_line(*role, "it is cut"));
    world.run_for(MOMENT * 10);
    assert_eq!(world.statistics.welcomes_lost, 3);
    assert_eq!(world.statistics.resumes, 4);
    assert!(world.are_linked());
    // What is new goes on with the new token.
    channels.iter().for_each(|channel| world.send(*channel, &[3; 5]));
    ROLES.iter().for_each(|role| world.lose_line(*role, "it is cut"));
    world.wind_up();
    assert_eq!(world.statistics.resumes, 5);
}

#[test]
fn a_peer_that_claims_more_than_it_was_sent_is_an_error() {
    for role in ROLES {
        let (mut world, _) = world_with_channels();
        world.run_for(MOMENT);
        let peer = world.sides[crate::both::opposite(role)].session.as_ref();
        let received = peer.map_or(0, Session::received_frames);
        let now = world.now;
        let session = world.sides[role].live().expect("it is alive");
        let claimed = session.handle_resume(now, received + 1);
        let expected =
            SessionError::AcknowledgedTooMuch { acknowledged: received + 1, sent: received };
        assert_eq!(claimed, Err(expected.clone()));
        assert_eq!(expected.code(), Code::Violation);
        // The session is sound: it says what is left of it.
        let session = world.sides[role].session.take().expect("it was there");
        let remains = session.into_remains();
        assert_eq!(remains.len(), 1);
        assert_eq!(remains[0].1.taken_values + remains[0].1.unconfirmed_values, 20);
    }
}

#[test]
fn values_that_were_sent_before_the_handshake_come_with_the_first_frames() {
    let mut world = World::calm(Settings::default());
    let channels = ROLES.map(|sender| world.open(sender, Ask::default()));
    channels.iter().for_each(|channel| world.send(*channel, &[10; 3]));
    // A Hello, a Welcome, the requests, and what follows them.
    world.run_for(Duration::from_millis(4));
    assert_eq!(channels.map(|channel| world.model[channel].received), [0, 3]);
    world.run_for(Duration::from_millis(1));
    assert_eq!(channels.map(|channel| world.model[channel].received), [3, 3]);
    world.wind_up();
}

#[test]
fn frames_right_behind_a_welcome_are_read_with_it() {
    let (mut world, [_, inward]) = world_with_channels();
    world.settle();
    ROLES.iter().for_each(|role| world.lose_line(*role, "it is cut"));
    assert_eq!(world.model[inward].received, 0);
    world.dial();
    // The Hello travels for a millisecond, and so does what answers it.
    world.run_for(Duration::from_millis(2));
    assert!(world.is_linked(Role::Importer));
    assert_eq!(world.model[inward].received, 20);
    world.wind_up();
}

#[test]
fn a_drain_does_not_end_well_when_the_session_expires() {
    let (mut world, channels) = world_with_channels();
    ROLES.iter().for_each(|role| world.drain(*role));
    ROLES.iter().for_each(|role| world.lose_line(*role, "it is cut"));
    let lost_at = world.now;
    world.let_no_link_lead_anywhere(1000);
    let hour = lost_at + Duration::from_secs(3600);
    assert!(world.run_until(hour, |world| world.sides.importer.over.is_some()));
    assert_eq!(world.now - lost_at, SESSION_EXPIRY);
    assert_eq!(world.sides.importer.over, Some(Over::Expired));
    assert!(world.sides.exporter.is_live());
    assert_eq!(world.statistics.waits_broken, 1);
    // The exporter keeps it longer. Then both start again, with nothing lost.
    assert!(world.run_until(hour, |world| world.statistics.exporters_expired > 0));
    assert_eq!(world.now - lost_at, SESSION_EXPIRY + SESSION_EXPIRY_MARGIN);
    assert_eq!(world.statistics.waits_broken, 2);
    assert_eq!(world.statistics.drains_kept, 0);
    world.clear_up();
    world.wind_up();
    assert!(channels.iter().all(|channel| world.model[*channel].taken == 20));
}

#[test]
fn a_link_that_carries_one_direction_only_is_noticed_and_replaced() {
    for cut_to in ROLES {
        let (mut world, channels) = world_with_channels();
        world.run_for(MOMENT);
        let link = world.links.get_mut(&1).expect("it is the first");
        link.pipes[cut_to].cut_behind(0);
        // Traffic goes on one way only.
        let sender = if cut_to == Role::Importer { 0 } else { 1 };
        for _ in 0..30 {
            world.send(channels[sender], &[100; 3]);
            world.run_for(Duration::from_secs(1));
            world.take(channels[sender], usize::MAX);
        }
        assert!(world.statistics.links_silent > 0);
        assert_eq!(world.statistics.resumes, 1);
        assert!(world.are_linked());
        world.wind_up();
    }
}
