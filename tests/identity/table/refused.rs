//! Types that cannot be sent, and what is said of them.

use std::ffi::OsString;

use netchan::channel::identity::Schema;
use serde::de::DeserializeOwned;

use super::columns::normal;
use crate::shapes::*;

/// A refused type.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) name: String,
    /// The error behind the name of the type.
    pub(super) found: String,
    pub(super) expected: String,
}

fn refused<T: DeserializeOwned + 'static>(name: &str, expected: &str) -> Refused {
    let found = match Schema::of::<T>() {
        Ok(_) => "it is traced".to_owned(),
        Err(error) => {
            let text = error.to_string();
            text.strip_prefix(error.type_name()).unwrap_or(&text).to_owned()
        }
    };
    // A type that gives each of its levels a number is told by where the number begins.
    let found = match found.split_once(" at Level") {
        Some((before, _)) => format!("{before} at Level"),
        None => found,
    };
    Refused { name: normal(name), found, expected: expected.to_owned() }
}

/// The error for a type that asks what comes next.
fn undescribed(path: &str, request: &str, requested: &str) -> String {
    format!(
        " cannot be sent: {path} needs a self-describing format ({request} for {requested}), as do \
         `untagged`, `tag`, `flatten` and values of any type"
    )
}

macro_rules! refused {
    ($($type:ty => $expected:expr),+ $(,)?) => {
        vec![$(refused::<$type>(stringify!($type), $expected)),+]
    };
}

pub(super) fn rows() -> Vec<Refused> {
    refused![
        OsString => " refused every value that was tried at OsString::Windows: cannot deserialize Windows OS string on Unix",
        serde_json::Value => &undescribed("Value", "deserialize_any", "Value"),
        Vec<serde_json::Number> => &undescribed("Vec<Number>[]", "deserialize_any", "Number"),
        serde::de::IgnoredAny => &undescribed("IgnoredAny", "deserialize_ignored_any", "IgnoredAny"),
        Flattened => &undescribed("Flattened{key}", "deserialize_identifier", "a name"),
        InternallyTagged => &undescribed("InternallyTagged", "deserialize_any", "any value"),
        Vec<Untagged> => &undescribed("Vec<Untagged>[]", "deserialize_any", "any value"),
        AdjacentlyTagged => &undescribed("AdjacentlyTagged.kind", "deserialize_identifier", "a name"),
        AdjacentlyTaggedUnit => &undescribed("AdjacentlyTaggedUnit.kind", "deserialize_identifier", "a name"),
        AdjacentlyTaggedEqual => &undescribed("AdjacentlyTaggedEqual.kind", "deserialize_identifier", "a name"),
        Never => " has no finite value: no way through Never comes to an end",
        Endless => " has no finite value: no way through Endless.next comes to an end",
        EndlessEnum => " has no finite value: no way through EndlessEnum comes to an end",
        EndlessPair => " has no finite value: no way through EndlessPair.other.back comes to an end",
        OptionalEndless => " has no finite value: no way through option? comes to an end",
        LengthFirst => " has no fixed shape: LengthFirst.1 is read as u8 and as u32",
        (Password, u8) => " refused every value that was tried at (Password, u8).0: a password needs a dollar sign",
        MapOnly => " refused every value that was tried at MapOnly: invalid type: sequence, expected fields by name",
        ByNameOnly => " cannot be sent: ByNameOnly::A does not accept its variants by number: invalid type: integer `0`, expected a string",
        NeverDone => " is too large to trace: 2000000 requests reached at NeverDone",
        Growing => " is too large to trace: 256 levels or the stack for them reached at Level",
        Heavy => " is too large to trace: 256 levels or the stack for them reached at Level",
    ]
}
