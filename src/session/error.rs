//! Why a session's link must end.

use crate::id::ChannelId;
use crate::limits::SCHEMA_BYTES_MAX;
use crate::wire::{Code, WireError};

/// The peer did something that the protocol forbids, or nothing for too long. The link ends. After
/// [`Silent`](SessionError::Silent) the session can go on with the next link; after all others it is
/// over, because a frame may have been counted and not have had its effect.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// The peer sent bytes that are not frames.
    #[error("the peer sent a malformed frame: {0}")]
    Wire(#[from] WireError),
    /// A counted frame is missing.
    #[error("frame {expected} was expected, but {found} came")]
    SequenceGap {
        /// The low 32 bits of the number that had to come.
        expected: u32,
        /// The number that came.
        found: u32,
    },
    /// The peer claims to have received more than it was sent.
    #[error("the peer acknowledged {acknowledged} frames, but was sent {sent}")]
    AcknowledgedTooMuch {
        /// What the peer claims.
        acknowledged: u64,
        /// What it was sent.
        sent: u64,
    },
    /// The peer sent more on a channel than it was granted.
    #[error("the peer sent more on channel {0} than it was granted")]
    CreditExceeded(ChannelId),
    /// A value is longer than allowed.
    #[error("the peer announced a value of {length} bytes on channel {channel}")]
    ValueTooLong {
        /// The channel.
        channel: ChannelId,
        /// The length that was announced, in bytes.
        length: u64,
    },
    /// A page of a listing is longer than allowed.
    #[error("the peer sent a page of {bytes} bytes")]
    PageTooLong {
        /// What has come of it, in bytes.
        bytes: usize,
    },
    /// The peer shows a schema that is longer than allowed.
    #[error("the peer sent a schema of more than {SCHEMA_BYTES_MAX} bytes about channel {0}")]
    DocumentTooLong(ChannelId),
    /// A frame does not fit the state of the session or of its channel.
    #[error("channel {channel}: {what}")]
    Violation {
        /// The channel, or [`ChannelId::NONE`].
        channel: ChannelId,
        /// What does not fit.
        what: &'static str,
    },
    /// Nothing came from the peer for too long.
    #[error("nothing came from the peer for {silent_ms} ms")]
    Silent {
        /// For how long, in milliseconds.
        silent_ms: u64,
    },
    /// The session had no link for too long, and is over.
    #[error("the session had no link for {away_ms} ms")]
    Expired {
        /// For how long, in milliseconds.
        away_ms: u64,
    },
}

impl SessionError {
    /// The code that tells the peer.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            SessionError::Wire(error) => error.code(),
            SessionError::SequenceGap { .. } => Code::SequenceGap,
            SessionError::CreditExceeded(_) => Code::CreditExceeded,
            SessionError::ValueTooLong { .. }
            | SessionError::PageTooLong { .. }
            | SessionError::DocumentTooLong(_) => Code::TooLarge,
            SessionError::AcknowledgedTooMuch { .. } | SessionError::Violation { .. } => {
                Code::Violation
            }
            SessionError::Silent { .. } => Code::Silent,
            SessionError::Expired { .. } => Code::UnknownSession,
        }
    }

    pub(super) fn violation(channel: ChannelId, what: &'static str) -> SessionError {
        SessionError::Violation { channel, what }
    }
}

/// Why a channel could not be opened from this side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The session has as many channels open as the peer allows.
    #[error("the session has {0} channels open, as many as it may have")]
    TooManyChannels(usize),
    /// All channel numbers were used.
    #[error("the session has used up its channel numbers; start a new one")]
    NumbersUsedUp,
    /// The session is closing.
    #[error("the session is closing")]
    Closing,
}
