//! bincode, the codec of channels that ask for no other one.

use bincode::config::{self, Configuration};
use bincode::enc::write::Writer;
use bincode::error::EncodeError;
use serde::Serialize;
use serde::de::DeserializeSeed;

use crate::channel::CodecError;
use crate::channel::codec::SerdeCodec;
use crate::channel::codec::bounded::{BoundedBuffer, Overflow};
use crate::limits::VALUE_BYTES_MAX;

/// bincode 2 in its standard configuration: little-endian, integers of variable length.
#[derive(Clone, Copy, Debug)]
pub enum Bincode {}

impl SerdeCodec for Bincode {
    const NAME: &'static str = "bincode2";

    #[inline]
    fn encode<T: Serialize + ?Sized>(value: &T, output: &mut Vec<u8>) -> Result<(), CodecError> {
        let mut buffer = BoundedBuffer::new(output);
        let result = bincode::serde::encode_into_writer(value, &mut buffer, config::standard());
        buffer.finish(result)
    }

    #[inline]
    fn decode_seed<'de, S: DeserializeSeed<'de>>(
        seed: S,
        input: &'de [u8],
    ) -> Result<S::Value, CodecError> {
        // A string's bytes are allocated from the length that it claims. bincode's limit, which
        // counts decoded widths, holds that to about sixteen times what really came; it is a
        // constant of the configuration, hence the steps.
        let standard = config::standard();
        match input.len() {
            0..0x1000 => decode_within(seed, input, standard.with_limit::<0x1_0000>()),
            0x1000..0x1_0000 => decode_within(seed, input, standard.with_limit::<0x10_0000>()),
            0x1_0000..0x10_0000 => decode_within(seed, input, standard.with_limit::<0x100_0000>()),
            0x10_0000..0x100_0000 => {
                decode_within(seed, input, standard.with_limit::<0x1000_0000>())
            }
            _ => decode_within(seed, input, standard.with_limit::<{ 16 * VALUE_BYTES_MAX }>()),
        }
    }
}

#[inline]
fn decode_within<'de, S: DeserializeSeed<'de>, const LIMIT: usize>(
    seed: S,
    input: &'de [u8],
    configuration: Configuration<config::LittleEndian, config::Varint, config::Limit<LIMIT>>,
) -> Result<S::Value, CodecError> {
    match bincode::serde::seed_decode_from_slice(seed, input, configuration) {
        Ok((value, used)) if used == input.len() => Ok(value),
        Ok((_, used)) => Err(CodecError::TrailingBytes { bytes: input.len() - used }),
        Err(error) => Err(CodecError::Refused(error.to_string())),
    }
}

impl Writer for BoundedBuffer<'_> {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
        self.append(bytes).map_err(|Overflow| EncodeError::UnexpectedEnd)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_survive_and_leftovers_are_noticed() -> Result<(), CodecError> {
        let mut bytes = Vec::new();
        Bincode::encode(&(7_u32, "seven".to_owned()), &mut bytes)?;
        assert_eq!(Bincode::decode::<(u32, String)>(&bytes)?, (7, "seven".to_owned()));
        assert_eq!(
            Bincode::decode::<u32>(&bytes),
            Err(CodecError::TrailingBytes { bytes: bytes.len() - 1 })
        );
        Ok(())
    }

    #[test]
    fn a_claimed_length_takes_no_memory() {
        // A string of 2^62 bytes, in nine.
        let claim = [0xfd, 0, 0, 0, 0, 0, 0, 0, 0x40];
        assert!(matches!(Bincode::decode::<String>(&claim), Err(CodecError::Refused(_))));
    }

    #[test]
    fn long_values_survive() -> Result<(), CodecError> {
        for length in [0xfff, 0x1000, 0xffff, 0x1_0000, 0x3f_ffff, 0x40_0000, 0x50_0000] {
            let value = "x".repeat(length);
            let mut bytes = Vec::new();
            Bincode::encode(&value, &mut bytes)?;
            assert_eq!(Bincode::decode::<String>(&bytes)?, value);
        }
        Ok(())
    }

    #[test]
    fn numbers_that_are_short_on_the_wire_are_not_refused() -> Result<(), CodecError> {
        let value = vec![1_u64; 60_000];
        let mut bytes = Vec::new();
        Bincode::encode(&value, &mut bytes)?;
        assert_eq!(Bincode::decode::<Vec<u64>>(&bytes)?, value);
        Ok(())
    }
}
