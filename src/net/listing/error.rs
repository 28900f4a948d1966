//! Why there is no list of channels.

use crate::net::ConnectionEnd;
use crate::net::error::NameError;

/// A peer's channels were not listed. The connection and its channels go on.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListError {
    /// The exporter does not list its channels
    /// ([`ConfigBuilder::lists_channels`](crate::net::ConfigBuilder::lists_channels)).
    #[error("the peer does not list its channels")]
    SwitchedOff,
    /// The peer did not answer in time.
    #[error("the peer did not list its channels within {timeout_ms} ms")]
    Unanswered {
        /// How long was waited, in milliseconds.
        timeout_ms: u64,
    },
    /// The peer has more channels than are listed at once. Ask page by page.
    #[error("the peer has more channels than the {channels_max} that are listed at once")]
    TooMany {
        /// How many are listed at once.
        channels_max: usize,
    },
    /// What the peer says makes no sense.
    #[error("the peer lists its channels in a way that makes no sense: {what}")]
    Malformed {
        /// What does not fit.
        what: &'static str,
    },
    /// The name to begin after cannot be one.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The exporter's end of a connection has nobody to ask: it is the importer that asks.
    #[error("only the importer of a connection can ask for a list of channels")]
    NotImporter,
    /// There is no connection, or the session was lost through a fault of a side.
    #[error(transparent)]
    Disconnected(#[from] ConnectionEnd),
}
