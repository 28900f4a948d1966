//! A run: users and network do one thing after the other, in an order that the dice decide.

use std::time::Duration;

use netchan::session::Role;
use netchan::wire::Content;

use crate::both::ROLES;
use crate::users::Ask;
use crate::values::LONGEST_BYTES;
use crate::world::World;

/// Channels that are not over, at the same time.
const CHANNELS_MAX: usize = 5;

fn length(world: &mut World) -> u32 {
    let dice = &mut world.dice;
    match dice.below(100) {
        0..=79 => dice.below(150) as u32,
        80..=93 => dice.pick(&[0, 1, 62, 63, 64, 960, 1000, 1024, 2000, 4096]),
        94..=97 => dice.below(6000) as u32,
        98 => dice.pick(&[16_380, 16_384, 65_500, 65_524, 65_536]),
        _ => dice.below(LONGEST_BYTES as u64) as u32,
    }
}

fn open(world: &mut World) {
    let living = world.model.iter().filter(|record| record.goes_on()).count();
    if living < CHANNELS_MAX {
        let dice = &mut world.dice;
        let opener = if world.exporter_opens { dice.pick(&ROLES) } else { Role::Importer };
        let sender = dice.pick(&ROLES);
        let ask = Ask {
            window_values: dice.pick(&[1, 2, 3, 10, 100]),
            window_bytes: dice.pick(&[16 * 1024, 20_000, 100_000]),
            limit: if dice.one_in(5) { Some(1 + dice.below(20)) } else { None },
            redelivers: !dice.one_in(3),
            content: dice.pick(&[Content::Values, Content::Requests]),
        };
        let channel = world.open_by(opener, sender, ask);
        world.say(|| {
            format!("the {opener:?} opens channel {channel}, the {sender:?} sends: {ask:?}")
        });
    }
}

/// A user does something.
fn act(world: &mut World) {
    let role = world.dice.pick(&ROLES);
    if world.model.is_empty() {
        return open(world);
    }
    let channels = world.model.len() as u64;
    let recent = world.dice.below(channels.min(CHANNELS_MAX as u64 + 1));
    let channel = (channels - 1 - recent) as usize;
    match world.dice.below(100) {
        0..=11 => open(world),
        12..=49 => {
            if world.dice.one_in(4) {
                let values = 1 + world.dice.below(5);
                world.skip(channel, values);
            }
            let count = world.dice.below(10) as usize;
            let lengths: Vec<u32> = (0..count).map(|_| length(world)).collect();
            if world.model[channel].answers.is_none() {
                world.send(channel, &lengths);
            }
        }
        50..=54 => cancel_one(world, channel),
        55..=79 => {
            let values_max = world.dice.index(12);
            world.take(channel, values_max);
        }
        80..=83 if world.model[channel].answers.is_none() => world.finish(channel),
        80..=83 => {}
        84..=86 => world.hang_up(role, channel, "enough"),
        87..=90 => world.sync(role),
        91..=93 => world.drain(role),
        94..=97 => {
            world.answer(role);
            world.list(channel);
        }
        98 => refuse_one(world, role),
        _ => {
            if world.dice.one_in(2) {
                world.restart(role);
            }
        }
    }
}

/// Some request is cancelled that was sent, or is about to be.
fn cancel_one(world: &mut World, channel: usize) {
    let sent = world.model[channel].sent();
    if sent > 0 {
        let number = sent - 1 - world.dice.below(sent.min(8));
        world.cancel(channel, number);
    }
}

fn refuse_one(world: &mut World, role: Role) {
    if let Some(open) = world.sides[role].requests.pop() {
        let schemas = world.dice.below(1 << 32);
        world.refuse(role, &open, schemas);
    }
}

/// One run, from the first channel to the end of all that was begun.
pub(crate) fn play(world: &mut World) {
    let deeds = 20 + world.dice.below(120);
    for _ in 0..deeds {
        let millis = world.dice.pick(&[0, 0, 1, 5, 20, 20, 100, 100, 2000]);
        let pause = if world.dice.one_in(60) { 40_000 } else { millis };
        let pause = world.dice.millis(pause + 1);
        world.run_for(pause);
        if world.dice.one_in(6) { world.change_weather() } else { act(world) }
    }
    world.clear_up();
    let closes = world.dice.one_in(4);
    if closes {
        world.run_for(Duration::from_millis(5));
        let role = world.dice.pick(&ROLES);
        world.goodbye(role);
    }
    if world.dice.one_in(3) {
        // The last link carries only what the one before has not.
        world.leave_link();
    }
    world.wind_up();
    let importer = &world.sides.importer;
    assert!(!importer.is_live() || importer.wanted.is_none(), "each question is answered");
}
