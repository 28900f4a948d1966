//! What can be wrong with bytes from a peer.

use crate::id::ChannelId;
use crate::wire::{Code, Kind};

/// Bytes that are not what the protocol says. Always the peer's doing; the link ends.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WireError {
    /// The link does not start with [`PREAMBLE`](crate::wire::PREAMBLE).
    #[error("the link does not start with netchan's preamble")]
    NotNetchan,
    /// A frame of an unknown kind.
    #[error("frame of unknown kind {0:#04x}")]
    UnknownKind(u8),
    /// A known frame where it has no place, such as a hello after the handshake.
    #[error("unexpected {0:?} frame")]
    Unexpected(Kind),
    /// A bit that is reserved is set.
    #[error("reserved bits are set in a {0:?} frame")]
    ReservedBits(Kind),
    /// A channel number where none belongs, or none where one belongs.
    #[error("a {0:?} frame for channel {1}")]
    Channel(Kind, ChannelId),
    /// A sequence number on a frame that is not counted.
    #[error("a sequence number on a {0:?} frame")]
    Sequence(Kind),
    /// A frame is longer than its kind allows.
    #[error("a {kind:?} frame of {length} bytes, of {length_max} allowed")]
    TooLong {
        /// The frame's kind.
        kind: Kind,
        /// The length that the peer announced, in bytes.
        length: u32,
        /// The longest that would have been accepted, in bytes.
        length_max: usize,
    },
    /// A frame's body has another length than its content needs.
    #[error("the body of a {0:?} frame has a wrong length")]
    BodyLength(Kind),
    /// A field of a frame has a value that it must not have.
    #[error("a {0:?} frame with an impossible {1}")]
    Field(Kind, &'static str),
}

impl WireError {
    /// The code that tells the peer.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            WireError::NotNetchan => Code::NotNetchan,
            WireError::TooLong { .. } => Code::TooLarge,
            WireError::Unexpected(_) => Code::Violation,
            _ => Code::Malformed,
        }
    }
}
