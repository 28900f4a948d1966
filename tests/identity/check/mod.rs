//! Values against the schema of their type: which fit, which do not, and whether bincode agrees.

mod fitting;
mod kinds;
mod misfits;

use std::fmt::Debug;

use bincode::config::standard;
use netchan::channel::identity::{Misfit, Schema};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What becomes of a value that is sent without a check.
pub(crate) fn sent<T: Serialize + DeserializeOwned>(value: &T) -> Option<T> {
    let bytes = bincode::serde::encode_to_vec(value, standard()).unwrap();
    match bincode::serde::decode_from_slice(&bytes, standard()) {
        Ok((value, used)) if used == bytes.len() => Some(value),
        _ => None,
    }
}

pub(crate) fn check<T: Serialize + DeserializeOwned + 'static>(value: &T) -> Result<(), Misfit> {
    Schema::of::<T>().unwrap().check(value)
}

/// A value that arrives as what it was passes.
#[track_caller]
pub(crate) fn fits<T: Serialize + DeserializeOwned + Debug + PartialEq + 'static>(value: T) {
    assert_eq!(sent(&value).as_ref(), Some(&value), "it is no value that can be sent");
    assert_eq!(check(&value), Ok(()), "{value:?}");
}

/// A value that arrives as something else, or not at all, is refused.
#[track_caller]
pub(crate) fn refused<T: Serialize + DeserializeOwned + Debug + PartialEq + 'static>(
    value: T,
    text: &str,
) {
    assert_ne!(sent(&value).as_ref(), Some(&value), "it arrives as what it was");
    assert_eq!(check(&value).unwrap_err().to_string(), text);
}
