//! What can go wrong with exports, imports and connections.

use std::io;
use std::sync::Arc;

use crate::channel::identity::{Difference, TraceError};
use crate::dir::Dir;
use crate::limits::NAME_BYTES_MAX;
use crate::net::{ConfigError, offers};
use crate::session::{OpenError, SessionError};
use crate::wire::{Code, WireError};

/// A channel was not exported.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// A channel of that name is exported already.
    #[error("a channel {name:?} is exported already")]
    DuplicateName {
        /// The name.
        name: String,
    },
    /// The name cannot be used.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The type of the values cannot travel.
    #[error(transparent)]
    Type(#[from] TraceError),
    /// A setting cannot work.
    #[error(transparent)]
    Setting(#[from] ConfigError),
    /// The exporter was closed.
    #[error("the exporter was closed")]
    ExporterClosed,
}

/// A name that a channel cannot have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a channel's name must have 1 to {NAME_BYTES_MAX} bytes{}", self.found())]
pub struct NameError {
    bytes: usize,
    is_reserved: bool,
}

impl NameError {
    pub(super) fn check(name: &str) -> Result<(), NameError> {
        let (bytes, is_reserved) = (name.len(), offers::is_offered(name));
        if (1..=NAME_BYTES_MAX).contains(&bytes) && !is_reserved {
            Ok(())
        } else {
            Err(NameError { bytes, is_reserved })
        }
    }

    fn found(&self) -> String {
        if self.is_reserved {
            ", and must not begin with U+0000".to_owned()
        } else {
            format!(", not {}", self.bytes)
        }
    }
}

/// A channel was not imported. The connection and its other channels go on.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The peer exports no channel of that name.
    #[error("the peer exports no channel {name:?}")]
    UnknownName {
        /// The name.
        name: String,
    },
    /// The channel has the other direction.
    #[error(
        "the channel {name:?} cannot be imported to {dir}: the peer exports the other direction"
    )]
    WrongDirection {
        /// The name.
        name: String,
        /// The direction that was asked for.
        dir: Dir,
    },
    /// The channel carries another type.
    #[error("the channel {name:?} carries another type: {text}")]
    TypeMismatch {
        /// The name.
        name: String,
        /// Where the types first differ: left is the exporter's, right is the importer's. `None` if the
        /// exporter did not show its schema, because it is very long for example.
        difference: Option<Difference>,
        /// The same for people, such as `Order.lines[].qty: exporter u32, importer u64`; it begins with
        /// `answers:` if it is the answers that differ. Without a difference, what the exporter says.
        text: String,
    },
    /// The channel uses another codec.
    #[error("the channel {name:?} uses another codec: {text}")]
    CodecMismatch {
        /// The name.
        name: String,
        /// Both codecs, such as `exporter bincode2, importer postcard`.
        text: String,
    },
    /// One side of the channel asks, and the other one gives no answers.
    #[error("one side of the channel {name:?} asks, and the other one gives no answers")]
    NoAnswers {
        /// The name.
        name: String,
    },
    /// This connection imports the channel already.
    #[error("the channel {name:?} is imported already")]
    AlreadyImported {
        /// The name.
        name: String,
    },
    /// The exporter's end of a connection has nothing to import: it is the importer that asks.
    #[error("only the importer of a connection can import {name:?}")]
    NotImporter {
        /// The name.
        name: String,
    },
    /// The channel has ended before it could be imported.
    #[error("the channel {name:?} has ended")]
    Ended {
        /// The name.
        name: String,
    },
    /// The peer refused for another reason.
    #[error("the peer refused the channel {name:?}: {code}: {text}")]
    Refused {
        /// The name.
        name: String,
        /// Why.
        code: Code,
        /// The same for people.
        text: String,
    },
    /// The name cannot be used.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The type of the values cannot travel.
    #[error(transparent)]
    Type(#[from] TraceError),
    /// A setting cannot work.
    #[error(transparent)]
    Setting(#[from] ConfigError),
    /// The session cannot have another channel.
    #[error(transparent)]
    Session(#[from] OpenError),
    /// There is no connection.
    #[error(transparent)]
    Disconnected(#[from] ConnectionEnd),
}

impl ImportError {
    pub(super) fn refused(
        name: String,
        dir: Dir,
        code: Code,
        text: String,
        difference: Option<Difference>,
    ) -> ImportError {
        match code {
            Code::UnknownName => ImportError::UnknownName { name },
            Code::WrongDirection => ImportError::WrongDirection { name, dir },
            Code::TypeMismatch => ImportError::TypeMismatch { name, difference, text },
            Code::CodecMismatch => ImportError::CodecMismatch { name, text },
            Code::NoAnswers => ImportError::NoAnswers { name },
            Code::Ended => ImportError::Ended { name },
            code => ImportError::Refused { name, code, text },
        }
    }
}

/// No connection came about.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The operating system says so.
    #[error("{0}")]
    Io(Arc<io::Error>),
    /// The peer ended the link during the handshake.
    #[error("the peer ended the link during the handshake")]
    LinkEnded,
    /// The handshake took too long.
    #[error("the handshake took longer than {timeout_ms} ms")]
    TimedOut {
        /// What it may take, in milliseconds.
        timeout_ms: u64,
    },
    /// The peer sent what is no handshake.
    #[error("the peer does not speak this protocol: {0}")]
    Wire(#[from] WireError),
    /// The peer speaks no version that this side speaks.
    #[error("the peer speaks versions {version_min} to {version_max} of the protocol")]
    Version {
        /// The oldest version that it speaks.
        version_min: u16,
        /// The newest version that it speaks.
        version_max: u16,
    },
    /// The peer rejected the link.
    #[error("the peer rejected the link: {code}: {text}")]
    Rejected {
        /// Why.
        code: Code,
        /// The same for people.
        text: String,
    },
    /// The exporter has as many connections as it may have.
    #[error("there are {connections_max} connections, as many as there may be")]
    TooManyConnections {
        /// How many there may be.
        connections_max: usize,
    },
    /// This side was closed meanwhile.
    #[error("this side was closed")]
    Closed,
}

impl From<io::Error> for ConnectError {
    fn from(error: io::Error) -> ConnectError {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => ConnectError::LinkEnded,
            _ => ConnectError::Io(Arc::new(error)),
        }
    }
}

/// How a connection ended.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectionEnd {
    /// This side closed it.
    #[error("this side closed the connection")]
    ClosedHere,
    /// The peer closed it.
    #[error("the peer closed the connection")]
    ClosedByPeer,
    /// The peer ended it because of a fault that it saw.
    #[error("the peer ended the connection: {code}: {text}")]
    Faulted {
        /// What it saw.
        code: Code,
        /// The same for people.
        text: String,
    },
    /// The link broke: the operating system says so.
    #[error("the link broke: {0}")]
    Io(Arc<io::Error>),
    /// The link ended without a word.
    #[error("the link ended without a goodbye")]
    LinkEnded,
    /// The peer did what the protocol forbids, or nothing for too long.
    #[error("{0}")]
    Session(SessionError),
    /// The peer came with a newer link.
    #[error("a newer link carries the session")]
    Superseded,
    /// The session had no link for too long.
    #[error("the session had no link for {away_ms} ms")]
    Expired {
        /// For how long, in milliseconds.
        away_ms: u64,
    },
    /// The peer has restarted, and knows nothing of the session any more.
    #[error("the peer has restarted")]
    PeerRestarted,
    /// The peer does not know the session any more, although it has not restarted.
    #[error("the peer has given up the session")]
    Forgotten,
    /// The peer was away and had imported nothing, and another importer wanted its place.
    #[error("its place was given to another importer")]
    Displaced,
    /// No other link could be had.
    #[error("no link after {attempts} attempts{}", last.as_ref().map(|error| format!(": {error}")).unwrap_or_default())]
    GaveUp {
        /// Attempts in a row that failed.
        attempts: usize,
        /// Why the last one failed.
        last: Option<ConnectError>,
    },
    /// The peer asks for much and reads nothing.
    #[error("the peer does not read: {unwritten_bytes} bytes wait for it")]
    NotReading {
        /// Bytes that wait.
        unwritten_bytes: usize,
    },
    /// Errors were reported and nobody read them.
    #[error("{reports} error reports were not read")]
    UnreadReports {
        /// How many.
        reports: usize,
    },
    /// The code that drives the connection panicked, or that of its stream.
    #[error("{} panicked", if *in_transport { "the connection's stream" } else { "the connection's driver" })]
    Panicked {
        /// It was the stream, or what dials, and not this crate: the session is sound.
        in_transport: bool,
    },
    /// The task that drives the connection was stopped.
    #[error("the connection's driver stopped")]
    DriverStopped,
}

impl From<SessionError> for ConnectionEnd {
    fn from(error: SessionError) -> ConnectionEnd {
        match error {
            SessionError::Expired { away_ms } => ConnectionEnd::Expired { away_ms },
            error => ConnectionEnd::Session(error),
        }
    }
}

/// How much is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// A link. Another one can carry the session.
    Link,
    /// A session. An importer can begin another one.
    Session,
    /// All.
    Connection,
}

