//! bincode, the codec of channels that ask for no other one.
//!
//! The format is that of the crate `bincode` 2, which is unmaintained; the code is our own, and the tests
//! hold it to the crate (decision 019). What stands on the wire: numbers little-endian, and integers in as
//! few bytes as they need (see the constants); a signed integer as an unsigned one, 0, -1, 1, -2; a single
//! byte, a float and a character in UTF-8 as they are; a length before texts, bytes, sequences and maps; 0
//! or 1 before an option; the number of the variant before its content; nothing else.

mod error;
mod reader;
#[cfg(test)]
mod tests;
mod writer;

use serde::Serialize;
use serde::de::DeserializeSeed;

use self::reader::Reader;
use self::writer::Writer;
use crate::channel::CodecError;
use crate::channel::codec::SerdeCodec;
use crate::channel::codec::bounded::BoundedBuffer;

/// The largest integer that is its own first byte. Larger ones have a byte before them that says how wide
/// they are.
const SINGLE_BYTE_MAX: u8 = 250;
const U16_FOLLOWS: u8 = 251;
const U32_FOLLOWS: u8 = 252;
const U64_FOLLOWS: u8 = 253;
const U128_FOLLOWS: u8 = 254;

/// bincode 2 in its standard configuration: little-endian, integers of variable length.
#[derive(Clone, Copy, Debug)]
pub enum Bincode {}

impl SerdeCodec for Bincode {
    const NAME: &'static str = "bincode2";

    #[inline]
    fn encode<T: Serialize + ?Sized>(value: &T, output: &mut Vec<u8>) -> Result<(), CodecError> {
        let mut writer = Writer { buffer: BoundedBuffer::new(output) };
        let result = value.serialize(&mut writer);
        writer.buffer.finish(result)
    }

    /// No length that is claimed takes memory: texts and bytes are compared to what is there, and a
    /// sequence or map that claims more elements than bytes are left promises none.
    #[inline]
    fn decode_seed<'de, S: DeserializeSeed<'de>>(
        seed: S,
        input: &'de [u8],
    ) -> Result<S::Value, CodecError> {
        let mut reader = Reader { rest: input };
        let value = seed
            .deserialize(&mut reader)
            .map_err(|error| CodecError::Refused(error.to_string()))?;
        match reader.rest {
            [] => Ok(value),
            rest => Err(CodecError::TrailingBytes { bytes: rest.len() }),
        }
    }
}
