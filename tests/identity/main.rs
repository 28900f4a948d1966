//! A table of types: which have an identity, which are refused and why, and which are equal.

#![allow(clippy::unwrap_used)] // A failed test may panic.
#![allow(dead_code)] // The types exist for their shape; nobody reads their fields.

mod largest;
mod shapes;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, LinkedList, VecDeque};
use std::ffi::OsString;
use std::marker::PhantomData;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::{NonZeroI64, NonZeroU8, NonZeroU32, Wrapping};
use std::ops::{Bound, Range, RangeInclusive};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use netchan::channel::identity::{Samples, Schema, TraceError, TypeIdentity};
use serde::de::DeserializeOwned;
use shapes::*;

/// What is expected of a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Traced,
    NeedsSelfDescribing,
    ShapeVaries,
    NoFiniteValue,
    ValuesRefused,
    VariantsByNameOnly,
    TooLarge,
    Unreachable,
}

fn verdict(result: &Result<Arc<Schema>, TraceError>) -> Verdict {
    match result {
        Ok(_) => Verdict::Traced,
        Err(TraceError::NeedsSelfDescribing { .. }) => Verdict::NeedsSelfDescribing,
        Err(TraceError::ShapeVaries { .. }) => Verdict::ShapeVaries,
        Err(TraceError::NoFiniteValue { .. }) => Verdict::NoFiniteValue,
        Err(TraceError::ValuesRefused { .. }) => Verdict::ValuesRefused,
        Err(TraceError::VariantsByNameOnly { .. }) => Verdict::VariantsByNameOnly,
        Err(TraceError::TooLarge { .. }) => Verdict::TooLarge,
        Err(TraceError::Unreachable { .. }) => Verdict::Unreachable,
        Err(other) => panic!("a verdict without a name: {other}"),
    }
}

struct Row {
    name: &'static str,
    expected: Verdict,
    found: Result<Arc<Schema>, TraceError>,
}

fn row<T: DeserializeOwned + 'static>(expected: Verdict) -> Row {
    Row { name: std::any::type_name::<T>(), expected, found: Schema::of::<T>() }
}

fn traced<T: DeserializeOwned + 'static>() -> Row {
    row::<T>(Verdict::Traced)
}

fn plain_types() -> Vec<Row> {
    vec![
        traced::<()>(),
        traced::<bool>(),
        traced::<(i8, i16, i32, i64, i128)>(),
        traced::<(u8, u16, u32, u64, u128)>(),
        traced::<(isize, usize)>(),
        traced::<(f32, f64)>(),
        traced::<char>(),
        traced::<String>(),
        traced::<Box<str>>(),
        traced::<Cow<'static, str>>(),
        traced::<Vec<u32>>(),
        traced::<Box<[u32]>>(),
        traced::<Vec<Vec<Vec<u8>>>>(),
        traced::<VecDeque<u8>>(),
        traced::<LinkedList<String>>(),
        traced::<HashMap<String, u64>>(),
        traced::<BTreeMap<u32, Vec<Option<String>>>>(),
        traced::<HashSet<char>>(),
        traced::<BTreeSet<(u8, u8)>>(),
        traced::<Option<Option<u8>>>(),
        traced::<Option<()>>(),
        traced::<Option<Vec<HashMap<String, Option<Box<i8>>>>>>(),
        traced::<Box<u8>>(),
        traced::<[u8; 0]>(),
        traced::<[u8; 32]>(),
        traced::<[Option<Leaf>; 3]>(),
        traced::<(u8,)>(),
        traced::<(u8, u16, u32, u64, i8, i16, i32, i64, f32, f64, bool, char)>(),
        traced::<Duration>(),
        traced::<SystemTime>(),
        traced::<IpAddr>(),
        traced::<Ipv4Addr>(),
        traced::<Ipv6Addr>(),
        traced::<SocketAddr>(),
        traced::<PathBuf>(),
        row::<OsString>(Verdict::ValuesRefused),
        traced::<Range<u32>>(),
        traced::<RangeInclusive<i8>>(),
        traced::<Bound<u64>>(),
        traced::<Result<u8, String>>(),
        traced::<NonZeroU8>(),
        traced::<Vec<(NonZeroU32, NonZeroI64)>>(),
        traced::<Wrapping<u16>>(),
        traced::<PhantomData<String>>(),
        traced::<std::cmp::Reverse<u8>>(),
        traced::<std::cell::RefCell<u8>>(),
        traced::<std::sync::Mutex<u8>>(),
        traced::<std::sync::atomic::AtomicU64>(),
        traced::<std::ffi::CString>(),
    ]
}

