//! Types that write something else than they read. A trace sees what is read; nobody sees the other side
//! before a value is sent.

use std::fmt::Debug;

use netchan::channel::{Bincode, MessagePack, Postcard, SerdeCodec, Value};

use crate::shapes::*;

#[derive(Debug, PartialEq)]
enum Outcome {
    Itself,
    /// An error, at the latest where the value is received.
    Refused,
    /// It arrives as another value, and nobody is told.
    Other(String),
}
use Outcome::{Itself, Other, Refused};

fn outcome<T: Value + Debug, C: SerdeCodec>(value: &T) -> Outcome {
    let mut bytes = Vec::new();
    if C::encode(value, &mut bytes).is_err() {
        return Refused;
    }
    match C::decode::<T>(&bytes) {
        Ok(back) if format!("{back:?}") == format!("{value:?}") => Itself,
        Ok(back) => Other(format!("{back:?}")),
        Err(_) => Refused,
    }
}

/// What becomes of a value with bincode, postcard and MessagePack.
fn outcomes<T: Value + Debug>(value: &T) -> [Outcome; 3] {
    [outcome::<T, Bincode>(value), outcome::<T, Postcard>(value), outcome::<T, MessagePack>(value)]
}

#[test]
fn what_is_left_out_is_missed() {
    let missing = SkipsNone { first: 1, note: None, last: 0 };
    assert_eq!(outcomes(&missing), [Refused, Refused, Refused]);
    // An array says how many elements it has, and the type takes the rest for granted.
    assert_eq!(outcomes(&SkipsLast { first: 1, note: None }), [Refused, Refused, Itself]);
}

#[test]
fn what_is_written_and_not_read_is_left_over() {
    assert_eq!(outcomes(&SkipsReading { first: 1, last: 2 }), [Refused, Refused, Refused]);
}

#[test]
fn what_is_neither_written_nor_read_has_its_default() {
    let value = SkippedAndDefault { first: 1, cached: Some("x".to_owned()), last: 2 };
    let other = || Other("SkippedAndDefault { first: 1, cached: None, last: 2 }".to_owned());
    assert_eq!(outcomes(&value), [other(), other(), other()]);
}

#[test]
fn a_skipped_variant_moves_the_numbers_of_those_behind_it() {
    assert_eq!(outcomes(&SkipsVariant::Last(7)), [Refused, Refused, Itself]);
    // serde writes number 2 and reads it as that of the variant behind.
    let last = || Other("Last(7)".to_owned());
    assert_eq!(outcomes(&SkipsVariant::After(7)), [last(), last(), Itself]);
    assert_eq!(outcomes(&SkipsVariant::Local(7)), [Refused, Refused, Refused]);
}

#[test]
fn names_matter_where_they_are_sent() {
    assert_eq!(outcomes(&TwoNames::Only), [Itself, Itself, Refused]);
}

#[test]
fn whoever_swallows_errors_gets_what_is_there() {
    let value = SwallowsErrors { number: None, text: "x".to_owned() };
    assert_eq!(outcomes(&value), [Itself, Itself, Itself]);
    assert!(netchan::channel::identity::Schema::of::<SwallowsErrors>().is_ok());
}
