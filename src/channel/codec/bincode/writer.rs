//! Values to bytes.

use serde::ser::{
    Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

use super::error::{Error, Problem};
use super::{SINGLE_BYTE_MAX, U16_FOLLOWS, U32_FOLLOWS, U64_FOLLOWS, U128_FOLLOWS};
use crate::channel::codec::bounded::BoundedBuffer;

/// Writes one value.
pub(super) struct Writer<'a> {
    pub(super) buffer: BoundedBuffer<'a>,
}

impl Writer<'_> {
    #[inline]
    fn push(&mut self, byte: u8) -> Result<(), Error> {
        Ok(self.buffer.push(byte)?)
    }

    #[inline]
    fn append(&mut self, bytes: &[u8]) -> Result<(), Error> {
        Ok(self.buffer.append(bytes)?)
    }

    /// An unsigned number in as few bytes as the format has for it. Whatever its type, it is the same.
    #[inline]
    fn number(&mut self, number: u64) -> Result<(), Error> {
        if number <= u64::from(SINGLE_BYTE_MAX) {
            self.push(number as u8)
        } else if let Ok(number) = u16::try_from(number) {
            let [a, b] = number.to_le_bytes();
            self.append(&[U16_FOLLOWS, a, b])
        } else if let Ok(number) = u32::try_from(number) {
            let [a, b, c, d] = number.to_le_bytes();
            self.append(&[U32_FOLLOWS, a, b, c, d])
        } else {
            let [a, b, c, d, e, f, g, h] = number.to_le_bytes();
            self.append(&[U64_FOLLOWS, a, b, c, d, e, f, g, h])
        }
    }

    fn wide_number(&mut self, number: u128) -> Result<(), Error> {
        match u64::try_from(number) {
            Ok(number) => self.number(number),
            Err(_) => {
                self.push(U128_FOLLOWS)?;
                self.append(&number.to_le_bytes())
            }
        }
    }

    #[inline]
    fn length(&mut self, length: Option<usize>) -> Result<(), Error> {
        match length {
            Some(length) => self.number(length as u64),
            None => Err(Problem::Unmeasured.into()),
        }
    }
}

/// Small numbers of both signs as small ones without: 0, -1, 1, -2.
#[inline]
fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)) as u64
}

#[inline]
fn wide_zigzag(number: i128) -> u128 {
    ((number << 1) ^ (number >> 127)) as u128
}

impl Serializer for &mut Writer<'_> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Self;
    type SerializeMap = Self;
    type SerializeStruct = Self;
    type SerializeStructVariant = Self;

    #[inline]
    fn is_human_readable(&self) -> bool {
        false
    }

    #[inline]
    fn serialize_bool(self, value: bool) -> Result<(), Error> {
        self.push(value.into())
    }

    #[inline]
    fn serialize_i8(self, value: i8) -> Result<(), Error> {
        self.push(value as u8)
    }

    #[inline]
    fn serialize_i16(self, value: i16) -> Result<(), Error> {
        self.number(zigzag(value.into()))
    }

    #[inline]
    fn serialize_i32(self, value: i32) -> Result<(), Error> {
        self.number(zigzag(value.into()))
    }

    #[inline]
    fn serialize_i64(self, value: i64) -> Result<(), Error> {
        self.number(zigzag(value))
    }

    #[inline]
    fn serialize_i128(self, value: i128) -> Result<(), Error> {
        self.wide_number(wide_zigzag(value))
    }

    #[inline]
    fn serialize_u8(self, value: u8) -> Result<(), Error> {
        self.push(value)
    }

    #[inline]
    fn serialize_u16(self, value: u16) -> Result<(), Error> {
        self.number(value.into())
    }

    #[inline]
    fn serialize_u32(self, value: u32) -> Result<(), Error> {
        self.number(value.into())
    }

    #[inline]
    fn serialize_u64(self, value: u64) -> Result<(), Error> {
        self.number(value)
    }

    #[inline]
    fn serialize_u128(self, value: u128) -> Result<(), Error> {
        self.wide_number(value)
    }

    #[inline]
    fn serialize_f32(self, value: f32) -> Result<(), Error> {
        self.append(&value.to_le_bytes())
    }

    #[inline]
    fn serialize_f64(self, value: f64) -> Result<(), Error> {
        self.append(&value.to_le_bytes())
    }

    #[inline]
    fn serialize_char(self, value: char) -> Result<(), Error> {
        self.append(value.encode_utf8(&mut [0; 4]).as_bytes())
    }

    #[inline]
    fn serialize_str(self, value: &str) -> Result<(), Error> {
        self.serialize_bytes(value.as_bytes())
    }

    #[inline]
    fn serialize_bytes(self, value: &[u8]) -> Result<(), Error> {
        self.number(value.len() as u64)?;
        self.append(value)
    }

    #[inline]
    fn serialize_none(self) -> Result<(), Error> {
        self.push(0)
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        self.push(1)?;
        value.serialize(self)
    }

    #[inline]
    fn serialize_unit(self) -> Result<(), Error> {
        Ok(())
    }

    #[inline]
    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Error> {
        Ok(())
    }

    #[inline]
    fn serialize_unit_variant(
        self,
        _: &'static str,
        variant: u32,
        _: &'static str,
    ) -> Result<(), Error> {
        self.number(variant.into())
    }

    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        value.serialize(self)
    }

    #[inline]
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        variant: u32,
        _: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        self.number(variant.into())?;
        value.serialize(self)
    }

    #[inline]
    fn serialize_seq(self, length: Option<usize>) -> Result<Self, Error> {
        self.length(length)?;
        Ok(self)
    }

    #[inline]
    fn serialize_tuple(self, _: usize) -> Result<Self, Error> {
        Ok(self)
    }

    #[inline]
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self, Error> {
        Ok(self)
    }

    #[inline]
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        variant: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self, Error> {
        self.number(variant.into())?;
        Ok(self)
    }

    #[inline]
    fn serialize_map(self, length: Option<usize>) -> Result<Self, Error> {
        self.length(length)?;
        Ok(self)
    }

    #[inline]
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, Error> {
        Ok(self)
    }

    #[inline]
    fn serialize_struct_variant(
        self,
        _: &'static str,
        variant: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self, Error> {
        self.number(variant.into())?;
        Ok(self)
    }
}

/// Parts stand one behind the other, with nothing between them.
macro_rules! write_parts {
    ($($kind:ident { $($method:ident($($name:ty)?)),+ })+) => {$(
        impl $kind for &mut Writer<'_> {
            type Ok = ();
            type Error = Error;

            $(
                #[inline]
                fn $method<T: Serialize + ?Sized>(
                    &mut self,
                    $(_: $name,)?
                    part: &T,
                ) -> Result<(), Error> {
                    part.serialize(&mut **self)
                }
            )+

            #[inline]
            fn end(self) -> Result<(), Error> {
                Ok(())
            }
        }
    )+};
}

write_parts! {
    SerializeSeq { serialize_element() }
    SerializeTuple { serialize_element() }
    SerializeTupleStruct { serialize_field() }
    SerializeTupleVariant { serialize_field() }
    SerializeMap { serialize_key(), serialize_value() }
    SerializeStruct { serialize_field(&'static str) }
    SerializeStructVariant { serialize_field(&'static str) }
}
