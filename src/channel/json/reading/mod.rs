//! Bytes to any serializer, by a schema.
//!
//! The codec's deserializer is asked for what the schema says comes next, and each part goes to the
//! serializer before the next one is asked for. Nothing is kept but one text or byte array at a time,
//! and the way to the part that is worked on. This file has values without parts, and what passes from
//! one side to the other; [`parts`] and [`variants`] have values with
//! parts.
//!
//! # Bounds
//!
//! Schema and bytes may both come from a peer that means harm. Depth, and elements of no length, are
//! bounded by the guard under which all is decoded (`src/channel/guard/`). It takes tuples for as long as a
//! type in the source makes them; here they come from a schema, in which three tuples of 65,536
//! units in each other would be 2^48 of them. So parts of no length are counted here as well.

mod parts;
mod takers;
mod variants;

use std::cell::Cell;
use std::fmt::{self, Display};

use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};

use super::JsonError;
use super::names::Names;
use super::trail::Trail;
use crate::channel::codec::SerdeCodec;
use crate::channel::identity::{Primitive, Schema, Shape, TypeIndex};
use crate::channel::{CodecError, guard};
use crate::limits::{JSON_ZERO_LENGTH_PARTS_PER_BYTE, ZERO_LENGTH_ELEMENTS_MAX};

/// What an error is on its way up. Its text would be put into another at each level, and a codec that
/// writes such texts with escapes would double it each time.
const NOTED: &str = "it ended at a part";

/// Hands the value in `bytes` to the serializer.
pub(super) fn read<C: SerdeCodec, S: Serializer>(
    schema: &Schema,
    bytes: &[u8],
    serializer: S,
) -> Result<S::Ok, JsonError> {
    let of_bytes = bytes.len().saturating_mul(JSON_ZERO_LENGTH_PARTS_PER_BYTE);
    let reading = Reading {
        schema,
        trail: Trail::new(schema.name()),
        names: Names::default(),
        empty_parts_left: Cell::new(of_bytes.saturating_add(ZERO_LENGTH_ELEMENTS_MAX)),
    };
    let root = PartSeed { reading: &reading, content: TypeIndex::ROOT, serializer };
    guard::decode_seed::<_, C>(root, bytes).map_err(|error| {
        let path = reading.trail.path();
        match (error, reading.trail.into_error()) {
            // On its way up the error has lost what the codec said first.
            (CodecError::Refused(_), Some(first)) => first,
            (error, _) => JsonError::Undecodable { path, error },
        }
    })
}

/// One value on its way from a codec to a serializer.
#[derive(Debug)]
struct Reading<'s> {
    schema: &'s Schema,
    trail: Trail<'s>,
    names: Names<'s>,
    empty_parts_left: Cell<usize>,
}

