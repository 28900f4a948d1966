//! No value is refused that arrives as what it was.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::ffi::CString;
use std::marker::PhantomData;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::{NonZeroI64, NonZeroU8, Wrapping};
use std::ops::{Bound, Range, RangeInclusive};
use std::path::PathBuf;
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use netchan::channel::identity::{Primitive, Schema, Shape, Type, TypeIndex};
use serde::de::{self, Visitor};
use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::check::{check, fits};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Unit;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Newtype(u32);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Pair(u8, String);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Empty {}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Everything {
    unit: Unit,
    newtype: Newtype,
    pair: Pair,
    empty: Empty,
    nothing: (),
    marker: PhantomData<u8>,
    numbers: Vec<i64>,
    map: BTreeMap<String, Option<Pair>>,
    nested: Option<Box<Everything>>,
    choice: Choice,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Choice {
    Nothing,
    One(Newtype),
    Unit(()),
    Two(u8, Vec<Choice>),
    Named { left: Option<u8>, right: Unit, more: String },
}

fn everything(nested: Option<Box<Everything>>) -> Everything {
    let two = Choice::Two(1, vec![Choice::Nothing, Choice::Unit(()), Choice::One(Newtype(9))]);
    let named = Choice::Named { left: None, right: Unit, more: "more".into() };
    Everything {
        unit: Unit,
        newtype: Newtype(300),
        pair: Pair(255, "two".into()),
        empty: Empty {},
        nothing: (),
        marker: PhantomData,
        numbers: vec![0, -1, i64::MIN],
        map: BTreeMap::from([("a".into(), None), ("b".into(), Some(Pair(1, String::new())))]),
        choice: if nested.is_some() { two } else { named },
        nested,
    }
}

#[test]
fn all_kinds_of_types_fit() {
    fits(Unit);
    fits(Newtype(u32::MAX));
    fits(Pair(0, "text".into()));
    fits(Empty {});
    fits(everything(None));
    fits(everything(Some(Box::new(everything(None)))));
    fits(vec![everything(None), everything(None)]);
    fits(HashMap::from([(1_u8, Choice::Nothing), (2, Choice::Unit(()))]));
}

#[test]
fn numbers_fit_at_their_edges() {
    fits((i8::MIN, i16::MIN, i32::MIN, i64::MIN, i128::MIN));
    fits((i8::MAX, i16::MAX, i32::MAX, i64::MAX, i128::MAX));
    fits((u8::MAX, u16::MAX, u32::MAX, u64::MAX, u128::MAX));
    fits((0_u8, 250_u8, 251_u8, 250_u16, 251_u16, 0_i8, -1_i8, -1_i16));
    fits((f32::MIN, f64::MAX, 0.0_f32, true, false, 'a', 'ß', '\u{1f980}'));
    fits((usize::MAX, isize::MIN));
}

#[test]
fn types_of_the_standard_library_fit() {
    fits(());
    fits(String::from("text"));
    fits(Box::<str>::from("text"));
    fits(Cow::<'static, str>::Borrowed("text"));
    fits(VecDeque::from([1_u8, 2]));
    fits(BTreeSet::from(["a".to_owned()]));
    fits(HashMap::from([("key".to_owned(), vec![Some(1_u8), None])]));
    fits([7_u8; 32]);
    fits([[1_u16; 2]; 3]);
    fits(vec![(); 5]);
    fits(Some(Some(())));
    fits(Some(None::<u8>));
    fits(Duration::from_millis(1500));
    fits(SystemTime::UNIX_EPOCH + Duration::from_secs(5));
    fits(IpAddr::V4(Ipv4Addr::LOCALHOST));
    fits(IpAddr::V6(Ipv6Addr::LOCALHOST));
    fits("127.0.0.1:80".parse::<SocketAddr>().unwrap());
    fits("[::1]:80".parse::<SocketAddr>().unwrap());
    fits(PathBuf::from("some/where"));
    fits(CString::new("text").unwrap());
    fits(Range { start: 1, end: 5 });
    fits(RangeInclusive::new(1_u8, 5));
    fits((Bound::Included(1_u8), Bound::<u8>::Unbounded));
    fits(Ok::<u8, String>(1));
    fits(Err::<u8, String>("no".into()));
    fits((NonZeroU8::MIN, NonZeroI64::MIN, Wrapping(7_u16)));
    fits(std::cmp::Reverse(7_u8));
    fits(std::cell::RefCell::new(7_u8));
}

#[test]
fn types_of_others_fit() {
    fits(uuid::Uuid::from_u128(7));
    fits(serde_bytes::ByteBuf::from(vec![0, 255]));
    fits(serde_bytes::ByteArray::new([7; 33]));
    fits("https://example.org/".parse::<url::Url>().unwrap());
    let day = chrono::NaiveDate::from_ymd_opt(2024, 2, 29).unwrap();
    let moment = day.and_hms_micro_opt(23, 59, 59, 5).unwrap();
    fits((day, moment.time(), moment, moment.and_utc()));
    fits((moment.and_utc().fixed_offset(), chrono::Weekday::Sun, chrono::Month::May));
    fits(chrono::TimeDelta::milliseconds(-1500));
    let midnight = time::Time::MIDNIGHT;
    let date = time::Date::from_ordinal_date(2024, 60).unwrap();
    fits((date, midnight, date.midnight(), date.midnight().assume_utc()));
    fits((time::Duration::SECOND, time::Weekday::Friday, time::Month::May, time::UtcOffset::UTC));
}

/// Writes what it is in another way than it reads it, and both are the same bytes.
macro_rules! two_faced {
    ($name:ident, $inner:ty, $write:expr) => {
        #[derive(Debug, PartialEq, Deserialize)]
        struct $name($inner);

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let write: fn(&$inner, S) -> Result<S::Ok, S::Error> = $write;
                write(&self.0, serializer)
            }
        }
    };
}

