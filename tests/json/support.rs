//! Values to bytes, to JSON and back.

use netchan::channel::identity::Schema;
use netchan::channel::json::{JsonError, from_json, to_json};
use netchan::channel::{Bincode, SerdeCodec, Value};

pub(crate) fn schema<T: Value>() -> Schema {
    Schema::clone(&Schema::of::<T>().unwrap())
}

pub(crate) fn bytes_of<T: Value>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    <Bincode as SerdeCodec>::encode(value, &mut bytes).unwrap();
    bytes
}

pub(crate) fn json_of(schema: &Schema, bytes: &[u8]) -> Result<String, JsonError> {
    let mut json = Vec::new();
    to_json::<Bincode>(schema, bytes, &mut json)?;
    Ok(String::from_utf8(json).unwrap())
}

pub(crate) fn bytes_from(schema: &Schema, json: &str) -> Result<Vec<u8>, JsonError> {
    let mut bytes = Vec::new();
    from_json::<Bincode>(schema, json, &mut bytes)?;
    Ok(bytes)
}

/// What is said of JSON that is no `T`.
pub(crate) fn refusal<T: Value>(json: &str) -> String {
    bytes_from(&schema::<T>(), json).unwrap_err().to_string()
}
