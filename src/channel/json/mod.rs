//! Values without their type: bytes to JSON and JSON to bytes, by a schema alone.
//!
//! A program that watches a channel, records it or writes into it by hand does not have the types
//! of the programs that use it. It has their [`Schema`] and the name of their codec, and that is
//! enough:
//!
//! ```
//! use netchan::channel::Bincode;
//! use netchan::channel::identity::Schema;
//! use netchan::channel::json::{from_json, to_json};
//! # use netchan::channel::SerdeCodec;
//! # use serde::{Deserialize, Serialize};
//! # #[derive(Serialize, Deserialize)]
//! # struct Order { id: u64, lines: Vec<Line>, state: State }
//! # #[derive(Serialize, Deserialize)]
//! # struct Line { article: String, qty: u32 }
//! # #[derive(Serialize, Deserialize)]
//! # enum State { Open, Paid { by: String } }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // What the exporter says of its channel, and a value that came from it.
//! let schema = Schema::of::<Order>()?;
//! # let lines = vec![Line { article: "tea".into(), qty: 2 }];
//! # let order = Order { id: 7, lines, state: State::Paid { by: "card".into() } };
//! # let mut bytes = Vec::new();
//! # Bincode::encode(&order, &mut bytes)?;
//! let mut json = Vec::new();
//! to_json::<Bincode>(&schema, &bytes, &mut json)?;
//! let json = String::from_utf8(json)?;
//! assert_eq!(
//!     json,
//!     r#"{"id":7,"lines":[{"article":"tea","qty":2}],"state":{"Paid":{"by":"card"}}}"#,
//! );
//!
//! let mut again = Vec::new();
//! from_json::<Bincode>(&schema, &json, &mut again)?;
//! assert_eq!(again, bytes);
//!
//! let unfit = json.replace("2", "-2");
//! let error = from_json::<Bincode>(&schema, &unfit, &mut again).unwrap_err();
//! assert_eq!(
//!     error.to_string(),
//!     "Order.lines[0].qty must be u32 (0 to 4294967295), and is -2",
//! );
//! # Ok(())
//! # }
//! ```
//!
//! Where the codec is only known by name, [`JsonCodec::by_name`] has the same functions.
//!
//! # What the JSON looks like
//!
//! As `serde_json` writes the type itself: structs are objects with their fields in order, newtype
//! structs are their content, tuples and tuple structs are arrays, units are `null`, an option is
//! `null` or its content. A variant is its name, or an object from its name to its content. Bytes are
//! arrays of numbers; keys of maps that are numbers, bools, characters or names of variants are texts; a
//! float that is no number is `null`. Integers are exact, those of 128 bits too.
//!
//! It differs in these:
//!
//! - A type that serde writes for people in another form than for machines is what it is for machines,
//!   because that is what was sent and what the schema says: `Uuid` is an array of bytes, an IP
//!   address a variant with numbers, a time of `chrono` or `time` what that crate puts into bytes.
//! - A field or variant with `#[serde(alias)]` has all its names in the schema, and serde does not tell
//!   which one is written. The JSON has the first in the alphabet; the type reads any of them. So a
//!   name that contains `|` itself is cut there.
//! - `#[serde(skip_serializing_if)]` is nothing that can be sent, so nothing is skipped.
//!
//! Not all that is written can be told apart when it is read again, as with any JSON of serde:
//! `Some(None)` and `None` are both `null`, and so are `Some(())` and a float that is no number,
//! which is refused where a number is expected.
//!
//! # What JSON is taken
//!
//! The same, and nothing else: a field that is unknown, or comes twice, or is missing and no option, is
//! an error; so is a key that a map has twice. Fields may come in any order. A missing option is
//! `None`. A unit variant may also be `{"Name": null}`, and an integer of 128 bits also a text. Each
//! error names the place and what was expected there ([`JsonError`]). `#[serde(default)]` is not in
//! the schema, so such a field must be there.
//!
//! # Memory and bounds
//!
//! One value is held, as what it came as. To JSON, each part is written when it is decoded; with bincode a
//! string or a byte array is also copied once. From JSON, the text is taken apart where it stands, at
//! most eight times its length for the places of its parts, and only strings with escapes are copied.
//!
//! Schemas and bytes may come from a peer that means harm. What a value may ask for is bounded as in
//! any channel, whatever its type: [`VALUE_DEPTH_MAX`](crate::limits::VALUE_DEPTH_MAX) and
//! [`VALUE_STACK_BYTES_MAX`](crate::limits::VALUE_STACK_BYTES_MAX), which also end a schema whose type contains
//! itself without end, and [`ZERO_LENGTH_ELEMENTS_MAX`](crate::limits::ZERO_LENGTH_ELEMENTS_MAX). Tuples of
//! units are counted too
//! ([`JSON_ZERO_LENGTH_PARTS_PER_BYTE`](crate::limits::JSON_ZERO_LENGTH_PARTS_PER_BYTE)). What is written can be
//! much longer than the bytes, since each struct of a few bytes brings the names of its fields: a
//! writer that keeps it in memory must have a bound of its own.
//!
//! # Codecs
//!
//! Any [`SerdeCodec`] whose structs are like tuples, and whose variants are written by their numbers or
//! as a map from their name. Others are refused ([`JsonError::UnknownLayout`]).

