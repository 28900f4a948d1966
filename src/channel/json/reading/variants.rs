//! Enums: the name of the variant as a text, or an object with one entry from it to the content.

use std::cell::Cell;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, EnumAccess, VariantAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::parts::{Struct, Tuple};
use super::{PartSeed, Reading, written_twice};
use crate::channel::identity::{TypeIndex, Variant, VariantContent};
use crate::channel::json::names::written;
use crate::channel::json::trail::{Place, excerpt};

pub(super) struct Enum<'r, 's, S> {
    pub(super) reading: &'r Reading<'s>,
    /// The type of the enum.
    pub(super) at: TypeIndex,
    pub(super) variants: &'s [Variant],
    pub(super) to: S,
}

impl<'de, S: Serializer> Visitor<'de> for Enum<'_, '_, S> {
    type Value = S::Ok;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an enum")
    }

    fn visit_enum<A: EnumAccess<'de>>(self, access: A) -> Result<S::Ok, A::Error> {
        let Enum { reading, at, variants, to } = self;
        let (variant, access) = access.variant_seed(Chosen { reading, at, variants })?;
        reading.trail.enter(Place::Variant(&variant.name));
        let name = written(&variant.name);
        let ok = match &variant.content {
            VariantContent::Unit => {
                access.unit_variant()?;
                reading.written(to.serialize_str(name))?
            }
            content => {
                let content = Content { reading, content, access: Cell::new(Some(access)) };
                let mut entry = reading.written(to.serialize_map(Some(1)))?;
                reading.written(entry.serialize_entry(name, &content))?;
                reading.written(entry.end())?
            }
        };
        reading.trail.leave();
        Ok(ok)
    }
}

/// Which variant it is, by its number or by one of its names, as the codec has it.
struct Chosen<'r, 's> {
    reading: &'r Reading<'s>,
    at: TypeIndex,
    variants: &'s [Variant],
}

impl<'de, 's> DeserializeSeed<'de> for Chosen<'_, 's> {
    type Value = &'s Variant;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<&'s Variant, D::Error> {
        from.deserialize_identifier(self)
    }
}

impl<'s> Visitor<'_> for Chosen<'_, 's> {
    type Value = &'s Variant;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "one of {} variants", self.variants.len())
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<&'s Variant, E> {
        let variant = usize::try_from(number).ok().and_then(|place| self.variants.get(place));
        variant.ok_or_else(|| {
            E::custom(format_args!("there is no variant {number} of {}", self.variants.len()))
        })
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<&'s Variant, E> {
        let place = self.reading.names.variant(self.at, self.variants, name);
        place
            .and_then(|place| self.variants.get(place))
            .ok_or_else(|| E::custom(format_args!("there is no variant {:?}", excerpt(name))))
    }
}

/// What a variant contains.
struct Content<'r, 's, A> {
    reading: &'r Reading<'s>,
    content: &'s VariantContent,
    access: Cell<Option<A>>,
}

impl<'de, A: VariantAccess<'de>> Serialize for Content<'_, '_, A> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Content { reading, content, .. } = *self;
        let access = self.access.take().ok_or_else(written_twice)?;
        let decoded = match content {
            // It has no entry to be the value of; if it had, nothing is what would stand there.
            VariantContent::Unit => {
                reading.decoded(access.unit_variant())?;
                return to.serialize_unit();
            }
            VariantContent::Newtype(part) => {
                reading.trail.enter(Place::Position(0));
                let seed = PartSeed { reading, content: *part, serializer: to };
                let decoded = access.newtype_variant_seed(seed);
                if decoded.is_ok() {
                    reading.trail.leave();
                }
                decoded
            }
            VariantContent::Tuple(parts) => {
                access.tuple_variant(parts.len(), Tuple { reading, parts, to })
            }
            VariantContent::Struct(fields) => {
                // As a tuple: its names would have to be known to the program.
                access.tuple_variant(fields.len(), Struct { reading, fields, to })
            }
        };
        reading.decoded(decoded)
    }
}
