//! Bytes to values.
//!
//! Texts and bytes are lent to the type from where they stand, so no length that is claimed takes
//! memory.

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};

use super::error::{Error, Problem};
use super::{SINGLE_BYTE_MAX, U16_FOLLOWS, U32_FOLLOWS, U64_FOLLOWS, U128_FOLLOWS};

/// Reads one value.
pub(super) struct Reader<'de> {
    /// What has not been read.
    pub(super) rest: &'de [u8],
}

impl<'de> Reader<'de> {
    #[inline]
    fn byte(&mut self) -> Result<u8, Error> {
        let Some((byte, rest)) = self.rest.split_first() else { return Err(self.end(1)) };
        self.rest = rest;
        Ok(*byte)
    }

    #[inline]
    fn array<const LENGTH: usize>(&mut self) -> Result<[u8; LENGTH], Error> {
        let Some((bytes, rest)) = self.rest.split_first_chunk() else {
            return Err(self.end(LENGTH));
        };
        self.rest = rest;
        Ok(*bytes)
    }

    #[inline]
    fn slice(&mut self, length: usize) -> Result<&'de [u8], Error> {
        let Some((bytes, rest)) = self.rest.split_at_checked(length) else {
            return Err(self.end(length));
        };
        self.rest = rest;
        Ok(bytes)
    }

    /// What is wrong when so many bytes are wanted and are not there.
    #[cold]
    fn end(&self, wanted: usize) -> Error {
        Problem::End { missing: wanted.saturating_sub(self.rest.len()) }.into()
    }

    /// An unsigned number of this many bits at most. It may be written in more bytes than it needs, but
    /// not in more than its type has.
    #[inline]
    fn number(&mut self, bits_max: u32) -> Result<u64, Error> {
        let first = self.byte()?;
        match first {
            0..=SINGLE_BYTE_MAX => Ok(first.into()),
            U16_FOLLOWS => Ok(u16::from_le_bytes(self.array()?).into()),
            U32_FOLLOWS if bits_max >= 32 => Ok(u32::from_le_bytes(self.array()?).into()),
            U64_FOLLOWS if bits_max >= 64 => Ok(u64::from_le_bytes(self.array()?)),
            _ => Err(Problem::Number(first, bits_max).into()),
        }
    }

    #[inline]
    fn number_u16(&mut self) -> Result<u16, Error> {
        Ok(self.number(16)? as u16)
    }

    #[inline]
    fn number_u32(&mut self) -> Result<u32, Error> {
        Ok(self.number(32)? as u32)
    }

    fn number_u128(&mut self) -> Result<u128, Error> {
        if let Some((&U128_FOLLOWS, rest)) = self.rest.split_first() {
            self.rest = rest;
            return Ok(u128::from_le_bytes(self.array()?));
        }
        Ok(self.number(64)?.into())
    }

    #[inline]
    fn length(&mut self) -> Result<usize, Error> {
        let length = self.number(64)?;
        usize::try_from(length).map_err(|_| Problem::Length(length).into())
    }

    #[inline]
    fn bit(&mut self) -> Result<bool, Error> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(Problem::Bit(other).into()),
        }
    }

    fn character(&mut self) -> Result<char, Error> {
        let first = *self.rest.first().ok_or_else(|| self.end(1))?;
        let width = match first {
            0..0x80 => 1,
            0xc2..0xe0 => 2,
            0xe0..0xf0 => 3,
            0xf0..0xf5 => 4,
            _ => return Err(Problem::Character.into()),
        };
        let text = str::from_utf8(self.slice(width)?).map_err(|_| Problem::Character)?;
        Ok(text.chars().next().ok_or(Problem::Character)?)
    }

    #[inline]
    fn bytes(&mut self) -> Result<&'de [u8], Error> {
        let length = self.length()?;
        self.slice(length)
    }

    #[inline]
    fn text(&mut self) -> Result<&'de str, Error> {
        Ok(str::from_utf8(self.bytes()?).map_err(Problem::Text)?)
    }

    #[inline]
    fn parts(&mut self, left: usize) -> Parts<'_, 'de> {
        Parts { reader: self, left }
    }
}

/// The other way of the writer's `zigzag`: 0, -1, 1, -2.
#[inline]
fn signed(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}

#[inline]
fn signed_wide(number: u128) -> i128 {
    (number >> 1) as i128 ^ -((number & 1) as i128)
}

/// Methods for what is read as one.
macro_rules! read {
    ($($method:ident $read:ident $visit:ident;)+) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            visitor.$visit(self.$read()?)
        }
    )+};
}

