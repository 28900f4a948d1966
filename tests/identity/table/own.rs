//! Types with derived implementations: all shapes, generics, recursion, attributes.

use std::time::Duration;

use super::columns::{Row, rows};
use crate::shapes::*;

fn text(text: &str) -> String {
    text.to_owned()
}

fn leaf() -> Leaf {
    Leaf { id: 7, name: text("seven") }
}

pub(super) fn rows() -> Vec<Row> {
    let mut rows = shapes();
    rows.extend(recursion());
    rows.extend(large());
    rows.extend(checks());
    rows.extend(attributes());
    rows
}

fn shapes() -> Vec<Row> {
    rows![
        UnitStruct => [UnitStruct],
        Newtype => [Newtype(200)],
        TupleStruct => [TupleStruct(1, None), TupleStruct(1, Some(text("x")))],
        Leaf => [leaf()],
        AllVariantKinds => [
            AllVariantKinds::Unit,
            AllVariantKinds::Newtype(leaf()),
            AllVariantKinds::Tuple(1, 300),
            AllVariantKinds::Struct { left: -1, right: None },
            AllVariantKinds::Struct { left: -1, right: Some(leaf()) },
            AllVariantKinds::EmptyTuple(),
            AllVariantKinds::EmptyStruct {},
        ],
        Generic<u8> => [Generic { content: 7 }],
        (Generic<u8>, Generic<String>) => [(Generic { content: 7 }, Generic { content: text("x") })],
        Generic<Option<Generic<Leaf>>> => [
            Generic { content: None },
            Generic { content: Some(Generic { content: leaf() }) },
        ],
        (left::Item, right::Item) => [(left::Item { value: 7 }, right::Item { value: text("x") })],
        left::Same => [left::Same { value: 7, list: vec![1] }],
        right::Same => [right::Same { value: 7, list: vec![1] }],
    ]
}

fn recursion() -> Vec<Row> {
    let list = |value, next: Option<List>| List { value, next: next.map(Box::new) };
    let tree = |children| Tree { children, label: text("tree") };
    let number = |number| Box::new(BaseCaseLast::Number(number));
    rows![
        List => [list(1, None), list(1, Some(list(2, Some(list(3, None)))))],
        Tree => [tree(vec![tree(vec![]), tree(vec![tree(vec![])])])],
        TreeOfMaps => [TreeOfMaps([(text("a"), TreeOfMaps([].into()))].into())],
        BaseCaseLast => [
            BaseCaseLast::Add(number(1), Box::new(BaseCaseLast::Negate(number(-2)))),
            BaseCaseLast::Call { name: text("f"), arguments: vec![*number(1), *number(2)] },
        ],
        MutualStatement => [
            MutualStatement::Expression(MutualExpression::Nothing),
            MutualStatement::Block(
                vec![MutualStatement::Expression(MutualExpression::Nothing)],
                MutualExpression::Lambda(Box::new(MutualStatement::If {
                    condition: MutualExpression::Pair(
                        Box::new(MutualExpression::Nothing),
                        Box::new(MutualExpression::Nothing),
                    ),
                    then: Box::new(MutualStatement::Expression(MutualExpression::Nothing)),
                })),
            ),
        ],
        Ping => [
            Ping { number: 1, next: None },
            Ping {
                number: 1,
                next: Some(Box::new(Pong {
                    number: 2,
                    next: Some(Box::new(Ping { number: 3, next: None })),
                })),
            },
        ],
        NestedBases => [
            NestedBases::Through(NestedInner::Out),
            NestedBases::Wrapped(NestedWrapper {
                inner: Box::new(NestedBases::Through(NestedInner::Back(Box::new(
                    NestedBases::Through(NestedInner::Out),
                )))),
            }),
        ],
    ]
}

fn large() -> Vec<Row> {
    rows![
        Vec<BigEnum> => [vec![
            BigEnum::V0,
            BigEnum::V98 { a: text("a"), b: Some(1) },
            BigEnum::V99,
        ]],
        RecursiveBigEnum => [RecursiveBigEnum::V98(
            Box::new(RecursiveBigEnum::V0(Box::new(RecursiveBigEnum::Base), 1)),
            2,
        )],
        BigStruct => [BigStruct::default(), BigStruct { field_3: vec![leaf()], ..BigStruct::default() }],
        Deep => [Deep::default()],
        Syntax => [Syntax0::Single(Box::new(Syntax1::Single(Box::new(Syntax8::Single(Box::new(
            Syntax17::Pair {
                left: Box::new(Syntax18::Pair { left: Box::new(Syntax19::Base), right: vec![] }),
                right: vec![],
            },
        ))))))],
    ]
}

fn checks() -> Vec<Row> {
    rows![
        Checked => [Checked {
            port: std::num::NonZeroU16::MAX,
            link: "http://a/".parse().expect("an address"),
            id: uuid::Uuid::max(),
            at: chrono::DateTime::UNIX_EPOCH,
            even: Even(2),
            note: text("note"),
        }],
        Vec<(Even, Port)> => [vec![(Even(8), Port(8080))]],
        Interval => [Interval { first: StrictRange(1, 2), second: StrictRange(3, 4), after: 5 }],
        RefusesOneVariant => [RefusesOneVariant { colour: WarmColour(text("red")), after: 7 }],
        ExactlyFour => [ExactlyFour { four: Four([1, 2, 3, 4]), after: text("after") }],
        NotEmpty => [NotEmpty { list: vec![1], option: Some(1), after: 7 }],
        WithFunction => [WithFunction { number: 200, after: 7 }],
        Panics => [Panics { number: 7, after: 7 }],
    ]
}

fn attributes() -> Vec<Row> {
    rows![
        VariantAliases => [VariantAliases::A, VariantAliases::B(1), VariantAliases::C { y: 300 }],
        FieldAliases => [FieldAliases { a: 1, b: 2, c: 3 }],
        SkippedAndDefault => [SkippedAndDefault { first: 1, cached: None, last: 300 }],
        SkipsVariant => [SkipsVariant::Before],
        SkipsNone => [SkipsNone { first: 1, note: Some(2), last: 3 }],
        SkipsLast => [SkipsLast { first: 1, note: Some(2) }],
        Transparent => [Transparent(text("x"))],
        Renamed => [Renamed { first_name: text("x"), kind: 1 }],
        Remote => [Remote { one: Duration::from_millis(1_500), other: Duration::new(1, 1) }],
        OtherVariant => [OtherVariant::Known(7), OtherVariant::Unknown],
    ]
}
