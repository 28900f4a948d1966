//! postcard, whose peers may be devices without an operating system.

use ::postcard::ser_flavors::Flavor;
use ::postcard::{Deserializer, Error, Serializer};
use serde::Serialize;
use serde::de::DeserializeSeed;

use crate::channel::CodecError;
use crate::channel::codec::SerdeCodec;
use crate::channel::codec::bounded::{BoundedBuffer, Overflow};

/// [postcard](https://postcard.jamesmunns.com) 1: numbers in groups of seven bits, so that small ones
/// are short. Feature `postcard`.
///
/// It carries every type that can be traced. A sequence or map whose length its `Serialize` does not
/// tell beforehand is refused when it is sent, as with [`Bincode`](crate::channel::Bincode). When a
/// type refuses a value, its own words are lost: postcard keeps no text.
#[derive(Clone, Copy, Debug)]
pub enum Postcard {}

impl SerdeCodec for Postcard {
    const NAME: &'static str = "postcard";

    #[inline]
    fn encode<T: Serialize + ?Sized>(value: &T, output: &mut Vec<u8>) -> Result<(), CodecError> {
        let mut serializer = Serializer { output: BoundedBuffer::new(output) };
        let result = value.serialize(&mut serializer);
        serializer.output.finish(result)
    }

    /// No length that is claimed takes memory: strings and bytes are compared to what is there, and a
    /// sequence that claims more elements than bytes are left promises none. A map promises what it
    /// claims, of which serde believes one mebibyte, as with all codecs.
    #[inline]
    fn decode_seed<'de, S: DeserializeSeed<'de>>(
        seed: S,
        input: &'de [u8],
    ) -> Result<S::Value, CodecError> {
        let refused = |error: Error| CodecError::Refused(error.to_string());
        let mut deserializer = Deserializer::from_bytes(input);
        let value = seed.deserialize(&mut deserializer).map_err(refused)?;
        match deserializer.finalize().map_err(refused)? {
            [] => Ok(value),
            rest => Err(CodecError::TrailingBytes { bytes: rest.len() }),
        }
    }
}

impl Flavor for BoundedBuffer<'_> {
    type Output = ();

    #[inline]
    fn try_extend(&mut self, bytes: &[u8]) -> ::postcard::Result<()> {
        self.append(bytes).map_err(|Overflow| Error::SerializeBufferFull)
    }

    #[inline]
    fn try_push(&mut self, byte: u8) -> ::postcard::Result<()> {
        self.try_extend(&[byte])
    }

    fn finalize(self) -> ::postcard::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claimed_length_takes_no_memory() {
        // A string, bytes and a sequence of 2^62 elements, in nine bytes.
        let claim = [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x40];
        assert!(matches!(Postcard::decode::<String>(&claim), Err(CodecError::Refused(_))));
        assert!(matches!(Postcard::decode::<Vec<u64>>(&claim), Err(CodecError::Refused(_))));
    }

    #[test]
    fn leftovers_are_noticed() -> Result<(), CodecError> {
        let mut bytes = Vec::new();
        Postcard::encode(&(7_u32, "seven"), &mut bytes)?;
        let bytes_left = bytes.len() - 1;
        assert_eq!(
            Postcard::decode::<u32>(&bytes),
            Err(CodecError::TrailingBytes { bytes: bytes_left })
        );
        Ok(())
    }
}
