//! Values that are made to hurt whoever decodes them. Each is an error of its own, and the channel
//! goes on with the next.

#![allow(clippy::unwrap_used)] // A failed test may panic.

mod any_bytes;
mod codecs;
mod depth;
mod elements;
mod far;
mod types;
