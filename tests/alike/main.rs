//! A `Recipient` whose actor is on another machine beside one whose actor is here.
//!
//! Every behaviour is written once, against `Recipient` and nothing else, and runs in each
//! [place](place::Place): with the actor here, and with it on the other side of a channel over TCP and
//! over a network in memory, importer to exporter and exporter to importer, and with a recipient that
//! came in a message. What differs is in
//! [`differences`], one test for each line of the guide's list.

#[macro_use]
mod place;
mod actors;

mod closing;
mod concurrency;
mod differences;
mod giving_up;
mod handles;
mod programs;
mod restarting;
mod results;
