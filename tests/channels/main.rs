//! Channels between two peers, as a program sees them: each behaviour over TCP and in memory.

mod support;
mod wakeups;
