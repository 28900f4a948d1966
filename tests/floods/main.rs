//! Floods, stalls, a million requests, and requests that are given up: with the memory measured.
//!
//! The allocator counts the bytes of the whole process, so the tests run one by one.

mod leaks;
mod load;
mod millions;
mod stalls;

use std::alloc::System;

use cap::Cap;

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

/// Held by the test that runs.
static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
