//! The way to a type that somebody looks for.

use std::collections::{HashSet, VecDeque};

use super::path::{self, Step};
use super::schema::Schema;
use super::shape::{Field, Shape, TypeIndex, VariantContent};
use super::watch::on_the_wire;

/// A type that was reached, and how.
struct Visit {
    index: TypeIndex,
    parent: Option<usize>,
    steps: Vec<Step>,
}

/// The shortest path from the root to a type that is `wanted`, among those that values have on the
/// wire. Without recursion, because a schema may
/// come from a peer and be a chain of thousands.
pub(super) fn path_to(schema: &Schema, wanted: impl Fn(TypeIndex) -> bool) -> Option<String> {
    let mut visits = vec![Visit { index: TypeIndex::ROOT, parent: None, steps: Vec::new() }];
    let mut seen = HashSet::from([TypeIndex::ROOT]);
    let mut pending = VecDeque::from([0]);
    while let Some(visit) = pending.pop_front() {
        let index = visits[visit].index;
        if wanted(index) {
            return Some(written(schema.name(), &visits, visit));
        }
        let Some(found) = schema.get(index) else { continue };
        for (steps, part) in ways(&found.shape) {
            if seen.insert(part) {
                pending.push_back(visits.len());
                visits.push(Visit { index: part, parent: Some(visit), steps });
            }
        }
    }
    None
}

fn written(root: &str, visits: &[Visit], last: usize) -> String {
    let mut legs = Vec::new();
    let mut at = Some(last);
    while let Some(visit) = at {
        legs.push(&visits[visit].steps);
        at = visits[visit].parent;
    }
    path::joined(root.to_owned(), legs.into_iter().rev().flatten())
}

/// The parts of a shape, and the steps to each.
fn ways(shape: &Shape) -> Vec<(Vec<Step>, TypeIndex)> {
    let one = |step: Step, part: TypeIndex| vec![(vec![step], part)];
    match shape {
        Shape::Primitive(_) | Shape::UnitStruct => Vec::new(),
        Shape::Option(content) => one(Step::Some, *content),
        Shape::NewtypeStruct(content) => one(Step::Position(0), *content),
        Shape::Sequence(element) => one(Step::Element, *element),
        Shape::Map { key, value } => vec![(vec![Step::Key], *key), (vec![Step::Value], *value)],
        Shape::Tuple(parts) | Shape::TupleStruct(parts) => positions(&[], parts),
        Shape::Struct(fields) => named(&[], on_the_wire(fields)),
        Shape::Enum(variants) => variants
            .iter()
            .flat_map(|variant| {
                let into = [Step::Variant(variant.name.clone())];
                match &variant.content {
                    VariantContent::Unit => Vec::new(),
                    VariantContent::Newtype(part) => positions(&into, &[*part]),
                    VariantContent::Tuple(parts) => positions(&into, parts),
                    VariantContent::Struct(fields) => named(&into, fields),
                }
            })
            .collect(),
    }
}

fn positions(above: &[Step], parts: &[TypeIndex]) -> Vec<(Vec<Step>, TypeIndex)> {
    let below = |position| [above, &[Step::Position(position)]].concat();
    parts.iter().enumerate().map(|(position, part)| (below(position), *part)).collect()
}

fn named(above: &[Step], fields: &[Field]) -> Vec<(Vec<Step>, TypeIndex)> {
    let below = |name: &String| [above, &[Step::Field(name.clone())]].concat();
    fields.iter().map(|field| (below(&field.name), field.content)).collect()
}