mod codec;
mod error;
mod layout;
mod names;
mod reading;
mod text;
mod trail;
mod writing;

use std::cell::Cell;
use std::io::{self, Write};

use serde::Serializer;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter};

pub use codec::JsonCodec;
pub use error::JsonError;

use crate::channel::codec::SerdeCodec;
use crate::channel::identity::Schema;
use layout::Layout;

/// Writes the value in `bytes` as JSON, without blanks.
///
/// # Errors
///
/// [`JsonError::Undecodable`] if the bytes are no value of that schema, or go on behind it,
/// [`JsonError::Unwritable`] if a map has keys that are no texts in JSON, [`JsonError::Write`] if the writer
/// fails, and [`JsonError::UnknownLayout`]. A part of the JSON may have been written then.
pub fn to_json<C: SerdeCodec>(
    schema: &Schema,
    bytes: &[u8],
    writer: impl Write,
) -> Result<(), JsonError> {
    format::<C>(schema, bytes, writer, CompactFormatter)
}

/// Writes the value in `bytes` as JSON for people, in lines and indented.
///
/// # Errors
///
/// As [`to_json`].
pub fn to_json_pretty<C: SerdeCodec>(
    schema: &Schema,
    bytes: &[u8],
    writer: impl Write,
) -> Result<(), JsonError> {
    format::<C>(schema, bytes, writer, PrettyFormatter::new())
}

/// Hands the value in `bytes` to any serializer, such as that of `serde_json::Value` or of another format
/// with names. Structs come as maps, newtype structs as their content, and enums as texts and maps with one
/// entry, all without the names of their types; sequences and maps come without their length.
///
/// # Errors
///
/// As [`to_json`], but that all errors of the serializer are [`JsonError::Unwritable`].
pub fn transcode<C: SerdeCodec, S: Serializer>(
    schema: &Schema,
    bytes: &[u8],
    serializer: S,
) -> Result<S::Ok, JsonError> {
    Layout::of::<C>()?;
    reading::read::<C, S>(schema, bytes, serializer)
}

/// Appends the value that the JSON in `text` stands for to `output`, encoded.
///
/// # Errors
///
/// [`JsonError::Syntax`] if it is no JSON, [`JsonError::Unfit`], [`JsonError::MissingField`],
/// [`JsonError::UnknownField`] or [`JsonError::Duplicate`] if it is no value of that schema,
/// [`JsonError::Unencodable`] if it is too long or too deep, and [`JsonError::UnknownLayout`]. `output` is as
/// before then.
pub fn from_json<C: SerdeCodec>(
    schema: &Schema,
    text: &str,
    output: &mut Vec<u8>,
) -> Result<(), JsonError> {
    writing::write::<C>(schema, text, output)
}

fn format<C: SerdeCodec>(
    schema: &Schema,
    bytes: &[u8],
    writer: impl Write,
    formatter: impl Formatter,
) -> Result<(), JsonError> {
    let failure = Cell::new(None);
    let writer = Noting { writer, failure: &failure };
    let mut serializer = serde_json::Serializer::with_formatter(writer, formatter);
    let result = transcode::<C, _>(schema, bytes, &mut serializer);
    match failure.take() {
        Some(error) => Err(JsonError::Write(error)),
        None => result,
    }
}

/// Keeps the error of a writer, which as a text of serde would be no error of a writer any more.
struct Noting<'w, W> {
    writer: W,
    failure: &'w Cell<Option<io::Error>>,
}

impl<W: Write> Write for Noting<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // `write_all` tries again what was interrupted.
        self.writer.write(bytes).map_err(|error| {
            let passed_on = io::Error::from(error.kind());
            if error.kind() != io::ErrorKind::Interrupted {
                self.failure.set(Some(error));
            }
            passed_on
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}