two_faced!(WrittenAsText, String, |text, serializer| serializer.collect_str(text));
two_faced!(BytesAsSequence, serde_bytes::ByteBuf, |bytes, serializer| {
    let mut sequence = serializer.serialize_seq(Some(bytes.len()))?;
    bytes.iter().try_for_each(|byte| sequence.serialize_element(byte))?;
    sequence.end()
});
two_faced!(SequenceAsBytes, Vec<u8>, |bytes, serializer| serializer.serialize_bytes(bytes));
two_faced!(TextAsBytes, String, |text, serializer| serializer.serialize_bytes(text.as_bytes()));
two_faced!(NarrowNumber, u64, |number, serializer| serializer.serialize_u16(*number as u16));
two_faced!(WideNumber, u16, |number, serializer| serializer.serialize_u64((*number).into()));
two_faced!(WideSigned, i16, |number, serializer| serializer.serialize_i64((*number).into()));
two_faced!(ByteAsWide, u8, |number, serializer| serializer.serialize_u32((*number).into()));
two_faced!(FlagAsByte, bool, |flag, serializer| serializer.serialize_u8((*flag).into()));
two_faced!(LetterAsByte, char, |letter, serializer| serializer.serialize_u8(*letter as u8));
two_faced!(NamedAsTuple, Fields, |fields, serializer| {
    (&fields.left, fields.right).serialize(serializer)
});
two_faced!(MapAsPairs, BTreeMap<u8, String>, |map, serializer| {
    map.iter().collect::<Vec<_>>().serialize(serializer)
});
two_faced!(OptionByHand, Option<u8>, |option, serializer| match option {
    None => 0_u8.serialize(serializer),
    Some(value) => (1_u8, value).serialize(serializer),
});
two_faced!(ChoiceByNumber, Simple, |choice, serializer| {
    serializer.serialize_u32(*choice as u32)
});
two_faced!(Wrapped, u8, |number, serializer| {
    (((), Newtype8(*number)), Unit).serialize(serializer)
});

#[derive(Serialize)]
struct Newtype8(u8);

