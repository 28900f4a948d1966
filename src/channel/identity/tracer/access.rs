//! How the parts of a type are handed out: elements, entries, variants, and names to be looked up.

use std::mem::discriminant;

use serde::de::value::StrDeserializer;
use serde::de::{self, DeserializeSeed, IntoDeserializer, Visitor};

use super::deserializer::{Interruption, Invented, visit_fields};
use super::graph::ContentKind;
use super::names::Meaning;
use super::run::{Stopped, Tracer};

/// The elements of a tuple or the fields of a struct: a fixed number of different ones.
pub(super) struct Elements<'t, 's> {
    tracer: &'t mut Tracer<'s>,
    next: usize,
    count: usize,
}

impl<'t, 's> Elements<'t, 's> {
    pub(super) fn new(tracer: &'t mut Tracer<'s>, count: usize) -> Self {
        Self { tracer, next: 0, count }
    }
}

impl<'de> de::SeqAccess<'de> for Elements<'_, '_> {
    type Error = Interruption;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Interruption> {
        if self.next >= self.count {
            // The request still counts, or a visitor that ignores the end would ask forever.
            self.tracer.step()?;
            return Ok(None);
        }
        self.tracer.begin_element(self.next);
        self.next += 1;
        seed.deserialize(Invented { tracer: &mut *self.tracer }).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.count - self.next)
    }
}

/// The elements of a sequence or the entries of a map: any number of equal ones.
pub(super) struct Entries<'t, 's> {
    tracer: &'t mut Tracer<'s>,
    something: bool,
    left: usize,
}

impl<'t, 's> Entries<'t, 's> {
    pub(super) fn new(tracer: &'t mut Tracer<'s>, something: bool) -> Self {
        let left = tracer.length(something);
        Self { tracer, something, left }
    }

    fn next<'de, S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Interruption> {
        if self.left == 0 {
            self.tracer.note_end(self.something)?;
            return Ok(None);
        }
        self.left -= 1;
        self.tracer.begin_element(0);
        seed.deserialize(Invented { tracer: &mut *self.tracer }).map(Some)
    }
}

impl<'de> de::SeqAccess<'de> for Entries<'_, '_> {
    type Error = Interruption;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Interruption> {
        self.next(seed)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

impl<'de> de::MapAccess<'de> for Entries<'_, '_> {
    type Error = Interruption;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Interruption> {
        self.next(seed)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<S::Value, Interruption> {
        self.tracer.begin_element(1);
        seed.deserialize(Invented { tracer: &mut *self.tracer })
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

/// The variant that the tracer has picked.
pub(super) struct Variants<'t, 's> {
    pub(super) tracer: &'t mut Tracer<'s>,
}

impl<'de, 't, 's> de::EnumAccess<'de> for Variants<'t, 's> {
    type Error = Interruption;
    type Variant = Content<'t, 's>;

    fn variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<(S::Value, Content<'t, 's>), Interruption> {
        let branch = self.tracer.branch();
        if let Some(name) = self.tracer.variant_looked_up() {
            let value = seed.deserialize(name_as_deserializer(name))?;
            self.tracer.note_meaning(Meaning::of(discriminant(&value)));
            return Err(Interruption::from(Stopped));
        }
        // As on the wire: a number, in 32 bits.
        let number = u32::try_from(branch).unwrap_or(u32::MAX);
        let result: Result<S::Value, Interruption> = seed.deserialize(number.into_deserializer());
        match result {
            Ok(value) => Ok((value, Content { tracer: self.tracer })),
            Err(error) => {
                self.tracer.note_variant_count(branch, error.message());
                Err(error)
            }
        }
    }
}

/// What follows the number of a variant.
pub(super) struct Content<'t, 's> {
    tracer: &'t mut Tracer<'s>,
}

impl<'de> de::VariantAccess<'de> for Content<'_, '_> {
    type Error = Interruption;

    fn unit_variant(self) -> Result<(), Interruption> {
        Ok(self.tracer.note_content(ContentKind::Unit)?)
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<S::Value, Interruption> {
        self.tracer.note_content(ContentKind::Newtype)?;
        self.tracer.begin_element(0);
        seed.deserialize(Invented { tracer: self.tracer })
    }

    fn tuple_variant<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Interruption> {
        self.tracer.note_content(ContentKind::Tuple(length))?;
        visitor.visit_seq(Elements::new(self.tracer, length))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Interruption> {
        self.tracer.note_content(ContentKind::Struct(fields))?;
        let branch = self.tracer.branch();
        visit_fields(visitor, self.tracer, branch, fields.len())
    }
}

/// A struct given by names, as far as its first one: enough to learn what the name means.
pub(super) struct Names<'t, 's> {
    pub(super) tracer: &'t mut Tracer<'s>,
}

impl<'de> de::MapAccess<'de> for Names<'_, '_> {
    type Error = Interruption;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Interruption> {
        if let Some(name) = self.tracer.field_looked_up() {
            let value = seed.deserialize(name_as_deserializer(name))?;
            self.tracer.note_meaning(Meaning::of(discriminant(&value)));
        }
        Err(Interruption::from(Stopped))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, _: S) -> Result<S::Value, Interruption> {
        Err(Interruption::from(Stopped))
    }
}

fn name_as_deserializer(name: &'static str) -> StrDeserializer<'static, Interruption> {
    name.into_deserializer()
}
