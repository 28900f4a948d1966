//! Two sessions and all that is between them, simulated: shells without IO, links that stall and
//! break at any byte, and a clock that only the simulator moves. What comes of it is compared with
//! a perfect channel.
//!
//! A run follows from its seed. `docs/testing.md` says how to replay one.

mod admitting;
mod answering;
mod both;
mod dialling;
mod dice;
mod ending;
mod inlet;
mod link;
mod loss;
mod model;
mod operations;
mod pipe;
mod play;
mod queues;
mod rejecting;
mod requests;
mod showing;
mod side;
mod statistics;
mod tap;
mod turns;
mod users;
mod values;
mod waits;
mod weather;
mod world;

mod corner_cases;
mod every_byte;
mod fuzzed;
mod seeds;
