//! The values that a trace invents.
//!
//! Most types take any value of their primitive. Those that check (a port that is not zero, a URL, a
//! date) are offered one value after another until they accept. The lists are short and ordered by
//! how often a value helps. This file knows values only.

use super::shape::Primitive;

/// One comes first: zero is refused more often (`NonZeroU32`, the day of a month).
const INTEGERS: [i128; 34] = [
    1, 0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 16, 20, 24, 31, 32, 50, 60, 64, 99, 100, 127, 128,
    255, 256, 1_000, 1_024, 1_970, 2_000, 65_535, -1, -128,
];

const FLOATS: [f64; 7] = [1.0, 0.0, 0.5, -1.0, 2.0, 10.0, 100.0];

const CHARACTERS: [char; 7] = ['a', 'A', '0', '1', ' ', '-', '/'];

const TEXTS: [&str; 54] = [
    "a",
    "",
    "0",
    "1",
    "A",
    "2000-01-01",
    "00:00:00",
    "2000-01-01T00:00:00",
    "2000-01-01T00:00:00Z",
    "2000-01-01T00:00:00+00:00",
    "2000-01-01 00:00:00",
    "2000-01-01 00:00:00 UTC",
    "00000000-0000-0000-0000-000000000000",
    "http://a/",
    "https://a.example/",
    "127.0.0.1",
    "::1",
    "127.0.0.1:80",
    "[::1]:80",
    "127.0.0.0/8",
    "::/0",
    "a@a.example",
    "a.example",
    "1.0.0",
    "1.0",
    "*",
    "/",
    "/a",
    "true",
    "UTC",
    "+00:00",
    "Europe/Berlin",
    "P1D",
    "PT1S",
    "1s",
    "en",
    "en-US",
    "USD",
    "text/plain",
    "GET",
    "#000000",
    "00",
    "0x0",
    "0x00",
    "Monday",
    "January",
    "AA==",
    "00:00:00:00:00:00",
    "00000000000000000000000000",
    "0000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "{}",
    "aaaaaaaa",
    "aaaaaaaaaaaaaaaa",
];

/// Identifiers and hashes first, then every short length.
const BYTE_LENGTHS: [usize; 46] = [
    16, 0, 32, 64, 20, 4, 8, 12, 1, 2, 3, 5, 6, 7, 9, 10, 11, 13, 14, 15, 17, 18, 19, 21, 22, 23,
    24, 25, 26, 27, 28, 29, 30, 31, 33, 40, 48, 56, 65, 66, 96, 128, 256, 512, 1_024, 4_096,
];

/// The lengths of a sequence or map that the type may insist on; see [`Samples::length`].
const LENGTHS: [usize; 16] = [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 20, 24, 32, 48, 64];

/// Values that a type is known to accept, for one whose checks no invented value passes.
///
/// # Example
///
/// ```
/// # use netchan::channel::identity::{Samples, Schema};
/// # use serde::Deserialize;
/// #[derive(Deserialize)]
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
/// type Book = (Isbn, u32);
/// assert!(Schema::of::<Book>().is_err());
/// let samples = Samples::new().text("978-0");
/// assert!(Schema::of_with_samples::<Book>(&samples).is_ok());
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Samples {
    texts: Vec<String>,
    integers: Vec<i128>,
    bytes: Vec<Vec<u8>>,
}

impl Samples {
    /// No values of one's own: only those that the tracer invents.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a string. Values are tried in the order in which they were added, before invented ones.
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.texts.push(text.into());
        self
    }

    /// Adds a number, for each integer type that can hold it.
    pub fn integer(mut self, integer: i128) -> Self {
        self.integers.push(integer);
        self
    }

    /// Adds a byte array.
    pub fn bytes(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.bytes.push(bytes.into());
        self
    }

    pub(super) fn nth_text(&self, index: usize) -> String {
        let own = self.texts.iter().map(String::as_str);
        own.chain(TEXTS).nth(index).unwrap_or_default().to_owned()
    }

    pub(super) fn nth_integer<T: TryFrom<i128>>(&self, index: usize) -> Option<T> {
        self.integers_for::<T>().nth(index)
    }

    pub(super) fn nth_bytes(&self, index: usize) -> Vec<u8> {
        match self.bytes.get(index) {
            Some(own) => own.clone(),
            None => vec![0; nth(&BYTE_LENGTHS, index - self.bytes.len())],
        }
    }

    pub(super) fn nth_float(index: usize) -> f64 {
        nth(&FLOATS, index)
    }

    pub(super) fn nth_character(index: usize) -> char {
        nth(&CHARACTERS, index)
    }

    /// How many elements to offer: `something` tells whether there must be one.
    pub(super) fn length(something: bool, index: usize) -> usize {
        match (something, index) {
            (false, 0) => 0,
            (false, later) => nth(&LENGTHS, later - 1),
            (true, index) => nth(&LENGTHS, index),
        }
    }

    /// How many lengths there are to try.
    pub(super) fn length_count(something: bool) -> usize {
        if something { LENGTHS.len() } else { LENGTHS.len() + 1 }
    }

    /// How many values there are to try.
    pub(super) fn count(&self, primitive: Primitive) -> usize {
        match primitive {
            Primitive::Unit => 1,
            Primitive::Bool => 2,
            Primitive::I8 => self.integers_for::<i8>().count(),
            Primitive::I16 => self.integers_for::<i16>().count(),
            Primitive::I32 => self.integers_for::<i32>().count(),
            Primitive::I64 => self.integers_for::<i64>().count(),
            Primitive::I128 => self.integers_for::<i128>().count(),
            Primitive::U8 => self.integers_for::<u8>().count(),
            Primitive::U16 => self.integers_for::<u16>().count(),
            Primitive::U32 => self.integers_for::<u32>().count(),
            Primitive::U64 => self.integers_for::<u64>().count(),
            Primitive::U128 => self.integers_for::<u128>().count(),
            Primitive::F32 | Primitive::F64 => FLOATS.len(),
            Primitive::Char => CHARACTERS.len(),
            Primitive::String => self.texts.len() + TEXTS.len(),
            Primitive::Bytes => self.bytes.len() + BYTE_LENGTHS.len(),
        }
    }

    fn integers_for<T: TryFrom<i128>>(&self) -> impl Iterator<Item = T> {
        let all = self.integers.iter().chain(&INTEGERS);
        all.filter_map(|integer| T::try_from(*integer).ok())
    }
}

fn nth<T: Copy + Default>(list: &[T], index: usize) -> T {
    list.get(index).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_values_come_first() {
        let samples = Samples::new().text("x").integer(77).bytes([1, 2]);
        assert_eq!(samples.nth_text(0), "x");
        assert_eq!(samples.nth_text(1), TEXTS[0]);
        assert_eq!(samples.nth_integer::<u8>(0), Some(77));
        assert_eq!(samples.nth_bytes(0), [1, 2]);
        assert_eq!(samples.nth_bytes(1).len(), 16);
    }

    #[test]
    fn numbers_fit_their_type() {
        let samples = Samples::new().integer(300);
        assert_eq!(samples.nth_integer::<u8>(0), Some(1));
        assert_eq!(samples.nth_integer::<u16>(0), Some(300));
        assert!(samples.count(Primitive::U8) < samples.count(Primitive::I16));
    }
}
