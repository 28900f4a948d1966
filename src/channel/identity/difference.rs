//! Where two types part, in words.
//!
//! "Identities differ" helps nobody. When an import is refused, both sides exchange their schemas
//! and this file finds the first place where they differ, for one line in a log. It compares exactly
//! what the identity covers, so it finds a difference if and only if the identities differ.

use std::fmt;

use super::path::{self, Step};
use super::schema::Schema;
use super::shape::{Field, Shape, Type, TypeIndex, Variant, VariantContent};

/// How deep a description names the parts of unnamed types before it says `..`.
const DESCRIPTION_DEPTH_MAX: usize = 3;

/// The first difference between two types, from [`Schema::first_difference`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    path: String,
    left: String,
    right: String,
}

impl Difference {
    /// Where the difference is, such as `Order.lines[].qty`. `[]` is an element of a sequence,
    /// `{key}` and `{value}` are the parts of a map, `?` is the content of an option, `.0` is an
    /// element of a tuple, and `::Paid` is a variant.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What the schema has there that was asked for the difference.
    pub fn left(&self) -> &str {
        &self.left
    }

    /// What the other schema has there.
    pub fn right(&self) -> &str {
        &self.right
    }

    /// The whole message, with the names that the reader knows the two sides by:
    /// `Order.lines[].qty: exporter u32, importer u64`.
    pub fn between(&self, left_side: &str, right_side: &str) -> impl fmt::Display + use<> {
        format!("{}: {left_side} {}, {right_side} {}", self.path, self.left, self.right)
    }
}

/// A pair of parts to compare, and the way to them from the pair above.
struct Pair {
    steps: Vec<Step>,
    left: TypeIndex,
    right: TypeIndex,
}

/// How two types compare on their own.
enum Comparison {
    /// Equal so far; these parts decide.
    Parts(Vec<Pair>),
    /// They differ here, or that many steps further.
    Differs { steps: Vec<Step>, left: String, right: String },
}

/// How a pair was reached, so that a path is put together only when one is needed.
struct Visit {
    parent: Option<usize>,
    steps: Vec<Step>,
}

pub(super) fn first(left: &Schema, right: &Schema) -> Option<Difference> {
    // Depth first without recursion: a schema may come from a peer and be a chain of thousands.
    let mut visits = vec![Visit { parent: None, steps: Vec::new() }];
    let mut pending = vec![(TypeIndex::ROOT, TypeIndex::ROOT, 0)];
    let mut equal = Equal::none(left.types().len() + right.types().len());
    while let Some((left_index, right_index, visit)) = pending.pop() {
        // A pair that is being compared or was compared counts as equal: if it is not, that very
        // comparison finds it. So recursive types come to an end. And so does a pair that follows from
        // others: there may be millions of those, but no more comparisons than types.
        if !equal.join(left_index.position(), left.types().len() + right_index.position()) {
            continue;
        }
        let (Some(left_type), Some(right_type)) = (left.get(left_index), right.get(right_index))
        else {
            continue;
        };
        match compare((left, left_type), (right, right_type)) {
            Comparison::Parts(parts) => {
                for pair in parts.into_iter().rev() {
                    visits.push(Visit { parent: Some(visit), steps: pair.steps });
                    pending.push((pair.left, pair.right, visits.len() - 1));
                }
            }
            Comparison::Differs { steps, left: left_text, right: right_text } => {
                let path = path_to(left.name(), &visits, visit, &steps);
                return Some(Difference { path, left: left_text, right: right_text });
            }
        }
    }
    None
}

/// Types that count as equal, in groups.
struct Equal {
    /// A type of the same group that is nearer to the one which stands for it; that one has itself.
    nearer: Vec<usize>,
}

impl Equal {
    fn none(types: usize) -> Equal {
        Equal { nearer: (0..types).collect() }
    }

    /// Lets two types be equal. `false`: they were.
    fn join(&mut self, left: usize, right: usize) -> bool {
        let (left, right) = (self.find(left), self.find(right));
        self.nearer[right] = left;
        left != right
    }

    /// The type that stands for the group of this one. Halves the way to it.
    fn find(&mut self, mut of: usize) -> usize {
        while self.nearer[of] != of {
            self.nearer[of] = self.nearer[self.nearer[of]];
            of = self.nearer[of];
        }
        of
    }
}

fn path_to(root: &str, visits: &[Visit], last: usize, further: &[Step]) -> String {
    let mut legs = vec![further];
    let mut at = Some(last);
    while let Some(index) = at {
        legs.push(&visits[index].steps);
        at = visits[index].parent;
    }
    let steps = legs.iter().rev().flat_map(|leg| leg.iter());
    path::joined(root.to_owned(), steps)
}

