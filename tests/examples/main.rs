//! The examples, started as their users start them: as processes.
//!
//! `cargo test` builds the examples before it runs this. With `--test examples` alone it does not;
//! then `cargo build --examples` comes first.

#![allow(clippy::unwrap_used)] // A failed test may panic.

mod plain;
mod process;
mod service;
mod wordcount;
