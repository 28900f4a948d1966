//! Where a serializer takes parts: serde has a method of its own for each kind of value.

use std::fmt::Display;

use serde::de::{DeserializeSeed, Deserializer};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, SerializeTuple};

use super::{Part, Reading};
use crate::channel::identity::TypeIndex;

/// Takes one part.
pub(super) trait Taker {
    type Error: Display;

    fn take<P: Serialize>(self, part: &P) -> Result<(), Self::Error>;
}

/// An element of a sequence.
pub(super) struct Element<'m, S>(pub(super) &'m mut S);

/// An element of a tuple.
pub(super) struct Position<'m, S>(pub(super) &'m mut S);

/// The key of an entry.
pub(super) struct Key<'m, S>(pub(super) &'m mut S);

/// The value of an entry.
pub(super) struct Value<'m, S>(pub(super) &'m mut S);

impl<S: SerializeSeq> Taker for Element<'_, S> {
    type Error = S::Error;

    fn take<P: Serialize>(self, part: &P) -> Result<(), S::Error> {
        self.0.serialize_element(part)
    }
}

impl<S: SerializeTuple> Taker for Position<'_, S> {
    type Error = S::Error;

    fn take<P: Serialize>(self, part: &P) -> Result<(), S::Error> {
        self.0.serialize_element(part)
    }
}

impl<S: SerializeMap> Taker for Key<'_, S> {
    type Error = S::Error;

    fn take<P: Serialize>(self, part: &P) -> Result<(), S::Error> {
        self.0.serialize_key(part)
    }
}

impl<S: SerializeMap> Taker for Value<'_, S> {
    type Error = S::Error;

    fn take<P: Serialize>(self, part: &P) -> Result<(), S::Error> {
        self.0.serialize_value(part)
    }
}

/// A part that is decoded, and taken there.
pub(super) struct TakenSeed<'r, 's, T> {
    pub(super) reading: &'r Reading<'s>,
    pub(super) content: TypeIndex,
    pub(super) taker: T,
}

impl<'de, T: Taker> DeserializeSeed<'de> for TakenSeed<'_, '_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let part = Part::new(self.reading, self.content, deserializer);
        self.reading.written(self.taker.take(&part))
    }
}
