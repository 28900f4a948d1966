//! Each value that its receiver would read as something else is refused, with the place and the reason.

use std::collections::BTreeMap;

use netchan::channel::identity::{Primitive, Schema, Shape, Type, TypeIndex};
use netchan::limits::PARTS_CHECKED_MAX;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::check::{check, refused, sent};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Order {
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    lines: Vec<Line>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Line {
    name: String,
    #[serde(skip_serializing_if = "is_zero", default)]
    quantity: u32,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

fn line(quantity: u32) -> Line {
    Line { name: "bolt".into(), quantity }
}

#[test]
fn a_field_that_is_left_out_is_named() {
    refused(
        Order { note: None, lines: vec![line(1)] },
        "Order.note: the type has option of string, the value nothing: it was left out",
    );
    let lines = vec![line(1), line(0), line(2)];
    refused(
        Order { note: Some("gift".into()), lines },
        "Order.lines[].quantity: the type has u32, the value nothing: it was left out",
    );
    refused(
        Order { note: Some("gift".into()), lines: vec![line(0)] },
        "Order.lines[].quantity: the type has u32, the value nothing: it was left out",
    );
}

/// A check stops the channel, so it must come to an end.
#[test]
fn of_a_long_value_the_first_parts_are_looked_at() {
    let order = |good: usize| {
        let lines = std::iter::repeat_with(|| line(1)).take(good).chain([line(0)]).collect();
        Order { note: Some("gift".into()), lines }
    };
    assert!(check(&order(1_000)).is_err());
    assert_eq!(check(&order(PARTS_CHECKED_MAX)), Ok(()));
    // As many bytes, however they are written, are not looked at either.
    let schema = Schema::of::<(Vec<u8>, u8)>().unwrap();
    assert!(schema.check(&(serde_bytes::Bytes::new(&[7; 1_000]), "text")).is_err());
    let long = vec![7; PARTS_CHECKED_MAX];
    assert_eq!(schema.check(&(serde_bytes::Bytes::new(&long), "text")), Ok(()));
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Shipment {
    Pending,
    #[serde(skip)]
    Internal,
    Sent {
        by: String,
    },
    Lost(u8),
}

#[test]
fn a_variant_behind_one_that_is_skipped_has_another_number() {
    refused(
        Shipment::Sent { by: "post".into() },
        "Shipment: the type has `Sent` as variant 1, the value variant 2 `Sent`",
    );
    // The number of the last is beyond the end.
    refused(
        Shipment::Lost(1),
        "Shipment: the type has `Lost` as variant 2, the value variant 3 `Lost`",
    );
    assert_eq!(check(&Shipment::Pending), Ok(()));
    // Serde itself refuses to write the one that is skipped.
    assert_eq!(check(&Shipment::Internal), Ok(()));
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct HalfSkipped {
    #[serde(skip_serializing)]
    unwritten: u8,
    kept: u8,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct OtherHalf {
    #[serde(skip_deserializing)]
    unread: u8,
    kept: u8,
}

#[test]
fn a_field_that_is_skipped_on_one_side_is_named() {
    let text = "HalfSkipped.unwritten: the type has u8, the value nothing: it was left out";
    refused(HalfSkipped { unwritten: 1, kept: 2 }, text);
    let text = "OtherHalf.unread: the type has no such field, the value one";
    refused(OtherHalf { unread: 1, kept: 2 }, text);
}

mod as_text {
    use super::*;

    pub(super) fn serialize<S: Serializer>(number: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(number)
    }
}

mod as_pair {
    use super::*;

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        let (high, low) = <(u32, u32)>::deserialize(deserializer)?;
        Ok(u64::from(high) << 32 | u64::from(low))
    }
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Uneven {
    #[serde(serialize_with = "as_text::serialize")]
    text: u64,
    #[serde(default)]
    number: u8,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct UnevenPair {
    #[serde(deserialize_with = "as_pair::deserialize")]
    pair: u64,
}

#[test]
fn an_uneven_pair_of_functions_is_found() {
    refused(Uneven { text: 12, number: 1 }, "Uneven.text: the type has u64, the value string");
    refused(
        UnevenPair { pair: 7 },
        "UnevenPair.pair.1: the type has u32, the value nothing: it was left out",
    );
}

/// Writes its fields in another order than it reads them.
#[derive(Debug, PartialEq, Deserialize)]
struct Swapped {
    width: u32,
    height: u32,
}

impl Serialize for Swapped {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(rename = "Swapped")]
        struct Written {
            height: u32,
            width: u32,
        }
        Written { height: self.height, width: self.width }.serialize(serializer)
    }
}

#[test]
fn fields_in_another_order_are_found_although_their_types_agree() {
    // All bytes are read, and the value is another one.
    assert!(sent(&Swapped { width: 1, height: 2 }).is_some());
    refused(
        Swapped { width: 1, height: 2 },
        "Swapped.width: the type has u32, the value nothing: it was left out",
    );
}

/// What a value writes, against what is read.
#[track_caller]
fn against<R: serde::de::DeserializeOwned + 'static>(value: impl Serialize, text: &str) {
    let misfit = Schema::of::<R>().unwrap().check(&value).unwrap_err();
    assert_eq!(misfit.to_string(), text);
}

#[test]
fn every_kind_of_difference_is_said() {
    against::<u32>(5_i32, "u32: the type has u32, the value i32");
    against::<i64>(5_u64, "i64: the type has i64, the value u64");
    against::<u8>(251_u32, "u8: the type has u8, the value u32");
    against::<u16>(65_536_u32, "u16: the type has u16, the value u32");
    against::<u64>(255_u8, "u64: the type has u64, the value u8");
    against::<bool>(2_u8, "bool: the type has bool, the value u8");
    against::<f64>(1.0_f32, "f64: the type has f64, the value f32");
    against::<char>("a", "char: the type has char, the value string");
    against::<String>('a', "String: the type has string, the value char");
    against::<String>(
        serde_bytes::Bytes::new(&[0xff]),
        "String: the type has string, the value bytes that are no text",
    );
    against::<Option<u8>>(7_u8, "Option<u8>: the type has option of u8, the value u8");
    against::<u32>(
        Some(1_u32),
        "u32: the type has nothing more, the value u32 behind its last part",
    );
    against::<Vec<u32>>(vec!["a"], "Vec<u32>[]: the type has u32, the value string");
    against::<BTreeMap<u8, u8>>(
        BTreeMap::from([(1_u8, "one")]),
        "BTreeMap<u8, u8>{value}: the type has u8, the value string",
    );
    against::<BTreeMap<u8, u8>>(
        BTreeMap::from([("one", 1_u8)]),
        "BTreeMap<u8, u8>{key}: the type has u8, the value string",
    );
    against::<(u8, u8)>((1_u8,), "(u8, u8).1: the type has u8, the value nothing: it was left out");
    against::<(u8, u8)>(
        (1_u8, 2_u8, 3_u8),
        "(u8, u8): the type has nothing more, the value u8 behind its last part",
    );
    against::<()>(1_u8, "(): the type has nothing more, the value u8 behind its last part");
    against::<[u8; 2]>(vec![1_u8, 2], "[u8; 2].0: the type has u8, the value a sequence");
    against::<Shipment>(7_u32, "Shipment: the type has enum Shipment, the value u32");
    against::<Option<Line>>(
        Some(("bolt", "many")),
        "Option<Line>?.quantity: the type has u32, the value string",
    );
}

#[test]
fn a_schema_by_hand_is_held_against_the_values_as_well() {
    let number = |primitive| Type { name: None, shape: Shape::Primitive(primitive) };
    let list = Type { name: None, shape: Shape::Sequence(TypeIndex::at(1)) };
    let schema = Schema::from_types("Numbers", vec![list, number(Primitive::U32)]).unwrap();
    assert_eq!(schema.check(&vec![1_u32, 2]), Ok(()));
    let misfit = schema.check(&vec![-1_i32]).unwrap_err();
    assert_eq!(misfit.to_string(), "Numbers[]: the type has u32, the value i32");
}

#[test]
fn the_names_of_struct_variants_help_as_well() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Event {
        Moved {
            #[serde(skip_serializing_if = "Option::is_none")]
            from: Option<u32>,
            to: Option<u32>,
        },
        Tuple(u8, #[serde(skip_serializing)] u8),
    }
    // A number in an option for another one: the bytes alone would not show which was meant.
    refused(
        Event::Moved { from: None, to: Some(1) },
        "Event::Moved.from: the type has option of u32, the value nothing: it was left out",
    );
    refused(
        Event::Tuple(1, 2),
        "Event::Tuple.1: the type has u8, the value nothing: it was left out",
    );
}
