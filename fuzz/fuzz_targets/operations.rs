//! Any bytes as operations of users and network: the simulation, with a fuzzer in the place of chance.

#![no_main]
#![allow(dead_code)] // Its other tests use the rest.

#[path = "../../tests/simulation/admitting.rs"]
mod admitting;
#[path = "../../tests/simulation/answering.rs"]
mod answering;
#[path = "../../tests/simulation/both.rs"]
mod both;
#[path = "../../tests/simulation/dialling.rs"]
mod dialling;
#[path = "../../tests/simulation/dice.rs"]
mod dice;
#[path = "../../tests/simulation/ending.rs"]
mod ending;
#[path = "../../tests/simulation/inlet.rs"]
mod inlet;
#[path = "../../tests/simulation/link.rs"]
mod link;
#[path = "../../tests/simulation/loss.rs"]
mod loss;
#[path = "../../tests/simulation/model.rs"]
mod model;
#[path = "../../tests/simulation/operations.rs"]
mod operations;
#[path = "../../tests/simulation/pipe.rs"]
mod pipe;
#[path = "../../tests/simulation/play.rs"]
mod play;
#[path = "../../tests/simulation/queues.rs"]
mod queues;
#[path = "../../tests/simulation/rejecting.rs"]
mod rejecting;
#[path = "../../tests/simulation/requests.rs"]
mod requests;
#[path = "../../tests/simulation/showing.rs"]
mod showing;
#[path = "../../tests/simulation/side.rs"]
mod side;
#[path = "../../tests/simulation/statistics.rs"]
mod statistics;
#[path = "../../tests/simulation/tap.rs"]
mod tap;
#[path = "../../tests/simulation/turns.rs"]
mod turns;
#[path = "../../tests/simulation/users.rs"]
mod users;
#[path = "../../tests/simulation/values.rs"]
mod values;
#[path = "../../tests/simulation/waits.rs"]
mod waits;
#[path = "../../tests/simulation/weather.rs"]
mod weather;
#[path = "../../tests/simulation/world.rs"]
mod world;

libfuzzer_sys::fuzz_target!(|data: &[u8]| operations::run(data));
