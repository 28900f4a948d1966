//! Schemas of a hostile peer: the comparison takes no longer than they are, and names stay short.

use std::time::{Duration, Instant};

use netchan::channel::identity::{
    Field, Primitive, SCHEMA_REFERENCES_MAX, SCHEMA_TYPES_MAX, Schema, Shape, Type, TypeIndex,
};

/// Longer than each of these comparisons takes, on a slow machine and without optimization; far less
/// than it would take to look at each pair of types.
const SOON: Duration = Duration::from_secs(20);

fn unnamed(shape: Shape) -> Type {
    Type { name: None, shape }
}

/// A ring of types, each an option of the next; one of them is something else, if any is.
fn ring(length: usize, odd: Option<usize>) -> Vec<Type> {
    let link = |at: usize| match odd {
        Some(odd) if odd == at => Shape::Primitive(Primitive::U8),
        _ => Shape::Option(TypeIndex::at((at + 1) % length)),
    };
    (0..length).map(|at| unnamed(link(at))).collect()
}

/// As a peer could send it: not merged.
fn as_sent(name: &str, types: Vec<Type>) -> Schema {
    let bytes = bincode::serde::encode_to_vec((name, types), bincode::config::standard());
    let bytes = bytes.expect("it can be encoded");
    let decoded = bincode::serde::decode_from_slice(&bytes, bincode::config::standard());
    decoded.expect("it is within the bounds").0
}

fn first_difference(left: &Schema, right: &Schema) -> Option<String> {
    let begun = Instant::now();
    let difference = left.first_difference(right);
    assert!(begun.elapsed() < SOON, "it took {:?}", begun.elapsed());
    difference.map(|difference| difference.between("exporter", "importer").to_string())
}

#[test]
fn rings_whose_pairs_are_millions_are_compared_in_time() {
    // The lengths have no common factor, so a walk through both meets each pair of their types.
    let (left, right) = (ring(SCHEMA_TYPES_MAX, None), ring(SCHEMA_TYPES_MAX - 1, None));
    assert_eq!(first_difference(&as_sent("Ring", left), &as_sent("Ring", right)), None);
    let odd = ring(SCHEMA_TYPES_MAX - 1, Some(SCHEMA_TYPES_MAX - 2));
    let left = as_sent("Ring", ring(SCHEMA_TYPES_MAX, None));
    let text = first_difference(&left, &as_sent("Ring", odd)).expect("they differ");
    assert!(text.ends_with("exporter option of option of option of .., importer u8"), "{text}");
    assert!(text.len() < 300, "{text}");
}

#[test]
fn wide_types_are_compared_in_time() {
    let width = SCHEMA_REFERENCES_MAX / SCHEMA_TYPES_MAX;
    let wide = |count: usize, step: usize| {
        let tuple = |at: usize| {
            let parts = (1..=width).map(|part| TypeIndex::at((at * step + part) % count));
            unnamed(Shape::Tuple(parts.collect()))
        };
        as_sent("Wide", (0..count).map(tuple).collect())
    };
    let (left, right) = (wide(SCHEMA_TYPES_MAX, 7), wide(SCHEMA_TYPES_MAX - 1, 5));
    assert_eq!(first_difference(&left, &right), None);
}

#[test]
fn names_of_a_peer_do_not_fill_a_log_nor_break_its_lines() {
    let named = |name: String| {
        let field = Field { name, content: TypeIndex::at(0) };
        Type { name: Some("a\nb".repeat(5_000)), shape: Shape::Struct(vec![field]) }
    };
    let left = as_sent(&"x\u{1b}[2J".repeat(5_000), vec![named("\r\n".repeat(5_000))]);
    let right = as_sent("Right", vec![named("other".repeat(5_000))]);
    let text = first_difference(&left, &right).expect("they differ");
    assert!(text.chars().count() < 400, "{text}");
    assert!(!text.contains(char::is_control), "{text:?}");
}
