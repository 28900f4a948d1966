//! The format is that of the crate `bincode` 2: what either writes the other reads, and what either refuses
//! the other refuses.

use std::collections::BTreeMap;
use std::fmt::Debug;

use proptest::prelude::*;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use super::Bincode;
use crate::channel::CodecError;
use crate::channel::codec::SerdeCodec;

/// Everything that serde knows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Part {
    Unit,
    Bool(bool),
    Signed(i8, i16, i32, i64, i128),
    Unsigned(u8, u16, u32, u64, u128),
    Floats { short: f32, long: f64 },
    Char(char),
    Text(String),
    Bytes(ByteBuf),
    Absent(Option<Box<Part>>),
    List(Vec<Part>),
    Map(BTreeMap<String, Part>),
    Tuple((u16, String), [u32; 3]),
    Nested { newtype: Newtype, nothing: Nothing, number: u64 },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Newtype(i64);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Nothing;

/// Numbers around the places where their encoding changes, and others.
fn number() -> impl Strategy<Value = u128> {
    let edges =
        [0, 1, 125, 126, 127, 128, 249, 250, 251, 252, 255, 256, 32_767, 32_768, 65_535, 65_536]
            .into_iter()
            .chain([31, 32, 63, 64, 126, 127].map(|bits| 1_u128 << bits))
            .flat_map(|edge: u128| [edge, edge.wrapping_sub(1), !edge]);
    prop_oneof![proptest::sample::select(edges.collect::<Vec<u128>>()), any::<u128>()]
}

fn leaf() -> impl Strategy<Value = Part> {
    prop_oneof![
        Just(Part::Unit),
        any::<bool>().prop_map(Part::Bool),
        number().prop_map(|n| Part::Signed(n as i8, n as i16, n as i32, n as i64, n as i128)),
        number().prop_map(|n| Part::Unsigned(n as u8, n as u16, n as u32, n as u64, n)),
        // Without NaN, which is not equal to itself.
        (proptest::num::f32::NORMAL, proptest::num::f64::NORMAL)
            .prop_map(|(short, long)| Part::Floats { short, long }),
        any::<char>().prop_map(Part::Char),
        any::<String>().prop_map(Part::Text),
        proptest::collection::vec(any::<u8>(), 0..300).prop_map(|b| Part::Bytes(ByteBuf::from(b))),
        (number(), any::<String>(), any::<[u32; 3]>())
            .prop_map(|(n, text, rest)| Part::Tuple((n as u16, text), rest)),
        number().prop_map(|n| Part::Nested {
            newtype: Newtype(n as i64),
            nothing: Nothing,
            number: n as u64
        }),
    ]
}

fn part() -> impl Strategy<Value = Part> {
    leaf().prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            proptest::option::of(inner.clone()).prop_map(|part| Part::Absent(part.map(Box::new))),
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Part::List),
            proptest::collection::btree_map(any::<String>(), inner, 0..4).prop_map(Part::Map),
        ]
    })
}

fn encode_by_crate<T: Serialize>(value: &T) -> Vec<u8> {
    ::bincode::serde::encode_to_vec(value, ::bincode::config::standard()).expect("it encodes")
}

/// With a limit, because the crate believes what a length claims.
fn decode_by_crate<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    let limited = ::bincode::config::standard().with_limit::<0x10_0000>();
    match ::bincode::serde::decode_from_slice(bytes, limited) {
        Ok((value, used)) if used == bytes.len() => Some(value),
        _ => None,
    }
}

fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    Bincode::encode(value, &mut bytes).expect("it encodes");
    bytes
}

/// Both refuse these bytes, or both make the same value of them. Compared by its bytes: NaN is not equal to
/// itself.
fn assert_alike<T: Serialize + DeserializeOwned + Debug>(bytes: &[u8]) {
    let ours = Bincode::decode::<T>(bytes).ok();
    let of_crate = decode_by_crate::<T>(bytes);
    let (ours, of_crate) = (ours.as_ref().map(encode), of_crate.as_ref().map(encode));
    assert_eq!(ours, of_crate, "{} from {bytes:?}", std::any::type_name::<T>());
}