fn foreign_types() -> Vec<Row> {
    vec![
        traced::<uuid::Uuid>(),
        traced::<HashMap<uuid::Uuid, uuid::Uuid>>(),
        traced::<url::Url>(),
        traced::<(url::Url, uuid::Uuid, u8)>(),
        traced::<chrono::NaiveDate>(),
        traced::<chrono::NaiveTime>(),
        traced::<chrono::NaiveDateTime>(),
        traced::<chrono::DateTime<chrono::Utc>>(),
        traced::<(chrono::DateTime<chrono::FixedOffset>, u8)>(),
        traced::<(chrono::Weekday, chrono::Month, u8)>(),
        traced::<chrono::TimeDelta>(),
        traced::<time::Date>(),
        traced::<time::Time>(),
        traced::<time::OffsetDateTime>(),
        traced::<(time::PrimitiveDateTime, time::Duration, u8)>(),
        traced::<(time::Weekday, time::Month, time::UtcOffset, u8)>(),
        traced::<serde_bytes::ByteBuf>(),
        traced::<(serde_bytes::ByteArray<33>, u8)>(),
        row::<serde_json::Value>(Verdict::NeedsSelfDescribing),
        row::<Vec<serde_json::Number>>(Verdict::NeedsSelfDescribing),
        row::<serde::de::IgnoredAny>(Verdict::NeedsSelfDescribing),
    ]
}

fn own_types() -> Vec<Row> {
    vec![
        traced::<UnitStruct>(),
        traced::<Newtype>(),
        traced::<TupleStruct>(),
        traced::<Leaf>(),
        traced::<AllVariantKinds>(),
        traced::<Generic<u8>>(),
        traced::<(Generic<u8>, Generic<String>)>(),
        traced::<(left::Item, right::Item)>(),
        traced::<List>(),
        traced::<Tree>(),
        traced::<TreeOfMaps>(),
        traced::<BaseCaseLast>(),
        traced::<MutualStatement>(),
        traced::<Ping>(),
        traced::<NestedBases>(),
        traced::<Vec<BigEnum>>(),
        traced::<RecursiveBigEnum>(),
        traced::<BigStruct>(),
        traced::<Checked>(),
        traced::<Vec<(Even, Port)>>(),
        traced::<Interval>(),
        traced::<RefusesOneVariant>(),
        traced::<ExactlyFour>(),
        traced::<NotEmpty>(),
        traced::<VariantAliases>(),
        traced::<FieldAliases>(),
        traced::<SkippedAndDefault>(),
        traced::<Transparent>(),
        traced::<Renamed>(),
        traced::<Remote>(),
        traced::<WithFunction>(),
        traced::<SwallowsErrors>(),
        traced::<OtherVariant>(),
        row::<AdjacentlyTaggedEqual>(Verdict::NeedsSelfDescribing),
        traced::<Panics>(),
        row::<Never>(Verdict::NoFiniteValue),
        row::<Endless>(Verdict::NoFiniteValue),
        row::<EndlessEnum>(Verdict::NoFiniteValue),
        row::<EndlessPair>(Verdict::NoFiniteValue),
        row::<OptionalEndless>(Verdict::NoFiniteValue),
        row::<Flattened>(Verdict::NeedsSelfDescribing),
        row::<InternallyTagged>(Verdict::NeedsSelfDescribing),
        row::<Vec<Untagged>>(Verdict::NeedsSelfDescribing),
        row::<AdjacentlyTagged>(Verdict::NeedsSelfDescribing),
        row::<AdjacentlyTaggedUnit>(Verdict::NeedsSelfDescribing),
        row::<LengthFirst>(Verdict::ShapeVaries),
        row::<(Password, u8)>(Verdict::ValuesRefused),
        row::<MapOnly>(Verdict::ValuesRefused),
        row::<ByNameOnly>(Verdict::VariantsByNameOnly),
        row::<NeverDone>(Verdict::TooLarge),
        traced::<Deep>(),
        traced::<Syntax>(),
        row::<Growing>(Verdict::TooLarge),
        row::<Heavy>(Verdict::TooLarge),
    ]
}