impl ConnectionEnd {
    /// Whether the connection was closed on purpose.
    #[must_use]
    pub fn is_regular(&self) -> bool {
        matches!(self, ConnectionEnd::ClosedHere | ConnectionEnd::ClosedByPeer)
    }

    /// How much is over.
    pub(super) fn scope(&self) -> Scope {
        match self {
            ConnectionEnd::Io(_)
            | ConnectionEnd::LinkEnded
            | ConnectionEnd::Session(SessionError::Silent { .. })
            | ConnectionEnd::Superseded
            | ConnectionEnd::NotReading { .. }
            | ConnectionEnd::Panicked { in_transport: true } => Scope::Link,
            ConnectionEnd::Session(_)
            | ConnectionEnd::Faulted { .. }
            | ConnectionEnd::Expired { .. }
            | ConnectionEnd::PeerRestarted
            | ConnectionEnd::Forgotten
            | ConnectionEnd::Displaced
            | ConnectionEnd::Panicked { in_transport: false } => Scope::Session,
            ConnectionEnd::ClosedHere
            | ConnectionEnd::ClosedByPeer
            | ConnectionEnd::GaveUp { .. }
            | ConnectionEnd::UnreadReports { .. }
            | ConnectionEnd::DriverStopped => Scope::Connection,
        }
    }

