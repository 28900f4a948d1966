//! Peers that break the rules, over real sockets: each is told so and cut off, and nobody else
//! notices.
//!
//! While a hostile peer acts, a healthy connection to the same exporter goes on exchanging values.

mod channels;
mod flooding;
mod handshake;
mod peer;
mod scene;