impl Reading<'_> {
    /// A part of the type `content`, from a deserializer to a serializer. Errors of the serializer pass
    /// through the deserializer.
    fn pass<'de, D: Deserializer<'de>, S: Serializer>(
        &self,
        content: TypeIndex,
        deserializer: D,
        serializer: S,
    ) -> Result<S::Ok, D::Error> {
        let Some(item) = self.schema.get(content) else {
            return Err(de::Error::custom("the schema refers to a type that it has not"));
        };
        match &item.shape {
            Shape::Primitive(Primitive::Unit) => {
                <()>::deserialize(deserializer)?;
                self.count_empty_part()?;
                self.written(serializer.serialize_unit())
            }
            Shape::Primitive(primitive) => {
                self.pass_primitive(*primitive, deserializer, serializer)
            }
            _ => self.pass_parts(content, &item.shape, deserializer, serializer),
        }
    }

    fn pass_primitive<'de, D: Deserializer<'de>, S: Serializer>(
        &self,
        primitive: Primitive,
        from: D,
        to: S,
    ) -> Result<S::Ok, D::Error> {
        let written = match primitive {
            Primitive::Unit => to.serialize_unit(),
            Primitive::Bool => to.serialize_bool(Deserialize::deserialize(from)?),
            Primitive::I8 => to.serialize_i8(Deserialize::deserialize(from)?),
            Primitive::I16 => to.serialize_i16(Deserialize::deserialize(from)?),
            Primitive::I32 => to.serialize_i32(Deserialize::deserialize(from)?),
            Primitive::I64 => to.serialize_i64(Deserialize::deserialize(from)?),
            Primitive::I128 => to.serialize_i128(Deserialize::deserialize(from)?),
            Primitive::U8 => to.serialize_u8(Deserialize::deserialize(from)?),
            Primitive::U16 => to.serialize_u16(Deserialize::deserialize(from)?),
            Primitive::U32 => to.serialize_u32(Deserialize::deserialize(from)?),
            Primitive::U64 => to.serialize_u64(Deserialize::deserialize(from)?),
            Primitive::U128 => to.serialize_u128(Deserialize::deserialize(from)?),
            Primitive::F32 => to.serialize_f32(Deserialize::deserialize(from)?),
            Primitive::F64 => to.serialize_f64(Deserialize::deserialize(from)?),
            Primitive::Char => to.serialize_char(Deserialize::deserialize(from)?),
            Primitive::String => return from.deserialize_str(TextTo { reading: self, to }),
            Primitive::Bytes => return from.deserialize_bytes(BytesTo { reading: self, to }),
        };
        self.written(written)
    }

    /// An error of the serializer becomes one of the deserializer.
    fn written<T, E: Display, F: de::Error>(&self, result: Result<T, E>) -> Result<T, F> {
        result.map_err(|error| {
            let unwritable = |path| JsonError::Unwritable { path, reason: error.to_string() };
            self.trail.note(unwritable);
            F::custom(NOTED)
        })
    }

    /// An error of the deserializer becomes one of the serializer.
    fn decoded<T, E: Display, F: serde::ser::Error>(&self, result: Result<T, E>) -> Result<T, F> {
        result.map_err(|error| {
            let refused = || CodecError::Refused(error.to_string());
            self.trail.note(|path| JsonError::Undecodable { path, error: refused() });
            F::custom(NOTED)
        })
    }

    /// Counts a part that takes no bytes and has no parts itself.
    fn count_empty_part<E: de::Error>(&self) -> Result<(), E> {
        match self.empty_parts_left.get().checked_sub(1) {
            Some(left) => {
                self.empty_parts_left.set(left);
                Ok(())
            }
            None => {
                let error = CodecError::TooManyElements { elements_max: ZERO_LENGTH_ELEMENTS_MAX };
                self.trail.note(|path| JsonError::Undecodable { path, error });
                Err(E::custom(NOTED))
            }
        }
    }
}

/// A part that is decoded, and goes to this serializer.
struct PartSeed<'r, 's, S> {
    reading: &'r Reading<'s>,
    content: TypeIndex,
    serializer: S,
}

impl<'de, S: Serializer> DeserializeSeed<'de> for PartSeed<'_, '_, S> {
    type Value = S::Ok;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Ok, D::Error> {
        self.reading.pass(self.content, deserializer, self.serializer)
    }
}

/// A part that is serialized, and comes from this deserializer.
struct Part<'r, 's, D> {
    reading: &'r Reading<'s>,
    content: TypeIndex,
    deserializer: Cell<Option<D>>,
}

impl<'r, 's, D> Part<'r, 's, D> {
    fn new(reading: &'r Reading<'s>, content: TypeIndex, deserializer: D) -> Part<'r, 's, D> {
        Part { reading, content, deserializer: Cell::new(Some(deserializer)) }
    }
}

impl<'de, D: Deserializer<'de>> Serialize for Part<'_, '_, D> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let deserializer = self.deserializer.take().ok_or_else(written_twice)?;
        self.reading.decoded(self.reading.pass(self.content, deserializer, serializer))
    }
}

/// A serializer writes what it is given once, while it is given it.
fn written_twice<E: serde::ser::Error>() -> E {
    E::custom("a part of a value that is streamed is written once")
}

struct TextTo<'r, 's, S> {
    reading: &'r Reading<'s>,
    to: S,
}

impl<S: Serializer> Visitor<'_> for TextTo<'_, '_, S> {
    type Value = S::Ok;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<S::Ok, E> {
        self.reading.written(self.to.serialize_str(text))
    }
}

struct BytesTo<'r, 's, S> {
    reading: &'r Reading<'s>,
    to: S,
}

impl<S: Serializer> Visitor<'_> for BytesTo<'_, '_, S> {
    type Value = S::Ok;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("bytes")
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<S::Ok, E> {
        self.reading.written(self.to.serialize_bytes(bytes))
    }
}
