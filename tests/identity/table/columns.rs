//! What is found out about a type and its values.

use std::fmt::Debug;
use std::sync::Arc;

#[cfg(debug_assertions)]
use netchan::channel::Codec;
use netchan::channel::identity::{Description, Schema, TraceError};
use netchan::channel::json::to_json;
use netchan::channel::{Format, SerdeCodec, Value};

/// A type that can be sent, and values of it.
pub(crate) struct Row {
    /// As it is written in the source, without spaces.
    pub(crate) name: String,
    pub(crate) schema: Result<Arc<Schema>, TraceError>,
    needs_guard: bool,
    values: Box<dyn Values>,
}

/// Makes rows of types with their values.
macro_rules! rows {
    ($($type:ty => [$($value:expr),+ $(,)?]),+ $(,)?) => {
        vec![$($crate::table::columns::Row::new::<$type>(stringify!($type), vec![$($value),+])),+]
    };
}
pub(super) use rows;

impl Row {
    pub(super) fn new<T: Value + Debug>(name: &str, values: Vec<T>) -> Row {
        let description = Description::of::<T>();
        let needs_guard = description.as_ref().is_ok_and(Description::needs_guard);
        let schema = description.map(|description| description.schema().clone());
        Row { name: normal(name), schema, needs_guard, values: Box::new(values) }
    }

    pub(super) fn value_count(&self) -> usize {
        self.values.count()
    }

    pub(super) fn needs_guard(&self) -> bool {
        self.needs_guard
    }

    /// Whether the JSON of all values by the schema is that of `serde_json`.
    pub(super) fn json(&self) -> Result<(), String> {
        self.values.look_alike_in_json()
    }

    /// Whether all values survive a codec, whose name is told as well.
    pub(super) fn carried<C: SerdeCodec + Probe>(&self) -> (&'static str, Result<(), String>) {
        (C::NAME, C::carries(&*self.values))
    }
}

/// How a type is written, whatever the compiler makes of its spaces.
pub(super) fn normal(name: &str) -> String {
    name.split_whitespace().collect::<String>().replace(',', ", ")
}

/// Values of a type that only they know.
pub(super) trait Values {
    fn count(&self) -> usize;
    fn survive_bincode(&self) -> Result<(), String>;
    fn survive_postcard(&self) -> Result<(), String>;
    fn survive_messagepack(&self) -> Result<(), String>;
    fn look_alike_in_json(&self) -> Result<(), String>;
}

impl<T: Value + Debug> Values for Vec<T> {
    fn count(&self) -> usize {
        self.len()
    }

    fn survive_bincode(&self) -> Result<(), String> {
        survive::<T, netchan::channel::Bincode>(self)
    }

    fn survive_postcard(&self) -> Result<(), String> {
        survive::<T, netchan::channel::Postcard>(self)
    }

    fn survive_messagepack(&self) -> Result<(), String> {
        survive::<T, netchan::channel::MessagePack>(self)
    }

    fn look_alike_in_json(&self) -> Result<(), String> {
        look_alike::<T, netchan::channel::Bincode>(self)?;
        look_alike::<T, netchan::channel::Postcard>(self)?;
        if Format::<T, netchan::channel::MessagePack>::new().describe().is_ok() {
            look_alike::<T, netchan::channel::MessagePack>(self)?;
        }
        Ok(())
    }
}

/// Whether the JSON that comes of the bytes by the schema is that of `serde_json`.
fn look_alike<T: Value + Debug, C: SerdeCodec>(values: &[T]) -> Result<(), String> {
    let text = |error: &dyn std::fmt::Display| format!("{}: {error}", C::NAME);
    let description = Description::of::<T>().map_err(|error| text(&error))?;
    for value in values {
        let mut bytes = Vec::new();
        C::encode(value, &mut bytes).map_err(|error| text(&error))?;
        let mut json = Vec::new();
        to_json::<C>(description.schema(), &bytes, &mut json).map_err(|error| text(&error))?;
        let expected = serde_json::to_vec(value).map_err(|error| text(&error))?;
        if json != expected {
            let (json, expected) =
                (String::from_utf8_lossy(&json), String::from_utf8_lossy(&expected));
            let short = |text: &str| text.chars().take(60).collect::<String>();
            return Err(format!("{} and not {}", short(&json), short(&expected)));
        }
    }
    Ok(())
}

/// A codec of the table.
pub(super) trait Probe {
    fn carries(values: &dyn Values) -> Result<(), String>;
}

impl Probe for netchan::channel::Bincode {
    fn carries(values: &dyn Values) -> Result<(), String> {
        values.survive_bincode()
    }
}

impl Probe for netchan::channel::Postcard {
    fn carries(values: &dyn Values) -> Result<(), String> {
        values.survive_postcard()
    }
}

impl Probe for netchan::channel::MessagePack {
    fn carries(values: &dyn Values) -> Result<(), String> {
        values.survive_messagepack()
    }
}

/// An optimized build of this for all types takes many minutes. Only identities need one.
#[cfg(not(debug_assertions))]
fn survive<T: Value + Debug, C: SerdeCodec>(_: &[T]) -> Result<(), String> {
    Format::<T, C>::new().describe().map(drop).map_err(|error| error.to_string())
}

/// Values are compared by what they show of themselves: not all types can be compared.
#[cfg(debug_assertions)]
fn survive<T: Value + Debug, C: SerdeCodec>(values: &[T]) -> Result<(), String> {
    Format::<T, C>::new().describe().map_err(|error| error.to_string())?;
    for value in values {
        let mut bytes = Vec::new();
        <C as SerdeCodec>::encode(value, &mut bytes).map_err(|error| error.to_string())?;
        for decode in [<C as Codec<T>>::decode, <C as Codec<T>>::decode_guarded] {
            let back = decode(&bytes).map_err(|error| format!("{value:?}: {error}"))?;
            if format!("{back:?}") != format!("{value:?}") {
                return Err(format!("{value:?} came back as {back:?}"));
            }
            // Nothing is left over, and nothing is missing.
            let longer = [&bytes[..], &[0]].concat();
            if let Ok(more) = decode(&longer) {
                return Err(format!("{value:?} with a byte behind it is {more:?}"));
            }
            if bytes.split_last().is_some_and(|(_, shorter)| decode(shorter).is_ok()) {
                return Err(format!("{value:?} without its last byte is a value"));
            }
        }
    }
    Ok(())
}