fn compare(left: (&Schema, &Type), right: (&Schema, &Type)) -> Comparison {
    let pair =
        |step: Step, left: TypeIndex, right: TypeIndex| Pair { steps: vec![step], left, right };
    match (&left.1.shape, &right.1.shape) {
        (Shape::Primitive(a), Shape::Primitive(b)) if a == b => Comparison::Parts(Vec::new()),
        (Shape::UnitStruct, Shape::UnitStruct) => Comparison::Parts(Vec::new()),
        (Shape::Option(a), Shape::Option(b)) => Comparison::Parts(vec![pair(Step::Some, *a, *b)]),
        (Shape::NewtypeStruct(a), Shape::NewtypeStruct(b)) => {
            Comparison::Parts(vec![pair(Step::Position(0), *a, *b)])
        }
        (Shape::Sequence(a), Shape::Sequence(b)) => {
            Comparison::Parts(vec![pair(Step::Element, *a, *b)])
        }
        (Shape::Map { key: a, value: x }, Shape::Map { key: b, value: y }) => {
            Comparison::Parts(vec![pair(Step::Key, *a, *b), pair(Step::Value, *x, *y)])
        }
        (Shape::Tuple(a), Shape::Tuple(b)) | (Shape::TupleStruct(a), Shape::TupleStruct(b)) => {
            compare_tuples(&[], a, b)
        }
        (Shape::Struct(a), Shape::Struct(b)) => compare_fields(&[], (left.0, a), (right.0, b)),
        (Shape::Enum(a), Shape::Enum(b)) => compare_variants((left.0, a), (right.0, b)),
        _ => Comparison::Differs {
            steps: Vec::new(),
            left: describe(left.0, left.1, 0),
            right: describe(right.0, right.1, 0),
        },
    }
}

fn compare_tuples(above: &[Step], left: &[TypeIndex], right: &[TypeIndex]) -> Comparison {
    if left.len() != right.len() {
        return Comparison::Differs {
            steps: above.to_vec(),
            left: format!("{} elements", left.len()),
            right: format!("{} elements", right.len()),
        };
    }
    let below = |position| [above, &[Step::Position(position)]].concat();
    let pairs = left.iter().zip(right).enumerate();
    Comparison::Parts(
        pairs.map(|(at, (a, b))| Pair { steps: below(at), left: *a, right: *b }).collect(),
    )
}

fn compare_fields(
    above: &[Step],
    left: (&Schema, &[Field]),
    right: (&Schema, &[Field]),
) -> Comparison {
    let below = |name: &str| [above, &[Step::Field(name.to_owned())]].concat();
    let names =
        |fields: &[Field]| fields.iter().map(|field| field.name.clone()).collect::<Vec<_>>();
    let content = |schema: &Schema, fields: &[Field], at: usize| {
        fields.get(at).map_or_else(String::new, |field| describe_index(schema, field.content, 0))
    };
    match first_name_difference(&names(left.1), &names(right.1)) {
        None => Comparison::Parts(
            left.1
                .iter()
                .zip(right.1)
                .map(|(a, b)| Pair { steps: below(&a.name), left: a.content, right: b.content })
                .collect(),
        ),
        Some(NameDifference::OnlyLeft(at)) => Comparison::Differs {
            steps: below(&left.1[at].name),
            left: content(left.0, left.1, at),
            right: "missing".to_owned(),
        },
        Some(NameDifference::OnlyRight(at)) => Comparison::Differs {
            steps: below(&right.1[at].name),
            left: "missing".to_owned(),
            right: content(right.0, right.1, at),
        },
        Some(NameDifference::Moved { left: from, right: to }) => Comparison::Differs {
            steps: below(&left.1[from].name),
            left: format!("field {from}"),
            right: format!("field {to}"),
        },
        Some(NameDifference::Renamed(at)) => Comparison::Differs {
            steps: above.to_vec(),
            left: format!("field {at} `{}`", left.1[at].name),
            right: format!("field {at} `{}`", right.1[at].name),
        },
    }
}

fn compare_variants(left: (&Schema, &[Variant]), right: (&Schema, &[Variant])) -> Comparison {
    let step = |variant: &Variant| vec![Step::Variant(variant.name.clone())];
    let names =
        |all: &[Variant]| all.iter().map(|variant| variant.name.clone()).collect::<Vec<_>>();
    match first_name_difference(&names(left.1), &names(right.1)) {
        None => {
            let mut pairs = Vec::new();
            for (a, b) in left.1.iter().zip(right.1) {
                match compare_contents(&step(a), (left.0, &a.content), (right.0, &b.content)) {
                    Comparison::Parts(parts) => pairs.extend(parts),
                    // An earlier variant may differ deeper inside; this one is nearer.
                    differs @ Comparison::Differs { .. } => return differs,
                }
            }
            Comparison::Parts(pairs)
        }
        Some(NameDifference::OnlyLeft(at)) => Comparison::Differs {
            steps: step(&left.1[at]),
            left: format!("variant {at}"),
            right: "missing".to_owned(),
        },
        Some(NameDifference::OnlyRight(at)) => Comparison::Differs {
            steps: step(&right.1[at]),
            left: "missing".to_owned(),
            right: format!("variant {at}"),
        },
        Some(NameDifference::Moved { left: from, right: to }) => Comparison::Differs {
            steps: step(&left.1[from]),
            left: format!("variant {from}"),
            right: format!("variant {to}"),
        },
        Some(NameDifference::Renamed(at)) => Comparison::Differs {
            steps: Vec::new(),
            left: format!("variant {at} `{}`", left.1[at].name),
            right: format!("variant {at} `{}`", right.1[at].name),
        },
    }
}