    /// Whether one of the sides did something wrong, which it may do again.
    pub(super) fn is_fault(&self) -> bool {
        matches!(
            self,
            ConnectionEnd::Session(_)
                | ConnectionEnd::Faulted { .. }
                | ConnectionEnd::Panicked { .. }
        )
    }

    /// What the peer is told, if it is not the peer's doing.
    pub(super) fn goodbye(&self) -> Option<(Code, String)> {
        match self {
            ConnectionEnd::ClosedHere => Some((Code::Closed, String::new())),
            ConnectionEnd::Session(error) => Some((error.code(), error.to_string())),
            ConnectionEnd::UnreadReports { .. } => Some((Code::Closed, self.to_string())),
            _ => None,
        }
    }
}

/// Values were not known to have been received when the wait for that ended.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FlushError {
    /// The time is up.
    #[error("{outstanding_values} values were not received in time")]
    TimedOut {
        /// Values that were not known to have been received.
        outstanding_values: u64,
    },
    /// Channels ended before their values were received.
    #[error("{discarded_values} values were dropped, because their channels ended")]
    Discarded {
        /// Values that were not known to have been received, and never will be.
        discarded_values: u64,
    },
    /// A session was lost, or its connection ended.
    #[error("a session was lost with {outstanding_values} values not known to be received: {end}")]
    Disconnected {
        /// Values in it whose fate is unknown.
        outstanding_values: u64,
        /// How it was lost.
        end: ConnectionEnd,
    },
}

/// A hangup was not possible.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HangupError {
    /// There is no channel of that name.
    #[error("there is no channel {name:?}")]
    UnknownName {
        /// The name.
        name: String,
    },
    /// The channel is closed on this side, but the peer did not say what it had taken.
    #[error(
        "the peer did not answer the hangup of {name:?}, with {unknown_values} values of unknown fate"
    )]
    Unanswered {
        /// The name.
        name: String,
        /// Values that were dropped here, or sent and are not known to have been taken.
        unknown_values: u64,
    },
    /// The channel is closed on this side, but its session was lost before the peer said what it had
    /// taken.
    #[error("the session of {name:?} was lost with {unknown_values} values of unknown fate: {end}")]
    SessionLost {
        /// The name.
        name: String,
        /// Values that were dropped here, or sent and are not known to have been taken.
        unknown_values: u64,
        /// How the session was lost.
        end: ConnectionEnd,
    },
    /// There is no connection.
    #[error(transparent)]
    Disconnected(#[from] ConnectionEnd),
}

impl HangupError {
    /// The same error for the channels of all connections together.
    pub(super) fn with_unknown_values(mut self, values: u64) -> HangupError {
        if let HangupError::Unanswered { unknown_values, .. }
        | HangupError::SessionLost { unknown_values, .. } = &mut self
        {
            *unknown_values = values;
        }
        self
    }
}

/// What a hangup did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HangupReport {
    /// Values that were sent, or queued to be sent, and did not reach a user.
    pub discarded_values: u64,
}
