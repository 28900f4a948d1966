//! Any bytes as operations: they are how the dice fall, so they decide what users and network do, and in
//! which pieces the bytes of a link move.

use crate::dice::Dice;
use crate::play::play;
use crate::world::World;

/// One run, which ends with a panic if a value is lost, comes twice or out of order, or if something
/// never ends.
pub(crate) fn run(data: &[u8]) {
    let mut world = World::stormy(Dice::loaded(data), false);
    world.exporter_opens = world.dice.one_in(2);
    play(&mut world);
}
