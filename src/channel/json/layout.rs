//! How a codec writes structs and enums: what has to be known of it to write one without its names.
//!
//! Serde wants the names of structs, fields and variants as `&'static str`, and those of a schema are
//! not: it may come from a peer, and names that are kept for good could fill the memory. So structs
//! are handled as tuples, which have no names, and enums as the codec writes them: by the number of
//! the variant, as bincode and postcard do, or as a map from its name, as MessagePack does. Whether a
//! codec is one of these is not believed but seen: a few small values are encoded both ways.

use serde::ser::{SerializeMap, SerializeStruct, SerializeTuple};
use serde::ser::{SerializeStructVariant, SerializeTupleVariant};
use serde::{Serialize, Serializer};

use super::JsonError;
use crate::channel::codec::SerdeCodec;

/// How the variants of an enum stand in the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// Their number, and what they contain.
    ByNumber,
    /// Their name as a text, or a map with one entry from the name to what they contain.
    ByName,
}

impl Layout {
    /// Fails if structs of this codec are not like tuples, or if variants are in neither form.
    pub(super) fn of<C: SerdeCodec>() -> Result<Layout, JsonError> {
        let unknown = || JsonError::UnknownLayout { codec: C::NAME };
        let is_same = |left: Probe, right: Probe| match (left.bytes::<C>(), right.bytes::<C>()) {
            (Some(left), Some(right)) => left == right,
            _ => false,
        };
        if !is_same(Probe::Struct, Probe::Tuple) {
            return Err(unknown());
        }
        let all = |form: fn(Content, &'static str) -> Probe| {
            let alike = |content| is_same(Probe::Variant(content, "A"), form(content, "B"));
            alike(Content::Unit) && alike(Content::Newtype) && alike(Content::Tuple)
        };
        let struct_is_tuple =
            is_same(Probe::Variant(Content::Struct, "A"), Probe::Variant(Content::Tuple, "A"));
        let by_name = |content, _| Probe::Named(content, "A");
        match struct_is_tuple {
            true if all(Probe::Variant) => Ok(Layout::ByNumber),
            true if all(by_name) => Ok(Layout::ByName),
            _ => Err(unknown()),
        }
    }
}

/// A value that is encoded to see how.
#[derive(Debug, Clone, Copy)]
enum Probe {
    Struct,
    Tuple,
    /// A variant with that name.
    Variant(Content, &'static str),
    /// What a variant with that name is if it is written by its name.
    Named(Content, &'static str),
}

#[derive(Debug, Clone, Copy)]
enum Content {
    Unit,
    Newtype,
    Tuple,
    Struct,
}

/// The number of the variant; any but 0.
const NUMBER: u32 = 5;

impl Probe {
    fn bytes<C: SerdeCodec>(self) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        C::encode(&self, &mut bytes).ok().map(|()| bytes)
    }
}

impl Serialize for Probe {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            Probe::Struct => {
                let mut fields = serializer.serialize_struct("A", 2)?;
                fields.serialize_field("first", &7_u8)?;
                fields.serialize_field("second", "8")?;
                fields.end()
            }
            Probe::Tuple => {
                let mut elements = serializer.serialize_tuple(2)?;
                elements.serialize_element(&7_u8)?;
                elements.serialize_element("8")?;
                elements.end()
            }
            Probe::Variant(Content::Unit, name) => {
                serializer.serialize_unit_variant("A", NUMBER, name)
            }
            Probe::Variant(Content::Newtype, name) => {
                serializer.serialize_newtype_variant("A", NUMBER, name, &7_u8)
            }
            Probe::Variant(Content::Tuple, name) => {
                let mut elements = serializer.serialize_tuple_variant("A", NUMBER, name, 2)?;
                elements.serialize_field(&7_u8)?;
                elements.serialize_field("8")?;
                elements.end()
            }
            Probe::Variant(Content::Struct, name) => {
                let mut fields = serializer.serialize_struct_variant("A", NUMBER, name, 2)?;
                fields.serialize_field("first", &7_u8)?;
                fields.serialize_field("second", "8")?;
                fields.end()
            }
            Probe::Named(Content::Unit, name) => serializer.serialize_str(name),
            Probe::Named(content, name) => {
                let mut entry = serializer.serialize_map(Some(1))?;
                match content {
                    Content::Newtype => entry.serialize_entry(name, &7_u8)?,
                    _ => entry.serialize_entry(name, &Probe::Tuple)?,
                }
                entry.end()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::de::DeserializeSeed;

    use super::*;
    use crate::channel::{Bincode, CodecError};

    /// JSON as a codec: its structs have names.
    enum Text {}

    impl SerdeCodec for Text {
        const NAME: &'static str = "json";

        fn encode<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) -> Result<(), CodecError> {
            serde_json::to_writer(out, value).map_err(|e| CodecError::Refused(e.to_string()))
        }

        fn decode_seed<'de, S: DeserializeSeed<'de>>(
            seed: S,
            input: &'de [u8],
        ) -> Result<S::Value, CodecError> {
            seed.deserialize(&mut serde_json::Deserializer::from_slice(input))
                .map_err(|e| CodecError::Refused(e.to_string()))
        }
    }

    #[test]
    fn bincode_writes_numbers_and_a_codec_with_names_of_fields_is_noticed() {
        assert!(matches!(Layout::of::<Bincode>(), Ok(Layout::ByNumber)));
        assert!(matches!(Layout::of::<Text>(), Err(JsonError::UnknownLayout { codec: "json" })));
    }
}
