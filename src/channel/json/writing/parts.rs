//! Values with parts: pieces of JSON, each with the type that it must have.

use std::borrow::Cow;
use std::collections::HashSet;

use serde::ser::{
    Error as _, Serialize, SerializeMap, SerializeSeq, SerializeTuple, SerializeTupleStruct,
    SerializeTupleVariant, Serializer,
};
use serde_json::value::RawValue;

use super::Fit;
use super::fields::fields;
use crate::channel::guard::Nesting;
use crate::channel::identity::{Field, Primitive, Shape, TypeIndex, Variant, VariantContent};
use crate::channel::json::JsonError;
use crate::channel::json::layout::Layout;
use crate::channel::json::names::written;
use crate::channel::json::text::Json;
use crate::channel::json::trail::{Place, excerpt};

impl<'f, 'a> Fit<'f, 'a> {
    /// A value with parts, which are nested as said.
    pub(super) fn parts<S: Serializer>(
        &self,
        shape: &'a Shape,
        nesting: Nesting,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        let Fit { writing, json, .. } = *self;
        match shape {
            Shape::Primitive(primitive) => self.primitive(*primitive, to),
            Shape::UnitStruct => to.serialize_unit_struct(""),
            Shape::Option(_) if json.is_null() => to.serialize_none(),
            Shape::Option(content) => {
                writing.trail.enter(Place::Some);
                let ok = to.serialize_some(&Fit { content: *content, nesting, ..*self })?;
                writing.trail.leave();
                Ok(ok)
            }
            Shape::NewtypeStruct(content) => {
                writing.trail.enter(Place::Position(0));
                let part = Fit { content: *content, nesting, ..*self };
                let ok = to.serialize_newtype_struct("", &part)?;
                writing.trail.leave();
                Ok(ok)
            }
            Shape::Sequence(element) => {
                let Some(elements) = json.elements() else {
                    return Err(writing.unfit("an array", json));
                };
                let mut sequence = to.serialize_seq(Some(elements.len()))?;
                for (index, raw) in elements.into_iter().enumerate() {
                    let place = Place::Element(index);
                    let json = &Json::Value(raw);
                    self.part(place, *element, json, nesting, |p| sequence.serialize_element(p))?;
                }
                sequence.end()
            }
            Shape::Map { key, value } => self.map(*key, *value, nesting, to),
            Shape::Tuple(parts) => {
                let elements = self.exactly(parts.len())?;
                let mut tuple = to.serialize_tuple(parts.len())?;
                self.tuple(parts, &elements, nesting, |part| tuple.serialize_element(part))?;
                tuple.end()
            }
            Shape::TupleStruct(parts) => {
                let elements = self.exactly(parts.len())?;
                let mut tuple = to.serialize_tuple_struct("", parts.len())?;
                self.tuple(parts, &elements, nesting, |part| tuple.serialize_field(part))?;
                tuple.end()
            }
            Shape::Struct(all) => {
                let found = fields(writing, self.content, None, all, json)?;
                let mut tuple = to.serialize_tuple(all.len())?;
                self.fields(all, &found, nesting, |part| tuple.serialize_element(part))?;
                tuple.end()
            }
            Shape::Enum(variants) => self.variant(variants, nesting, to),
        }
    }

    /// Hands one part to the codec.
    fn part<E>(
        &self,
        place: Place<'a>,
        content: TypeIndex,
        json: &Json<'a>,
        nesting: Nesting,
        hand: impl FnOnce(&Fit<'_, 'a>) -> Result<(), E>,
    ) -> Result<(), E> {
        let writing = self.writing;
        writing.trail.enter(place);
        hand(&Fit { writing, content, json, nesting })?;
        writing.trail.leave();
        Ok(())
    }

