//! How the values of one channel stand on the wire.

use std::borrow::Cow;
use std::fmt::{self, Display};
use std::marker::PhantomData;
use std::sync::Arc;

use bytes::Bytes;
use serde::de::DeserializeOwned;

use crate::channel::codec::{Bincode, Codec, Encoded, Verbatim};
use crate::channel::encoder::Encoder;
use crate::channel::forms::{Accepted, Decoder, decode_older, decode_older_guarded};
use crate::channel::identity::{Description, Samples, Schema, TraceError, Unfit};
use crate::channel::{CodecError, EndsWith, Incoming, Strictness, Value};

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
    /// `None`: the codec's own.
    codec_name: Option<Arc<str>>,
    /// Types that are accepted in the place of `T`.
    older: Vec<Older<T>>,
    codec: PhantomData<fn(T) -> C>,
}

/// A type that becomes another one when it has come.
struct Older<T> {
    description: Result<Description, TraceError>,
    decode: Decode<T>,
    decode_guarded: Decode<T>,
}

impl<T: 'static, C: Codec<T>> Format<T, C> {
    /// Values as the codec writes them.
    #[must_use]
    pub fn new() -> Format<T, C> {
        Format { description: None, codec_name: None, older: Vec::new(), codec: PhantomData }
    }

    /// The type is as `schema` says, which was written by hand. It is what the peer's is compared to, and
    /// what the first values that are sent are held against.
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

    /// Values of an older type are accepted as well, and become a `T` when they are received: by
    /// `From`, or by `TryFrom`, whose error counts as a value that cannot be decoded.
    ///
    /// It concerns values that come in. What goes out is a `T`, so whoever receives is upgraded first:
    /// `docs/types.md` shows how. Of what is accepted, the channel's own type comes first, and then the
    /// older ones in the order of these calls; at most
    /// [`OLDER_TYPES_MAX`](crate::limits::OLDER_TYPES_MAX).
    ///
    /// ```
    /// # use netchan::net::{Config, Connection, RecvSettings, Stream, UnreadReports};
    /// # use netchan::Exporter;
    /// use netchan::channel::Format;
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Serialize, Deserialize)]
    /// struct OrderV1 {
    ///     qty: u32,
    /// }
    ///
    /// #[derive(Debug, PartialEq, Serialize, Deserialize)]
    /// struct Order {
    ///     qty: u64,
    ///     note: Option<String>,
    /// }
    ///
    /// impl From<OrderV1> for Order {
    ///     fn from(old: OrderV1) -> Order {
    ///         Order { qty: old.qty.into(), note: None }
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (near, far) = Stream::in_memory(64 * 1024);
    /// # let exporter = Exporter::new(Config::default());
    /// let format = Format::<Order>::new().also_accepts::<OrderV1>();
    /// let mut orders = exporter.export_receiver_as("orders", RecvSettings::default(), format)?;
    /// # let config = Config::default();
    /// # let (served, opened) = tokio::join!(
    /// #     exporter.serve(near),
    /// #     Connection::open(far, &config, UnreadReports::DropOldest),
    /// # );
    /// # served?;
    /// # let (connection, driver) = opened?;
    /// # tokio::spawn(driver.run());
    ///
    /// // On a machine that was not upgraded yet:
    /// let sender = connection.import_sender::<OrderV1>("orders", Default::default()).await?;
    /// sender.send(OrderV1 { qty: 12 }).await?;
    ///
    /// assert_eq!(orders.recv().await?, Order { qty: 12, note: None });
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn also_accepts<Old: 'static>(self) -> Format<T, C>
    where
        C: Codec<Old>,
        T: TryFrom<Old, Error: Display>,
    {
        self.also_accepts_as(Format::<Old, C>::new())
    }

    /// The same for an older type that stands on the wire as a format says. Those that it accepts itself
    /// are not accepted by that.
    #[must_use]
    pub fn also_accepts_as<Old: 'static>(mut self, older: Format<Old, C>) -> Format<T, C>
    where
        C: Codec<Old>,
        T: TryFrom<Old, Error: Display>,
    {
        self.older.push(Older {
            description: older.describe(),
            decode: decode_older::<Old, T, C>,
            decode_guarded: decode_older_guarded::<Old, T, C>,
        });
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
        let mut descriptions = Vec::new();
        let mut decoders = Vec::new();
        for older in &self.older {
            let description = older.description.clone()?;
            let is_guarded = description.needs_guard();
            decoders.push(if is_guarded { older.decode_guarded } else { older.decode });
            descriptions.push(description);
        }
        let type_name = std::any::type_name::<T>();
        let codec = match &self.codec_name {
            Some(name) => Cow::Owned(name.to_string()),
            None => Cow::Borrowed(C::NAME),
        };
        let encoder = Encoder::new(C::encode, C::check, description.schema().clone());
        let accepted = Accepted { description, type_name, older: descriptions.into() };
        let decoder = Decoder::new(decode, &decoders);
        Ok(Coding { encoder, decoder, verbatim: C::verbatim(), codec, accepted })
    }
}

impl Format<Bytes, Encoded> {
    /// Values that stay encoded: what they are and how they are encoded was found out at run time. Nothing
    /// looks into them here.
    ///
    /// `codec` is the name that is compared at import.
    #[must_use]
    pub fn encoded(codec: &str, description: Description) -> Format<Bytes, Encoded> {
        let (description, codec_name) = (Some(Ok(description)), Some(codec.into()));
        Format { description, codec_name, older: Vec::new(), codec: PhantomData }
    }
}

impl<T: 'static, C: Codec<T>> Default for Format<T, C> {
    fn default() -> Format<T, C> {
        Format::new()
    }
}

impl<T, C> Clone for Format<T, C> {
    fn clone(&self) -> Format<T, C> {
        let Format { description, codec_name, older, .. } = self;
        let (description, codec_name) = (description.clone(), codec_name.clone());
        Format { description, codec_name, older: older.clone(), codec: PhantomData }
    }
}

impl<T, C> fmt::Debug for Format<T, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Format")
            .field("description", &self.description)
            .field("older_types", &self.older.len())
            .finish()
    }
}

impl<T> Clone for Older<T> {
    fn clone(&self) -> Older<T> {
        let Older { description, decode, decode_guarded } = self;
        let (decode, decode_guarded) = (*decode, *decode_guarded);
        Older { description: description.clone(), decode, decode_guarded }
    }
}

/// A format whose type can be used: what is done to values, and what the peer is told of them.
#[derive(Debug)]
pub(crate) struct Coding<T> {
    pub(crate) encoder: Encoder<T>,
    pub(crate) decoder: Decoder<T>,
    /// How values that are bytes already go without a copy.
    pub(crate) verbatim: Option<Verbatim<T>>,
    pub(crate) codec: Cow<'static, str>,
    pub(crate) accepted: Accepted,
}

impl<T> Coding<T> {
    /// The queue of a channel that receives such values.
    pub(crate) fn incoming(&self, strictness: Strictness, ends_with: EndsWith) -> Arc<Incoming> {
        match self.verbatim {
            None => Incoming::new(strictness, ends_with, self.accepted.carries_ends()),
            Some(_) => Incoming::for_bytes(strictness, ends_with, self.accepted.carries_ends()),
        }
    }
}

impl<T: Value> Coding<T> {
    /// The coding of channels that ask for nothing else.
    pub(crate) fn usual() -> Result<Coding<T>, TraceError> {
        Format::<T>::new().coding()
    }
}
