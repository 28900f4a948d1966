//! Golden tests: `docs/protocol.md` and the crate say the same.
//!
//! The document is read as it is. Its hex blocks are decoded and encoded again, its body diagrams
//! lay the blocks out, its tables are compared with the crate's constants, its conversation is held
//! by two sessions, and its errors are provoked. When a hex block and the crate differ, the test
//! prints the block to paste.

mod conversation;
mod document;
mod errors;
mod examples;
mod layout;
mod rules;
mod tables;
mod values;
