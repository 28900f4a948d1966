//! The contract of the actors: what each message promises, over TCP, Unix sockets and memory.
//!
//! One file per family of behaviours. A behaviour that concerns the link is written once and run
//! over each kind of link; see [`over_each_link`].

#[macro_use]
mod support;
mod undecodable;

mod arbiters;
mod deadlines;
mod errors;
mod flushing;
mod handles;
mod hangup;
mod importing;
mod inlets;
mod lifecycle;
mod losing;
mod mailboxes;
mod outlets;
mod overflow;
mod processes;
mod refusals;
mod reply_to;
mod serving;
mod sharing;
