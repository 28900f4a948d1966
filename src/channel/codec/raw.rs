//! Bytes as they are.

use std::fmt;

use bytes::Bytes;
use serde::de::{Deserialize, Deserializer, Visitor};

use crate::channel::CodecError;
use crate::channel::codec::{Codec, Verbatim};
use crate::channel::identity::{Description, TraceError};
use crate::limits::VALUE_BYTES_MAX;

/// The codec of channels whose values are [`Bytes`]: a value is its bytes, and nothing else.
///
/// Large values are not copied on their way to the socket ([`LARGE_VALUE_BYTES`]); where they arrive,
/// those that come in one frame are slices of the buffer that they were read into ([`SHARED_BYTES_MIN`]),
/// and longer ones are put together once. Whoever keeps a short slice of such a value keeps its buffer;
/// [`Bytes::copy_from_slice`] helps. The buffer of a large value is held at its sender until the value is
/// known to have arrived, or to be taken if it would be sent again.
///
/// The description of its type is that of serde's byte arrays.
///
/// [`LARGE_VALUE_BYTES`]: crate::limits::LARGE_VALUE_BYTES
/// [`SHARED_BYTES_MIN`]: crate::limits::SHARED_BYTES_MIN
///
/// ```
/// use bytes::Bytes;
/// use netchan::Exporter;
/// use netchan::channel::{Format, Raw};
/// use netchan::net::{Config, SendSettings};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let exporter = Exporter::new(Config::default());
/// let format = Format::<Bytes, Raw>::new();
/// let blobs = exporter.export_sender_as("blobs", SendSettings::default(), format)?;
/// blobs.send(Bytes::from(vec![7; 1 << 20])).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub enum Raw {}

impl Codec<Bytes> for Raw {
    const NAME: &'static str = "raw";

    fn describe() -> Result<Description, TraceError> {
        Description::of::<ByteArray>()
    }

    fn encode(value: &Bytes, output: &mut Vec<u8>) -> Result<(), CodecError> {
        if value.len() > VALUE_BYTES_MAX {
            return Err(CodecError::TooLong { bytes_max: VALUE_BYTES_MAX });
        }
        output.extend_from_slice(value);
        Ok(())
    }

    fn decode(input: &[u8]) -> Result<Bytes, CodecError> {
        Ok(Bytes::copy_from_slice(input))
    }

    fn decode_guarded(input: &[u8]) -> Result<Bytes, CodecError> {
        Ok(Bytes::copy_from_slice(input))
    }

    fn verbatim() -> Option<Verbatim<Bytes>> {
        Some(Verbatim { bytes_of: |value| value, value_of: Ok })
    }
}

/// What serde calls a byte array, for its description.
struct ByteArray;

impl<'de> Deserialize<'de> for ByteArray {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<ByteArray, D::Error> {
        deserializer.deserialize_byte_buf(AnyBytes)
    }
}

struct AnyBytes;

impl Visitor<'_> for AnyBytes {
    type Value = ByteArray;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("bytes")
    }

    fn visit_bytes<E>(self, _bytes: &[u8]) -> Result<ByteArray, E> {
        Ok(ByteArray)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_described_as_the_bytes_of_serde() {
        let described = Raw::describe().unwrap();
        let of_serde = Description::of::<serde_bytes::ByteBuf>().unwrap();
        assert_eq!(described.identity(), of_serde.identity());
        assert!(!described.needs_guard() && !described.carries_ends());
    }

    #[test]
    fn a_value_is_its_bytes() {
        let value = Bytes::from_static(b"seven");
        let mut output = b"before".to_vec();
        Raw::encode(&value, &mut output).unwrap();
        assert_eq!(output, b"beforeseven");
        assert_eq!(Raw::decode(b"seven"), Ok(value.clone()));
        assert_eq!(Raw::decode_guarded(b""), Ok(Bytes::new()));
        let Verbatim { bytes_of, value_of } = Raw::verbatim().unwrap();
        assert_eq!(bytes_of(&value).as_ptr(), value.as_ptr());
        assert_eq!(value_of(value.clone()).unwrap().as_ptr(), value.as_ptr());
    }
}
