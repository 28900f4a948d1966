//! What can go wrong between a value and its JSON.

use std::io;

use crate::channel::CodecError;

/// Why bytes were not made into JSON, or JSON into bytes.
///
/// Most name the place in the value: `Order.lines[3].qty`, as
/// [`Difference::path`](crate::channel::identity::Difference::path) does for a type. `[3]` is an element of
/// a sequence and `["apple"]` the value of a map's entry; in bytes that are decoded, where a key has gone by
/// when its value comes, it is `{value 3}`, counted from zero. `{key 3}` is a key, `?` the content of
/// an option, `.0` an element of a tuple and `::Paid` a variant. Long names and paths are cut.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JsonError {
    /// The bytes are no value of that schema.
    #[error("{path} cannot be decoded: {error}")]
    Undecodable {
        /// Where in the value decoding ended.
        path: String,
        /// Why. A codec does not tell at which byte.
        error: CodecError,
    },
    /// The value cannot be encoded.
    #[error("{path} cannot be encoded: {error}")]
    Unencodable {
        /// Where in the value encoding ended.
        path: String,
        /// Why: mostly its length or depth.
        error: CodecError,
    },
    /// The text is not one JSON value.
    #[error("it is no JSON: {reason}")]
    Syntax {
        /// The line, from 1.
        line: usize,
        /// The column, from 1, in bytes.
        column: usize,
        /// What is wrong there, with line and column.
        reason: String,
    },
    /// A JSON value of another type, out of range, an array with too few or too many elements, or a
    /// variant that is unknown.
    #[error("{path} must be {expected}, and is {found}")]
    Unfit {
        /// Where in the value.
        path: String,
        /// What the schema has there.
        expected: String,
        /// What the JSON has there.
        found: String,
    },
    /// An object has no such field, and the field is no option.
    #[error("{path} is missing")]
    MissingField {
        /// The field.
        path: String,
    },
    /// An object has a field that the schema has not.
    #[error("{path} is not known")]
    UnknownField {
        /// The field.
        path: String,
    },
    /// A field, or a key of a map, comes twice; for a field also under two of its names.
    #[error("{path} comes twice")]
    Duplicate {
        /// The field or the entry.
        path: String,
    },
    /// JSON has no such value: a map whose keys are neither texts nor numbers, for example.
    #[error("{path} cannot be written: {reason}")]
    Unwritable {
        /// Where in the value.
        path: String,
        /// Why, in the words of the serializer.
        reason: String,
    },
    /// The writer failed.
    #[error("the JSON cannot be written: {0}")]
    Write(#[source] io::Error),
    /// The codec writes structs or enums in a form that this module does not know.
    #[error("values of the codec {codec} have names inside that a schema alone cannot handle")]
    UnknownLayout {
        /// The name of the codec.
        codec: &'static str,
    },
}

impl JsonError {
    /// Where in the value, if the error is about a part of it or all of it.
    pub fn path(&self) -> Option<&str> {
        match self {
            Self::Undecodable { path, .. }
            | Self::Unencodable { path, .. }
            | Self::Unfit { path, .. }
            | Self::MissingField { path }
            | Self::UnknownField { path }
            | Self::Duplicate { path }
            | Self::Unwritable { path, .. } => Some(path),
            Self::Syntax { .. } | Self::Write(_) | Self::UnknownLayout { .. } => None,
        }
    }
}