#[test]
fn each_type_of_the_table_gets_its_verdict() {
    let rows: Vec<Row> =
        [plain_types(), foreign_types(), own_types()].into_iter().flatten().collect();
    let mut wrong = Vec::new();
    for row in &rows {
        let found = verdict(&row.found);
        let reason = row.found.as_ref().err().map(ToString::to_string).unwrap_or_default();
        if found != Verdict::Traced {
            println!("{}: {found:?}: {reason}", row.name);
        }
        if found != row.expected {
            wrong.push(format!(
                "{}: expected {:?}, found {found:?} {reason}",
                row.name, row.expected
            ));
        }
    }
    let traced = rows.iter().filter(|row| row.found.is_ok()).count();
    println!("{} types, {traced} traced, {} refused", rows.len(), rows.len() - traced);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn differences_and_identities_agree_for_every_pair() {
    let rows = [plain_types(), foreign_types(), own_types()].into_iter().flatten();
    let all: Vec<_> =
        rows.filter_map(|row| row.found.ok()).map(|schema| (schema.identity(), schema)).collect();
    for (left_identity, left) in &all {
        for (right_identity, right) in &all {
            let difference = left.first_difference(right);
            let is_equal = left_identity == right_identity;
            assert_eq!(difference.is_none(), is_equal, "{left} {right} {difference:?}");
        }
    }
}

fn identity<T: DeserializeOwned + 'static>() -> TypeIdentity {
    TypeIdentity::of::<T>().unwrap()
}

#[test]
fn equal_shapes_have_equal_identities() {
    assert_eq!(identity::<Vec<u8>>(), identity::<VecDeque<u8>>());
    assert_eq!(identity::<Box<Leaf>>(), identity::<Leaf>());
    assert_eq!(identity::<usize>(), identity::<u64>());
    assert_eq!(identity::<Transparent>(), identity::<String>());
    assert_eq!(identity::<left::Same>(), identity::<right::Same>());
    assert_eq!(identity::<left::Same>(), identity::<right::OtherName>());
    assert_eq!(identity::<[u8; 2]>(), identity::<(u8, u8)>());
    assert_eq!(identity::<Ping>(), identity::<PingPongUnrolled>());
}

#[test]
fn different_shapes_have_different_identities() {
    let all = [
        identity::<u8>(),
        identity::<i8>(),
        identity::<Option<u8>>(),
        identity::<Vec<u8>>(),
        identity::<(u8,)>(),
        identity::<[u8; 2]>(),
        identity::<Newtype>(),
        identity::<u64>(),
        identity::<left::Item>(),
        identity::<right::Item>(),
        identity::<Generic<u8>>(),
        identity::<Generic<u16>>(),
        identity::<serde_bytes::ByteBuf>(),
        identity::<String>(),
        identity::<()>(),
        identity::<UnitStruct>(),
        identity::<Leaf>(),
        identity::<Renamed>(),
        identity::<AllVariantKinds>(),
        identity::<List>(),
        identity::<Tree>(),
        identity::<BaseCaseLast>(),
        identity::<VariantAliases>(),
        identity::<WithoutAliases>(),
    ];
    let distinct: HashSet<_> = all.iter().collect();
    assert_eq!(distinct.len(), all.len());
}

