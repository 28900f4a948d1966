//! What is written by the schema is what `serde_json` writes of the value, to the byte; and it is read as
//! the same bytes again, and by `serde_json` as the same value.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::fmt::Debug;
use std::marker::PhantomData;
use std::net::{IpAddr, Ipv4Addr};
use std::num::{NonZeroU32, Wrapping};
use std::ops::{Bound, Range};
use std::time::{Duration, SystemTime};

use netchan::channel::Value;
use netchan::channel::json::transcode;
use netchan::channel::{Bincode, SerdeCodec};
use serde::{Deserialize, Serialize};

use crate::support::{bytes_from, bytes_of, json_of, schema};

/// Written as `serde_json` does, and read again.
fn is_equal<T: Value + PartialEq + Debug>(value: T) {
    let bytes = is_written_equal(&value);
    let json = serde_json::to_string(&value).unwrap();
    assert_eq!(bytes_from(&schema::<T>(), &json).unwrap(), bytes, "{json}");
    assert_eq!(serde_json::from_str::<T>(&json).unwrap(), value, "{json}");
}

/// Written as `serde_json` does; what is lost in JSON is lost. Gives the bytes.
fn is_written_equal<T: Value + Debug>(value: &T) -> Vec<u8> {
    let bytes = bytes_of(value);
    let json = json_of(&schema::<T>(), &bytes).unwrap();
    assert_eq!(json, serde_json::to_string(value).unwrap(), "{value:?}");
    bytes
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Order {
    id: u64,
    lines: Vec<Line>,
    note: Option<String>,
    state: State,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Line {
    article: String,
    qty: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum State {
    Open,
    Paid(Cents),
    Sent(String, u8),
    Lost { by: String, price: Option<Cents> },
    Empty {},
    None(),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
struct Cents(i64);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Unit;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Nothing {}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Pair(u8, Unit);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Tree {
    value: i8,
    children: Vec<Tree>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Renamed {
    first_name: String,
    #[serde(rename = "größe \"x\"")]
    size: f32,
    #[serde(skip)]
    cache: u8,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Generic<T> {
    content: T,
    nothing: PhantomData<T>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
struct Transparent {
    inner: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "u8", into = "u8")]
struct Converted(bool);

impl From<u8> for Converted {
    fn from(number: u8) -> Converted {
        Converted(number > 0)
    }
}

impl From<Converted> for u8 {
    fn from(converted: Converted) -> u8 {
        converted.0.into()
    }
}

#[test]
fn numbers() {
    is_equal(0_u8);
    is_equal((i8::MIN, i16::MIN, i32::MIN, i64::MIN));
    is_equal((u8::MAX, u16::MAX, u32::MAX, u64::MAX));
    is_equal((i128::MIN, i128::MAX, u128::MAX));
    is_equal((true, false));
    is_equal((0.0_f64, -0.0_f64, 0.1_f64, 1e300_f64, 5e-324_f64, f64::MAX, 1e15_f64, 1e16_f64));
    is_equal((0.1_f32, 1e-45_f32, f32::MAX, 16_777_216_f32, 3.0_f32));
    is_equal(NonZeroU32::MIN);
    is_equal(Wrapping(7_u16));
    is_equal(Converted(true));
    is_written_equal(&(f64::NAN, f64::INFINITY, f32::NEG_INFINITY));
}

#[test]
fn texts() {
    is_equal(('a', 'ß', '\u{10ffff}', '"', '\0'));
    is_equal(String::new());
    is_equal("a\"b\\c\n\u{1}\u{7f}ü\u{2028}😀/".to_owned());
    is_equal(Cow::<'static, str>::Borrowed("borrowed"));
    is_equal(serde_bytes::ByteBuf::from([0, 1, 255]));
    is_equal(serde_bytes::ByteBuf::new());
    is_equal(Transparent { inner: vec![1, 2] });
}

#[test]
fn collections() {
    is_equal(Vec::<u8>::new());
    is_equal(vec![vec![1_u8], vec![], vec![2, 3]]);
    is_equal((1_u8, "two".to_owned(), [3_u16; 3], ()));
    is_equal([0_u8; 0]);
    is_equal(VecDeque::from([1_i32, -1]));
    is_equal(BTreeSet::from([3_u8, 1, 2]));
    is_equal(HashMap::from([("key".to_owned(), vec![Some(1_u8), None])]));
    is_equal(BTreeMap::<u8, u8>::new());
    is_equal(vec![(), ()]);
    is_equal(Box::new([1_u8, 2]) as Box<[u8]>);
    is_equal((0..2000_u32).map(|n| (n, n % 3 == 0)).collect::<Vec<_>>());
}

#[test]
fn types_of_the_standard_library() {
    is_equal(Some(7_u8));
    is_equal(None::<u8>);
    is_equal(Ok::<u8, String>(1));
    is_equal(Err::<u8, String>("no".into()));
    is_equal(Duration::from_millis(1500));
    is_equal(SystemTime::UNIX_EPOCH + Duration::from_secs(1));
    is_equal(Range { start: 1_u8, end: 5 });
    is_equal((Bound::Included(1_u8), Bound::<u8>::Unbounded));
    is_equal(std::path::PathBuf::from("/a/b"));
    is_equal(std::cell::RefCell::new(1_u8));
    is_written_equal(&Some(None::<u8>));
    is_written_equal(&Some(()));
}

#[test]
fn structs_and_enums() {
    let order = |state| Order {
        id: u64::MAX,
        lines: vec![
            Line { article: "tea".into(), qty: 3 },
            Line { article: String::new(), qty: 0 },
        ],
        note: None,
        state,
    };
    for state in [
        State::Open,
        State::Paid(Cents(-5)),
        State::Sent("far".into(), 1),
        State::Lost { by: "post".into(), price: Some(Cents(1)) },
        State::Empty {},
        State::None(),
    ] {
        is_equal(order(state.clone()));
        is_equal(vec![state]);
    }
    is_equal(Unit);
    is_equal(Nothing {});
    is_equal(Pair(1, Unit));
    is_equal(Generic { content: Pair(0, Unit), nothing: PhantomData });
    is_equal(Renamed { first_name: "a".into(), size: 1.5, cache: 0 });
    let leaf = |value| Tree { value, children: vec![] };
    is_equal(Tree {
        value: 1,
        children: vec![leaf(2), Tree { value: 3, children: vec![leaf(4)] }],
    });
}

#[test]
fn a_serializer_of_your_own_gets_the_value() {
    let value = (1_u8, Cents(3), BTreeMap::from([(true, State::Sent("x".into(), 1))]));
    let bytes = bytes_of(&value);
    let schema = schema::<(u8, Cents, BTreeMap<bool, State>)>();
    let found = transcode::<Bincode, _>(&schema, &bytes, serde_json::value::Serializer).unwrap();
    assert_eq!(found, serde_json::to_value(&value).unwrap());
}

#[test]
fn names_of_which_one_is_an_alias_are_written_by_the_first_and_read_by_all() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Aliased {
        #[serde(alias = "b", alias = "z")]
        x: Letter,
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Letter {
        #[serde(alias = "a")]
        A,
    }
    let value = Aliased { x: Letter::A };
    let bytes = bytes_of(&value);
    let schema = schema::<Aliased>();
    let json = json_of(&schema, &bytes).unwrap();
    assert_eq!(json, r#"{"b":"A"}"#);
    assert_eq!(serde_json::from_str::<Aliased>(&json).unwrap(), value);
    for json in [r#"{"x":"a"}"#, r#"{"z":"A"}"#, r#"{"b":{"a":null}}"#] {
        assert_eq!(bytes_from(&schema, json).unwrap(), bytes);
    }
}

/// The types that differ for people: as documented.
#[test]
fn types_with_a_form_for_people_come_in_that_for_machines() {
    let json = |bytes: Vec<u8>, schema| json_of(&schema, &bytes).unwrap();
    let ip = IpAddr::V4(Ipv4Addr::LOCALHOST);
    assert_eq!(json(bytes_of(&ip), schema::<IpAddr>()), r#"{"V4":[127,0,0,1]}"#);
    let uuid = uuid::Uuid::from_bytes([1; 16]);
    let bytes = bytes_of(&uuid);
    let text = json(bytes.clone(), schema::<uuid::Uuid>());
    assert_eq!(text, "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]");
    assert_eq!(bytes_from(&schema::<uuid::Uuid>(), &text).unwrap(), bytes);
}

#[test]
fn indented_json_is_that_of_serde_json() {
    let value =
        vec![(1_u8, BTreeMap::from([("a".to_owned(), Vec::<u8>::new())])), (2, BTreeMap::new())];
    let mut bytes = Vec::new();
    Bincode::encode(&value, &mut bytes).unwrap();
    let schema = schema::<Vec<(u8, BTreeMap<String, Vec<u8>>)>>();
    let mut json = Vec::new();
    netchan::channel::json::to_json_pretty::<Bincode>(&schema, &bytes, &mut json).unwrap();
    assert_eq!(String::from_utf8(json).unwrap(), serde_json::to_string_pretty(&value).unwrap());
}
