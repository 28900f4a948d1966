//! A test kit: a network in memory that fails on request.
//!
//! Needs the feature `testing`, which belongs into the `dev-dependencies` of a program:
//!
//! ```toml
//! [dev-dependencies]
//! netchan = { version = "0.1", features = ["testing"] }
//! ```
//!
//! A [`Network`] joins one exporter and its importers: the exporter serves its
//! [`listener`](Network::listener), the importers dial its [`dialler`](Network::dialler).
//!
//! | to test | call |
//! |---|---|
//! | a link that breaks | [`cut`](Network::cut), [`cut_one_way`](Network::cut_one_way) |
//! | at a given byte, of the handshake perhaps | [`cut_after`](Network::cut_after), [`cut_next_after`](Network::cut_next_after) |
//! | a network that is silent for a while | [`stall`](Network::stall), [`resume`](Network::resume) |
//! | a link that is half open, and nobody is told | [`swallow`](Network::swallow) |
//! | an exporter that cannot be reached | [`refuse`](Network::refuse), [`cut_off`](Network::cut_off), [`admit`](Network::admit) |
//! | an exporter that dies and comes back | [`restart_exporter`](Network::restart_exporter) |
//! | an importer that dies, and another that comes | [`restart_importer`](Network::restart_importer) |
//!
//! A test waits by event: for what its own code does, for the [`Event`](crate::net::Event)s of a
//! connection, or for the network with [`linked`](Network::linked) and
//! [`wait_for`](Network::wait_for). Links have no clock and no task, so tokio's clock can be
//! paused: then heartbeats, redials and expiries take no time.
//!
//! [`decode`] reads bytes as a receiver would, to try a type with bytes that nobody planned.
//!
//! ```
//! use netchan::net::{Config, ImportSettings, SendSettings, UnreadReports};
//! use netchan::testing::Network;
//! use netchan::{Connection, Exporter};
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let network = Network::new();
//!
//! let exporter = Exporter::new(Config::default());
//! let numbers = exporter.export_sender::<u32>("numbers", SendSettings::default())?;
//! let listener = network.listener();
//! tokio::spawn(async move {
//!     while let Ok(stream) = listener.accept().await {
//!         let exporter = exporter.clone();
//!         tokio::spawn(async move { exporter.serve(stream).await });
//!     }
//! });
//!
//! let (connection, driver) =
//!     Connection::dial(network.dialler(), &Config::default(), UnreadReports::DropOldest).await?;
//! tokio::spawn(driver.run());
//! let mut imported =
//!     connection.import_receiver::<u32>("numbers", ImportSettings::default()).await?;
//!
//! // The values are lost with the link, and sent again over the next one.
//! numbers.send_all(1..=3).await?;
//! network.cut();
//! assert_eq!(network.links(), 0);
//! for number in 1..=3 {
//!     assert_eq!(imported.recv().await?, number);
//! }
//! assert_eq!(network.traffic().links_made, 2);
//! # Ok(())
//! # }
//! ```
//!
//! The crate `netchan-actix` has the same module, with an example for actors.

mod link;
mod network;
mod pipe;
mod traffic;
mod value;

pub use network::{Dialler, Network, Way};
pub use traffic::Traffic;
pub use value::decode;