#[test]
fn an_identity_never_changes_by_itself() {
    // The same in debug and release builds, on every machine. A new value here breaks every
    // deployed program and needs a new version of the canonical text.
    let text = Schema::of::<List>().unwrap().canonical_text();
    assert_eq!(text, "netchan schema 1\n0 struct 5:value 1 4:next 2\n1 u32\n2 option 0\n");
    assert_eq!(identity::<List>().to_string(), "85f820cf2760d013d96d97cb41d81601");
    assert_eq!(identity::<AllVariantKinds>().to_string(), "f6b763cf6b87dcddb428a008f6786f20");
    assert_eq!(format!("{:?}", identity::<()>()), "TypeIdentity(68a57ebd0f6ef82e8930725f632a1613)");
}

#[test]
fn aliases_are_joined_and_keep_their_place() {
    let text = Schema::of::<VariantAliases>().unwrap().canonical_text();
    assert!(text.contains("1:A(unit) 5:B|b|x(newtype 1) 5:C|see(struct 3:y|z 2)"), "{text}");
    let text = Schema::of::<FieldAliases>().unwrap().canonical_text();
    assert!(text.contains("struct 1:a 1 14:also|bee|other 2 1:c 3"), "{text}");
}

#[test]
fn the_schema_tells_what_decoding_must_guard() {
    let recursive = |schema: Arc<Schema>| schema.is_recursive();
    assert!(recursive(Schema::of::<List>().unwrap()));
    assert!(recursive(Schema::of::<Vec<MutualStatement>>().unwrap()));
    assert!(!recursive(Schema::of::<BigStruct>().unwrap()));
    assert!(!recursive(Schema::of::<(Generic<u8>, Generic<u8>)>().unwrap()));

    let zero_length = |schema: Arc<Schema>| schema.has_zero_length_elements();
    assert!(zero_length(Schema::of::<Vec<()>>().unwrap()));
    assert!(zero_length(Schema::of::<Option<Vec<(UnitStruct, [(); 4])>>>().unwrap()));
    assert!(zero_length(Schema::of::<HashMap<(), PhantomData<u8>>>().unwrap()));
    assert!(!zero_length(Schema::of::<Vec<Option<()>>>().unwrap()));
    assert!(!zero_length(Schema::of::<HashMap<u8, ()>>().unwrap()));
    assert!(!zero_length(Schema::of::<()>().unwrap()));
}

#[test]
fn a_schema_survives_the_wire() {
    let schema = Schema::of::<AllVariantKinds>().unwrap();
    let config = bincode::config::standard();
    let bytes = bincode::serde::encode_to_vec(&*schema, config).unwrap();
    let (back, _): (Schema, usize) = bincode::serde::decode_from_slice(&bytes, config).unwrap();
    assert_eq!(back, *schema);
    assert_eq!(back.identity(), schema.identity());
    // A schema is a type like any other.
    assert!(Schema::of::<Vec<netchan::channel::identity::Type>>().is_ok());
    assert!(Schema::of::<(Schema, u8)>().is_ok());

    let broken = r#"{"name":"x","types":[{"name":null,"shape":{"Option":7}}]}"#;
    let error = serde_json::from_str::<Schema>(broken).unwrap_err().to_string();
    assert!(error.contains("type 7 is referred to, but there are only 1"), "{error}");
}

fn difference<A, B>() -> String
where
    A: DeserializeOwned + 'static,
    B: DeserializeOwned + 'static,
{
    let (left, right) = (Schema::of::<A>().unwrap(), Schema::of::<B>().unwrap());
    match left.first_difference(&right) {
        Some(difference) => {
            assert_ne!(left.identity(), right.identity());
            difference.between("exporter", "importer").to_string()
        }
        None => {
            assert_eq!(left.identity(), right.identity());
            "none".to_owned()
        }
    }
}

