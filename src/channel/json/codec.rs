//! Codecs by their names, for programs that learn at run time what an exporter sends.

use std::fmt;
use std::io::Write;

use super::{JsonError, from_json, to_json, to_json_pretty};
use crate::channel::Bincode;
use crate::channel::codec::SerdeCodec;
use crate::channel::identity::Schema;

/// The codecs that have names here. A further one is a further line.
const KNOWN: &[JsonCodec] = &[
    JsonCodec::of::<Bincode>(),
    #[cfg(feature = "postcard")]
    JsonCodec::of::<crate::channel::Postcard>(),
    #[cfg(feature = "messagepack")]
    JsonCodec::of::<crate::channel::MessagePack>(),
];

type ToJson = fn(&Schema, &[u8], &mut dyn Write) -> Result<(), JsonError>;
type FromJson = fn(&Schema, &str, &mut Vec<u8>) -> Result<(), JsonError>;

/// A codec that was chosen at run time: by the name that a channel has for it, mostly.
///
/// ```
/// # use netchan::channel::identity::Schema;
/// use netchan::channel::json::JsonCodec;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let codec = JsonCodec::by_name("bincode2").ok_or("an unknown codec")?;
/// let schema = Schema::of::<(u8, Option<bool>)>()?;
/// let mut json = Vec::new();
/// codec.to_json(&schema, &[7, 1, 1], &mut json)?;
/// assert_eq!(json, b"[7,true]");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy)]
pub struct JsonCodec {
    name: &'static str,
    to_json: ToJson,
    to_json_pretty: ToJson,
    from_json: FromJson,
}

impl JsonCodec {
    /// The codec of that name ([`SerdeCodec::NAME`]), or `None` if this crate has none.
    pub fn by_name(name: &str) -> Option<JsonCodec> {
        KNOWN.iter().find(|codec| codec.name == name).copied()
    }

    /// Any codec, such as one of your own.
    pub const fn of<C: SerdeCodec>() -> JsonCodec {
        JsonCodec {
            name: C::NAME,
            to_json: |schema, bytes, writer| to_json::<C>(schema, bytes, writer),
            to_json_pretty: |schema, bytes, writer| to_json_pretty::<C>(schema, bytes, writer),
            from_json: from_json::<C>,
        }
    }

    /// The name that is compared when a channel is imported.
    pub fn name(self) -> &'static str {
        self.name
    }

    /// As [`to_json`](super::to_json).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn to_json(
        self,
        schema: &Schema,
        bytes: &[u8],
        writer: &mut dyn Write,
    ) -> Result<(), JsonError> {
        (self.to_json)(schema, bytes, writer)
    }

    /// As [`to_json_pretty`](super::to_json_pretty).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn to_json_pretty(
        self,
        schema: &Schema,
        bytes: &[u8],
        writer: &mut dyn Write,
    ) -> Result<(), JsonError> {
        (self.to_json_pretty)(schema, bytes, writer)
    }

    /// As [`from_json`](super::from_json).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn from_json(
        self,
        schema: &Schema,
        text: &str,
        output: &mut Vec<u8>,
    ) -> Result<(), JsonError> {
        (self.from_json)(schema, text, output)
    }
}

impl fmt::Debug for JsonCodec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("JsonCodec").field(&self.name).finish()
    }
}
