//! netchan on simulated machines: turmoil has their network and their clocks, which no real time
//! passes on. Links are parted and held back, and machines crash, at moments that follow from a
//! seed. A failure prints the seed; set `NETCHAN_SEED` to run one alone.
//!
//! This is also the example of how to run netchan in turmoil: see `machines.rs`.

mod actors;
mod channels;
#[path = "../stress/dice.rs"]
mod dice;
mod machines;
mod weather;

/// Runs a simulation with each of so many seeds, or with the one that was asked for.
fn with_seeds(seeds: u64, mut simulation: impl FnMut(u64)) {
    let asked = std::env::var("NETCHAN_SEED").ok();
    let asked = asked.map(|seed| seed.parse().expect("NETCHAN_SEED is a number"));
    for seed in asked.map_or(1..=seeds, |seed| seed..=seed) {
        println!("NETCHAN_SEED={seed}");
        simulation(seed);
    }
}
