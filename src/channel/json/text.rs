//! JSON text taken apart, one level at a time.
//!
//! A part is a piece of the text: nothing is copied but strings with escapes, and no tree is built.
//! Each level is scanned once more for each level around it; the depth of a value is bounded.
//! Numbers stay texts until their type is known, so those of 128 bits are exact.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::JsonError;
use super::trail::excerpt;

/// A part of a JSON text.
#[derive(Debug)]
pub(super) enum Json<'a> {
    /// Any value, without blanks around it.
    Value(&'a RawValue),
    /// The key of an entry, which stands for a value that is written as a text.
    Key(Cow<'a, str>),
    /// What a missing option is taken for.
    Missing,
}

/// The entries of an object, in their order.
pub(super) type Entries<'a> = Vec<(Cow<'a, str>, &'a RawValue)>;

impl<'a> Json<'a> {
    /// All of a text, which is checked to its end.
    pub(super) fn parse(text: &'a str) -> Result<Json<'a>, JsonError> {
        serde_json::from_str(text).map(Json::Value).map_err(|error| JsonError::Syntax {
            line: error.line(),
            column: error.column(),
            reason: error.to_string(),
        })
    }

    pub(super) fn is_null(&self) -> bool {
        match self {
            Json::Value(raw) => raw.get() == "null",
            Json::Key(_) => false,
            Json::Missing => true,
        }
    }

    pub(super) fn boolean(&self) -> Option<bool> {
        match self.token()? {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }

    /// The digits of a number, which may be those of a key.
    pub(super) fn number(&self) -> Option<&str> {
        let token = self.token()?;
        let is_number = token.starts_with(|first: char| first == '-' || first.is_ascii_digit());
        // Keys have been checked as texts only.
        let is_whole = || match self {
            Json::Key(key) => {
                serde_json::from_str::<&RawValue>(key).is_ok_and(|raw| raw.get() == key)
            }
            Json::Value(_) | Json::Missing => true,
        };
        (is_number && is_whole()).then_some(token)
    }

    pub(super) fn string(&self) -> Option<Cow<'_, str>> {
        match self {
            Json::Value(raw) if raw.get().starts_with('"') => {
                serde_json::from_str(raw.get()).ok().map(|Text(text)| text)
            }
            Json::Key(key) => Some(Cow::Borrowed(key.as_ref())),
            Json::Value(_) | Json::Missing => None,
        }
    }

    pub(super) fn elements(&self) -> Option<Vec<&'a RawValue>> {
        match self {
            Json::Value(raw) if raw.get().starts_with('[') => serde_json::from_str(raw.get()).ok(),
            _ => None,
        }
    }

    /// `None` also if a key is no Unicode.
    pub(super) fn entries(&self) -> Option<Entries<'a>> {
        match self {
            Json::Value(raw) if raw.get().starts_with('{') => {
                serde_json::from_str(raw.get()).ok().map(|Object(entries)| entries)
            }
            _ => None,
        }
    }

    /// For a message.
    pub(super) fn describe(&self) -> String {
        match self {
            Json::Missing => "missing".to_owned(),
            Json::Key(key) => format!("the key {:?}", excerpt(key)),
            Json::Value(raw) => match raw.get().as_bytes().first() {
                Some(b'[') => "an array".to_owned(),
                Some(b'{') => "an object".to_owned(),
                _ => excerpt(raw.get()).into_owned(),
            },
        }
    }

    fn token(&self) -> Option<&str> {
        match self {
            Json::Value(raw) => Some(raw.get()),
            Json::Key(key) => Some(key),
            Json::Missing => None,
        }
    }
}

/// A string, borrowed if it has no escapes.
struct Text<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Text<'de>, D::Error> {
        deserializer.deserialize_str(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Owned(text.to_owned())))
    }
}

/// An object with all its entries, also those whose keys are equal.
struct Object<'a>(Entries<'a>);

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Object<'de>, D::Error> {
        deserializer.deserialize_map(ObjectVisitor)
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Object<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Object<'de>, A::Error> {
        let mut entries = Vec::new();
        while let Some((Text(key), value)) = access.next_entry::<Text<'de>, &'de RawValue>()? {
            entries.push((key, value));
        }
        Ok(Object(entries))
    }
}
