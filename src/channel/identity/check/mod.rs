//! Whether a value serializes as its type says.
//!
//! A type has two halves that nothing ties together: what it reads, which the [`Schema`] is found by, and
//! what it writes. `skip_serializing_if`, `skip` on a variant in the middle, or an uneven pair of
//! `serialize_with` and `deserialize_with`, and the receiver reads bytes that mean something else. Here
//! a value is serialized into nothing, and what it writes is held against the schema.
//!
//! What is compared is what stands on the wire, as bincode writes it: a newtype, a tuple and a struct
//! have nothing around their parts, text and bytes are alike, and an integer may be written by a
//! narrower one. So a value is refused only if its receiver could not read it, or would read something
//! else. Names help where the bytes alone do not show that a part was left out.

mod cursor;
mod number;
mod serializer;

use std::cell::Cell;
use std::fmt;

use serde::Serialize;

use super::schema::Schema;
use cursor::Cursor;
use serializer::Checker;

/// Where a value does not serialize as its type says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Misfit {
    /// The place in the type, as `Order.lines[].qty`.
    pub path: String,
    /// What the type has there.
    pub expected: String,
    /// What the value has there.
    pub found: String,
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Misfit { path, expected, found } = self;
        write!(f, "{path}: the type has {expected}, the value {found}")
    }
}

impl std::error::Error for Misfit {}

/// Why a check has come to its end before the value.
#[derive(Debug)]
pub(super) enum Stop {
    Misfit(Box<Misfit>),
    /// It cannot be serialized, or not be checked. Whoever encodes it will see.
    Unknown,
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stop::Misfit(misfit) => misfit.fmt(f),
            Stop::Unknown => f.write_str("the value cannot be checked"),
        }
    }
}

impl std::error::Error for Stop {}

impl serde::ser::Error for Stop {
    fn custom<T: fmt::Display>(_: T) -> Stop {
        Stop::Unknown
    }
}

/// What a codec writes beside the values of a type's parts, so that its receiver knows them again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Nothing, as bincode does: their places say what they are.
    Places,
    /// The kind of each, and the names of variants, as MessagePack does. A receiver notices by itself
    /// what it does not read. Only the fields of structs are known by their places.
    Kinds,
}

/// The newtype as which the sending end of a channel shows itself to a check. What is written of it is a
/// token of [`TOKEN_BYTES`], and what its type says is more: see [`Cursor::end_of_channel`].
pub(crate) const END_OF_CHANNEL: &str = "the sending end of a channel";

/// What is written of the sending end of a channel.
const TOKEN_BYTES: usize = 16;

/// How the first field of a type begins that is the sending end of a channel.
const TOKEN_FIELD: &str = "token of a Remote";

thread_local! {
    static IS_CHECKING: Cell<bool> = const { Cell::new(false) };
}

/// While this lives, values are serialized on this thread to be looked at, and not to be sent.
struct Scope {
    around: bool,
}

impl Scope {
    fn enter() -> Scope {
        Scope { around: IS_CHECKING.replace(true) }
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        IS_CHECKING.set(self.around);
    }
}

/// Whether a value is serialized only to be looked at: then it must do nothing else.
pub(crate) fn is_checking() -> bool {
    IS_CHECKING.get()
}

impl Schema {
    /// Whether `value` serializes as this schema says, so that whoever reads it as that type reads what
    /// was written. The first values of each channel are checked so before they are sent.
    ///
    /// A value that fails to serialize, or that does not know the length of a sequence, is not this
    /// check's business: it passes, and the codec says what is wrong. Of a value with more parts than
    /// [`PARTS_CHECKED_MAX`](crate::limits::PARTS_CHECKED_MAX) the first ones are looked at.
    ///
    /// # Errors
    ///
    /// [`Misfit`] with the first place where they part.
    ///
    /// # Panics
    ///
    /// If the type's `Serialize` does.
    ///
    /// # Example
    ///
    /// ```
    /// # use netchan::channel::identity::Schema;
    /// # use serde::{Deserialize, Serialize};
    /// #[derive(Serialize, Deserialize)]
    /// struct Order {
    ///     #[serde(skip_serializing_if = "Option::is_none")]
    ///     note: Option<String>,
    ///     quantity: u32,
    /// }
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let schema = Schema::of::<Order>()?;
    /// assert!(schema.check(&Order { note: Some("gift".into()), quantity: 1 }).is_ok());
    /// let misfit = schema.check(&Order { note: None, quantity: 1 }).unwrap_err();
    /// assert_eq!(misfit.path, "Order.note");
    /// assert_eq!(misfit.found, "nothing: it was left out");
    /// # Ok(())
    /// # }
    /// ```
    pub fn check<T: Serialize + ?Sized>(&self, value: &T) -> Result<(), Misfit> {
        self.check_as(value, Manner::Places)
    }

    /// The same for a codec that writes more than the values.
    pub(crate) fn check_as<T: Serialize + ?Sized>(
        &self,
        value: &T,
        manner: Manner,
    ) -> Result<(), Misfit> {
        let _scope = Scope::enter();
        let mut cursor = Cursor::new(self, manner);
        let serialized = value.serialize(Checker::new(&mut cursor));
        // Code of the type may have seen the error on its way, and made another one of it.
        if let Some(misfit) = cursor.take_misfit() {
            return Err(misfit);
        }
        match serialized.and_then(|()| cursor.finish()) {
            Ok(()) | Err(Stop::Unknown) => Ok(()),
            Err(Stop::Misfit(misfit)) => Err(*misfit),
        }
    }
}