    fn map<S: Serializer>(
        &self,
        key_type: TypeIndex,
        value_type: TypeIndex,
        nesting: Nesting,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        let writing = self.writing;
        let Some(entries) = self.json.entries() else {
            return Err(writing.unfit("an object", self.json));
        };
        let mut known = HashSet::with_capacity(entries.len());
        if let Some((key, _)) = entries.iter().find(|(key, _)| !known.insert(key.as_ref())) {
            writing.trail.enter(Place::Entry(key.clone()));
            return Err(writing.fail(|path| JsonError::Duplicate { path }));
        }
        drop(known);
        let mut map = to.serialize_map(Some(entries.len()))?;
        for (number, (key, raw)) in entries.into_iter().enumerate() {
            let place = Place::Entry(key.clone());
            let json = &Json::Key(key);
            self.part(Place::Key(number), key_type, json, nesting, |p| map.serialize_key(p))?;
            let json = &Json::Value(raw);
            self.part(place, value_type, json, nesting, |part| map.serialize_value(part))?;
        }
        map.end()
    }

    fn exactly<E: serde::ser::Error>(&self, count: usize) -> Result<Vec<&'a RawValue>, E> {
        let elements = self.json.elements();
        let elements = elements.ok_or_else(|| {
            self.writing.unfit(format_args!("an array of {count} elements"), self.json)
        })?;
        if elements.len() == count {
            return Ok(elements);
        }
        let expected = format!("an array of {count} elements");
        let found = format!("one of {}", elements.len());
        Err(self.writing.fail(|path| JsonError::Unfit { path, expected, found }))
    }

    fn tuple<E>(
        &self,
        parts: &[TypeIndex],
        elements: &[&'a RawValue],
        nesting: Nesting,
        mut hand: impl FnMut(&Fit<'_, 'a>) -> Result<(), E>,
    ) -> Result<(), E> {
        for (position, (content, raw)) in parts.iter().zip(elements).enumerate() {
            let json = &Json::Value(raw);
            self.part(Place::Position(position), *content, json, nesting, &mut hand)?;
        }
        Ok(())
    }

    fn fields<E>(
        &self,
        fields: &'a [Field],
        found: &[Json<'a>],
        nesting: Nesting,
        mut hand: impl FnMut(&Fit<'_, 'a>) -> Result<(), E>,
    ) -> Result<(), E> {
        for (field, json) in fields.iter().zip(found) {
            self.part(Place::Field(&field.name), field.content, json, nesting, &mut hand)?;
        }
        Ok(())
    }

    /// The elements of a `bytes`.
    pub(super) fn bytes<E: serde::ser::Error>(&self) -> Result<Vec<u8>, E> {
        let Some(elements) = self.json.elements() else {
            return Err(self.writing.unfit("an array of bytes", self.json));
        };
        let mut bytes = Vec::with_capacity(elements.len());
        for (index, raw) in elements.into_iter().enumerate() {
            let json = &Json::Value(raw);
            self.part(Place::Element(index), self.content, json, self.nesting, |part| {
                bytes.push(part.integer(Primitive::U8)?);
                Ok(())
            })?;
        }
        Ok(bytes)
    }

    fn variant<S: Serializer>(
        &self,
        variants: &'a [Variant],
        nesting: Nesting,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        let (number, json) = self.chosen(variants)?;
        let variant = &variants[number];
        self.writing.trail.enter(Place::Variant(&variant.name));
        let content = &variant.content;
        let fit = Fit { json: &json, nesting, ..*self };
        let ok = match self.writing.layout {
            Layout::ByNumber => fit.numbered(number, content, to)?,
            Layout::ByName => fit.named(written(&variant.name), number, content, to)?,
        };
        self.writing.trail.leave();
        Ok(ok)
    }

    /// The number of the variant, and its content.
    fn chosen<E: serde::ser::Error>(
        &self,
        variants: &'a [Variant],
    ) -> Result<(usize, Json<'a>), E> {
        let Fit { writing, json, .. } = *self;
        let expected = "the name of a variant, or an object with it as its only key";
        let (name, content) = match json.entries() {
            Some(mut entries) if entries.len() == 1 => match entries.pop() {
                Some((name, raw)) => (name, Json::Value(raw)),
                None => return Err(writing.unfit(expected, json)),
            },
            Some(_) => return Err(writing.unfit(expected, json)),
            None => match json.string() {
                Some(name) => (Cow::Owned(name.into_owned()), Json::Missing),
                None => return Err(writing.unfit(expected, json)),
            },
        };
        match writing.names.variant(self.content, variants, &name) {
            Some(number) => Ok((number, content)),
            None => {
                let expected = one_of(variants);
                let found = format!("{:?}", excerpt(&name));
                Err(writing.fail(|path| JsonError::Unfit { path, expected, found }))
            }
        }
    }

    fn numbered<S: Serializer>(
        &self,
        number: usize,
        content: &'a VariantContent,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        // Beyond that no codec has numbers; a schema has, if at all, by hand.
        let number_32 = u32::try_from(number).map_err(S::Error::custom)?;
        match content {
            VariantContent::Unit => {
                self.null()?;
                to.serialize_unit_variant("", number_32, "")
            }
            VariantContent::Newtype(part) => {
                self.has_content()?;
                self.writing.trail.enter(Place::Position(0));
                let part = Fit { content: *part, ..*self };
                let ok = to.serialize_newtype_variant("", number_32, "", &part)?;
                self.writing.trail.leave();
                Ok(ok)
            }
            VariantContent::Tuple(parts) => {
                let elements = self.exactly(parts.len())?;
                let mut tuple = to.serialize_tuple_variant("", number_32, "", parts.len())?;
                self.tuple(parts, &elements, self.nesting, |part| tuple.serialize_field(part))?;
                tuple.end()
            }
            VariantContent::Struct(all) => {
                let found = fields(self.writing, self.content, Some(number), all, self.json)?;
                let mut tuple = to.serialize_tuple_variant("", number_32, "", all.len())?;
                self.fields(all, &found, self.nesting, |part| tuple.serialize_field(part))?;
                tuple.end()
            }
        }
    }

    fn named<S: Serializer>(
        &self,
        name: &str,
        number: usize,
        content: &'a VariantContent,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        if let VariantContent::Unit = content {
            self.null()?;
            return to.serialize_str(name);
        }
        let mut entry = to.serialize_map(Some(1))?;
        entry.serialize_entry(name, &Named { fit: self, number, content })?;
        entry.end()
    }

    /// A newtype variant needs its content, even if it is an option.
    fn has_content<E: serde::ser::Error>(&self) -> Result<(), E> {
        match self.json {
            Json::Missing => {
                let (expected, found) = ("an object with its content".to_owned(), "a string");
                let found = found.to_owned();
                Err(self.writing.fail(|path| JsonError::Unfit { path, expected, found }))
            }
            _ => Ok(()),
        }
    }
}

