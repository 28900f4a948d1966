//! MessagePack, which programs in other languages and tools can read.

use std::io;

use rmp_serde::decode::{Error, ReadRefReader};
use rmp_serde::{Deserializer, Serializer};
use serde::Serialize;
use serde::de::{Deserialize, DeserializeSeed, IgnoredAny};

use crate::channel::CodecError;
use crate::channel::codec::SerdeCodec;
use crate::channel::codec::bounded::{BoundedBuffer, Overflow};
use crate::channel::identity::{Manner, Primitive, Schema, Shape, TypeIndex, Unfit};
use crate::limits::VALUE_DEPTH_MAX;

/// [MessagePack](https://msgpack.org). Feature `messagepack`.
///
/// A struct is an array of its fields, as a tuple is; one that another program has sent as a map, with
/// the names of the fields, is accepted as well. A variant is its name, or a map of one entry: the
/// name, and what the variant carries. `None` is nil, and `Some` is its content. `i128` and `u128` are
/// sixteen bytes, the highest first.
///
/// An option of something that may itself be nil, such as `Option<Option<u8>>` or `Option<()>`, is
/// refused when the channel is created: `Some(None)` would arrive as `None`. Values may be nested as
/// deep as [`VALUE_DEPTH_MAX`] even if their type is not recursive. A sequence whose length its
/// `Serialize` does not tell beforehand is put together in a buffer of its own before it is measured.
#[derive(Clone, Copy, Debug)]
pub enum MessagePack {}

impl SerdeCodec for MessagePack {
    const NAME: &'static str = "messagepack";

    fn unfit(schema: &Schema) -> Option<Unfit> {
        let is_ambiguous = |index| match schema.get(index).map(|found| &found.shape) {
            Some(Shape::Option(content)) => may_be_nil(schema, *content),
            _ => false,
        };
        let path = schema.path_to(is_ambiguous)?;
        let reason = "an option whose content may be nil as well: `Some` would arrive as `None`";
        Some(Unfit { path, reason })
    }

    fn check<T: Serialize + ?Sized>(value: &T, schema: &Schema) -> Result<(), CodecError> {
        schema.check_as(value, Manner::Kinds).map_err(CodecError::Misfit)
    }

    #[inline]
    fn encode<T: Serialize + ?Sized>(value: &T, output: &mut Vec<u8>) -> Result<(), CodecError> {
        let mut buffer = BoundedBuffer::new(output);
        let result = value.serialize(&mut Serializer::new(&mut buffer));
        buffer.finish(result)
    }

    /// No length that is claimed takes memory: strings and bytes are compared to what is there. Of the
    /// elements that a sequence or map claims serde believes one mebibyte, as with all codecs.
    #[inline]
    fn decode_seed<'de, S: DeserializeSeed<'de>>(
        seed: S,
        input: &'de [u8],
    ) -> Result<S::Value, CodecError> {
        let mut deserializer = Deserializer::from_read_ref(input);
        // Arrays and maps are levels of the guard too, which therefore notices first.
        deserializer.set_max_depth(VALUE_DEPTH_MAX + 1);
        let value = seed.deserialize(&mut deserializer).map_err(|error| match error {
            Error::DepthLimitExceeded => CodecError::TooDeep { depth_max: VALUE_DEPTH_MAX },
            error => CodecError::Refused(error.to_string()),
        })?;
        if is_at_end(&mut deserializer) {
            Ok(value)
        } else {
            Err(CodecError::TrailingBytes { bytes: bytes_after_value(input) })
        }
    }
}

/// Whether a value of this type may be written as nil.
fn may_be_nil(schema: &Schema, index: TypeIndex) -> bool {
    let mut index = index;
    // Newtypes are as their content. One around itself has no end, and no value.
    for _ in schema.types() {
        match schema.get(index).map(|found| &found.shape) {
            Some(Shape::NewtypeStruct(content)) => index = *content,
            Some(Shape::Option(_) | Shape::Primitive(Primitive::Unit)) => return true,
            _ => return false,
        }
    }
    false
}

