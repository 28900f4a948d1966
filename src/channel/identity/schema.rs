//! All types that a value may contain, as plain data.
//!
//! A channel carries bytes that do not describe themselves. A [`Schema`] is the description: enough
//! to compare two types, to say where they differ, and to decode a value without the Rust type. This
//! file knows graphs of types and their limits. It does not know how they are found
//! ([`super::tracer`]) or hashed ([`super::canonical`]).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::canonical;
use super::difference::{self, Difference};
use super::error::SchemaError;
use super::find;
use super::shape::{Primitive, Shape, Type, TypeIndex};

/// Most types that one schema may hold. A schema may come from a peer, so its size needs a bound;
/// the largest syntax trees in use have a few hundred types.
pub const SCHEMA_TYPES_MAX: usize = 8_192;

/// Most references from types to types in one schema: at four bytes each, half a mebibyte. It leaves
/// room for an array of [`TUPLE_ELEMENTS_MAX`] elements and one more of that size.
pub const SCHEMA_REFERENCES_MAX: usize = 131_072;

/// Most elements of one tuple or array. Longer ones should be sent as bytes or as a sequence.
pub const TUPLE_ELEMENTS_MAX: usize = 65_536;

const _: () = assert!(TUPLE_ELEMENTS_MAX < SCHEMA_REFERENCES_MAX);

/// The graph of all types that a value may contain.
///
/// Types are numbered in the order of visit from the root, fields before what comes after them.
/// Recursion and sharing are references by number. Equal types with equal names appear once.
///
/// A schema from a peer is checked while it is deserialized: a reference out of range or a size
/// above the limits is an error of the format, never a panic later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "UncheckedSchema")]
pub struct Schema {
    name: String,
    types: Vec<Type>,
}

#[derive(Deserialize)]
struct UncheckedSchema {
    name: String,
    types: Vec<Type>,
}

impl TryFrom<UncheckedSchema> for Schema {
    type Error = SchemaError;

    fn try_from(unchecked: UncheckedSchema) -> Result<Self, SchemaError> {
        check(&unchecked.types)?;
        Ok(Self { name: unchecked.name, types: unchecked.types })
    }
}

