//! The types of the table.

#![allow(missing_docs, unreachable_pub)] // Each is described by its name and its row.

mod large;
mod unusual;

use std::collections::HashMap;
use std::num::NonZeroU16;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use large::*;
pub use unusual::*;

#[derive(Debug, Serialize, Deserialize)]
pub struct UnitStruct;

#[derive(Debug, Serialize, Deserialize)]
pub struct Newtype(pub u8);

#[derive(Debug, Serialize, Deserialize)]
pub struct TupleStruct(pub u8, pub Option<String>);

#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Leaf {
    pub id: u32,
    pub name: String,
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub enum AllVariantKinds {
    #[default]
    Unit,
    Newtype(Leaf),
    Tuple(u8, u16),
    Struct {
        left: i8,
        right: Option<Leaf>,
    },
    EmptyTuple(),
    EmptyStruct {},
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Generic<T> {
    pub content: T,
}

pub mod left {
    use serde::{Deserialize, Serialize};

    #[derive(Debug, Serialize, Deserialize)]
    pub struct Item {
        pub value: u8,
    }

    #[derive(Debug, Serialize, Deserialize)]
    pub struct Same {
        pub value: u8,
        pub list: Vec<u16>,
    }
}

pub mod right {
    use serde::{Deserialize, Serialize};

    #[derive(Debug, Serialize, Deserialize)]
    pub struct Item {
        pub value: String,
    }

    #[derive(Debug, Serialize, Deserialize)]
    pub struct Same {
        pub value: u8,
        pub list: Vec<u16>,
    }

    #[derive(Debug, Serialize, Deserialize)]
    pub struct OtherName {
        pub value: u8,
        pub list: Vec<u16>,
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub struct List {
    pub value: u32,
    pub next: Option<Box<List>>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct List64 {
    pub value: u64,
    pub next: Option<Box<List64>>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Tree {
    pub children: Vec<Tree>,
    pub label: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct TreeOfMaps(pub HashMap<String, TreeOfMaps>);

#[derive(Debug, Serialize, Deserialize)]
pub enum BaseCaseLast {
    Add(Box<BaseCaseLast>, Box<BaseCaseLast>),
    Negate(Box<BaseCaseLast>),
    Call { name: String, arguments: Vec<BaseCaseLast> },
    Number(i64),
}

#[derive(Debug, Serialize, Deserialize)]
pub enum MutualStatement {
    Block(Vec<MutualStatement>, MutualExpression),
    If { condition: MutualExpression, then: Box<MutualStatement> },
    Expression(MutualExpression),
}

#[derive(Debug, Serialize, Deserialize)]
pub enum MutualExpression {
    Lambda(Box<MutualStatement>),
    Pair(Box<MutualExpression>, Box<MutualExpression>),
    Nothing,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Ping {
    pub number: u8,
    pub next: Option<Box<Pong>>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Pong {
    pub number: u8,
    pub next: Option<Box<Ping>>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct PingPongUnrolled {
    pub number: u8,
    pub next: Option<Box<PingPongUnrolled>>,
}

/// The way out of the outer enum is the last variant of the inner one, which comes first.
#[derive(Debug, Serialize, Deserialize)]
pub enum NestedBases {
    Through(NestedInner),
    Wrapped(NestedWrapper),
}

#[derive(Debug, Serialize, Deserialize)]
pub enum NestedInner {
    Back(Box<NestedBases>),
    Out,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct NestedWrapper {
    pub inner: Box<NestedBases>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Checked {
    pub port: NonZeroU16,
    pub link: url::Url,
    pub id: uuid::Uuid,
    pub at: chrono::DateTime<chrono::Utc>,
    pub even: Even,
    pub note: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(try_from = "u32")]
pub struct Even(pub u32);

impl TryFrom<u32> for Even {
    type Error = String;

    fn try_from(number: u32) -> Result<Self, String> {
        if number & 1 == 0 { Ok(Self(number)) } else { Err(format!("{number} is odd")) }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(try_from = "u16")]
pub struct Port(pub u16);

impl TryFrom<u16> for Port {
    type Error = &'static str;

    fn try_from(number: u16) -> Result<Self, &'static str> {
        if number >= 1_024 { Ok(Self(number)) } else { Err("a port below 1024 is reserved") }
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Interval {
    pub first: StrictRange,
    pub second: StrictRange,
    pub after: u8,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(try_from = "(u32, u32)")]
pub struct StrictRange(pub u32, pub u32);

impl TryFrom<(u32, u32)> for StrictRange {
    type Error = &'static str;

    fn try_from((start, end): (u32, u32)) -> Result<Self, &'static str> {
        if start < end { Ok(Self(start, end)) } else { Err("a range has its start before its end") }
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub struct RefusesOneVariant {
    pub colour: WarmColour,
    pub after: u8,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Colour {
    Blue,
    Green(u8),
    Red(String),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "Colour", into = "Colour")]
pub struct WarmColour(pub String);

impl From<WarmColour> for Colour {
    fn from(colour: WarmColour) -> Self {
        Self::Red(colour.0)
    }
}

impl TryFrom<Colour> for WarmColour {
    type Error = &'static str;

    fn try_from(colour: Colour) -> Result<Self, &'static str> {
        match colour {
            Colour::Red(shade) => Ok(Self(shade)),
            _ => Err("too cold"),
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub struct ExactlyFour {
    pub four: Four,
    pub after: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "Vec<u8>", into = "Vec<u8>")]
pub struct Four(pub [u8; 4]);

impl From<Four> for Vec<u8> {
    fn from(four: Four) -> Self {
        four.0.to_vec()
    }
}

impl TryFrom<Vec<u8>> for Four {
    type Error = &'static str;

    fn try_from(bytes: Vec<u8>) -> Result<Self, &'static str> {
        bytes.try_into().map(Self).map_err(|_| "not four bytes")
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub struct VariantAliasesInside(pub VariantAliases);

#[derive(Debug, Serialize, Deserialize)]
pub enum VariantAliases {
    A,
    #[serde(alias = "b", alias = "x")]
    B(u8),
    #[serde(alias = "see")]
    C {
        #[serde(alias = "z")]
        y: u16,
    },
}

#[derive(Debug, Serialize, Deserialize)]
pub enum WithoutAliases {
    A,
    B(u8),
    C { y: u16 },
}

#[derive(Debug, Serialize, Deserialize)]
pub struct FieldAliases {
    pub a: u8,
    #[serde(rename = "bee", alias = "also", alias = "other")]
    pub b: u16,
    pub c: u32,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct SkippedAndDefault {
    pub first: u8,
    #[serde(skip)]
    pub cached: Option<String>,
    #[serde(default)]
    pub last: u16,
}

/// Its `Serialize` leaves out what its `Deserialize` needs.
#[derive(Debug, Serialize, Deserialize)]
pub struct SkipsNone {
    pub first: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<u8>,
    pub last: u8,
}

/// The same at the end, where it is taken for granted.
#[derive(Debug, Serialize, Deserialize)]
pub struct SkipsLast {
    pub first: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<u8>,
}

/// Its `Serialize` writes what its `Deserialize` does not read.
#[derive(Debug, Serialize, Deserialize)]
pub struct SkipsReading {
    #[serde(skip_deserializing)]
    pub first: u8,
    pub last: u8,
}

/// Its `Serialize` counts a variant that its `Deserialize` does not.
#[derive(Debug, Serialize, Deserialize)]
pub enum SkipsVariant {
    Before,
    #[serde(skip)]
    Local(u8),
    After(u8),
    Last(u8),
}

/// Another name is written than is read.
#[derive(Debug, Serialize, Deserialize)]
pub enum TwoNames {
    #[serde(rename(serialize = "written", deserialize = "read"))]
    Only,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Transparent(pub String);

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Renamed {
    pub first_name: String,
    #[serde(rename = "type")]
    pub kind: u8,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(remote = "Duration")]
pub struct Milliseconds {
    #[serde(getter = "Duration::as_millis")]
    pub milliseconds: u128,
}

impl From<Milliseconds> for Duration {
    fn from(value: Milliseconds) -> Self {
        Self::from_millis(value.milliseconds as u64)
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Remote {
    #[serde(with = "Milliseconds")]
    pub one: Duration,
    pub other: Duration,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Flattened {
    pub id: u8,
    #[serde(flatten)]
    pub rest: Leaf,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "kind")]
pub enum InternallyTagged {
    One { value: u8 },
    Two { value: String },
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Untagged {
    Number(u8),
    Text(String),
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "kind", content = "value")]
pub enum AdjacentlyTagged {
    Number(u8),
    Text(String),
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "kind", content = "value")]
pub enum AdjacentlyTaggedUnit {
    Nothing,
    Text(String),
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "kind", content = "value")]
pub enum AdjacentlyTaggedEqual {
    Before(u8),
    After(u8),
}

#[derive(Debug, Serialize, Deserialize)]
pub enum OtherVariant {
    Known(u8),
    #[serde(other)]
    Unknown,
}

#[derive(Debug, Serialize, Deserialize)]
pub enum Never {}

#[derive(Debug, Serialize, Deserialize)]
pub struct Endless {
    pub next: Box<Endless>,
}

#[derive(Debug, Serialize, Deserialize)]
pub enum EndlessEnum {
    Left(Box<EndlessEnum>),
    Right(u8, Box<EndlessEnum>),
}

#[derive(Debug, Serialize, Deserialize)]
pub struct EndlessPair {
    pub number: u8,
    pub other: Box<EndlessOther>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct EndlessOther {
    pub back: Box<EndlessPair>,
}

/// There is a value, but one of its parts has none: most likely a mistake.
#[derive(Debug, Serialize, Deserialize)]
pub struct OptionalEndless {
    pub endless: Option<Endless>,
}

pub mod differing {
    use serde::{Deserialize, Serialize};

    #[derive(Debug, Serialize, Deserialize)]
    pub struct Line {
        pub qty: u32,
    }
    #[derive(Debug, Serialize, Deserialize)]
    #[serde(rename = "Line")]
    pub struct WideLine {
        pub qty: u64,
    }
    #[derive(Debug, Serialize, Deserialize)]
    pub struct Order {
        pub id: u64,
        pub lines: Vec<Line>,
        pub note: Option<String>,
    }
    #[derive(Debug, Serialize, Deserialize)]
    pub struct Wider {
        pub id: u64,
        pub lines: Vec<WideLine>,
        pub note: Option<String>,
    }
    #[derive(Debug, Serialize, Deserialize)]
    pub struct Fewer {
        pub id: u64,
        pub lines: Vec<Line>,
    }
    #[derive(Debug, Serialize, Deserialize)]
    pub struct Swapped {
        pub lines: Vec<Line>,
        pub id: u64,
        pub note: Option<String>,
    }
    #[derive(Debug, Serialize, Deserialize)]
    pub struct Renamed {
        pub number: u64,
        pub lines: Vec<Line>,
        pub note: Option<String>,
    }
    #[derive(Debug, Serialize, Deserialize)]
    pub enum Event {
        Opened,
        Paid(u32),
        Closed { reason: String },
    }
    #[derive(Debug, Serialize, Deserialize)]
    pub enum EventRemoved {
        Opened,
        Closed { reason: String },
    }
    #[derive(Debug, Serialize, Deserialize)]
    pub enum EventSwapped {
        Paid(u32),
        Opened,
        Closed { reason: String },
    }
    #[derive(Debug, Serialize, Deserialize)]
    pub enum EventContent {
        Opened,
        Paid(u64),
        Closed { reason: String },
    }
    #[derive(Debug, Serialize, Deserialize)]
    pub enum EventKind {
        Opened(u8),
        Paid(u32),
        Closed { reason: String },
    }
}
