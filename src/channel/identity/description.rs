//! All that a channel needs to know of a type.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use serde::de::DeserializeOwned;

use super::error::TraceError;
use super::samples::Samples;
use super::schema::Schema;
use super::{TypeIdentity, cache, tracer};
use crate::channel::encode_schema;

/// A type as a channel sees it: its [`Schema`], its [`TypeIdentity`], and what follows from them.
///
/// Mostly it comes from the type itself ([`Description::of`]). For types that cannot be traced it comes
/// from samples or from a schema by hand, and goes to the channel in a
/// [`Format`](crate::channel::Format).
#[derive(Debug, Clone)]
pub struct Description {
    schema: Arc<Schema>,
    /// The schema as peers are shown it, once one was.
    schema_bytes: Arc<OnceLock<Bytes>>,
    identity: TypeIdentity,
    needs_guard: bool,
    /// Values have ends of channels inside.
    carries_ends: bool,
}

impl Description {
    /// The description of `T`. The first call for a type takes some microseconds, later ones look it
    /// up; the results of all types are kept as long as the program runs, one for each type that its
    /// source names.
    ///
    /// # Errors
    ///
    /// [`TraceError`] if values of `T` cannot be sent, or if its shape cannot be found.
    pub fn of<T: DeserializeOwned + 'static>() -> Result<Self, TraceError> {
        cache::traced::<T>()
    }

    /// The description of a type whose checks no invented value passes: `samples` are tried first. The
    /// result is not kept.
    ///
    /// # Errors
    ///
    /// As [`Description::of`].
    pub fn with_samples<T: DeserializeOwned>(samples: &Samples) -> Result<Self, TraceError> {
        let mut carries_ends = false;
        let schema = tracer::trace::<T>(samples, &mut carries_ends)?;
        let needs_guard = schema.is_recursive() || schema.has_zero_length_elements();
        let identity = schema.identity();
        Ok(Self::new(schema, identity, needs_guard, carries_ends))
    }

    /// The description of a type whose schema was written by hand. Nothing shows that they fit, so the
    /// values are decoded under all guards.
    pub fn by_hand(schema: Schema) -> Self {
        let identity = schema.identity();
        Self::new(schema, identity, true, true)
    }

    fn new(
        schema: impl Into<Arc<Schema>>,
        identity: TypeIdentity,
        needs_guard: bool,
        carries_ends: bool,
    ) -> Self {
        let (schema, schema_bytes) = (schema.into(), Arc::default());
        Self { schema, schema_bytes, identity, needs_guard, carries_ends }
    }

    /// The description of values that stay encoded, by what somebody says about them. Without a schema, it
    /// is that of any bytes.
    pub(crate) fn of_encoded(identity: TypeIdentity, schema: Option<Arc<Schema>>) -> Self {
        let schema =
            schema.unwrap_or_else(|| Arc::new(Schema::of_bytes("values of a type not listed")));
        Self::new(schema, identity, false, false)
    }

    /// All types that a value may contain.
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// The schema as a peer is shown it.
    pub(crate) fn schema_bytes(&self) -> Bytes {
        self.schema_bytes.get_or_init(|| encode_schema(&self.schema)).clone()
    }

    /// What is compared when a channel is imported.
    pub fn identity(&self) -> TypeIdentity {
        self.identity
    }

    /// Whether the values are decoded under guards on their depth and on the number of their elements.
    pub fn needs_guard(&self) -> bool {
        self.needs_guard
    }

    /// Whether values may have ends of channels inside.
    pub(crate) fn carries_ends(&self) -> bool {
        self.carries_ends
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::marker::PhantomData;

    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Node {
        #[expect(dead_code, reason = "only its type matters")]
        next: Option<Box<Node>>,
    }

    fn needs_guard<T: DeserializeOwned + 'static>() -> bool {
        Description::of::<T>().unwrap().needs_guard()
    }

    #[test]
    fn only_types_that_need_it_are_guarded() {
        assert!(!needs_guard::<u64>());
        assert!(!needs_guard::<()>());
        assert!(!needs_guard::<Vec<Option<()>>>());
        assert!(!needs_guard::<HashMap<String, Vec<(u8, [(); 3])>>>());
        assert!(needs_guard::<Node>());
        assert!(needs_guard::<Vec<Vec<Node>>>());
        assert!(needs_guard::<(u8, Vec<PhantomData<u8>>)>());
    }
}