fn compare_contents(
    above: &[Step],
    left: (&Schema, &VariantContent),
    right: (&Schema, &VariantContent),
) -> Comparison {
    match (left.1, right.1) {
        (VariantContent::Unit, VariantContent::Unit) => Comparison::Parts(Vec::new()),
        (VariantContent::Newtype(a), VariantContent::Newtype(b)) => {
            compare_tuples(above, &[*a], &[*b])
        }
        (VariantContent::Tuple(a), VariantContent::Tuple(b)) => compare_tuples(above, a, b),
        (VariantContent::Struct(a), VariantContent::Struct(b)) => {
            compare_fields(above, (left.0, a), (right.0, b))
        }
        _ => Comparison::Differs {
            steps: above.to_vec(),
            left: describe_content(left.0, left.1),
            right: describe_content(right.0, right.1),
        },
    }
}

/// How two lists of names first differ. Positions count from zero.
enum NameDifference {
    OnlyLeft(usize),
    OnlyRight(usize),
    Moved { left: usize, right: usize },
    Renamed(usize),
}

fn first_name_difference(left: &[String], right: &[String]) -> Option<NameDifference> {
    let common = left.iter().zip(right).take_while(|(a, b)| a == b).count();
    let place_in = |all: &[String], name: &String| all.iter().position(|other| other == name);
    match (left.get(common), right.get(common)) {
        (None, None) => None,
        (Some(_), None) => Some(NameDifference::OnlyLeft(common)),
        (None, Some(_)) => Some(NameDifference::OnlyRight(common)),
        (Some(a), Some(b)) => Some(match (place_in(right, a), place_in(left, b)) {
            (Some(place), Some(_)) => NameDifference::Moved { left: common, right: place },
            (None, Some(_)) => NameDifference::OnlyLeft(common),
            (Some(_), None) => NameDifference::OnlyRight(common),
            (None, None) => NameDifference::Renamed(common),
        }),
    }
}

fn describe_index(schema: &Schema, index: TypeIndex, depth: usize) -> String {
    match schema.get(index) {
        Some(part) if depth < DESCRIPTION_DEPTH_MAX => describe(schema, part, depth),
        _ => "..".to_owned(),
    }
}

fn describe(schema: &Schema, item: &Type, depth: usize) -> String {
    let part = |index: TypeIndex| describe_index(schema, index, depth + 1);
    let named = |kind: &str| match &item.name {
        Some(name) => format!("{kind} {name}"),
        None => kind.to_owned(),
    };
    match &item.shape {
        Shape::Primitive(primitive) => primitive.name().to_owned(),
        Shape::Option(content) => format!("option of {}", part(*content)),
        Shape::Sequence(element) => format!("sequence of {}", part(*element)),
        Shape::Map { key, value } => format!("map from {} to {}", part(*key), part(*value)),
        Shape::Tuple(parts) => format!("tuple of {}", parts.len()),
        Shape::UnitStruct => named("unit struct"),
        Shape::NewtypeStruct(_) => named("newtype struct"),
        Shape::TupleStruct(_) => named("tuple struct"),
        Shape::Struct(_) => named("struct"),
        Shape::Enum(_) => named("enum"),
    }
}

fn describe_content(schema: &Schema, content: &VariantContent) -> String {
    match content {
        VariantContent::Unit => "no content".to_owned(),
        VariantContent::Newtype(part) => describe_index(schema, *part, 0),
        VariantContent::Tuple(parts) => format!("{} elements", parts.len()),
        VariantContent::Struct(fields) => format!("{} named fields", fields.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(all: &str) -> Vec<String> {
        all.chars().map(String::from).collect()
    }

    #[test]
    fn lists_of_names_differ_in_four_ways() {
        let differ = |left: &str, right: &str| first_name_difference(&names(left), &names(right));
        assert!(differ("abc", "abc").is_none());
        assert!(matches!(differ("abc", "ac"), Some(NameDifference::OnlyLeft(1))));
        assert!(matches!(differ("ab", "abc"), Some(NameDifference::OnlyRight(2))));
        assert!(matches!(differ("ba", "ab"), Some(NameDifference::Moved { left: 0, right: 1 })));
        assert!(matches!(differ("axb", "ayb"), Some(NameDifference::Renamed(1))));
    }
}
