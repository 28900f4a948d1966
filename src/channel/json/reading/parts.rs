//! Values with parts: each part is taken from the codec when the serializer is ready for it.

use std::fmt;

use serde::de::{self, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde::ser::{SerializeMap, SerializeSeq, SerializeTuple, Serializer};

use super::takers::{Element, Key, Position, TakenSeed, Value};
use super::variants::Enum;
use super::{Part, Reading};
use crate::channel::identity::{Field, Shape, TypeIndex};
use crate::channel::json::names::written;
use crate::channel::json::trail::Place;

impl<'s> Reading<'s> {
    /// As [`Reading::pass`], for all that is not primitive.
    pub(super) fn pass_parts<'de, D: Deserializer<'de>, S: Serializer>(
        &self,
        at: TypeIndex,
        shape: &'s Shape,
        from: D,
        to: S,
    ) -> Result<S::Ok, D::Error> {
        let reading = self;
        match shape {
            Shape::Primitive(primitive) => self.pass_primitive(*primitive, from, to),
            Shape::UnitStruct => from.deserialize_unit_struct("", Nothing { reading, to }),
            Shape::Option(content) => {
                from.deserialize_option(Optional { reading, content: *content, to })
            }
            Shape::NewtypeStruct(content) => {
                from.deserialize_newtype_struct("", Newtype { reading, content: *content, to })
            }
            Shape::Sequence(element) => {
                from.deserialize_seq(Sequence { reading, element: *element, to })
            }
            Shape::Map { key, value } => {
                from.deserialize_map(Map { reading, key: *key, value: *value, to })
            }
            Shape::Tuple(parts) | Shape::TupleStruct(parts) => {
                from.deserialize_tuple(parts.len(), Tuple { reading, parts, to })
            }
            Shape::Struct(fields) => {
                from.deserialize_tuple(fields.len(), Struct { reading, fields, to })
            }
            Shape::Enum(variants) => {
                from.deserialize_enum("", &[], Enum { reading, at, variants, to })
            }
        }
    }
}

/// A unit struct.
struct Nothing<'r, 's, S> {
    reading: &'r Reading<'s>,
    to: S,
}

impl<S: Serializer> Visitor<'_> for Nothing<'_, '_, S> {
    type Value = S::Ok;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a unit struct")
    }

    fn visit_unit<E: de::Error>(self) -> Result<S::Ok, E> {
        self.reading.count_empty_part()?;
        self.reading.written(self.to.serialize_unit())
    }
}

struct Optional<'r, 's, S> {
    reading: &'r Reading<'s>,
    content: TypeIndex,
    to: S,
}

impl<'de, S: Serializer> Visitor<'de> for Optional<'_, '_, S> {
    type Value = S::Ok;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an option")
    }

    fn visit_none<E: de::Error>(self) -> Result<S::Ok, E> {
        self.reading.written(self.to.serialize_none())
    }

    fn visit_unit<E: de::Error>(self) -> Result<S::Ok, E> {
        self.visit_none()
    }

    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<S::Ok, D::Error> {
        let Optional { reading, content, to } = self;
        reading.trail.enter(Place::Some);
        let ok = reading.written(to.serialize_some(&Part::new(reading, content, from)))?;
        reading.trail.leave();
        Ok(ok)
    }
}

/// A newtype struct, which leaves no trace in JSON.
struct Newtype<'r, 's, S> {
    reading: &'r Reading<'s>,
    content: TypeIndex,
    to: S,
}

impl<'de, S: Serializer> Visitor<'de> for Newtype<'_, '_, S> {
    type Value = S::Ok;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a newtype struct")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, from: D) -> Result<S::Ok, D::Error> {
        let Newtype { reading, content, to } = self;
        reading.trail.enter(Place::Position(0));
        let ok = reading.pass(content, from, to)?;
        reading.trail.leave();
        Ok(ok)
    }
}

struct Sequence<'r, 's, S> {
    reading: &'r Reading<'s>,
    element: TypeIndex,
    to: S,
}

impl<'de, S: Serializer> Visitor<'de> for Sequence<'_, '_, S> {
    type Value = S::Ok;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a sequence")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<S::Ok, A::Error> {
        let Sequence { reading, element: content, to } = self;
        // The number that is claimed is not handed on: it may be wrong.
        let mut elements = reading.written(to.serialize_seq(None))?;
        for index in 0.. {
            reading.trail.enter(Place::Element(index));
            let taker = Element(&mut elements);
            let came = access.next_element_seed(TakenSeed { reading, content, taker })?;
            reading.trail.leave();
            if came.is_none() {
                break;
            }
        }
        reading.written(elements.end())
    }
}

struct Map<'r, 's, S> {
    reading: &'r Reading<'s>,
    key: TypeIndex,
    value: TypeIndex,
    to: S,
}

impl<'de, S: Serializer> Visitor<'de> for Map<'_, '_, S> {
    type Value = S::Ok;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<S::Ok, A::Error> {
        let Map { reading, key, value, to } = self;
        let mut entries = reading.written(to.serialize_map(None))?;
        for entry in 0.. {
            reading.trail.enter(Place::Key(entry));
            let taker = Key(&mut entries);
            let came = access.next_key_seed(TakenSeed { reading, content: key, taker })?;
            reading.trail.leave();
            if came.is_none() {
                break;
            }
            reading.trail.enter(Place::Value(entry));
            let taker = Value(&mut entries);
            access.next_value_seed(TakenSeed { reading, content: value, taker })?;
            reading.trail.leave();
        }
        reading.written(entries.end())
    }
}

/// A tuple, or what is like one: a tuple struct, or the content of a tuple variant.
pub(super) struct Tuple<'r, 's, S> {
    pub(super) reading: &'r Reading<'s>,
    pub(super) parts: &'s [TypeIndex],
    pub(super) to: S,
}

impl<'de, S: Serializer> Visitor<'de> for Tuple<'_, '_, S> {
    type Value = S::Ok;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "a tuple of {}", self.parts.len())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<S::Ok, A::Error> {
        let Tuple { reading, parts, to } = self;
        if parts.is_empty() {
            reading.count_empty_part()?;
        }
        let mut elements = reading.written(to.serialize_tuple(parts.len()))?;
        for (position, content) in parts.iter().enumerate() {
            reading.trail.enter(Place::Position(position));
            let seed = TakenSeed { reading, content: *content, taker: Position(&mut elements) };
            access.next_element_seed(seed)?.ok_or_else(|| A::Error::custom("it is missing"))?;
            reading.trail.leave();
        }
        reading.written(elements.end())
    }
}

/// A struct, or the content of a struct variant. Its fields come without their names, as in a tuple.
pub(super) struct Struct<'r, 's, S> {
    pub(super) reading: &'r Reading<'s>,
    pub(super) fields: &'s [Field],
    pub(super) to: S,
}

impl<'de, S: Serializer> Visitor<'de> for Struct<'_, '_, S> {
    type Value = S::Ok;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "a struct of {} fields", self.fields.len())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<S::Ok, A::Error> {
        let Struct { reading, fields, to } = self;
        if fields.is_empty() {
            reading.count_empty_part()?;
        }
        let mut entries = reading.written(to.serialize_map(Some(fields.len())))?;
        for field in fields {
            reading.trail.enter(Place::Field(&field.name));
            reading.written(entries.serialize_key(written(&field.name)))?;
            let taker = Value(&mut entries);
            access
                .next_element_seed(TakenSeed { reading, content: field.content, taker })?
                .ok_or_else(|| A::Error::custom("it is missing"))?;
            reading.trail.leave();
        }
        reading.written(entries.end())
    }
}