fn assert_all_alike(bytes: &[u8]) {
    macro_rules! each {
        ($($type:ty),+ $(,)?) => { $(assert_alike::<$type>(bytes);)+ };
    }
    each!(
        (), bool, i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize, f32, f64, char,
        String, ByteBuf, Option<u16>, Option<Option<String>>, Vec<u8>, Vec<u16>, Vec<String>,
        BTreeMap<String, u64>, (u8, String), [u32; 2], Newtype, Part, Vec<Part>,
    );
}

proptest! {
    #[test]
    fn what_either_writes_the_other_reads(part in part()) {
        let bytes = encode(&part);
        prop_assert_eq!(&bytes, &encode_by_crate(&part));
        prop_assert_eq!(decode_by_crate::<Part>(&bytes), Some(part.clone()));
        prop_assert_eq!(Bincode::decode::<Part>(&bytes), Ok(part));
    }

    #[test]
    fn both_make_the_same_of_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
        assert_all_alike(&bytes);
    }

    #[test]
    fn both_make_the_same_of_bytes_that_were_changed(
        part in part(),
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..4),
        kept in any::<proptest::sample::Index>(),
    ) {
        let mut bytes = encode(&part);
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        assert_alike::<Part>(&bytes);
        bytes.truncate(kept.index(bytes.len() + 1));
        assert_alike::<Part>(&bytes);
    }
}

#[test]
fn both_make_the_same_of_all_beginnings_of_numbers() {
    let tails =
        [&[][..], &[0; 1], &[0; 2], &[0xff; 2], &[1, 0, 0, 0], &[0xff; 4], &[0; 8], &[0xff; 8]];
    for first in 0..=u8::MAX {
        for tail in tails.into_iter().chain([&[0; 16][..], &[0xff; 16], &[0xff; 17]]) {
            assert_all_alike(&[&[first], tail].concat());
        }
    }
}

#[test]
fn a_sequence_of_unknown_length_is_refused_by_both() {
    #[derive(Debug)]
    struct Endless;
    impl Serialize for Endless {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_seq((0..3_u8).filter(|number| number % 2 == 0))
        }
    }
    let standard = ::bincode::config::standard();
    assert!(::bincode::serde::encode_to_vec(Endless, standard).is_err());
    assert!(matches!(Bincode::encode(&Endless, &mut Vec::new()), Err(CodecError::Refused(_))));
}

#[test]
fn values_survive_and_leftovers_are_noticed() -> Result<(), CodecError> {
    let mut bytes = Vec::new();
    Bincode::encode(&(7_u32, "seven".to_owned()), &mut bytes)?;
    assert_eq!(Bincode::decode::<(u32, String)>(&bytes)?, (7, "seven".to_owned()));
    assert_eq!(
        Bincode::decode::<u32>(&bytes),
        Err(CodecError::TrailingBytes { bytes: bytes.len() - 1 })
    );
    Ok(())
}

#[test]
fn a_claimed_length_takes_no_memory() {
    // A string of 2^62 bytes, in nine.
    let claim = [0xfd, 0, 0, 0, 0, 0, 0, 0, 0x40];
    assert!(matches!(Bincode::decode::<String>(&claim), Err(CodecError::Refused(_))));
}

#[test]
fn long_values_survive() -> Result<(), CodecError> {
    for length in [0xfff, 0x1000, 0xffff, 0x1_0000, 0x3f_ffff, 0x40_0000, 0x50_0000] {
        let value = "x".repeat(length);
        let mut bytes = Vec::new();
        Bincode::encode(&value, &mut bytes)?;
        assert_eq!(Bincode::decode::<String>(&bytes)?, value);
    }
    Ok(())
}

#[test]
fn numbers_that_are_short_on_the_wire_are_not_refused() -> Result<(), CodecError> {
    let value = vec![1_u64; 60_000];
    let mut bytes = Vec::new();
    Bincode::encode(&value, &mut bytes)?;
    assert_eq!(Bincode::decode::<Vec<u64>>(&bytes)?, value);
    Ok(())
}