/// What is left is not told, so the next byte is asked for.
fn is_at_end(deserializer: &mut Deserializer<ReadRefReader<'_, [u8]>>) -> bool {
    match bool::deserialize(deserializer) {
        Err(Error::InvalidMarkerRead(error)) => error.kind() == io::ErrorKind::UnexpectedEof,
        _ => false,
    }
}

/// How many bytes follow the first value: for an error, so its speed does not matter.
#[cold]
fn bytes_after_value(input: &[u8]) -> usize {
    let mut deserializer = Deserializer::new(io::Cursor::new(input));
    let _skipped = IgnoredAny::deserialize(&mut deserializer);
    let used = usize::try_from(deserializer.position()).unwrap_or(input.len());
    input.len().saturating_sub(used)
}

impl io::Write for BoundedBuffer<'_> {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes)?;
        Ok(bytes.len())
    }

    #[inline]
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.append(bytes).map_err(|Overflow| io::ErrorKind::StorageFull.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use serde::de::DeserializeOwned;

    use super::*;

    #[test]
    fn a_claimed_length_takes_no_memory() {
        // A string, bytes and an array of 2^32 - 1 elements.
        assert!(MessagePack::decode::<String>(&[0xdb, 0xff, 0xff, 0xff, 0xff]).is_err());
        assert!(MessagePack::decode::<Vec<u8>>(&[0xc6, 0xff, 0xff, 0xff, 0xff]).is_err());
        assert!(MessagePack::decode::<Vec<u64>>(&[0xdd, 0xff, 0xff, 0xff, 0xff]).is_err());
    }

    #[test]
    fn leftovers_are_noticed() {
        let leftover = |bytes| Some(CodecError::TrailingBytes { bytes });
        assert_eq!(MessagePack::decode::<u32>(&[7, 7]).err(), leftover(1));
        assert_eq!(MessagePack::decode::<Vec<u8>>(&[0x92, 1, 2, 0xc1, 0xdd]).err(), leftover(2));
        assert_eq!(MessagePack::decode::<Option<u8>>(&[0xc0, 0xc0, 0xc0]).err(), leftover(2));
    }

    #[test]
    fn what_a_struct_does_not_know_is_skipped_down_to_a_bound() {
        #[derive(Debug, serde::Deserialize)]
        struct Known {
            #[expect(dead_code, reason = "only whether it is decoded matters")]
            number: u8,
        }
        let nested = |depth| {
            let mut bytes = b"\x82\xa6number\x07\xa1x".to_vec();
            bytes.extend(std::iter::repeat_n(0x91, depth));
            bytes.push(0xc0);
            MessagePack::decode::<Known>(&bytes)
        };
        // The struct is a level.
        assert!(nested(VALUE_DEPTH_MAX - 1).is_ok());
        let too_deep = Some(CodecError::TooDeep { depth_max: VALUE_DEPTH_MAX });
        assert_eq!(nested(VALUE_DEPTH_MAX).err(), too_deep);
        assert_eq!(nested(1 << 20).err(), too_deep);
    }

    fn unfit<T: DeserializeOwned + 'static>() -> Option<String> {
        MessagePack::unfit(&Schema::of::<T>().unwrap()).map(|unfit| unfit.path)
    }

    #[test]
    fn what_would_arrive_as_something_else_is_unfit() {
        #[derive(serde::Deserialize)]
        struct Newtype(#[expect(dead_code, reason = "only its type matters")] Option<u8>);

        assert_eq!(
            unfit::<Vec<Option<Option<u8>>>>().as_deref(),
            Some("Vec<Option<Option<u8>>>[]")
        );
        assert_eq!(unfit::<Option<()>>().as_deref(), Some("Option<()>"));
        let path = unfit::<HashMap<u8, (u8, Option<Newtype>)>>();
        assert!(path.is_some_and(|path| path.ends_with("{value}.1")));
        assert_eq!(unfit::<Option<(Option<u8>,)>>(), None);
        assert_eq!(unfit::<Option<Vec<Option<u8>>>>(), None);
        assert_eq!(unfit::<Option<std::marker::PhantomData<u8>>>(), None);
        // Only its token is in the value.
        assert_eq!(unfit::<crate::channel::RemoteSender<Option<u8>>>(), None);
    }
}
