//! The async shell: sockets, tasks, clocks and randomness, and nothing else.
//!
//! [`Exporter`] publishes channels, [`Connection`] imports them; each connection has one
//! [`Driver`], which joins its byte stream, its session and its channels. This room decides
//! nothing about the protocol: it carries bytes to the session and back.

mod address;
mod command;
mod config;
mod connection;
mod desk;
mod dial;
mod driver;
mod endpoints;
mod error;
mod event;
mod exporter;
mod flush;
mod growth;
mod handshake;
mod listing;
mod mismatch;
mod offers;
mod peers;
mod redial;
mod registry;
mod report;
mod settings;
mod shared;
mod shutdown;
mod status;
mod transport;

pub use crate::channel::{Shape, Slow};
pub use address::{Address, AddressError, Listener};
pub use config::{Config, ConfigBuilder, ConfigError};
pub use connection::Connection;
pub use dial::Dial;
pub use driver::{Driver, Pause};
pub use error::{
    ConnectError, ConnectionEnd, ExportError, FlushError, HangupError, HangupReport, ImportError,
    NameError,
};
pub use event::{Event, EventStream};
pub use exporter::{Accepted, Exporter};
pub use growth::WindowGrowth;
pub use listing::{ListError, ListedPage};
pub use redial::Redial;
pub use report::{Report, ReportStream, UnreadReports};
pub use settings::{ImportSettings, RecvSettings, SendSettings, Unconfirmed};
pub use shutdown::{ShutdownReport, Undelivered};
pub use status::{ChannelStatus, Status};
pub use transport::{Stream, Transport};

pub(crate) use error::Scope;
