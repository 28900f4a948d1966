//! A serializer that writes nothing: each thing that a value would write goes to the cursor.

use serde::ser::{
    Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

use super::cursor::Cursor;
use super::number::Number;
use super::{END_OF_CHANNEL, Stop};

/// Serializes one value.
pub(super) struct Checker<'c, 's> {
    cursor: &'c mut Cursor<'s>,
}

/// Serializes the parts of one value.
pub(super) struct Parts<'c, 's> {
    cursor: &'c mut Cursor<'s>,
    /// The struct of the schema whose fields they are.
    number: Option<u64>,
    /// How many fields the value says that it writes.
    written: usize,
}

impl<'c, 's> Checker<'c, 's> {
    pub(super) fn new(cursor: &'c mut Cursor<'s>) -> Checker<'c, 's> {
        Checker { cursor }
    }

    fn parts(self) -> Parts<'c, 's> {
        Parts { cursor: self.cursor, number: None, written: 0 }
    }
}

impl Parts<'_, '_> {
    fn part<T: Serialize + ?Sized>(&mut self, part: &T) -> Result<(), Stop> {
        part.serialize(Checker::new(self.cursor))
    }

    fn field<T: Serialize + ?Sized>(&mut self, name: &'static str, part: &T) -> Result<(), Stop> {
        self.cursor.field(self.number, name, self.written)?;
        self.part(part)
    }
}

impl<'c, 's> Serializer for Checker<'c, 's> {
    type Ok = ();
    type Error = Stop;
    type SerializeSeq = Parts<'c, 's>;
    type SerializeTuple = Parts<'c, 's>;
    type SerializeTupleStruct = Parts<'c, 's>;
    type SerializeTupleVariant = Parts<'c, 's>;
    type SerializeMap = Parts<'c, 's>;
    type SerializeStruct = Parts<'c, 's>;
    type SerializeStructVariant = Parts<'c, 's>;

    fn is_human_readable(&self) -> bool {
        false
    }

    fn serialize_bool(self, value: bool) -> Result<(), Stop> {
        self.cursor.number(Number::Byte(value.into()), "bool")
    }

    fn serialize_i8(self, value: i8) -> Result<(), Stop> {
        self.cursor.number(Number::I8(value), "i8")
    }

    fn serialize_i16(self, value: i16) -> Result<(), Stop> {
        self.cursor.number(Number::Signed(value.into()), "i16")
    }

    fn serialize_i32(self, value: i32) -> Result<(), Stop> {
        self.cursor.number(Number::Signed(value.into()), "i32")
    }

    fn serialize_i64(self, value: i64) -> Result<(), Stop> {
        self.cursor.number(Number::Signed(value.into()), "i64")
    }

    fn serialize_i128(self, value: i128) -> Result<(), Stop> {
        self.cursor.number(Number::Signed(value), "i128")
    }

    fn serialize_u8(self, value: u8) -> Result<(), Stop> {
        self.cursor.number(Number::Byte(value), "u8")
    }

    fn serialize_u16(self, value: u16) -> Result<(), Stop> {
        self.cursor.number(Number::Unsigned(value.into()), "u16")
    }

    fn serialize_u32(self, value: u32) -> Result<(), Stop> {
        self.cursor.number(Number::Unsigned(value.into()), "u32")
    }

    fn serialize_u64(self, value: u64) -> Result<(), Stop> {
        self.cursor.number(Number::Unsigned(value.into()), "u64")
    }

    fn serialize_u128(self, value: u128) -> Result<(), Stop> {
        self.cursor.number(Number::Unsigned(value), "u128")
    }

    fn serialize_f32(self, _: f32) -> Result<(), Stop> {
        self.cursor.number(Number::F32, "f32")
    }

    fn serialize_f64(self, _: f64) -> Result<(), Stop> {
        self.cursor.number(Number::F64, "f64")
    }

    fn serialize_char(self, value: char) -> Result<(), Stop> {
        self.cursor.number(Number::Char(value), "char")
    }

    fn serialize_str(self, value: &str) -> Result<(), Stop> {
        self.cursor.bytes(value.as_bytes(), true)
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), Stop> {
        self.cursor.bytes(value, false)
    }

    fn serialize_none(self) -> Result<(), Stop> {
        self.cursor.option(false)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Stop> {
        self.cursor.option(true)?;
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Stop> {
        self.cursor.unit()
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Stop> {
        self.cursor.unit()
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        index: u32,
        variant: &'static str,
    ) -> Result<(), Stop> {
        self.cursor.variant(index, variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<(), Stop> {
        if name == END_OF_CHANNEL {
            return self.cursor.end_of_channel();
        }
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Stop> {
        self.cursor.variant(index, variant)?;
        value.serialize(self)
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Parts<'c, 's>, Stop> {
        self.cursor.length(length.ok_or(Stop::Unknown)?, "a sequence")?;
        Ok(self.parts())
    }

    fn serialize_tuple(self, _: usize) -> Result<Parts<'c, 's>, Stop> {
        Ok(self.parts())
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Parts<'c, 's>, Stop> {
        Ok(self.parts())
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        index: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Parts<'c, 's>, Stop> {
        self.cursor.variant(index, variant)?;
        Ok(self.parts())
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Parts<'c, 's>, Stop> {
        self.cursor.length(length.ok_or(Stop::Unknown)?, "a map")?;
        Ok(self.parts())
    }

    fn serialize_struct(self, _: &'static str, written: usize) -> Result<Parts<'c, 's>, Stop> {
        let number = self.cursor.enter_struct(written)?;
        Ok(Parts { cursor: self.cursor, number, written })
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        index: u32,
        variant: &'static str,
        written: usize,
    ) -> Result<Parts<'c, 's>, Stop> {
        self.cursor.variant(index, variant)?;
        let number = self.cursor.entered();
        Ok(Parts { cursor: self.cursor, number, written })
    }
}

impl SerializeSeq for Parts<'_, '_> {
    type Ok = ();
    type Error = Stop;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, part: &T) -> Result<(), Stop> {
        self.part(part)
    }

    fn end(self) -> Result<(), Stop> {
        Ok(())
    }
}

impl SerializeTuple for Parts<'_, '_> {
    type Ok = ();
    type Error = Stop;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, part: &T) -> Result<(), Stop> {
        self.part(part)
    }

    fn end(self) -> Result<(), Stop> {
        Ok(())
    }
}

impl SerializeTupleStruct for Parts<'_, '_> {
    type Ok = ();
    type Error = Stop;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, part: &T) -> Result<(), Stop> {
        self.part(part)
    }

    fn end(self) -> Result<(), Stop> {
        Ok(())
    }
}

impl SerializeTupleVariant for Parts<'_, '_> {
    type Ok = ();
    type Error = Stop;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, part: &T) -> Result<(), Stop> {
        self.part(part)
    }

    fn end(self) -> Result<(), Stop> {
        Ok(())
    }
}

impl SerializeMap for Parts<'_, '_> {
    type Ok = ();
    type Error = Stop;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Stop> {
        self.part(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Stop> {
        self.part(value)
    }

    fn end(self) -> Result<(), Stop> {
        Ok(())
    }
}

impl SerializeStruct for Parts<'_, '_> {
    type Ok = ();
    type Error = Stop;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        part: &T,
    ) -> Result<(), Stop> {
        self.field(name, part)
    }

    fn end(self) -> Result<(), Stop> {
        self.cursor.end_struct(self.number)
    }
}

impl SerializeStructVariant for Parts<'_, '_> {
    type Ok = ();
    type Error = Stop;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        part: &T,
    ) -> Result<(), Stop> {
        self.field(name, part)
    }

    fn end(self) -> Result<(), Stop> {
        self.cursor.end_struct(self.number)
    }
}
