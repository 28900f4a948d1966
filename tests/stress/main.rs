//! Random operations on channels over pipes of random sizes, cut into random pieces.
//!
//! Each run is made from a seed, which a failure prints. Set `NETCHAN_SEED` to run one alone.

mod dice;
mod play;

use std::time::{Duration, Instant};

/// How long seeds are tried.
const PERIOD: Duration = Duration::from_secs(5);

#[test]
fn values_survive_random_operations() {
    if let Ok(seed) = std::env::var("NETCHAN_SEED") {
        play::play(seed.parse().unwrap());
        return;
    }
    let started = Instant::now();
    let first = 1;
    let mut runs = 0;
    while started.elapsed() < PERIOD {
        play::play(first + runs);
        runs += 1;
    }
    println!("{runs} seeds");
    assert!(runs > 0);
}
