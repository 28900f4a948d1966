//! Types and their identities: a table of many types, what their identities depend on, and what is said
//! of those that have none or differ.

#![allow(clippy::unwrap_used)] // A failed test may panic.
#![recursion_limit = "256"] // One of the types is that deep.
#![allow(dead_code)] // The types exist for their shape; nobody reads their fields.

mod check;
mod largest;
mod shapes;
mod table;

use std::collections::{HashMap, HashSet, VecDeque};
use std::marker::PhantomData;
use std::sync::Arc;

use netchan::channel::identity::{Samples, Schema, TypeIdentity};
use serde::de::DeserializeOwned;
use shapes::*;

#[test]
fn differences_and_identities_agree_for_every_pair() {
    let schemas = table::rows().into_iter().filter_map(|row| row.schema.ok());
    let all: Vec<_> = schemas.map(|schema| (schema.identity(), schema)).collect();
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
