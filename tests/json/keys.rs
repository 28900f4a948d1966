//! Keys of maps: what JSON has as texts, and what it has not.

use std::collections::BTreeMap;
use std::fmt::Debug;

use netchan::channel::Value;
use netchan::channel::json::JsonError;
use serde::{Deserialize, Serialize};

use crate::support::{bytes_from, bytes_of, json_of, refusal, schema};

fn is_equal<K: Value + Ord + Debug>(keys: impl IntoIterator<Item = K>) {
    let map: BTreeMap<K, u8> = keys.into_iter().zip(0..).collect();
    let bytes = bytes_of(&map);
    let json = json_of(&schema::<BTreeMap<K, u8>>(), &bytes).unwrap();
    assert_eq!(json, serde_json::to_string(&map).unwrap());
    assert_eq!(bytes_from(&schema::<BTreeMap<K, u8>>(), &json).unwrap(), bytes, "{json}");
    assert_eq!(serde_json::from_str::<BTreeMap<K, u8>>(&json).unwrap(), map);
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Color {
    Red,
    Green,
    Other(u8),
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Id(u64);

#[test]
fn texts_numbers_bools_and_names() {
    is_equal(["".to_owned(), "a\"b".to_owned(), "\n".to_owned()]);
    is_equal(['a', '"', 'ß']);
    is_equal([false, true]);
    is_equal([i8::MIN, 0, i8::MAX]);
    is_equal([i64::MIN, i64::MAX]);
    is_equal([0, u64::MAX]);
    is_equal([0, u128::MAX]);
    is_equal([i128::MIN]);
    is_equal([Color::Red, Color::Green]);
    is_equal([Id(1), Id(2)]);
    is_equal([Some(1_u8)]);
}

#[test]
fn other_keys_are_errors_with_their_path() {
    let error = |bytes: Vec<u8>, schema| json_of(&schema, &bytes).unwrap_err();
    let map = BTreeMap::from([((1_u8, 2_u8), 3_u8)]);
    let found = error(bytes_of(&map), schema::<BTreeMap<(u8, u8), u8>>());
    assert!(matches!(&found, JsonError::Unwritable { .. }), "{found}");
    assert!(found.path().unwrap().ends_with("{key 0}"), "{found}");

    let map = BTreeMap::from([(Color::Red, 3_u8), (Color::Other(1), 4)]);
    let found = error(bytes_of(&map), schema::<BTreeMap<Color, u8>>());
    assert!(found.path().unwrap().ends_with("{key 1}::Other"), "{found}");

    let map = BTreeMap::from([(None::<u8>, 3_u8)]);
    error(bytes_of(&map), schema::<BTreeMap<Option<u8>, u8>>());
    let map = BTreeMap::from([((), 3_u8)]);
    error(bytes_of(&map), schema::<BTreeMap<(), u8>>());
}

#[test]
fn keys_that_do_not_fit_are_errors_with_their_path() {
    for wrong in ["256", "1.0", " 1", "1 ", "01", "+1", "", "x", "-1", "0x1", "1e0"] {
        let found = refusal::<BTreeMap<u8, u8>>(&format!("{{\"7\":1,{wrong:?}:1}}"));
        let end = format!("{{key 1}} must be u8 (0 to 255), and is the key {wrong:?}");
        assert!(found.ends_with(&end), "{found}");
    }
    assert!(refusal::<BTreeMap<bool, u8>>(r#"{"yes":1}"#).contains("{key 0} must be a bool"));
    assert!(
        refusal::<BTreeMap<char, u8>>(r#"{"ab":1}"#).contains("{key 0} must be a string of one")
    );
    assert!(refusal::<BTreeMap<(), u8>>(r#"{"null":1}"#).contains("must be null"));
    assert!(refusal::<BTreeMap<(u8, u8), u8>>(r#"{"[1,2]":1}"#).contains("must be an array"));
    assert!(refusal::<BTreeMap<Color, u8>>(r#"{"Blue":1}"#).contains("one of \"Red\", \"Green\""));
    assert!(refusal::<BTreeMap<Color, u8>>(r#"{"Other":1}"#).contains("{key 0}::Other must be"));
}

#[test]
fn a_key_twice_is_an_error() {
    let found = refusal::<BTreeMap<String, u8>>(r#"{"a":1,"b":2,"\u0061":3}"#);
    assert!(found.ends_with("[\"a\"] comes twice"), "{found}");
}
