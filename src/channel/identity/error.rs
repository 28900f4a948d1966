//! What can go wrong between a type and its identity.
//!
//! These errors appear when a channel is created, never for a value. They name the type and the
//! place inside it, because the cause is an attribute in the user's code that must be found.

use thiserror::Error;

/// Why a type has no identity.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TraceError {
    /// The type asks the format what comes next, and the wire format cannot tell. Values of the type
    /// could be sent but not received. Causes are `#[serde(untagged)]`, `#[serde(tag = "..")]`
    /// with or without `content`, `#[serde(flatten)]`, and types for any value such as `serde_json::Value`.
    #[error(
        "{type_name} cannot be sent: {path} needs a self-describing format ({request} for \
         {requested}), as do `untagged`, `tag`, `flatten` and values of any type"
    )]
    NeedsSelfDescribing {
        /// The type that was traced.
        type_name: &'static str,
        /// Where in it the need was found.
        path: String,
        /// The method of `Deserializer` that was called.
        request: &'static str,
        /// What the caller wanted to build from it.
        requested: String,
    },
    /// What is read depends on a value that was read before, so there is no fixed shape. Derived
    /// implementations never do this; one written by hand may.
    #[error("{type_name} has no fixed shape: {path} is read as {first} and as {second}")]
    ShapeVaries {
        /// The type that was traced.
        type_name: &'static str,
        /// Where in it the shape changed.
        path: String,
        /// What was seen first.
        first: String,
        /// What was seen later.
        second: String,
    },
    /// Every value of the type would contain another one without end, as in
    /// `struct Endless { next: Box<Endless> }`; or an enum on the way has no variant.
    #[error("{type_name} has no finite value: no way through {path} comes to an end")]
    NoFiniteValue {
        /// The type that was traced.
        type_name: &'static str,
        /// Where in it no end was found.
        path: String,
    },
    /// The type checks its values and accepted none of those that were tried. Give one that it
    /// accepts ([`Samples`](super::Samples)), or the schema itself
    /// ([`Schema::from_types`](super::Schema::from_types)).
    #[error("{type_name} refused every value that was tried at {path}: {reason}")]
    ValuesRefused {
        /// The type that was traced.
        type_name: &'static str,
        /// Where in it the values were refused.
        path: String,
        /// What the type said about the last one.
        reason: String,
    },
    /// A variant cannot be chosen by its number, as the wire format does.
    #[error("{type_name} cannot be sent: {path} does not accept its variants by number: {reason}")]
    VariantsByNameOnly {
        /// The type that was traced.
        type_name: &'static str,
        /// The enum.
        path: String,
        /// What the type said about number 0.
        reason: String,
    },
    /// The type is larger or deeper than the tracer goes.
    #[error("{type_name} is too large to trace: {limit} reached at {path}")]
    TooLarge {
        /// The type that was traced.
        type_name: &'static str,
        /// Where in it the limit was met.
        path: String,
        /// The limit, in words and with its number.
        limit: String,
    },
    /// The type behaves differently from run to run, so that its parts cannot all be reached.
    #[error("{type_name} hides a part of itself: {path} was never read to its end")]
    Unreachable {
        /// The type that was traced.
        type_name: &'static str,
        /// The part that was not reached.
        path: String,
    },
    /// The type can be sent, but not with the codec of the channel.
    #[error("{type_name} cannot be sent with the codec {codec}: {path} is {reason}")]
    UnfitForCodec {
        /// The type of the channel's values.
        type_name: &'static str,
        /// The codec's name.
        codec: &'static str,
        /// Where in the type the reason was found.
        path: String,
        /// What is there.
        reason: &'static str,
    },
}

/// Why values of a type cannot travel with a codec
/// ([`SerdeCodec::unfit`](crate::channel::SerdeCodec::unfit)).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfit {
    /// Where in the type the reason was found, such as `Order.lines[].qty`.
    pub path: String,
    /// What is there: the end of a sentence that begins with "it is".
    pub reason: &'static str,
}

impl TraceError {
    /// The Rust name of the type that was to be traced.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::NeedsSelfDescribing { type_name, .. }
            | Self::ShapeVaries { type_name, .. }
            | Self::NoFiniteValue { type_name, .. }
            | Self::ValuesRefused { type_name, .. }
            | Self::VariantsByNameOnly { type_name, .. }
            | Self::TooLarge { type_name, .. }
            | Self::Unreachable { type_name, .. }
            | Self::UnfitForCodec { type_name, .. } => type_name,
        }
    }
}

/// Why a list of types is no schema. Such a list is a mistake of ours or of a peer.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SchemaError {
    /// There is no root.
    #[error("a schema needs at least one type")]
    Empty,
    /// More types than [`SCHEMA_TYPES_MAX`](super::SCHEMA_TYPES_MAX).
    #[error("a schema of {count} types is too large")]
    TooManyTypes {
        /// How many there are.
        count: usize,
    },
    /// More references than [`SCHEMA_REFERENCES_MAX`](super::SCHEMA_REFERENCES_MAX).
    #[error("a schema with {count} references is too large")]
    TooManyReferences {
        /// How many there are.
        count: usize,
    },
    /// A reference to a type that is not in the list.
    #[error("type {index} is referred to, but there are only {count}")]
    OutOfRange {
        /// The number that is referred to.
        index: u32,
        /// How many types there are.
        count: usize,
    },
}
