//! Values to bytes and back.
//!
//! A [`Codec`] is chosen per channel ([`Format`](crate::channel::Format)), and its name is compared when
//! the channel is imported. [`SerdeCodec`] is what most codecs implement: one for all types that serde
//! knows.

mod bincode;
mod bounded;
mod encoded;
#[cfg(feature = "messagepack")]
mod messagepack;
#[cfg(feature = "postcard")]
mod postcard;
mod raw;

use std::fmt;
use std::marker::PhantomData;

use bytes::Bytes;
use serde::Serialize;
use serde::de::{DeserializeOwned, DeserializeSeed};

pub use self::bincode::Bincode;
pub use self::encoded::Encoded;
#[cfg(feature = "messagepack")]
pub use self::messagepack::MessagePack;
#[cfg(feature = "postcard")]
pub use self::postcard::Postcard;
pub use self::raw::Raw;
use crate::channel::identity::{Description, Schema, TraceError, Unfit};
use crate::channel::{CodecError, guard};

/// What can travel on a channel: anything that serde can write and read.
///
/// Implemented for all such types; there is nothing to derive beyond serde's own traits.
///
/// Two kinds of types have a bound that the receiver keeps and the sender does not know: a value of
/// a recursive type that is nested deeper than [`VALUE_DEPTH_MAX`](crate::limits::VALUE_DEPTH_MAX),
/// and one with more elements of no length, as in `Vec<()>`, than
/// [`ZERO_LENGTH_ELEMENTS_MAX`](crate::limits::ZERO_LENGTH_ELEMENTS_MAX), is sent, and refused
/// where it arrives. Long lists should be sent as a `Vec`, and not as nodes in nodes.
pub trait Value: Serialize + DeserializeOwned + Send + 'static {}

impl<T: Serialize + DeserializeOwned + Send + 'static> Value for T {}

/// How values of `T` become bytes, and what they look like to the peer. Both ends of a channel must use
/// the same.
///
/// Every [`SerdeCodec`] is one for every [`Value`]. Implement this trait itself for types that do not
/// know serde, such as messages of another library's own format.
pub trait Codec<T>: 'static {
    /// The name that is compared when a channel is imported, of at most
    /// [`CODEC_BYTES_MAX`](crate::limits::CODEC_BYTES_MAX) bytes.
    const NAME: &'static str;

    /// What is compared beside the name: the shape of `T`.
    ///
    /// # Errors
    ///
    /// [`TraceError`] if values of `T` cannot be sent, or if its shape cannot be found.
    fn describe() -> Result<Description, TraceError>;

    /// Why values of such a type cannot travel with this codec, if so. Asked when a channel is created,
    /// whether the schema was traced or written by hand. The default accepts all.
    fn unfit(schema: &Schema) -> Option<Unfit> {
        let _ = schema;
        None
    }

    /// Whether a value is as `schema` says, which is that of the channel's type. The first values of
    /// each channel are looked at before they are encoded
    /// ([`VALUES_CHECKED`](crate::limits::VALUES_CHECKED)). By default nothing is known against any.
    ///
    /// # Errors
    ///
    /// [`CodecError::Misfit`] if its receiver would not read what was written.
    fn check(value: &T, schema: &Schema) -> Result<(), CodecError> {
        let _ = (value, schema);
        Ok(())
    }

    /// Appends a value to `output`.
    ///
    /// # Errors
    ///
    /// [`CodecError`] when the value refuses or is longer than
    /// [`VALUE_BYTES_MAX`](crate::limits::VALUE_BYTES_MAX). What stands in `output` then is
    /// removed by the caller.
    fn encode(value: &T, output: &mut Vec<u8>) -> Result<(), CodecError>;

    /// Reads a value, which must take all of `input`. Used for types whose
    /// [description](Codec::describe) says that nothing about them is unbounded.
    ///
    /// # Errors
    ///
    /// [`CodecError`] when it is not such a value. Memory that is taken meanwhile is bounded by
    /// a multiple of the length of `input`.
    fn decode(input: &[u8]) -> Result<T, CodecError>;

    /// The same for types of any depth and with any number of elements that take no bytes.
    ///
    /// # Errors
    ///
    /// As [`decode`](Codec::decode), and when a value exceeds
    /// [`VALUE_DEPTH_MAX`](crate::limits::VALUE_DEPTH_MAX),
    /// [`VALUE_STACK_BYTES_MAX`](crate::limits::VALUE_STACK_BYTES_MAX) or
    /// [`ZERO_LENGTH_ELEMENTS_MAX`](crate::limits::ZERO_LENGTH_ELEMENTS_MAX).
    fn decode_guarded(input: &[u8]) -> Result<T, CodecError>;

    /// For values that are bytes in memory already: how large ones get to the socket and from it without
    /// a copy. Nothing for all others. Asked once per channel.
    ///
    /// It must say the same as [`encode`](Codec::encode) and [`decode`](Codec::decode), which are still
    /// used for messages and answers of channels of requests.
    #[must_use]
    fn verbatim() -> Option<Verbatim<T>> {
        None
    }
}

