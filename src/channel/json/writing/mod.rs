//! JSON to bytes, by a schema.
//!
//! The schema says what comes next, the text is searched for it, and what is found goes to the codec.
//! This file has values without parts, [`parts`] those with parts, and [`fields`] how the fields of an
//! object find their places.

mod fields;
mod parts;

use std::fmt::Display;
use std::str::FromStr;

use serde::ser::{Error as _, Serialize, Serializer};

use super::JsonError;
use super::layout::Layout;
use super::names::Names;
use super::text::Json;
use super::trail::Trail;
use crate::channel::CodecError;
use crate::channel::codec::SerdeCodec;
use crate::channel::guard::Nesting;
use crate::channel::identity::{Primitive, Schema, Shape, TypeIndex};

/// Appends the value that `text` stands for.
pub(super) fn write<C: SerdeCodec>(
    schema: &Schema,
    text: &str,
    output: &mut Vec<u8>,
) -> Result<(), JsonError> {
    let json = Json::parse(text)?;
    let writing = Writing {
        schema,
        layout: Layout::of::<C>()?,
        trail: Trail::new(schema.name()),
        names: Names::default(),
    };
    let root =
        Fit { writing: &writing, content: TypeIndex::ROOT, json: &json, nesting: Nesting::begin() };
    let length = output.len();
    C::encode(&root, output).map_err(|error| {
        output.truncate(length);
        let path = writing.trail.path();
        writing.trail.into_error().unwrap_or(JsonError::Unencodable { path, error })
    })
}

/// One value on its way from JSON to a codec.
#[derive(Debug)]
struct Writing<'a> {
    schema: &'a Schema,
    layout: Layout,
    trail: Trail<'a>,
    names: Names<'a>,
}

impl Writing<'_> {
    /// Notes why it does not go on. The error that the codec is given only ends its work.
    fn fail<E: serde::ser::Error>(&self, error: impl FnOnce(String) -> JsonError) -> E {
        self.trail.note(error);
        E::custom("the JSON does not fit")
    }

    fn unfit<E: serde::ser::Error>(&self, expected: impl Display, json: &Json<'_>) -> E {
        let (expected, found) = (expected.to_string(), json.describe());
        self.fail(|path| JsonError::Unfit { path, expected, found })
    }
}

/// A piece of JSON that is to become a value of the type `content`.
struct Fit<'f, 'a> {
    writing: &'f Writing<'a>,
    content: TypeIndex,
    json: &'f Json<'a>,
    nesting: Nesting,
}

impl Serialize for Fit<'_, '_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Some(item) = self.writing.schema.get(self.content) else {
            return Err(S::Error::custom("the schema refers to a type that it has not"));
        };
        match &item.shape {
            Shape::Primitive(primitive) => self.primitive(*primitive, to),
            Shape::UnitStruct => {
                self.null()?;
                to.serialize_unit_struct("")
            }
            shape => {
                let Some(nesting) = self.nesting.deeper() else {
                    let error = CodecError::TooDeep { depth_max: self.nesting.depth() };
                    return Err(self.writing.fail(|path| JsonError::Unencodable { path, error }));
                };
                self.parts(shape, nesting, to)
            }
        }
    }
}

impl Fit<'_, '_> {
    fn primitive<S: Serializer>(&self, primitive: Primitive, to: S) -> Result<S::Ok, S::Error> {
        match primitive {
            Primitive::Unit => {
                self.null()?;
                to.serialize_unit()
            }
            Primitive::Bool => {
                let value = self.json.boolean();
                to.serialize_bool(value.ok_or_else(|| self.writing.unfit("a bool", self.json))?)
            }
            Primitive::I8 => to.serialize_i8(self.integer(primitive)?),
            Primitive::I16 => to.serialize_i16(self.integer(primitive)?),
            Primitive::I32 => to.serialize_i32(self.integer(primitive)?),
            Primitive::I64 => to.serialize_i64(self.integer(primitive)?),
            Primitive::I128 => to.serialize_i128(self.long_integer(primitive)?),
            Primitive::U8 => to.serialize_u8(self.integer(primitive)?),
            Primitive::U16 => to.serialize_u16(self.integer(primitive)?),
            Primitive::U32 => to.serialize_u32(self.integer(primitive)?),
            Primitive::U64 => to.serialize_u64(self.integer(primitive)?),
            Primitive::U128 => to.serialize_u128(self.long_integer(primitive)?),
            Primitive::F32 => to.serialize_f32(self.float(primitive, f32::is_finite)?),
            Primitive::F64 => to.serialize_f64(self.float(primitive, f64::is_finite)?),
            Primitive::Char => {
                let text = self.string("a string of one character")?;
                let mut characters = text.chars();
                match (characters.next(), characters.next()) {
                    (Some(character), None) => to.serialize_char(character),
                    _ => Err(self.writing.unfit("a string of one character", self.json)),
                }
            }
            Primitive::String => to.serialize_str(&self.string("a string")?),
            Primitive::Bytes => to.serialize_bytes(&self.bytes()?),
        }
    }

    fn null<E: serde::ser::Error>(&self) -> Result<(), E> {
        if self.json.is_null() { Ok(()) } else { Err(self.writing.unfit("null", self.json)) }
    }

    /// Rust's own reading of numbers is exact, and takes all that JSON has.
    fn integer<T: FromStr, E: serde::ser::Error>(&self, primitive: Primitive) -> Result<T, E> {
        let number = self.json.number().and_then(|number| number.parse().ok());
        number.ok_or_else(|| self.writing.unfit(Expected(primitive), self.json))
    }

    /// Many programs cannot hold such numbers, and send them as texts.
    fn long_integer<T: FromStr, E: serde::ser::Error>(&self, primitive: Primitive) -> Result<T, E> {
        match self.json {
            Json::Value(raw) if raw.get().starts_with('"') => {
                let text = self.string("a string")?;
                let key = Json::Key(text);
                let number = key.number().and_then(|number| number.parse().ok());
                number.ok_or_else(|| self.writing.unfit(Expected(primitive), self.json))
            }
            _ => self.integer(primitive),
        }
    }

    fn float<T: FromStr + Copy, E: serde::ser::Error>(
        &self,
        primitive: Primitive,
        is_finite: fn(T) -> bool,
    ) -> Result<T, E> {
        let number = self.json.number().and_then(|number| number.parse().ok());
        let number = number.filter(|number| is_finite(*number));
        number.ok_or_else(|| self.writing.unfit(Expected(primitive), self.json))
    }

    fn string<E: serde::ser::Error>(&self, expected: &str) -> Result<std::borrow::Cow<'_, str>, E> {
        self.json.string().ok_or_else(|| self.writing.unfit(expected, self.json))
    }
}

/// A number, for a message.
struct Expected(Primitive);

impl Display for Expected {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = self.0.name();
        match self.0 {
            Primitive::I8 => write!(formatter, "{name} ({} to {})", i8::MIN, i8::MAX),
            Primitive::I16 => write!(formatter, "{name} ({} to {})", i16::MIN, i16::MAX),
            Primitive::I32 => write!(formatter, "{name} ({} to {})", i32::MIN, i32::MAX),
            Primitive::U8 => write!(formatter, "{name} (0 to {})", u8::MAX),
            Primitive::U16 => write!(formatter, "{name} (0 to {})", u16::MAX),
            Primitive::U32 => write!(formatter, "{name} (0 to {})", u32::MAX),
            _ => formatter.write_str(name),
        }
    }
}
