//! Why a value cannot be written or read.

use std::fmt;

use crate::channel::codec::bounded::Overflow;

/// Behind a pointer, so that the results of the many small steps that do not fail stay small.
#[derive(Debug)]
pub(super) struct Error(Box<Problem>);

/// What is wrong, in words for people. Programs are told by
/// [`CodecError`](crate::channel::CodecError) what they can do something about.
#[derive(Debug, thiserror::Error)]
pub(super) enum Problem {
    #[error("it ends where {missing} more bytes are expected")]
    End { missing: usize },
    #[error("{0:#04x} does not begin a number of up to {1} bits")]
    Number(u8, u32),
    #[error("a length of {0} is more than this machine can count")]
    Length(u64),
    #[error("{0:#04x} stands where 0 or 1 is expected")]
    Bit(u8),
    #[error("a text is not UTF-8: {0}")]
    Text(std::str::Utf8Error),
    #[error("a character is not UTF-8")]
    Character,
    #[error("the format does not say what a value is, and the type asks for it ({0})")]
    NotSelfDescribing(&'static str),
    #[error("the length of a sequence or map is not known before its elements")]
    Unmeasured,
    /// Whoever asks how it went is told by the buffer.
    #[error("it is too long")]
    TooLong,
    /// The words of a type.
    #[error("{0}")]
    OfType(String),
}

impl From<Problem> for Error {
    #[cold]
    fn from(problem: Problem) -> Error {
        Error(Box::new(problem))
    }
}

impl From<Overflow> for Error {
    fn from(_: Overflow) -> Error {
        Problem::TooLong.into()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Error {}

impl serde::ser::Error for Error {
    fn custom<T: fmt::Display>(text: T) -> Error {
        Problem::OfType(text.to_string()).into()
    }
}

impl serde::de::Error for Error {
    fn custom<T: fmt::Display>(text: T) -> Error {
        Problem::OfType(text.to_string()).into()
    }
}
