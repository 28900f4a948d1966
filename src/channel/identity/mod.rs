//! The identity of a type, so that both ends of a channel mean the same by its bytes.
//!
//! The wire format does not describe itself: a value read as the wrong type is silent garbage. So a
//! channel carries the [`TypeIdentity`] of its type, and an import compares it before any value
//! moves. If the identities differ, the two [`Schema`]s tell where ([`Schema::first_difference`]).
//!
//! Nothing but `serde::Deserialize` is needed of a type. Its shape is found by deserializing
//! invented values and writing down what is asked for:
//!
//! ```
//! # use netchan::channel::identity::{Schema, TypeIdentity};
//! # use serde::Deserialize;
//! #[derive(Deserialize)]
//! struct Order { id: u64, lines: Vec<Line> }
//! #[derive(Deserialize)]
//! struct Line { qty: u32 }
//!
//! # mod importer {
//! #     use serde::Deserialize;
//! #     #[derive(Deserialize)]
//! #     pub struct Order { id: u64, lines: Vec<Line> }
//! #     #[derive(Deserialize)]
//! #     pub struct Line { qty: u64 }
//! # }
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! assert_ne!(TypeIdentity::of::<Order>()?, TypeIdentity::of::<importer::Order>()?);
//!
//! let exported = Schema::of::<Order>()?;
//! let imported = Schema::of::<importer::Order>()?;
//! let difference = exported.first_difference(&imported).ok_or("they differ")?;
//! assert_eq!(
//!     difference.between("exporter", "importer").to_string(),
//!     "Order.lines[].qty: exporter u32, importer u64",
//! );
//! # Ok(())
//! # }
//! ```
//!
//! # What counts
//!
//! Field and variant names, their order, and the types of all parts. Names of structs and enums do
//! not count, nor do modules: two programs may call the same data by different names. Changing
//! `u32` to a newtype around `u32`, renaming a field, or adding an alias to one changes the identity.
//!
//! # What cannot be sent
//!
//! Types that need a self-describing format: `#[serde(untagged)]`, `tag`, `flatten`, and types such
//! as `serde_json::Value`. They are refused with a [`TraceError`] when the channel is created. A type
//! that accepts none of the invented values can be helped with [`Samples`], and any type can be
//! described by hand with [`Schema::from_types`].
//!
//! This module knows neither channels nor bytes: only types.

mod cache;
mod canonical;
mod check;
mod description;
mod difference;
mod error;
mod find;
mod partition;
mod path;
mod samples;
mod schema;
mod shape;
mod tracer;
mod watch;

use std::fmt;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_128;

#[cfg(feature = "messagepack")]
pub(crate) use check::Manner;
pub use check::Misfit;
pub(crate) use check::{END_OF_CHANNEL, is_checking};
pub use description::Description;
pub use difference::Difference;
pub(crate) use watch::{CALLER_FIELDS, SENDER_FIELDS, note_end};

pub use error::{SchemaError, TraceError, Unfit};
pub use samples::Samples;
pub use schema::{SCHEMA_REFERENCES_MAX, SCHEMA_TYPES_MAX, Schema, TUPLE_ELEMENTS_MAX};
pub use shape::{Field, Primitive, Shape, Type, TypeIndex, Variant, VariantContent};

/// A number that is equal for types with equal wire formats and names.
///
/// It is the xxh3-128 hash of [`Schema::canonical_text`], highest byte first, and the same in every
/// build and on every machine. It guards against mistakes, not against a peer that lies.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TypeIdentity(pub [u8; 16]);

impl TypeIdentity {
    /// The identity of `T`. The first call for a type takes some microseconds, later ones look it
    /// up; the results of all types are kept as long as the program runs, one for each type that its
    /// source names.
    ///
    /// # Errors
    ///
    /// [`TraceError`] if values of `T` cannot be sent, or if its shape cannot be found.
    ///
    /// # Example
    ///
    /// ```
    /// # use netchan::channel::identity::TypeIdentity;
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// assert_eq!(TypeIdentity::of::<Vec<u8>>()?, TypeIdentity::of::<Box<[u8]>>()?);
    /// assert_ne!(TypeIdentity::of::<Vec<u8>>()?, TypeIdentity::of::<[u8; 4]>()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn of<T: DeserializeOwned + 'static>() -> Result<Self, TraceError> {
        Description::of::<T>().map(|description| description.identity())
    }
}

impl Schema {
    /// The schema of `T`, kept as with [`TypeIdentity::of`].
    ///
    /// # Errors
    ///
    /// [`TraceError`] if values of `T` cannot be sent, or if its shape cannot be found.
    ///
    /// # Panics
    ///
    /// Never by itself. A panic in the `Deserialize` implementation of `T` counts as a refused
    /// value; the panic hook still reports it, and with `panic = "abort"` it ends the program.
    pub fn of<T: DeserializeOwned + 'static>() -> Result<Arc<Self>, TraceError> {
        Description::of::<T>().map(|description| description.schema().clone())
    }

    /// The schema of a type whose checks no invented value passes: `samples` are tried first. The
    /// result is not kept.
    ///
    /// # Errors
    ///
    /// As [`Schema::of`].
    pub fn of_with_samples<T: DeserializeOwned>(samples: &Samples) -> Result<Self, TraceError> {
        tracer::trace::<T>(samples, &mut false)
    }

    /// The identity of the described type. It takes time in proportion to the schema.
    pub fn identity(&self) -> TypeIdentity {
        TypeIdentity(xxh3_128(self.canonical_text().as_bytes()).to_be_bytes())
    }
}

impl fmt::Display for TypeIdentity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl fmt::Debug for TypeIdentity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "TypeIdentity({self})")
    }
}