/// How values that are bytes already become [`Bytes`] and back.
pub struct Verbatim<T> {
    /// The bytes of a value, as they stand on the wire.
    pub bytes_of: fn(&T) -> &Bytes,
    /// The value of these bytes. They may share the buffer that they were read into, of up to 128 KiB.
    ///
    /// # Errors
    ///
    /// As [`Codec::decode`].
    pub value_of: fn(Bytes) -> Result<T, CodecError>,
}

impl<T> Clone for Verbatim<T> {
    fn clone(&self) -> Verbatim<T> {
        *self
    }
}

impl<T> Copy for Verbatim<T> {}

impl<T> fmt::Debug for Verbatim<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Verbatim")
    }
}

/// A codec for everything that serde can write and read.
pub trait SerdeCodec: 'static {
    /// The name that is compared when a channel is imported, of at most
    /// [`CODEC_BYTES_MAX`](crate::limits::CODEC_BYTES_MAX) bytes.
    const NAME: &'static str;

    /// As [`Codec::unfit`]: for a codec that would confuse values of some types, or lose them.
    fn unfit(schema: &Schema) -> Option<Unfit> {
        let _ = schema;
        None
    }

    /// Whether a value serializes as `schema` says, which is what its receiver reads; see
    /// [`Codec::check`]. A codec that writes names beside the values may know better.
    ///
    /// # Errors
    ///
    /// [`CodecError::Misfit`] if it does not.
    fn check<T: Serialize + ?Sized>(value: &T, schema: &Schema) -> Result<(), CodecError> {
        schema.check(value).map_err(CodecError::Misfit)
    }

    /// Appends a value to `output`.
    ///
    /// # Errors
    ///
    /// As [`Codec::encode`].
    fn encode<T: Serialize + ?Sized>(value: &T, output: &mut Vec<u8>) -> Result<(), CodecError>;

    /// Reads what `seed` stands for, which must take all of `input`. Nothing needs to bound the depth of
    /// recursive types here, nor the number of elements that take no bytes: seeds come that do.
    ///
    /// # Errors
    ///
    /// As [`Codec::decode`].
    fn decode_seed<'de, S: DeserializeSeed<'de>>(
        seed: S,
        input: &'de [u8],
    ) -> Result<S::Value, CodecError>;

    /// Reads a value, which must take all of `input`, as [`decode_seed`](SerdeCodec::decode_seed) does.
    ///
    /// # Errors
    ///
    /// As [`Codec::decode`].
    #[inline]
    fn decode<T: DeserializeOwned>(input: &[u8]) -> Result<T, CodecError> {
        Self::decode_seed(PhantomData::<T>, input)
    }
}

impl<T: Value, C: SerdeCodec> Codec<T> for C {
    const NAME: &'static str = <C as SerdeCodec>::NAME;

    fn describe() -> Result<Description, TraceError> {
        Description::of::<T>()
    }

    fn unfit(schema: &Schema) -> Option<Unfit> {
        <C as SerdeCodec>::unfit(schema)
    }

    fn check(value: &T, schema: &Schema) -> Result<(), CodecError> {
        <C as SerdeCodec>::check(value, schema)
    }

    #[inline]
    fn encode(value: &T, output: &mut Vec<u8>) -> Result<(), CodecError> {
        <C as SerdeCodec>::encode(value, output)
    }

    #[inline]
    fn decode(input: &[u8]) -> Result<T, CodecError> {
        <C as SerdeCodec>::decode(input)
    }

    fn decode_guarded(input: &[u8]) -> Result<T, CodecError> {
        guard::decode::<T, C>(input)
    }
}
