//! Cases that random types have found.

use netchan::channel::identity::{
    Primitive, Shape, TraceError, Type, TypeIndex, Variant, VariantContent,
};

use crate::plan::{Check, NAMES, Plan, Quirk};
use crate::{each_of, trace};

fn plan(shapes: Vec<Shape>) -> Plan {
    let count = shapes.len();
    let types = shapes.into_iter().map(|shape| Type { name: None, shape }).collect();
    Plan { types, checks: vec![None; count], quirks: vec![None; count] }
}

fn variants(contents: Vec<VariantContent>) -> Shape {
    let named = contents.into_iter().zip(NAMES);
    Shape::Enum(named.map(|(content, name)| Variant { name: name.to_owned(), content }).collect())
}

#[test]
fn a_type_that_takes_no_error_for_an_answer_is_given_up() {
    each_of(0..1, |seed, _| {
        for shape in [
            Shape::Sequence(TypeIndex::at(1)),
            Shape::Map { key: TypeIndex::at(1), value: TypeIndex::at(1) },
            Shape::Tuple(vec![TypeIndex::at(1)]),
        ] {
            let mut plan = plan(vec![shape, Shape::Primitive(Primitive::U8)]);
            plan.quirks[0] = Some(Quirk::IsDeaf);
            let found = trace(seed, &plan);
            assert!(matches!(found, Err(TraceError::TooLarge { .. })), "{found:?} for {plan:?}");
        }
    });
}

/// A map of eight entries contains itself by way of an enum. Nobody needs a map to go on, and those that
/// wait for one cannot go on without.
#[test]
fn a_value_that_others_wait_for_is_looked_for() {
    each_of(0..1, |seed, _| {
        let map = TypeIndex::at(1);
        let unit = VariantContent::Unit;
        let into_map = || VariantContent::Newtype(map);
        let mut plan = plan(vec![
            variants(vec![into_map(), unit.clone()]),
            Shape::Map { key: TypeIndex::at(3), value: TypeIndex::at(2) },
            variants(vec![unit, into_map()]),
            Shape::Primitive(Primitive::U8),
        ]);
        plan.checks[1] = Some(Check::Exactly(8));
        let found = trace(seed, &plan).map(|schema| schema.canonical_text());
        assert_eq!(found, Ok(plan.schema().canonical_text()));
    });
}
