//! Types that contain themselves, or elements that take no bytes.

use std::collections::{BTreeMap, HashMap};
use std::marker::PhantomData;

use serde::{Deserialize, Serialize};

/// A list of nodes: two levels each.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Node {
    pub(crate) value: u32,
    pub(crate) next: Option<Box<Node>>,
}

/// A newtype of a sequence: two levels each.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Tree(pub(crate) Vec<Tree>);

/// One level each.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct BareTree {
    pub(crate) children: Vec<BareTree>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Options(pub(crate) Option<Box<Options>>);

#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Lists {
    pub(crate) lists: Vec<Option<Box<Lists>>>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Maps {
    pub(crate) maps: HashMap<u8, Option<Box<Maps>>>,
    pub(crate) sorted: BTreeMap<String, Maps>,
}

/// All kinds of variants. One level each.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Expression {
    Unit,
    Newtype(Box<Expression>),
    Tuple(Box<Expression>, u8),
    Struct { left: Box<Expression>, right: Option<Box<Expression>> },
    Wide(i128, u128, f32, f64, char),
    Bytes(#[serde(with = "serde_bytes")] Vec<u8>),
    Text(String),
}

/// Contains itself by way of another type.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Statement {
    pub(crate) label: String,
    pub(crate) block: Block,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Block {
    End,
    One(Box<Statement>),
    Many(Vec<Statement>),
}

/// So large that few levels fill a stack.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Broad {
    pub(crate) next: Option<Box<Broad>>,
    pub(crate) numbers: [[u64; 32]; 32],
}

/// Elements with and without bytes, and both without an end.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Hollow {
    pub(crate) marks: Vec<PhantomData<u8>>,
    pub(crate) units: HashMap<(), [(); 2]>,
    pub(crate) numbers: Vec<u16>,
    pub(crate) children: Vec<Hollow>,
}

/// Takes memory for all elements that are claimed and may be believed, and says how many. It has
/// the identity of a [`BareTree`].
#[derive(Debug, PartialEq)]
pub(crate) struct Believer {
    pub(crate) believed: usize,
}

impl Serialize for Believer {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(std::iter::empty::<()>())
    }
}

thread_local! {
    /// Elements for which believers have taken memory.
    pub(crate) static BELIEVED: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

impl<'de> Deserialize<'de> for Believer {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Believer, D::Error> {
        struct Collector;

        impl<'de> serde::de::Visitor<'de> for Collector {
            type Value = Believer;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("believers")
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(
                self,
                mut access: A,
            ) -> Result<Believer, A::Error> {
                let mut believed = access.size_hint().unwrap_or(0);
                BELIEVED.set(BELIEVED.get().saturating_add(believed));
                while let Some(child) = access.next_element::<Believer>()? {
                    believed = believed.saturating_add(child.believed);
                }
                Ok(Believer { believed })
            }
        }

        deserializer.deserialize_seq(Collector)
    }
}