/// The content of a variant that is written by its name.
struct Named<'n, 'f, 'a> {
    fit: &'n Fit<'f, 'a>,
    number: usize,
    content: &'a VariantContent,
}

impl Serialize for Named<'_, '_, '_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Fit { writing, json, nesting, .. } = *self.fit;
        match self.content {
            VariantContent::Unit => to.serialize_unit(),
            VariantContent::Newtype(part) => {
                self.fit.has_content()?;
                writing.trail.enter(Place::Position(0));
                let ok = Fit { content: *part, ..*self.fit }.serialize(to)?;
                writing.trail.leave();
                Ok(ok)
            }
            VariantContent::Tuple(parts) => {
                let elements = self.fit.exactly(parts.len())?;
                let mut tuple = to.serialize_tuple(parts.len())?;
                self.fit.tuple(parts, &elements, nesting, |part| tuple.serialize_element(part))?;
                tuple.end()
            }
            VariantContent::Struct(all) => {
                let found = fields(writing, self.fit.content, Some(self.number), all, json)?;
                let mut tuple = to.serialize_tuple(all.len())?;
                self.fit.fields(all, &found, nesting, |part| tuple.serialize_element(part))?;
                tuple.end()
            }
        }
    }
}

/// The names of the first variants, for a message.
fn one_of(variants: &[Variant]) -> String {
    const NAMED: usize = 5;
    let names: Vec<String> = variants
        .iter()
        .take(NAMED)
        .map(|variant| format!("{:?}", excerpt(written(&variant.name))))
        .collect();
    match variants.len() {
        0 => "a variant of an enum without variants".to_owned(),
        more if more > NAMED => format!("one of {} and {} more", names.join(", "), more - NAMED),
        _ => format!("one of {}", names.join(", ")),
    }
}