#[test]
fn the_first_difference_names_the_place() {
    use differing as d;
    let cases = [
        (difference::<d::Order, d::Order>(), "none"),
        (difference::<d::Order, d::Wider>(), "Order.lines[].qty: exporter u32, importer u64"),
        (
            difference::<d::Order, d::Fewer>(),
            "Order.note: exporter option of string, importer missing",
        ),
        (
            difference::<d::Fewer, d::Order>(),
            "Fewer.note: exporter missing, importer option of string",
        ),
        (difference::<d::Order, d::Swapped>(), "Order.id: exporter field 0, importer field 1"),
        (
            difference::<d::Order, d::Renamed>(),
            "Order: exporter field 0 `id`, importer field 0 `number`",
        ),
        (
            difference::<d::Event, d::EventRemoved>(),
            "Event::Paid: exporter variant 1, importer missing",
        ),
        (
            difference::<d::EventRemoved, d::Event>(),
            "EventRemoved::Paid: exporter missing, importer variant 1",
        ),
        (
            difference::<d::Event, d::EventSwapped>(),
            "Event::Opened: exporter variant 0, importer variant 1",
        ),
        (difference::<d::Event, d::EventContent>(), "Event::Paid.0: exporter u32, importer u64"),
        (difference::<d::Event, d::EventKind>(), "Event::Opened: exporter no content, importer u8"),
        (
            difference::<(u8, u8), (u8, u8, u8)>(),
            "(u8, u8): exporter 2 elements, importer 3 elements",
        ),
        (
            difference::<HashMap<u8, u8>, HashMap<u8, i8>>(),
            "HashMap<u8, u8>{value}: exporter u8, importer i8",
        ),
        (
            difference::<HashMap<u8, u8>, HashMap<i8, u8>>(),
            "HashMap<u8, u8>{key}: exporter u8, importer i8",
        ),
        (
            difference::<Option<u8>, Option<Vec<u8>>>(),
            "Option<u8>?: exporter u8, importer sequence of u8",
        ),
        (difference::<List, List64>(), "List.value: exporter u32, importer u64"),
        (difference::<Ping, PingPongUnrolled>(), "none"),
        (
            difference::<BaseCaseLast, MutualStatement>(),
            "BaseCaseLast: exporter variant 0 `Add`, importer variant 0 `Block`",
        ),
    ];
    let wrong: Vec<_> = cases.iter().filter(|(found, expected)| found != expected).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_refusal_names_the_type_the_place_and_the_reason() {
    let error = Schema::of::<Flattened>().unwrap_err();
    assert!(error.type_name().ends_with("Flattened"));
    let text = Schema::of::<Vec<(u8, Untagged)>>().unwrap_err().to_string();
    assert!(text.contains("[].1") && text.contains("deserialize_any"), "{text}");
    let text = Schema::of::<(u8, Password)>();
    assert!(text.is_ok(), "nothing comes after it, so its shape is known: {text:?}");
    let text = Schema::of::<(Password, u8)>().unwrap_err().to_string();
    assert!(text.contains(".0: a password needs a dollar sign"), "{text}");
}

#[test]
fn a_sample_helps_where_invented_values_fail() {
    let samples = Samples::new().text("not it").text("pa$$word");
    let schema = Schema::of_with_samples::<(Password, u8)>(&samples).unwrap();
    assert_eq!(schema.identity(), identity::<(String, u8)>());
}

#[test]
fn threads_agree() {
    let workers: Vec<_> = (0..8).map(|_| std::thread::spawn(identity::<BigStruct>)).collect();
    for worker in workers {
        assert_eq!(worker.join().unwrap(), identity::<BigStruct>());
    }
}
