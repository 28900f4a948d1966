//! Channels between two peers, as a program sees them: each behaviour over TCP and in memory.

mod codecs;
mod connections;
mod ends;
mod flow;
mod flushing;
mod growing;
mod hanging_up;
mod importers;
mod refusals;
mod requests;
mod shapes;
mod sharing;
mod support;
mod undecodable;
mod waiting;
mod wakeups;
