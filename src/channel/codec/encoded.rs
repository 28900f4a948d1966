//! Values that are encoded already, and stay so.

use bytes::Bytes;

use crate::channel::CodecError;
use crate::channel::codec::{Codec, Raw, Verbatim};
use crate::channel::identity::{Description, Schema, TraceError};

/// The codec of a program that does not know the types of its channels, such as a tool: each value is
/// the bytes that another codec has written, or will read. They are neither read nor checked here: what
/// is sent must be the encoding of a value, or the other side cannot decode it.
///
/// Which codec, and of which type, is said by the [`Format`](crate::channel::Format): take it from a
/// channel's description
/// ([`ChannelDescription::format`](crate::channel::ChannelDescription::format)). Both are compared when
/// the channel is imported.
///
/// Ends of channels in values ([`RemoteSender`](crate::channel::RemoteSender)) stay what they are on the
/// wire, and nobody claims them: their offers end with their leases.
#[derive(Clone, Copy, Debug)]
pub enum Encoded {}

impl Codec<Bytes> for Encoded {
    const NAME: &'static str = "encoded";

    /// The description of bytes, for want of another one. [`Format::encoded`](crate::channel::Format::encoded)
    /// gives the one that is meant.
    fn describe() -> Result<Description, TraceError> {
        let bytes = Schema::of_bytes("encoded values");
        Ok(Description::of_encoded(bytes.identity(), Some(bytes.into())))
    }

    fn encode(value: &Bytes, output: &mut Vec<u8>) -> Result<(), CodecError> {
        Raw::encode(value, output)
    }

    fn decode(input: &[u8]) -> Result<Bytes, CodecError> {
        Raw::decode(input)
    }

    fn decode_guarded(input: &[u8]) -> Result<Bytes, CodecError> {
        Raw::decode(input)
    }

    fn verbatim() -> Option<Verbatim<Bytes>> {
        Raw::verbatim()
    }
}
