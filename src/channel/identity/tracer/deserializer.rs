//! What `T::deserialize` talks to.
//!
//! Each method answers as the wire format does: values by position, variants by number, nothing by
//! name, and no way to ask what comes next. What is answered is decided in [`super::run`].

use std::any::type_name;
use std::fmt;

use serde::de::{self, Visitor};

use super::super::samples::Samples;
use super::super::shape::Primitive;
use super::access::{Elements, Entries, Names, Variants};
use super::graph::{NodeKey, NodeKind, SOMETHING};
use super::run::{Stopped, Tracer};

/// An error on its way through user code. What it means is kept in the tracer, because user code may
/// wrap or swallow it.
#[derive(Debug)]
pub(super) struct Interruption {
    message: String,
}

impl Interruption {
    pub(super) fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for Interruption {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Interruption {}

impl de::Error for Interruption {
    fn custom<M: fmt::Display>(message: M) -> Self {
        Self { message: message.to_string() }
    }
}

/// The tracer has noted why it stops.
impl From<Stopped> for Interruption {
    fn from(_: Stopped) -> Self {
        Self { message: "the trace of this type was stopped".to_owned() }
    }
}

/// A deserializer for the value at the tracer's current place.
pub(super) struct Invented<'t, 's> {
    pub(super) tracer: &'t mut Tracer<'s>,
}

impl Invented<'_, '_> {
    fn leaf<R>(
        self,
        primitive: Primitive,
        visit: impl FnOnce(&Samples, usize) -> Result<R, Interruption>,
    ) -> Result<R, Interruption> {
        let index = self.tracer.enter_leaf(primitive)?;
        let result = visit(self.tracer.samples, index);
        result.inspect_err(|error| self.tracer.note_rejection(&error.message))
    }

    fn integer<T: TryFrom<i128>, R>(
        self,
        primitive: Primitive,
        visit: impl FnOnce(T) -> Result<R, Interruption>,
    ) -> Result<R, Interruption> {
        self.leaf(primitive, |samples, index| {
            match samples.nth_integer(index) {
                Some(integer) => visit(integer),
                // Not reached: the index is below the count, and every integer type has a value.
                None => Err(Interruption::from(Stopped)),
            }
        })
    }

    fn undescribed<'de, V: Visitor<'de>>(
        self,
        request: &'static str,
        _: V,
    ) -> Result<V::Value, Interruption> {
        self.tracer.refuse_as_undescribed(request, type_name::<V::Value>());
        Err(Interruption::from(Stopped))
    }
}

fn key<V>(kind: NodeKind, name: Option<&'static str>, length: usize) -> NodeKey {
    NodeKey { visitor: typeid::of::<V>(), kind, name, names: &[], length }
}

/// Ends a type with parts.
///
/// It is called after the visitor and not around it: a function around it would be one more in the
/// nesting of generic functions, whose depth the compiler limits, and large syntax trees need it.
fn left<R>(tracer: &mut Tracer<'_>, result: Result<R, Interruption>) -> Result<R, Interruption> {
    if let Err(error) = &result {
        tracer.note_rejection(&error.message);
    }
    tracer.leave(result.is_ok());
    result
}

/// Reads the parts of a struct, or the fields of a struct variant.
pub(super) fn visit_fields<'de, V: Visitor<'de>>(
    visitor: V,
    tracer: &mut Tracer<'_>,
    branch: usize,
    count: usize,
) -> Result<V::Value, Interruption> {
    if tracer.is_looking_at_fields(branch) {
        return visitor.visit_map(Names { tracer });
    }
    visitor.visit_seq(Elements::new(tracer, count))
}

impl<'de> de::Deserializer<'de> for Invented<'_, '_> {
    type Error = Interruption;

    fn is_human_readable(&self) -> bool {
        false
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Interruption> {
        self.undescribed("deserialize_any", visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(
        self,
        visitor: V,
    ) -> Result<V::Value, Interruption> {
        self.undescribed("deserialize_ignored_any", visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Interruption> {
        self.undescribed("deserialize_identifier", visitor)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Interruption> {
        self.leaf(Primitive::Unit, |_, _| visitor.visit_unit())
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Interruption> {
        self.leaf(Primitive::Bool, |_, index| visitor.visit_bool(index == 1))
    }

    fn deserialize_i8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Interruption> {
        self.integer(Primitive::I8, |integer| visitor.visit_i8(integer))
    }

    fn deserialize_i16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Interruption> {
        self.integer(Primitive::I16, |integer| visitor.visit_i16(integer))
    }

    fn deserialize_i32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Interruption> {
        self.integer(Primitive::I32, |integer| visitor.visit_i32(integer))
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Interruption> {
        self.integer(Primitive::I64, |integer| visitor.visit_i64(integer))
    }

    fn deserialize_i128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Interruption> {
        self.integer(Primitive::I128, |integer| visitor.visit_i128(integer))
    }

    fn deserialize_u8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Interruption> {
        self.integer(Primitive::U8, |integer| visitor.visit_u8(integer))
    }

    fn deserialize_u16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Interruption> {
        self.integer(Primitive::U16, |integer| visitor.visit_u16(integer))
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Interruption> {
        self.integer(Primitive::U32, |integer| visitor.visit_u32(integer))
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Interruption> {
        self.integer(Primitive::U64, |integer| visitor.visit_u64(integer))
    }

    fn deserialize_u128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Interruption> {
        self.integer(Primitive::U128, |integer| visitor.visit_u128(integer))
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Interruption> {
        // The list holds small numbers that an f32 has exactly.
        self.leaf(Primitive::F32, |_, index| visitor.visit_f32(Samples::nth_float(index) as f32))
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Interruption> {
        self.leaf(Primitive::F64, |_, index| visitor.visit_f64(Samples::nth_float(index)))
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Interruption> {
        self.leaf(Primitive::Char, |_, index| visitor.visit_char(Samples::nth_character(index)))
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Interruption> {
        self.deserialize_string(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Interruption> {
        self.leaf(Primitive::String, |samples, index| visitor.visit_string(samples.nth_text(index)))
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Interruption> {
        self.deserialize_byte_buf(visitor)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Interruption> {
        self.leaf(Primitive::Bytes, |samples, index| {
            visitor.visit_byte_buf(samples.nth_bytes(index))
        })
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Interruption> {
        let Self { tracer } = self;
        let branch = tracer.enter(key::<V>(NodeKind::Option, None, 1))?;
        let result = if branch == SOMETHING {
            tracer.begin_element(0);
            visitor.visit_some(Invented { tracer: &mut *tracer })
        } else {
            visitor.visit_none()
        };
        left(tracer, result)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Interruption> {
        self.tracer.enter(key::<V>(NodeKind::UnitStruct, Some(name), 0))?;
        left(self.tracer, visitor.visit_unit())
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Interruption> {
        let Self { tracer } = self;
        tracer.enter(key::<V>(NodeKind::NewtypeStruct, Some(name), 1))?;
        tracer.begin_element(0);
        let result = visitor.visit_newtype_struct(Invented { tracer: &mut *tracer });
        left(tracer, result)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Interruption> {
        let Self { tracer } = self;
        let branch = tracer.enter(key::<V>(NodeKind::Sequence, None, 1))?;
        let result = visitor.visit_seq(Entries::new(tracer, branch == SOMETHING));
        left(tracer, result)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Interruption> {
        let Self { tracer } = self;
        let branch = tracer.enter(key::<V>(NodeKind::Map, None, 2))?;
        let result = visitor.visit_map(Entries::new(tracer, branch == SOMETHING));
        left(tracer, result)
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Interruption> {
        let Self { tracer } = self;
        tracer.enter(key::<V>(NodeKind::Tuple, None, length))?;
        let result = visitor.visit_seq(Elements::new(tracer, length));
        left(tracer, result)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Interruption> {
        let Self { tracer } = self;
        tracer.enter(key::<V>(NodeKind::TupleStruct, Some(name), length))?;
        let result = visitor.visit_seq(Elements::new(tracer, length));
        left(tracer, result)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Interruption> {
        let Self { tracer } = self;
        let key = key::<V>(NodeKind::Struct, Some(name), fields.len());
        let branch = tracer.enter(NodeKey { names: fields, ..key })?;
        let result = visit_fields(visitor, tracer, branch, fields.len());
        left(tracer, result)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Interruption> {
        let Self { tracer } = self;
        let key = key::<V>(NodeKind::Enum, Some(name), 1);
        tracer.enter(NodeKey { names: variants, ..key })?;
        let result = visitor.visit_enum(Variants { tracer: &mut *tracer });
        left(tracer, result)
    }
}
