//! Schemas of the largest size, as a peer may send them: looking at them and comparing them takes time in
//! proportion to them. Each of these took a minute or all memory once.

use std::time::{Duration, Instant};

use netchan::channel::identity::{Primitive, SCHEMA_TYPES_MAX, Schema, Shape, Type, TypeIndex};
use netchan::channel::{Bincode, Codec};
use serde::Serialize;

/// A guard, and nothing else: all of it takes a part of a second.
const TOO_LONG: Duration = Duration::from_secs(20);

/// A schema as it comes from a peer, who need not have merged equal types.
fn received(types: Vec<Type>) -> Schema {
    #[derive(Serialize)]
    struct Sent {
        name: String,
        types: Vec<Type>,
    }
    let sent = Sent { name: "Sent".to_owned(), types };
    let bytes = bincode::serde::encode_to_vec(&sent, bincode::config::standard()).unwrap();
    Bincode::decode(&bytes).unwrap()
}

fn unnamed(shape: Shape) -> Type {
    Type { name: None, shape }
}

/// Types of which each contains the next one in the list, and the last one `last`.
fn chain(types: usize, last: Shape) -> Vec<Type> {
    let link = |next| unnamed(Shape::NewtypeStruct(TypeIndex::at(next)));
    (1..types).map(link).chain([unnamed(last)]).collect()
}

/// Types of which each contains the next one, in a circle.
fn circle(types: usize) -> Schema {
    received(chain(types, Shape::NewtypeStruct(TypeIndex::ROOT)))
}

#[test]
fn a_chain_of_all_types_is_written_in_time() {
    let began_at = Instant::now();
    let schema = received(chain(SCHEMA_TYPES_MAX, Shape::Primitive(Primitive::U8)));
    // The version, and a line for each.
    assert_eq!(schema.canonical_text().lines().count(), 1 + SCHEMA_TYPES_MAX);
    let longer = received(chain(SCHEMA_TYPES_MAX - 1, Shape::Primitive(Primitive::U8)));
    assert!(schema.first_difference(&longer).is_some());
    assert!(began_at.elapsed() < TOO_LONG, "{:?}", began_at.elapsed());
}

#[test]
fn elements_without_bytes_are_found_in_time_at_the_end_of_all_types() {
    let began_at = Instant::now();
    // Each contains the one before it, so that a walk from the last to the first learns of one a time.
    let mut types = vec![unnamed(Shape::Sequence(TypeIndex::at(SCHEMA_TYPES_MAX - 1)))];
    types.push(unnamed(Shape::Primitive(Primitive::Unit)));
    let before = |position: usize| unnamed(Shape::NewtypeStruct(TypeIndex::at(position - 1)));
    types.extend((2..SCHEMA_TYPES_MAX).map(before));
    let schema = received(types);
    assert!(schema.has_zero_length_elements());
    assert!(!schema.is_recursive());
    assert!(began_at.elapsed() < TOO_LONG, "{:?}", began_at.elapsed());
}

#[test]
fn circles_that_meet_after_millions_of_steps_are_compared_in_time() {
    let began_at = Instant::now();
    let (left, right) = (circle(SCHEMA_TYPES_MAX), circle(SCHEMA_TYPES_MAX - 1));
    // Both are newtypes without an end.
    assert_eq!(left.identity(), right.identity());
    assert_eq!(left.first_difference(&right), None);
    assert!(began_at.elapsed() < TOO_LONG, "{:?}", began_at.elapsed());
}
