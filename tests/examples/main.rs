//! The examples, started as their users start them: as processes.
//!
//! `cargo test` builds the examples before it runs this. With `--test examples` alone it does not;
//! then `cargo build --examples` comes first.

mod plain;
mod process;
mod wordcount;
