//! Typed channels between machines: one side exports a channel by name, the other imports it.

pub mod channel;
pub mod dir;
pub mod id;
pub mod limits;
pub mod net;
pub mod prefix;
pub mod session;
pub mod wire;

pub use channel::{Receiver, Sender};
pub use dir::Dir;
pub use net::{Config, Connection, Exporter};

/// The code in the documents is compiled, and run where it says so.
#[cfg(doctest)]
mod documents {
    #[doc = include_str!("../README.md")]
    mod readme {}
}
