//! Schemas to bytes and back, for the two sides of a channel to show each other.

use bytes::Bytes;

use crate::channel::CodecError;
use crate::channel::codec::{Bincode, SerdeCodec};
use crate::channel::identity::Schema;

/// The bytes of a schema. The layout is a part of the protocol.
pub(crate) fn encode_schema(schema: &Schema) -> Bytes {
    let mut bytes = Vec::new();
    match Bincode::encode(schema, &mut bytes) {
        Ok(()) => bytes.into(),
        // It has a bounded number of types, and names of the program's own.
        Err(error) => {
            tracing::debug!(%error, "a schema is too long to be shown");
            Bytes::new()
        }
    }
}

/// The schema in bytes that may come from a peer: its size and its references are checked.
///
/// # Errors
///
/// [`CodecError`] when there is none in them.
pub(crate) fn decode_schema(bytes: &[u8]) -> Result<Schema, CodecError> {
    <Bincode as SerdeCodec>::decode(bytes)
}
