//! Faults that were found by attacking the library, each with the test that showed it.

mod actors;
mod bounds;
mod flushing;
mod imports;
mod support;
