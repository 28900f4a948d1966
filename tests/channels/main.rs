//! Channels between two peers, as a program sees them: each behaviour over TCP and in memory.

mod ends;
mod flow;
mod importers;
mod sharing;
mod support;
mod waiting;
mod wakeups;
