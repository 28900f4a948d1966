//! Each type is traced once.
//!
//! Creating a channel asks for the identity of its type; a server that creates a channel per client
//! would otherwise trace the same type thousands of times. The cache never forgets, and need not:
//! it holds one entry per type that the program names in its source, whatever peers do.

use std::any::TypeId;
use std::collections::HashMap;
use std::sync::{OnceLock, PoisonError, RwLock};

use serde::de::DeserializeOwned;

use super::Description;
use super::error::TraceError;
use super::samples::Samples;

type Entries = HashMap<TypeId, Result<Description, TraceError>>;

static TRACED: OnceLock<RwLock<Entries>> = OnceLock::new();

/// The description of `T`, traced now if it never was.
pub(super) fn traced<T: DeserializeOwned + 'static>() -> Result<Description, TraceError> {
    let entries = TRACED.get_or_init(RwLock::default);
    // The lock protects single reads and inserts, so what a panic left behind is whole.
    let known =
        entries.read().unwrap_or_else(PoisonError::into_inner).get(&TypeId::of::<T>()).cloned();
    if let Some(known) = known {
        return known;
    }
    // Not under the lock: user code runs here, and it may ask for an identity itself. Two threads
    // may trace one type at the same time; the first result stays.
    let fresh = Description::with_samples::<T>(&Samples::new());
    let mut entries = entries.write().unwrap_or_else(PoisonError::into_inner);
    entries.entry(TypeId::of::<T>()).or_insert(fresh).clone()
}
