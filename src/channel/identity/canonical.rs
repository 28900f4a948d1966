//! One text for all equal types.
//!
//! The tracer may find one type as several nodes, for instance when it is used through two wrappers,
//! and how many may depend on the build. The identity must not. So equal nodes are merged here by
//! what can be observed from them, before anything is numbered: two nodes are equal if no walk from
//! them, however long, finds a difference. That makes recursive types comparable as well.
//!
//! The text has a version line and then one line per type, in the order of visit:
//!
//! ```text
//! netchan schema 1
//! 0 struct 2:id 1 5:lines 2
//! 1 u64
//! 2 sequence 1
//! ```
//!
//! Names carry their length in bytes, so no name can imitate the rest of a line. A change of this
//! form changes all identities and needs a new version in the first line.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::hash::Hash;

use super::partition;
use super::shape::{Field, Shape, Type, TypeIndex, VariantContent};

const FIRST_LINE: &str = "netchan schema 1\n";

/// The text of the type at the front of `types`. Names of structs and enums are no part of it.
/// Every reference must be in range.
pub(super) fn text(types: &[Type]) -> String {
    let nameless: Vec<Type> =
        types.iter().map(|item| Type { name: None, shape: item.shape.clone() }).collect();
    let mut text = FIRST_LINE.to_owned();
    for (position, item) in merge_equal(&nameless).iter().enumerate() {
        // Writing to a `String` does not fail.
        let _ = write!(text, "{position} ");
        write_shape(&mut text, &item.shape);
        text.push('\n');
    }
    text
}

/// Merges equal types (names count), drops those that the first does not reach, and numbers the
/// rest in the order of visit. Every reference must be in range.
pub(super) fn merge_equal(types: &[Type]) -> Vec<Type> {
    let class_of = equivalence_classes(types);
    let class_count = class_of.iter().max().map_or(0, |last| last + 1);
    let mut number_of_class: Vec<Option<u32>> = vec![None; class_count];
    let mut members = Vec::new();
    let mut pending = vec![0];
    while let Some(position) = pending.pop() {
        let number = &mut number_of_class[class_of[position]];
        if number.is_none() {
            *number = Some(TypeIndex::at(members.len()).0);
            members.push(position);
            let parts = types[position].shape.parts();
            pending.extend(parts.iter().rev().map(|part| part.position()));
        }
    }
    let renumber = |part: TypeIndex| {
        // Whatever a member refers to was visited after it, so the default is never used.
        TypeIndex(number_of_class[class_of[part.position()]].unwrap_or_default())
    };
    members
        .iter()
        .map(|position| Type {
            name: types[*position].name.clone(),
            shape: types[*position].shape.renumbered(&renumber),
        })
        .collect()
}

/// Gives equal types the same number: first by what a type is on its own, then by the classes of its
/// parts.
fn equivalence_classes(types: &[Type]) -> Vec<usize> {
    let without_parts = |item: &Type| Type {
        name: item.name.clone(),
        shape: item.shape.renumbered(&|_| TypeIndex::ROOT),
    };
    let classes = numbered(types.iter().map(without_parts));
    let parts_of = |item: &Type| item.shape.parts().iter().map(|part| part.position()).collect();
    let parts: Vec<Vec<usize>> = types.iter().map(parts_of).collect();
    partition::refined(&classes, &parts)
}

fn numbered<K: Hash + Eq>(keys: impl Iterator<Item = K>) -> Vec<usize> {
    let mut known = HashMap::new();
    keys.map(|key| {
        let next = known.len();
        *known.entry(key).or_insert(next)
    })
    .collect()
}

fn write_shape(text: &mut String, shape: &Shape) {
    match shape {
        Shape::Primitive(primitive) => text.push_str(primitive.name()),
        Shape::UnitStruct => text.push_str("unit-struct"),
        Shape::Option(part) => write_parts(text, "option", &[*part]),
        Shape::NewtypeStruct(part) => write_parts(text, "newtype-struct", &[*part]),
        Shape::Sequence(part) => write_parts(text, "sequence", &[*part]),
        Shape::Map { key, value } => write_parts(text, "map", &[*key, *value]),
        Shape::Tuple(parts) => write_parts(text, "tuple", parts),
        Shape::TupleStruct(parts) => write_parts(text, "tuple-struct", parts),
        Shape::Struct(fields) => write_fields(text, "struct", fields),
        Shape::Enum(variants) => {
            text.push_str("enum");
            for variant in variants {
                let _ = write!(text, " {}:{}(", variant.name.len(), variant.name);
                match &variant.content {
                    VariantContent::Unit => text.push_str("unit"),
                    VariantContent::Newtype(part) => write_parts(text, "newtype", &[*part]),
                    VariantContent::Tuple(parts) => write_parts(text, "tuple", parts),
                    VariantContent::Struct(fields) => write_fields(text, "struct", fields),
                }
                text.push(')');
            }
        }
    }
}

fn write_parts(text: &mut String, kind: &str, parts: &[TypeIndex]) {
    text.push_str(kind);
    for part in parts {
        let _ = write!(text, " {}", part.0);
    }
}

fn write_fields(text: &mut String, kind: &str, fields: &[Field]) {
    text.push_str(kind);
    for field in fields {
        let _ = write!(text, " {}:{} {}", field.name.len(), field.name, field.content.0);
    }
}

#[cfg(test)]
mod tests {
    use super::super::shape::Primitive;
    use super::*;

    fn named(name: &str, shape: Shape) -> Type {
        Type { name: Some(name.into()), shape }
    }

    fn list_node(name: &str, next: u32) -> Type {
        let fields = vec![
            Field { name: "head".into(), content: TypeIndex(2) },
            Field { name: "tail".into(), content: TypeIndex(next) },
        ];
        named(name, Shape::Struct(fields))
    }

    #[test]
    fn a_cycle_of_two_equal_types_is_a_cycle_of_one() {
        let number = Type { name: None, shape: Shape::Primitive(Primitive::U8) };
        let two = [list_node("A", 1), list_node("B", 0), number.clone()];
        let one = [list_node("C", 0), number.clone(), number];
        assert_eq!(text(&two), "netchan schema 1\n0 struct 4:head 1 4:tail 0\n1 u8\n");
        assert_eq!(text(&one), text(&two));
        assert_eq!(merge_equal(&two).len(), 3, "names are kept apart for messages");
    }

    #[test]
    fn unreached_types_leave_no_trace() {
        let number = Type { name: None, shape: Shape::Primitive(Primitive::U8) };
        assert_eq!(text(&[number.clone(), list_node("A", 0), number]), "netchan schema 1\n0 u8\n");
    }
}