/// Methods for signed numbers, which are read as unsigned ones.
macro_rules! read_signed {
    ($($method:ident $bits:literal $visit:ident $type:ty;)+) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            // As many bits as were read say it all.
            visitor.$visit(signed(self.number($bits)?) as $type)
        }
    )+};
}

/// Methods for what only formats that describe themselves have.
macro_rules! refuse {
    ($($method:ident)+) => {$(
        fn $method<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
            Err(Problem::NotSelfDescribing(stringify!($method)).into())
        }
    )+};
}

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = Error;

    #[inline]
    fn is_human_readable(&self) -> bool {
        false
    }

    refuse! { deserialize_any deserialize_identifier deserialize_ignored_any }

    read! {
        deserialize_bool bit visit_bool;
        deserialize_u8 byte visit_u8;
        deserialize_u16 number_u16 visit_u16;
        deserialize_u32 number_u32 visit_u32;
        deserialize_u128 number_u128 visit_u128;
        deserialize_char character visit_char;
        deserialize_str text visit_borrowed_str;
        deserialize_string text visit_borrowed_str;
        deserialize_bytes bytes visit_borrowed_bytes;
        deserialize_byte_buf bytes visit_borrowed_bytes;
    }

    read_signed! {
        deserialize_i16 16 visit_i16 i16;
        deserialize_i32 32 visit_i32 i32;
        deserialize_i64 64 visit_i64 i64;
    }

    #[inline]
    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_u64(self.number(64)?)
    }

    #[inline]
    fn deserialize_i8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_i8(self.byte()? as i8)
    }

    #[inline]
    fn deserialize_i128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_i128(signed_wide(self.number_u128()?))
    }

    #[inline]
    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_f32(f32::from_le_bytes(self.array()?))
    }

    #[inline]
    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_f64(f64::from_le_bytes(self.array()?))
    }

    #[inline]
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.bit()? { visitor.visit_some(self) } else { visitor.visit_none() }
    }

    #[inline]
    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    #[inline]
    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    #[inline]
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let length = self.length()?;
        visitor.visit_seq(self.parts(length))
    }

    #[inline]
    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let length = self.length()?;
        visitor.visit_map(self.parts(length))
    }

    #[inline]
    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_seq(self.parts(length))
    }

    #[inline]
    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_seq(self.parts(length))
    }

    #[inline]
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_seq(self.parts(fields.len()))
    }

    #[inline]
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_enum(self)
    }
}

/// Elements, fields or entries.
struct Parts<'a, 'de> {
    reader: &'a mut Reader<'de>,
    left: usize,
}

impl Parts<'_, '_> {
    /// Nothing is promised if more are claimed than bytes are left. Parts without bytes may come
    /// nevertheless.
    #[inline]
    fn promised(&self) -> Option<usize> {
        (self.left <= self.reader.rest.len()).then_some(self.left)
    }

    /// Whether there is another part.
    #[inline]
    fn begin_part(&mut self) -> bool {
        let is_there = self.left > 0;
        self.left -= usize::from(is_there);
        is_there
    }
}

impl<'de> SeqAccess<'de> for Parts<'_, 'de> {
    type Error = Error;

    #[inline]
    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Error> {
        if !self.begin_part() {
            return Ok(None);
        }
        seed.deserialize(&mut *self.reader).map(Some)
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        self.promised()
    }
}

impl<'de> MapAccess<'de> for Parts<'_, 'de> {
    type Error = Error;

    #[inline]
    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Error> {
        if !self.begin_part() {
            return Ok(None);
        }
        seed.deserialize(&mut *self.reader).map(Some)
    }

    #[inline]
    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        seed.deserialize(&mut *self.reader)
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        self.promised()
    }
}

impl<'de> EnumAccess<'de> for &mut Reader<'de> {
    type Error = Error;
    type Variant = Self;

    #[inline]
    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), Error> {
        let number = self.number_u32()?;
        let variant = seed.deserialize(IntoDeserializer::<Error>::into_deserializer(number))?;
        Ok((variant, self))
    }
}

impl<'de> VariantAccess<'de> for &mut Reader<'de> {
    type Error = Error;

    #[inline]
    fn unit_variant(self) -> Result<(), Error> {
        Ok(())
    }

    #[inline]
    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Error> {
        seed.deserialize(self)
    }

    #[inline]
    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(self.parts(length))
    }

    #[inline]
    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_seq(self.parts(fields.len()))
    }
}
