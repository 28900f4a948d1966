//! How the values of one channel stand on the wire.

use std::fmt;
use std::marker::PhantomData;

use serde::de::DeserializeOwned;

use crate::channel::codec::{Bincode, Codec};
use crate::channel::identity::{Description, Samples, Schema, TraceError, Unfit};
use crate::channel::{CodecError, Value};

/// Appends an encoded value to a buffer.
pub(crate) type Encode<T> = fn(&T, &mut Vec<u8>) -> Result<(), CodecError>;

/// Reads a value, which must take all of the bytes.
pub(crate) type Decode<T> = fn(&[u8]) -> Result<T, CodecError>;

/// How the values of a channel stand on the wire: their codec, and the description of their type.
///
/// A channel that is created without one uses [`Bincode`] and finds the description out by itself.
///
/// ```
/// # use netchan::net::{Config, RecvSettings};
/// # use netchan::Exporter;
/// use netchan::channel::Format;
/// use netchan::channel::identity::Samples;
/// use serde::{Deserialize, Serialize};
///
/// /// Its check accepts nothing that one could guess.
/// #[derive(Serialize, Deserialize)]
/// #[serde(try_from = "String")]
/// struct Isbn(String);
///
/// impl TryFrom<String> for Isbn {
///     type Error = &'static str;
///     fn try_from(text: String) -> Result<Self, Self::Error> {
///         if text.starts_with("978-") { Ok(Self(text)) } else { Err("an ISBN starts with 978") }
///     }
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let exporter = Exporter::new(Config::default());
/// let format = Format::<Isbn>::new().with_samples(&Samples::new().text("978-0"));
/// let books = exporter.export_receiver_as("books", RecvSettings::default(), format)?;
/// # Ok(())
/// # }
/// ```
pub struct Format<T, C = Bincode> {
    /// `None`: the codec finds it out.
    description: Option<Result<Description, TraceError>>,
    codec: PhantomData<fn(T) -> C>,
}

impl<T: 'static, C: Codec<T>> Format<T, C> {
    /// Values as the codec writes them.
    #[must_use]
    pub fn new() -> Format<T, C> {
        Format { description: None, codec: PhantomData }
    }

    /// The type is as `schema` says, which was written by hand. It is what the peer's is compared to;
    /// nothing shows that values fit it.
    #[must_use]
    pub fn with_schema(mut self, schema: Schema) -> Format<T, C> {
        self.description = Some(Ok(Description::by_hand(schema)));
        self
    }

    /// The type is traced with these values, because its checks accept no invented ones. An error shows
    /// when the channel is created.
    #[must_use]
    pub fn with_samples(mut self, samples: &Samples) -> Format<T, C>
    where
        T: DeserializeOwned,
    {
        self.description = Some(Description::with_samples::<T>(samples));
        self
    }

    /// The description of the type.
    ///
    /// # Errors
    ///
    /// [`TraceError`] if values of `T` cannot be sent, at all or with this codec, or if its shape cannot
    /// be found.
    pub fn describe(&self) -> Result<Description, TraceError> {
        let description = self.description.clone().unwrap_or_else(C::describe)?;
        match C::unfit(description.schema()) {
            None => Ok(description),
            Some(Unfit { path, reason }) => {
                let (type_name, codec) = (std::any::type_name::<T>(), C::NAME);
                Err(TraceError::UnfitForCodec { type_name, codec, path, reason })
            }
        }
    }

    /// What the ends of a channel need of it.
    pub(crate) fn coding(&self) -> Result<Coding<T>, TraceError> {
        let description = self.describe()?;
        let decode = if description.needs_guard() { C::decode_guarded } else { C::decode };
        let type_name = std::any::type_name::<T>();
        Ok(Coding { encode: C::encode, decode, codec: C::NAME, type_name, description })
    }
}

impl<T: 'static, C: Codec<T>> Default for Format<T, C> {
    fn default() -> Format<T, C> {
        Format::new()
    }
}

impl<T, C> Clone for Format<T, C> {
    fn clone(&self) -> Format<T, C> {
        Format { description: self.description.clone(), codec: PhantomData }
    }
}

impl<T, C> fmt::Debug for Format<T, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Format").field("description", &self.description).finish()
    }
}

/// A format whose type can be used: what is done to values, and what the peer is told of them.
#[derive(Debug)]
pub(crate) struct Coding<T> {
    pub(crate) encode: Encode<T>,
    pub(crate) decode: Decode<T>,
    pub(crate) codec: &'static str,
    pub(crate) type_name: &'static str,
    pub(crate) description: Description,
}

impl<T: Value> Coding<T> {
    /// The coding of channels that ask for nothing else.
    pub(crate) fn usual() -> Result<Coding<T>, TraceError> {
        Format::<T>::new().coding()
    }
}