#[derive(Debug, PartialEq, Deserialize)]
struct Fields {
    left: String,
    right: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
enum Simple {
    First,
    Second,
}

#[test]
fn types_that_write_the_same_in_another_way_fit() {
    fits(WrittenAsText("text".into()));
    fits(BytesAsSequence(serde_bytes::ByteBuf::from(vec![1, 2, 255])));
    fits(SequenceAsBytes(vec![1, 2, 255]));
    fits(TextAsBytes("text".into()));
    fits(NarrowNumber(70_000 % 65_536));
    fits(WideNumber(65_535));
    fits(WideSigned(-5));
    fits(ByteAsWide(250));
    fits(FlagAsByte(true));
    fits(LetterAsByte('a'));
    fits(NamedAsTuple(Fields { left: "left".into(), right: 1 }));
    fits(MapAsPairs(BTreeMap::from([(1, "one".into()), (2, "two".into())])));
    fits(vec![OptionByHand(None), OptionByHand(Some(7))]);
    fits(vec![ChoiceByNumber(Simple::First), ChoiceByNumber(Simple::Second)]);
    fits(vec![Wrapped(1), Wrapped(2)]);
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Renamed {
    #[serde(rename(serialize = "written"))]
    first: u8,
    #[serde(alias = "other")]
    second: u8,
    #[serde(skip)]
    never: u8,
    #[serde(default)]
    third: u8,
    #[serde(skip_serializing)]
    takes_nothing: PhantomData<u8>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum RenamedChoice {
    #[serde(rename(serialize = "written"))]
    First,
    #[serde(alias = "other")]
    Second,
    // The last may be left out: the numbers of the others stay.
    #[serde(skip)]
    #[expect(dead_code, reason = "nobody sends it")]
    Never,
}

#[test]
fn names_that_differ_do_no_harm_where_the_places_agree() {
    fits(Renamed { first: 1, second: 2, never: 0, third: 3, takes_nothing: PhantomData });
    fits(vec![RenamedChoice::First, RenamedChoice::Second]);
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct SkipsSometimes {
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<u8>,
    number: u32,
}

#[test]
fn a_value_of_which_nothing_is_left_out_fits_although_another_would_not() {
    fits(SkipsSometimes { note: Some(1), number: 2 });
}

/// Reads a number of either kind, and writes one.
#[derive(Debug, PartialEq)]
struct Readable(u8);

impl Serialize for Readable {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(&self.0)
        } else {
            serializer.serialize_u8(self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Readable {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Readable, D::Error> {
        struct Number;
        impl Visitor<'_> for Number {
            type Value = Readable;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a number")
            }
            fn visit_u8<E: de::Error>(self, number: u8) -> Result<Readable, E> {
                Ok(Readable(number))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Readable, E> {
                text.parse().map(Readable).map_err(E::custom)
            }
        }
        if deserializer.is_human_readable() {
            deserializer.deserialize_str(Number)
        } else {
            deserializer.deserialize_u8(Number)
        }
    }
}

#[test]
fn a_type_is_looked_at_as_its_codec_sees_it() {
    fits(Readable(200));
}

two_faced!(EmptyForUnit, ((), Fields), |((), fields), serializer| {
    (Empty {}, Written { left: &fields.left, right: fields.right }).serialize(serializer)
});
two_faced!(EmptyForFirst, Around, |around, serializer| {
    let Fields { left, right } = &around.content;
    (Empty {}, Written { left, right: *right }).serialize(serializer)
});

#[derive(Debug, PartialEq, Deserialize)]
struct Around {
    nothing: (),
    content: Fields,
}

#[derive(Serialize)]
struct Written<'a> {
    left: &'a str,
    right: u8,
}

#[test]
fn a_struct_of_nothing_is_not_taken_for_another_one() {
    let fields = || Fields { left: "left".into(), right: 1 };
    fits(EmptyForUnit(((), fields())));
    fits(EmptyForFirst(Around { nothing: (), content: fields() }));
    fits((Empty {}, Unit, Empty {}));
}

/// A sequence that does not say how long it is, and a value that cannot be serialized: the codec says so.
#[test]
fn what_the_codec_refuses_is_the_codec_s_business() {
    struct Endless;
    impl Serialize for Endless {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_seq(None)?.end()
        }
    }
    struct Broken;
    impl Serialize for Broken {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("broken"))
        }
    }
    let schema = Schema::of::<Vec<u8>>().unwrap();
    assert_eq!(schema.check(&Endless), Ok(()));
    assert_eq!(schema.check(&Broken), Ok(()));
    assert!(schema.check(&7_u64).is_err());
    assert_eq!(check(&Rc::new(7_u8).as_ref().to_owned()), Ok(()));
}

#[test]
fn a_schema_without_a_value_has_no_end_and_is_given_up() {
    let newtype = Type { name: None, shape: Shape::NewtypeStruct(TypeIndex::ROOT) };
    let schema = Schema::from_types("Endless", vec![newtype]).unwrap();
    assert_eq!(schema.check(&7_u8), Ok(()));
    let pair = Type { name: None, shape: Shape::Tuple(vec![TypeIndex::ROOT, TypeIndex::at(1)]) };
    let number = Type { name: None, shape: Shape::Primitive(Primitive::U8) };
    let schema = Schema::from_types("Endless", vec![pair, number]).unwrap();
    assert_eq!(schema.check(&7_u8), Ok(()));
}

#[test]
fn a_long_chain_is_followed_to_its_end() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Node {
        number: u32,
        next: Option<Box<Node>>,
    }
    let mut chain = Node { number: 0, next: None };
    for number in 1..1_000 {
        chain = Node { number, next: Some(Box::new(chain)) };
    }
    fits(chain);
}
