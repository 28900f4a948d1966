//! What can go wrong with one value.

use std::fmt;

use crate::channel::identity::Misfit;
use crate::channel::{Closed, OfferError, Origin, UndecodableValue};

/// Why a value could not be encoded or decoded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CodecError {
    /// The codec or the type's own code refused it, in their words.
    #[error("{0}")]
    Refused(String),
    /// The encoded value is longer than a value may be.
    #[error("it takes more than the {bytes_max} bytes that a value may have")]
    TooLong {
        /// The longest that a value may be, in bytes.
        bytes_max: usize,
    },
    /// It does not serialize as its type deserializes, as with `skip_serializing_if`: its receiver would
    /// read something else.
    #[error("it is not written as it is read: {0}")]
    Misfit(Misfit),
    /// The end of a channel that is a part of it was not offered.
    #[error("{0}")]
    NotOffered(OfferError),
    /// Bytes are left over: it was encoded as another type.
    #[error("{bytes} bytes are left over")]
    TrailingBytes {
        /// How many bytes were not used.
        bytes: usize,
    },
    /// The value is nested too deep to be decoded.
    #[error("it is nested deeper than {depth_max} levels")]
    TooDeep {
        /// The deepest that it may be nested, in levels:
        /// [`VALUE_DEPTH_MAX`](crate::limits::VALUE_DEPTH_MAX), or less if it takes much stack.
        depth_max: usize,
    },
    /// Too many elements take no bytes: their number is all that was sent of them.
    #[error("it has more than {elements_max} elements that take no bytes")]
    TooManyElements {
        /// How many elements that take no bytes a value may have.
        elements_max: usize,
    },
}

/// A value was not sent, and is given back.
#[non_exhaustive]
pub enum SendError<T> {
    /// The channel has ended.
    Closed(T, Closed),
    /// The value cannot be encoded. The channel goes on.
    Unencodable(T, CodecError),
}

/// A value was not sent at once, and is given back.
#[non_exhaustive]
pub enum TrySendError<T> {
    /// There is no free slot now.
    Full(T),
    /// The channel has ended.
    Closed(T, Closed),
    /// The value cannot be encoded. The channel goes on.
    Unencodable(T, CodecError),
}

/// A request got no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AskError {
    /// The channel ended before the request was sent. It was not handled.
    #[error("the request was not sent: the channel was {0}")]
    NotSent(Closed),
    /// The request cannot be encoded. The channel goes on.
    #[error("the request cannot be encoded: {0}")]
    Unencodable(CodecError),
    /// The request was sent, and its session was lost, or the channel ended, before an answer came:
    /// nobody here knows whether it was handled.
    #[error("no answer came, and whether the request was handled is unknown: the channel was {0}")]
    UnknownFate(Closed),
    /// Whoever had the request on the other side dropped it: a handler that panicked, for example, an
    /// actor that stopped, or one that had it when its time was up.
    #[error("the other side dropped the request without an answer")]
    NotAnswered,
    /// The time for the request was up. If this side says so, it may have been handled all the same.
    #[error("the time for the request was up, says {by}")]
    DeadlineExceeded {
        /// Who says so.
        by: Origin,
    },
    /// The other side cannot decode the request, in its words. It was not handled.
    #[error("the other side cannot decode the request: {0}")]
    RequestRefused(String),
    /// The request was handled, but the other side cannot encode its answer, in its words.
    #[error("the other side cannot encode its answer: {0}")]
    AnswerRefused(String),
    /// The request was handled, but the answer cannot be decoded here.
    #[error("the answer cannot be decoded: {0}")]
    AnswerUndecodable(CodecError),
}

/// A sink did not take a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SinkError {
    /// The channel has ended.
    #[error("the channel was {0}")]
    Closed(#[from] Closed),
    /// The value cannot be encoded. The channel goes on.
    #[error("the value cannot be encoded: {0}")]
    Unencodable(#[from] CodecError),
}

/// There is no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecvError {
    /// The channel has ended, and all that was received has been taken.
    #[error("the channel was {0}")]
    Closed(Closed),
    /// A value came that cannot be decoded. It is gone, and the channel goes on or has ended, as its
    /// [policy](crate::channel::Undecodable) says.
    #[error(transparent)]
    Undecodable(Box<UndecodableValue>),
    /// What came is not a sequence of values. The peer that sent it is cut off from the channel.
    #[error("the bytes from a peer are not a sequence of values")]
    Corrupt,
}

/// There is no value now.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TryRecvError {
    /// Nothing has come that was not taken.
    #[error("the channel is empty")]
    Empty,
    /// There will be no value, or not this one.
    #[error(transparent)]
    Recv(#[from] RecvError),
}

impl<T> SendError<T> {
    /// The value that was not sent.
    #[must_use]
    pub fn into_inner(self) -> T {
        match self {
            SendError::Closed(value, _) | SendError::Unencodable(value, _) => value,
        }
    }

    /// The error without the value.
    #[must_use]
    pub fn without_value(self) -> SinkError {
        match self {
            SendError::Closed(_, closed) => SinkError::Closed(closed),
            SendError::Unencodable(_, error) => SinkError::Unencodable(error),
        }
    }
}

impl<T> TrySendError<T> {
    /// The value that was not sent.
    #[must_use]
    pub fn into_inner(self) -> T {
        match self {
            TrySendError::Full(value)
            | TrySendError::Closed(value, _)
            | TrySendError::Unencodable(value, _) => value,
        }
    }

    /// Whether the same call may succeed later.
    #[must_use]
    pub fn is_full(&self) -> bool {
        matches!(self, TrySendError::Full(_))
    }
}

// By hand, so that values need no `Debug` and are never printed.

impl<T> fmt::Debug for SendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SendError::Closed(_, closed) => f.debug_tuple("Closed").field(closed).finish(),
            SendError::Unencodable(_, error) => f.debug_tuple("Unencodable").field(error).finish(),
        }
    }
}

impl<T> fmt::Display for SendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SendError::Closed(_, closed) => write!(f, "the channel was {closed}"),
            SendError::Unencodable(_, error) => write!(f, "the value cannot be encoded: {error}"),
        }
    }
}

impl<T> fmt::Debug for TrySendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TrySendError::Full(_) => f.write_str("Full"),
            TrySendError::Closed(_, closed) => f.debug_tuple("Closed").field(closed).finish(),
            TrySendError::Unencodable(_, error) => {
                f.debug_tuple("Unencodable").field(error).finish()
            }
        }
    }
}

impl<T> fmt::Display for TrySendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TrySendError::Full(_) => f.write_str("the channel is full"),
            TrySendError::Closed(_, closed) => write!(f, "the channel was {closed}"),
            TrySendError::Unencodable(_, error) => {
                write!(f, "the value cannot be encoded: {error}")
            }
        }
    }
}

impl<T> std::error::Error for SendError<T> {}

impl<T> std::error::Error for TrySendError<T> {}
