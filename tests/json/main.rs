//! Values as JSON by their schema alone, and back.

#![allow(clippy::unwrap_used)] // A failed test may panic.

mod hostile;
mod keys;
mod random;
mod schemas;
mod support;
mod typed;
mod unfit;
mod writers;
