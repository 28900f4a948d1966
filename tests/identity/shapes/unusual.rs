//! Implementations of `Deserialize` that derive would not write.

use std::fmt;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

/// Accepts nothing that anyone would invent.
#[derive(Debug, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Password(pub String);

impl TryFrom<String> for Password {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        if text.contains('$') { Ok(Self(text)) } else { Err("a password needs a dollar sign") }
    }
}

/// A sequence that must not be empty, with something after it.
#[derive(Debug, Serialize, Deserialize)]
pub struct NotEmpty {
    #[serde(deserialize_with = "not_empty")]
    pub list: Vec<u8>,
    #[serde(deserialize_with = "present")]
    pub option: Option<u8>,
    pub after: u8,
}

fn not_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let list = Vec::deserialize(deserializer)?;
    if list.is_empty() { Err(D::Error::custom("nothing in it")) } else { Ok(list) }
}

fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u8>, D::Error> {
    let option = Option::deserialize(deserializer)?;
    if option.is_none() { Err(D::Error::custom("nothing there")) } else { Ok(option) }
}

#[derive(Debug, Serialize, Deserialize)]
pub struct WithFunction {
    #[serde(deserialize_with = "number_as_text", serialize_with = "text_of_number")]
    pub number: u8,
    pub after: u8,
}

fn number_as_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
}

fn text_of_number<S: Serializer>(number: &u8, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(number)
}

/// Turns every error into a default, also those by which a trace is ended.
#[derive(Debug, Serialize, Deserialize)]
pub struct SwallowsErrors {
    #[serde(deserialize_with = "or_default")]
    pub number: Option<Box<SwallowsErrors>>,
    #[serde(deserialize_with = "or_default")]
    pub text: String,
}

fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(T::deserialize(deserializer).unwrap_or_default())
}

/// Panics for the first value that is tried.
#[derive(Debug, Serialize, Deserialize)]
pub struct Panics {
    #[serde(deserialize_with = "panicking")]
    pub number: u8,
    pub after: u8,
}

fn panicking<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    let number = u8::deserialize(deserializer)?;
    assert_ne!(number, 1, "this implementation panics for one, as the test wants");
    Ok(number)
}

/// Reads as many elements as the first one says.
pub struct LengthFirst(pub Vec<u8>);

impl<'de> Deserialize<'de> for LengthFirst {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Counted;
        impl<'de> Visitor<'de> for Counted {
            type Value = LengthFirst;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a flag and what it says")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<LengthFirst, A::Error> {
                let is_long: Option<Option<u8>> = access.next_element()?;
                if is_long.flatten().is_some() {
                    let number: Option<u32> = access.next_element()?;
                    return Ok(LengthFirst(number.map(|_| 1).into_iter().collect()));
                }
                Ok(LengthFirst(access.next_element::<u8>()?.into_iter().collect()))
            }
        }
        deserializer.deserialize_tuple(2, Counted)
    }
}

/// A struct that can be read by name only.
pub struct MapOnly;

impl<'de> Deserialize<'de> for MapOnly {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ByName;
        impl<'de> Visitor<'de> for ByName {
            type Value = MapOnly;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("fields by name")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<MapOnly, A::Error> {
                while access.next_entry::<String, u8>()?.is_some() {}
                Ok(MapOnly)
            }
        }
        deserializer.deserialize_struct("MapOnly", &["a", "b"], ByName)
    }
}

/// An enum that can be read by name only.
pub struct ByNameOnly;

impl<'de> Deserialize<'de> for ByNameOnly {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ByName;
        impl<'de> Visitor<'de> for ByName {
            type Value = ByNameOnly;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a variant by name")
            }

            fn visit_enum<A: serde::de::EnumAccess<'de>>(
                self,
                access: A,
            ) -> Result<ByNameOnly, A::Error> {
                access.variant::<String>().map(|_| ByNameOnly)
            }
        }
        deserializer.deserialize_enum("ByNameOnly", &["A", "B"], ByName)
    }
}

/// Asks for elements without end, whatever it is told.
pub struct NeverDone(PhantomData<u8>);

impl<'de> Deserialize<'de> for NeverDone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Forever;
        impl<'de> Visitor<'de> for Forever {
            type Value = NeverDone;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("more")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<NeverDone, A::Error> {
                loop {
                    access.next_element::<u8>()?;
                }
            }
        }
        deserializer.deserialize_seq(Forever)
    }
}

/// Nests itself under a new name each time, so that it never comes back to a known type.
pub struct Growing;

impl<'de> Deserialize<'de> for Growing {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Level;
        impl<'de> Visitor<'de> for Level {
            type Value = Growing;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("one more level")
            }

            fn visit_newtype_struct<D: Deserializer<'de>>(
                self,
                deserializer: D,
            ) -> Result<Growing, D::Error> {
                Growing::deserialize(deserializer)
            }
        }
        static LEVEL: AtomicUsize = AtomicUsize::new(0);
        let level = LEVEL.fetch_add(1, Ordering::Relaxed);
        let name = Box::leak(format!("Level{level}").into_boxed_str());
        deserializer.deserialize_newtype_struct(name, Level)
    }
}

/// Takes much stack at each of its levels, and has no other end than that of the stack.
pub struct Heavy;

impl<'de> Deserialize<'de> for Heavy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Level;
        impl<'de> Visitor<'de> for Level {
            type Value = Heavy;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("one more level")
            }

            fn visit_newtype_struct<D: Deserializer<'de>>(
                self,
                deserializer: D,
            ) -> Result<Heavy, D::Error> {
                let ballast = std::hint::black_box([0_u8; 32 * 1024]);
                let level = Heavy::deserialize(deserializer);
                std::hint::black_box(ballast);
                level
            }
        }
        static LEVEL: AtomicUsize = AtomicUsize::new(0);
        let level = LEVEL.fetch_add(1, Ordering::Relaxed);
        let name = Box::leak(format!("Level{level}").into_boxed_str());
        deserializer.deserialize_newtype_struct(name, Level)
    }
}
