//! The examples, started as their users start them: as processes.
//!
//! `cargo test` builds the examples before it runs this. With `--test examples` alone it does not;
//! then `cargo build --examples` comes first.

#![allow(clippy::unwrap_used)] // A failed test may panic.

mod ask;
mod plain;
mod prices;
mod process;
mod reply_to;
mod rolling_upgrade;
mod service;
mod wordcount;
mod workers;