impl Schema {
    /// Builds a schema by hand, for a type that cannot be traced. `types[0]` is the root; `name` is
    /// what messages call it. Types that the root does not reach are dropped.
    ///
    /// # Errors
    ///
    /// [`SchemaError`] if the list is empty or too large, or a reference leads out of it.
    ///
    /// # Example
    ///
    /// ```
    /// # use netchan::channel::identity::{Primitive, Schema, Shape, Type, TypeIndex};
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let by_hand = Schema::from_types("Numbers", vec![
    ///     Type { name: None, shape: Shape::Sequence(TypeIndex::at(1)) },
    ///     Type { name: None, shape: Shape::Primitive(Primitive::U32) },
    /// ])?;
    /// assert_eq!(by_hand.identity(), Schema::of::<Vec<u32>>()?.identity());
    /// # Ok(())
    /// # }
    /// ```
    pub fn from_types(name: impl Into<String>, types: Vec<Type>) -> Result<Self, SchemaError> {
        check(&types)?;
        Ok(Self { name: name.into(), types: canonical::merge_equal(&types) })
    }

    /// The schema of bytes of which no more is known.
    pub(crate) fn of_bytes(name: &str) -> Self {
        let bytes = Type { name: None, shape: Shape::Primitive(Primitive::Bytes) };
        Self { name: name.to_owned(), types: vec![bytes] }
    }

    /// What messages call the described type.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// All types; the first is the root.
    pub fn types(&self) -> &[Type] {
        &self.types
    }

    /// The type at `index`, or `None` for an index of another schema.
    pub fn get(&self, index: TypeIndex) -> Option<&Type> {
        self.types.get(index.position())
    }

    /// Whether a value can contain a value of its own type, so that its nesting depth has no bound.
    /// Decoding such a type needs a guard on depth.
    pub fn is_recursive(&self) -> bool {
        self.built_of(|_| true).contains(&false)
    }

    /// Whether a sequence or a map somewhere in the type has elements that take no byte on the wire,
    /// such as `Vec<()>`. A few bytes can then claim any number of elements, so decoding such a type
    /// needs a guard on their number.
    pub fn has_zero_length_elements(&self) -> bool {
        let empty = self.zero_length_types();
        self.types.iter().any(|item| match &item.shape {
            Shape::Sequence(element) => empty[element.position()],
            Shape::Map { key, value } => empty[key.position()] && empty[value.position()],
            _ => false,
        })
    }

    fn zero_length_types(&self) -> Vec<bool> {
        self.built_of(|shape| {
            matches!(
                shape,
                Shape::Primitive(Primitive::Unit)
                    | Shape::UnitStruct
                    | Shape::NewtypeStruct(_)
                    | Shape::Tuple(_)
                    | Shape::TupleStruct(_)
                    | Shape::Struct(_)
            )
        })
    }

    /// Which types have, whichever way is gone through their parts, only shapes of a kind, and an end.
    /// It takes time in proportion to the schema.
    fn built_of(&self, is_of_kind: impl Fn(&Shape) -> bool) -> Vec<bool> {
        // Types whose parts are all known are taken away, again and again. What is left lies on a cycle,
        // leads to one, or leads to another kind.
        let mut users: Vec<Vec<usize>> = vec![Vec::new(); self.types.len()];
        let mut open_parts = vec![0_usize; self.types.len()];
        for (position, item) in self.types.iter().enumerate() {
            for part in item.shape.parts() {
                users[part.position()].push(position);
                open_parts[position] += 1;
            }
        }
        let is_done = |position: &usize, open_parts: &[usize]| {
            open_parts[*position] == 0 && is_of_kind(&self.types[*position].shape)
        };
        let mut is_built = vec![false; self.types.len()];
        let mut ready: Vec<usize> =
            (0..self.types.len()).filter(|position| is_done(position, &open_parts)).collect();
        while let Some(position) = ready.pop() {
            is_built[position] = true;
            for user in &users[position] {
                open_parts[*user] -= 1;
                if is_done(user, &open_parts) {
                    ready.push(*user);
                }
            }
        }
        is_built
    }

    /// The first place where two types differ, or `None` if their identities are equal. Fields are
    /// compared in order, so "first" is what a reader of both definitions finds first.
    ///
    /// # Example
    ///
    /// ```
    /// # use netchan::channel::identity::Schema;
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let exported = Schema::of::<Vec<u32>>()?;
    /// let imported = Schema::of::<Vec<u64>>()?;
    /// let difference = exported.first_difference(&imported).ok_or("they differ")?;
    /// assert_eq!(
    ///     difference.between("exporter", "importer").to_string(),
    ///     "Vec<u32>[]: exporter u32, importer u64",
    /// );
    /// # Ok(())
    /// # }
    /// ```
    pub fn first_difference(&self, other: &Self) -> Option<Difference> {
        difference::first(self, other)
    }

    /// The shortest path to a type that is `wanted`, such as `Order.lines[].qty`, or `None` if there is
    /// none. For codecs that cannot carry everything. The type of what travels on a channel whose end is
    /// in a value is not looked at, because it does not travel here.
    pub fn path_to(&self, wanted: impl Fn(TypeIndex) -> bool) -> Option<String> {
        find::path_to(self, wanted)
    }

    /// The text whose hash is the identity. Equal texts mean equal wire formats with equal field and
    /// variant names: a version line, and a line for each type in the order of visit.
    pub fn canonical_text(&self) -> String {
        canonical::text(&self.types)
    }
}

impl fmt::Display for Schema {
    /// One type a line, for logs and for people.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}\n{}", self.name, self.canonical_text())
    }
}

/// All that the other methods rely on: bounded size and every reference in range.
fn check(types: &[Type]) -> Result<(), SchemaError> {
    if types.is_empty() {
        return Err(SchemaError::Empty);
    }
    if types.len() > SCHEMA_TYPES_MAX {
        return Err(SchemaError::TooManyTypes { count: types.len() });
    }
    let mut references = 0;
    for item in types {
        let parts = item.shape.parts();
        references += parts.len();
        if let Some(part) = parts.iter().find(|part| part.position() >= types.len()) {
            return Err(SchemaError::OutOfRange { index: part.0, count: types.len() });
        }
    }
    if references > SCHEMA_REFERENCES_MAX {
        return Err(SchemaError::TooManyReferences { count: references });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unnamed(shape: Shape) -> Type {
        Type { name: None, shape }
    }

    #[test]
    fn references_out_of_range_are_refused() {
        let types = vec![unnamed(Shape::Option(TypeIndex(1)))];
        assert_eq!(
            Schema::from_types("x", types),
            Err(SchemaError::OutOfRange { index: 1, count: 1 })
        );
        assert_eq!(Schema::from_types("x", Vec::new()), Err(SchemaError::Empty));
    }

    #[test]
    fn a_chain_as_long_as_allowed_is_handled_without_recursion() {
        let mut types: Vec<Type> = (1..SCHEMA_TYPES_MAX)
            .map(|next| unnamed(Shape::NewtypeStruct(TypeIndex::at(next))))
            .collect();
        types.push(unnamed(Shape::Primitive(Primitive::Unit)));
        let schema = Schema { name: "Chain".into(), types };
        assert!(!schema.is_recursive());
        assert!(!schema.has_zero_length_elements());
        assert!(schema.first_difference(&schema).is_none());
    }

    #[test]
    fn a_type_that_contains_itself_is_recursive() {
        let list = vec![unnamed(Shape::Option(TypeIndex(1))), unnamed(Shape::Option(TypeIndex(0)))];
        let schema = Schema::from_types("x", list).unwrap();
        assert!(schema.is_recursive());
        // Both types are the same endless nesting of options.
        assert_eq!(schema.types().len(), 1);
    }
}
