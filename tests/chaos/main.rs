//! Real processes over bad networks: links that are cut, that stall or swallow, processes that are
//! killed, machines that do not reach each other for a while.
//!
//! What is bad about a network is made from a seed, which is printed. `NETCHAN_SEED` repeats it; how
//! the processes are scheduled does not repeat. `NETCHAN_VALUES` is how many values the longest test
//! sends each way.

#![allow(clippy::unwrap_used)] // A failed test may panic.

#[path = "../stress/dice.rs"]
mod dice;
mod duties;
mod exchange;
mod exchanging;
mod killing;
mod millions;
mod namespaces;
mod partition;
mod process;
mod proxy;
mod queue;
mod reboot;
mod relay;
mod restarting;
mod task;
mod weather;
mod weathers;
