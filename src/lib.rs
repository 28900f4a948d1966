//! Typed channels between machines: one side exports a channel by name, the other imports it.
//!
//! An [`Exporter`] publishes channels, a [`Connection`] imports them. Each end is an async
//! [`Sender`] or [`Receiver`] that any tokio task can hold; both can be cloned. Values arrive once
//! and in order, also over links that break: a connection that [dials](Connection::dial) comes by
//! another link, and its session goes on. When a session is lost, because the peer has restarted, the
//! program is told how many values have an unknown fate. Each channel has a window, so a receiver
//! that takes nothing stops its own senders and nobody else, and memory stays bounded. The type of a
//! channel is compared when it is imported, before any value moves. When a channel ends, both sides
//! are told who ended it and why. Actors for actix, and channels as `Recipient`s, are in the crate
//! `netchan-actix`.
//!
//! ```
//! use netchan::net::{Config, ImportSettings, SendSettings, Stream, UnreadReports};
//! use netchan::{Connection, Exporter};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // Two ends of a pipe in memory; a TCP connection would do as well.
//! let (near, far) = Stream::in_memory(64 * 1024);
//!
//! // One side exports.
//! let exporter = Exporter::new(Config::default());
//! let numbers = exporter.export_sender::<u32>("numbers", SendSettings::default())?;
//! tokio::spawn(async move {
//!     let _served = exporter.serve(near).await;
//! });
//! tokio::spawn(async move { numbers.send_all(1..=4).await });
//!
//! // The other side imports.
//! let config = Config::default();
//! let (connection, driver) = Connection::open(far, &config, UnreadReports::ShutDown).await?;
//! tokio::spawn(driver.run());
//! let settings = ImportSettings::default().size(16);
//! let mut numbers = connection.import_receiver::<u32>("numbers", settings).await?;
//! let mut sum = 0;
//! while let Ok(number) = numbers.recv().await {
//!     sum += number;
//! }
//! assert_eq!(sum, 10);
//! # Ok(())
//! # }
//! ```
//!
//! # The rooms
//!
//! Each room uses only those below it.
//!
//! | room | what it is | what it does not know |
//! |---|---|---|
//! | [`net`] | sockets, tasks, clocks, randomness: [`Exporter`], [`Connection`], the driver | what frames mean |
//! | [`channel`] | what a user holds, and the queues behind it; codec and [type identity](channel::identity) | sockets |
//! | [`session`] | the state machine of one relation between two peers | types, IO, clocks |
//! | [`wire`] | bytes to frames and back | channels |
//!
//! [`limits`] has every bound, [`id`] and [`dir`] small types that all share, and [`prefix`] the
//! lengths before values. With the feature `json`, `channel::json` has values as JSON without their type.
//! The features `postcard` and `messagepack` bring the codecs of these names. With the feature `testing`,
//! the module `testing` has a network in memory that fails on request, to test programs with.
//! `docs/guide.md` is a tutorial, `docs/protocol.md` the protocol.

pub mod channel;
mod clock;
pub mod dir;
pub mod id;
pub mod limits;
pub mod net;
pub mod prefix;
pub mod session;
#[cfg(feature = "testing")]
pub mod testing;
pub mod wire;

pub use channel::{Receiver, Sender};
pub use dir::Dir;
pub use net::{Config, Connection, Exporter};

/// The code in the documents is compiled, and run unless it says otherwise.
#[cfg(doctest)]
mod documents {
    #[doc = include_str!("../README.md")]
    mod readme {}
    #[doc = include_str!("../docs/guide.md")]
    mod guide {}
    #[doc = include_str!("../docs/types.md")]
    mod types {}
}
