//! The types of the language and of the standard library.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque};
use std::ffi::CString;
use std::marker::PhantomData;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::num::{NonZeroI64, NonZeroU8, NonZeroU32, NonZeroU128, Saturating, Wrapping};
use std::ops::{Bound, Range, RangeFrom, RangeInclusive};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use super::columns::{Row, rows};
use crate::shapes::Leaf;

fn leaf() -> Leaf {
    Leaf { id: 7, name: "seven".to_owned() }
}

pub(super) fn rows() -> Vec<Row> {
    let mut rows = numbers_and_texts();
    rows.extend(collections());
    rows.extend(options());
    rows.extend(of_the_library());
    rows
}

fn numbers_and_texts() -> Vec<Row> {
    rows![
        () => [()],
        bool => [true, false],
        u8 => [0, 127, 128, u8::MAX],
        u64 => [0, 127, 128, 250, 251, 65_535, 1 << 32, u64::MAX],
        i64 => [0, -1, 63, -64, i64::MIN, i64::MAX],
        (i8, i16, i32, i64, i128) => [
            (i8::MIN, i16::MIN, i32::MIN, i64::MIN, i128::MIN),
            (-1, -1, -1, -1, -1),
            (i8::MAX, i16::MAX, i32::MAX, i64::MAX, i128::MAX),
        ],
        (u8, u16, u32, u64, u128) => [
            (u8::MAX, u16::MAX, u32::MAX, u64::MAX, u128::MAX),
            (0, 0, 0, 0, 0),
        ],
        (isize, usize) => [(-1, 1), (0, 0)],
        (f32, f64) => [(0.0, -0.0), (f32::MAX, f64::MIN_POSITIVE), (0.1, 0.1)],
        f64 => [f64::INFINITY, f64::NEG_INFINITY, f64::NAN],
        char => ['a', '\0', '\u{e4}', '\u{20ac}', '\u{1f980}', char::MAX],
        String => [String::new(), "text".to_owned(), "\u{1f980}".repeat(100)],
        Box<str> => ["boxed".into()],
        Cow<'static, str> => ["borrowed".into()],
        Box<u8> => [Box::new(7)],
        (u8,) => [(7,)],
        (u8, u16, u32, u64, i8, i16, i32, i64, f32, f64, bool, char) => [
            (1, 2, 3, 4, 5, 6, 7, 8, 9.5, 10.5, true, 'x'),
        ],
    ]
}

fn collections() -> Vec<Row> {
    rows![
        Vec<u32> => [vec![], vec![1, 300, 70_000], vec![7; 300]],
        Box<[u32]> => [vec![1, 2].into()],
        Vec<()> => [vec![], vec![(); 100]],
        Vec<Vec<Vec<u8>>> => [vec![], vec![vec![], vec![vec![], vec![1, 2, 255]]]],
        Vec<Leaf> => [vec![leaf(), leaf()]],
        VecDeque<u8> => [[1, 2].into()],
        LinkedList<String> => [["a".to_owned(), "b".to_owned()].into()],
        BinaryHeap<u8> => [[7].into()],
        HashMap<String, u64> => [[].into(), [("one".to_owned(), 1)].into()],
        BTreeMap<u32, Vec<Option<String>>> => [
            [(1, vec![None, Some("x".to_owned())]), (u32::MAX, vec![])].into(),
        ],
        BTreeMap<(u8, bool), ()> => [[((1, true), ()), ((2, false), ())].into()],
        HashSet<char> => [['x'].into()],
        BTreeSet<(u8, u8)> => [[(1, 2), (3, 4)].into()],
        [u8; 0] => [[]],
        [u8; 32] => [[255; 32]],
        [u16; 3] => [[1, 300, u16::MAX]],
        [Option<Leaf>; 3] => [[None, Some(leaf()), None]],
    ]
}

fn options() -> Vec<Row> {
    rows![
        Option<u8> => [None, Some(0), Some(192)],
        Option<bool> => [None, Some(false)],
        Option<i128> => [None, Some(-1)],
        Option<f64> => [None, Some(0.5)],
        Option<char> => [None, Some('\0')],
        Option<String> => [None, Some(String::new())],
        Option<(u8, u8)> => [None, Some((0, 0))],
        Option<[u8; 0]> => [None, Some([])],
        Option<Leaf> => [None, Some(leaf())],
        Option<crate::shapes::AllVariantKinds> => [
            None,
            Some(crate::shapes::AllVariantKinds::Unit),
            Some(crate::shapes::AllVariantKinds::EmptyStruct {}),
        ],
        Option<crate::shapes::UnitStruct> => [None, Some(crate::shapes::UnitStruct)],
        Option<crate::shapes::Newtype> => [None, Some(crate::shapes::Newtype(0))],
        Option<Vec<HashMap<String, Option<Box<i8>>>>> => [
            None,
            Some(vec![]),
            Some(vec![[("a".to_owned(), Some(Box::new(-1)))].into(), [("b".to_owned(), None)].into()]),
        ],
        Option<serde_bytes::ByteBuf> => [None, Some(serde_bytes::ByteBuf::new())],
        Option<()> => [None, Some(())],
        Option<Option<u8>> => [None, Some(None), Some(Some(7))],
        Result<Option<Option<char>>, Box<i8>> => [Ok(Some(None)), Err(Box::new(-1))],
    ]
}

fn of_the_library() -> Vec<Row> {
    rows![
        Duration => [Duration::ZERO, Duration::MAX, Duration::new(1, 999_999_999)],
        SystemTime => [SystemTime::UNIX_EPOCH, SystemTime::UNIX_EPOCH + Duration::from_nanos(1)],
        IpAddr => [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()],
        Ipv4Addr => [Ipv4Addr::BROADCAST],
        Ipv6Addr => [Ipv6Addr::LOCALHOST],
        SocketAddr => [([127, 0, 0, 1], 80).into(), (Ipv6Addr::LOCALHOST, 8080).into()],
        SocketAddrV6 => [SocketAddrV6::new(Ipv6Addr::LOCALHOST, 1, 0, 0)],
        PathBuf => [PathBuf::from("/a/b")],
        CString => [CString::from(c"text")],
        Range<u32> => [1..7],
        RangeInclusive<i8> => [-1..=1],
        RangeFrom<u64> => [5..],
        Bound<u64> => [Bound::Unbounded, Bound::Included(1), Bound::Excluded(300)],
        Result<u8, String> => [Ok(1), Err("no".to_owned())],
        NonZeroU8 => [NonZeroU8::MIN, NonZeroU8::MAX],
        NonZeroU128 => [NonZeroU128::MAX],
        Vec<(NonZeroU32, NonZeroI64)> => [vec![(NonZeroU32::MIN, NonZeroI64::MIN)]],
        Wrapping<u16> => [Wrapping(300)],
        Saturating<i32> => [Saturating(-300)],
        PhantomData<String> => [PhantomData],
        std::cmp::Reverse<u8> => [std::cmp::Reverse(7)],
        std::cell::RefCell<u8> => [7.into()],
        std::cell::Cell<u8> => [7.into()],
        std::sync::Mutex<u8> => [7.into()],
        std::sync::atomic::AtomicU64 => [u64::MAX.into()],
    ]
}
