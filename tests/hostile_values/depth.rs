//! Values that are nested deeper than a stack.

use std::collections::{BTreeMap, HashMap};

use netchan::channel::CodecError;
use netchan::limits::VALUE_DEPTH_MAX;

use crate::far::{Hostile, bytes_of, received, run};
use crate::types::*;

fn too_deep<T>() -> Result<T, CodecError> {
    Err(CodecError::TooDeep { depth_max: VALUE_DEPTH_MAX })
}

/// Puts `around` around `core` as often as said.
fn nested<T>(times: usize, core: T, around: impl Fn(T) -> T) -> T {
    (0..times).fold(core, |inner, _| around(inner))
}

fn list(nodes: usize) -> Node {
    let last = Node { value: 0, next: None };
    nested(nodes - 1, last, |next| Node { value: 1, next: Some(Box::new(next)) })
}

#[test]
fn the_channel_goes_on_after_a_list_of_100_000_nodes() {
    // A number and a one, again and again, are nodes without an end.
    let endless = [1, 1].repeat(100_000);
    run(async {
        let mut hostile = Hostile::<Node>::channel().await;
        for _ in 0..3 {
            assert_eq!(hostile.send(endless.clone()).await, too_deep());
            assert_eq!(hostile.send(bytes_of(&list(10))).await, Ok(list(10)));
        }
    });
}

#[test]
fn a_value_as_deep_as_allowed_is_decoded_and_a_deeper_one_is_not() {
    let half = VALUE_DEPTH_MAX / 2;
    assert_eq!(received(bytes_of(&list(half))), Ok(list(half)));
    assert_eq!(received::<Node>(bytes_of(&list(half + 1))), too_deep());

    let tree = |times| {
        nested(times, BareTree { children: vec![] }, |inner| BareTree { children: vec![inner] })
    };
    let deepest = tree(VALUE_DEPTH_MAX - 1);
    assert_eq!(received(bytes_of(&deepest)), Ok(deepest));
    assert_eq!(received::<BareTree>(bytes_of(&tree(VALUE_DEPTH_MAX))), too_deep());
}

#[test]
fn newtypes_count() {
    let tree = |times| nested(times, Tree(vec![]), |inner| Tree(vec![inner]));
    let deepest = tree(VALUE_DEPTH_MAX / 2 - 1);
    assert_eq!(received(bytes_of(&deepest)), Ok(deepest));
    assert_eq!(received::<Tree>(bytes_of(&tree(VALUE_DEPTH_MAX / 2))), too_deep());
}

#[test]
fn options_count() {
    let options = |times| nested(times, Options(None), |inner| Options(Some(Box::new(inner))));
    let deepest = options(VALUE_DEPTH_MAX - 1);
    assert_eq!(received(bytes_of(&deepest)), Ok(deepest));
    assert_eq!(received::<Options>(bytes_of(&options(VALUE_DEPTH_MAX))), too_deep());
    assert_eq!(received::<Options>(vec![1; 100_000]), too_deep());
}

#[test]
fn each_kind_of_variant_counts_once() {
    type Around = fn(Expression) -> Expression;
    let kinds: [Around; 3] = [
        |inner| Expression::Newtype(Box::new(inner)),
        |inner| Expression::Tuple(Box::new(inner), 7),
        |left| Expression::Struct { left: Box::new(left), right: None },
    ];
    for around in kinds {
        let deepest = nested(VALUE_DEPTH_MAX - 1, Expression::Unit, around);
        assert_eq!(received(bytes_of(&deepest)), Ok(deepest));
        let deeper = nested(VALUE_DEPTH_MAX, Expression::Unit, around);
        assert_eq!(received::<Expression>(bytes_of(&deeper)), too_deep());
    }
    assert_eq!(received::<Expression>(vec![2; 100_000]), too_deep());
}

#[test]
fn collections_of_optional_boxes_are_bounded() {
    let lists = |times| {
        nested(times, Lists { lists: vec![] }, |inner| Lists {
            lists: vec![None, Some(Box::new(inner))],
        })
    };
    // A struct, a sequence and an option each.
    let deepest = lists((VALUE_DEPTH_MAX - 2) / 3);
    assert_eq!(received(bytes_of(&deepest)), Ok(deepest));
    assert_eq!(received::<Lists>(bytes_of(&lists(100))), too_deep());
    assert_eq!(received::<Lists>(vec![1; 100_000]), too_deep());

    let leaf = || Maps { maps: HashMap::new(), sorted: BTreeMap::new() };
    let maps = |times| {
        nested(times, leaf(), |inner| Maps {
            maps: HashMap::from([(1, None), (2, Some(Box::new(inner)))]),
            sorted: BTreeMap::from([("leaf".to_owned(), leaf())]),
        })
    };
    let deepest = maps((VALUE_DEPTH_MAX - 2) / 3 - 1);
    assert_eq!(received(bytes_of(&deepest)), Ok(deepest));
    assert_eq!(received::<Maps>(bytes_of(&maps(100))), too_deep());
    assert_eq!(received::<Maps>(vec![1; 100_000]), too_deep());
}

#[test]
fn types_that_contain_each_other_are_bounded() {
    let last = || Statement { label: "end".to_owned(), block: Block::End };
    let one = |next| Statement { label: String::new(), block: Block::One(Box::new(next)) };
    // A struct and an enum each.
    let deepest = nested(VALUE_DEPTH_MAX / 2 - 1, last(), one);
    assert_eq!(received(bytes_of(&deepest)), Ok(deepest));
    let deeper = nested(VALUE_DEPTH_MAX / 2, last(), one);
    assert_eq!(received::<Statement>(bytes_of(&deeper)), too_deep());
    let many = |next| Statement { label: String::new(), block: Block::Many(vec![last(), next]) };
    assert_eq!(received::<Statement>(bytes_of(&nested(100, last(), many))), too_deep());
    assert_eq!(received::<Statement>([0, 2, 1].repeat(100_000)), too_deep());
}

#[test]
fn large_types_may_be_nested_less_deep() {
    let endless = vec![1; 100_000];
    match received::<Broad>(endless) {
        Err(CodecError::TooDeep { depth_max }) => {
            assert!(depth_max < VALUE_DEPTH_MAX, "{depth_max}");
        }
        other => panic!("it is not refused for its depth: {:?}", other.map(|_| ())),
    }
    let leaf = Broad { next: None, numbers: [[5; 32]; 32] };
    let value = Broad { next: Some(Box::new(leaf)), numbers: [[1 << 40; 32]; 32] };
    let bytes = bytes_of(&value);
    assert_eq!(received(bytes), Ok(value));
}

#[test]
fn all_that_a_value_may_hold_passes_the_guard() {
    let wide = || Expression::Wide(i128::MIN, u128::MAX, 0.5, -1e300, '\u{1f980}');
    let value = Expression::Struct {
        left: Box::new(Expression::Tuple(Box::new(wide()), 255)),
        right: Some(Box::new(Expression::Struct {
            left: Box::new(Expression::Bytes(vec![0, 255, 7])),
            right: Some(Box::new(Expression::Text("text".to_owned()))),
        })),
    };
    let bytes = bytes_of(&value);
    let cut = bytes[..bytes.len() - 1].to_vec();
    assert_eq!(received(bytes.clone()), Ok(value));
    let refused = received::<Expression>(cut);
    assert!(matches!(refused, Err(CodecError::Refused(_))));
    let longer = received::<Expression>([&bytes[..], &[0, 0]].concat());
    let left_over = CodecError::TrailingBytes { bytes: 2 };
    assert_eq!(longer, Err(left_over));
}
