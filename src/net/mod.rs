//! The async shell: sockets, tasks, clocks and randomness, and nothing else.
//!
//! [`Exporter`] publishes channels, [`Connection`] imports them; each connection has one
//! [`Driver`], which joins its byte stream, its session and its channels. This room decides
//! nothing about the protocol: it carries bytes to the session and back.

mod address;
mod command;
mod config;
mod connection;
mod driver;
mod endpoints;
mod error;
mod exporter;
mod flush;
mod handshake;
mod registry;
mod report;
mod settings;
mod shared;
mod transport;

pub use address::{Address, AddressError, Listener};
pub use config::{Config, ConfigBuilder, ConfigError};
pub use connection::Connection;
pub use driver::Driver;
pub use error::{
    ConnectError, ConnectionEnd, ExportError, FlushError, HangupError, HangupReport, ImportError,
    NameError,
};
pub use exporter::Exporter;
pub use report::{Report, ReportStream, UnreadReports};
pub use settings::{ImportSettings, RecvSettings, SendSettings};
pub use shared::Status;
pub use transport::{Stream, Transport};
