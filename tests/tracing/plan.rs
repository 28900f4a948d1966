//! Random types: a schema, checks that refuse values, and ways to behave badly.

use fastrand::Rng;
use netchan::channel::identity::{
    Field, Primitive, Schema, Shape, Type, TypeIndex, Variant, VariantContent,
};

/// Most types of one plan. Each needs a visitor of its own, see `planned.rs`.
pub(crate) const NODES_MAX: usize = 16;

/// Names of fields and variants. A list of names is a piece of it.
pub(crate) const NAMES: [&str; 12] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];

pub(crate) const TYPE_NAMES: [&str; NODES_MAX] = [
    "T0", "T1", "T2", "T3", "T4", "T5", "T6", "T7", "T8", "T9", "T10", "T11", "T12", "T13", "T14",
    "T15",
];

/// Which values a type accepts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Check {
    /// Numbers above zero.
    Positive,
    /// Numbers from a thousand on, if the type has such.
    Large,
    /// An even number.
    Even,
    /// The text of an address.
    Address,
    /// A sequence or map with something in it.
    NotEmpty,
    /// A sequence of so many elements.
    Exactly(usize),
    /// Any variant but the first.
    NotFirstVariant,
    /// An option with something in it.
    Present,
    /// Nothing.
    Nothing,
}

/// How a type behaves badly.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Quirk {
    /// Reads a part less than it has asked for.
    ReadsFewer,
    /// Goes on after it was told that there is no more.
    ReadsMore,
    /// Asks for parts until it gets an error, whatever it is told.
    ReadsForEver,
    /// Asks for parts for ever, whatever it is told, even errors.
    IsDeaf,
    /// Says that it reads another number of parts than it does.
    ClaimsOther(usize),
    /// Asks for keys, and never for their values.
    KeysOnly,
    /// Takes every error for a value.
    SwallowsErrors,
    /// Is read as another type every so many times.
    Varies(u32),
    Panics,
    PanicsAtTimes(u32),
    /// Contains itself, and has no other way.
    Endless,
    /// Contains itself under another name each time.
    EndlessNames,
    /// Contains itself, and takes much stack.
    EndlessHeavy,
    AsksForAny,
    IgnoresAny,
    AsksForIdentifier,
    /// Never looks at its input.
    ReadsNothing,
    /// Traces another type meanwhile.
    TracesAnother,
    /// Knows its variants by name only.
    VariantsByName,
    /// Has fewer variants than names.
    FewerVariants,
}

const QUIRKS: [Quirk; 26] = [
    Quirk::ReadsFewer,
    Quirk::ReadsMore,
    Quirk::ReadsForEver,
    Quirk::IsDeaf,
    Quirk::ClaimsOther(0),
    Quirk::ClaimsOther(1),
    Quirk::ClaimsOther(100),
    Quirk::ClaimsOther(usize::MAX),
    Quirk::KeysOnly,
    Quirk::SwallowsErrors,
    Quirk::Varies(2),
    Quirk::Varies(3),
    Quirk::Varies(17),
    Quirk::Panics,
    Quirk::PanicsAtTimes(2),
    Quirk::PanicsAtTimes(5),
    Quirk::Endless,
    Quirk::EndlessNames,
    Quirk::EndlessHeavy,
    Quirk::AsksForAny,
    Quirk::IgnoresAny,
    Quirk::AsksForIdentifier,
    Quirk::ReadsNothing,
    Quirk::TracesAnother,
    Quirk::VariantsByName,
    Quirk::FewerVariants,
];

/// A random type. Its first node is the type, the others are its parts.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) types: Vec<Type>,
    pub(crate) checks: Vec<Option<Check>>,
    pub(crate) quirks: Vec<Option<Quirk>>,
}

impl Plan {
    /// A type that behaves well and takes every value.
    pub(crate) fn random(rng: &mut Rng) -> Plan {
        let count = rng.usize(1..=NODES_MAX);
        let types = (0..count).map(|index| random_type(rng, index, count)).collect();
        Plan { types, checks: vec![None; count], quirks: vec![None; count] }
    }

    /// Adds a check to one of the types, and says which.
    pub(crate) fn add_check(&mut self, rng: &mut Rng) -> Option<Check> {
        let index = rng.usize(..self.types.len());
        let fitting: &[Check] = match &self.types[index].shape {
            Shape::Primitive(Primitive::String) => &[Check::Address, Check::Nothing],
            Shape::Primitive(
                Primitive::Unit
                | Primitive::Bool
                | Primitive::Char
                | Primitive::Bytes
                | Primitive::F32
                | Primitive::F64,
            ) => &[Check::Nothing],
            Shape::Primitive(_) => &[Check::Positive, Check::Large, Check::Even, Check::Nothing],
            Shape::Sequence(_) | Shape::Map { .. } => {
                &[Check::NotEmpty, Check::Exactly(3), Check::Exactly(32), Check::Exactly(8)]
            }
            Shape::Option(_) => &[Check::Present, Check::Nothing],
            Shape::Enum(variants) if variants.len() > 1 => &[Check::NotFirstVariant],
            _ => &[Check::Nothing],
        };
        self.checks[index] = rng.choice(fitting).copied();
        self.checks[index]
    }

    /// Makes one of the types behave badly.
    pub(crate) fn add_quirk(&mut self, rng: &mut Rng) {
        let index = rng.usize(..self.types.len());
        self.quirks[index] = rng.choice(QUIRKS);
    }

    pub(crate) fn schema(&self) -> Schema {
        Schema::from_types("T0", self.types.clone()).expect("a plan is small")
    }

    /// Whether all types that are in the first one have values that come to an end and pass the checks,
    /// of which none refuses everything.
    pub(crate) fn is_finite(&self) -> bool {
        let mut finite = vec![false; self.types.len()];
        // One more is known with each round, or no more will be.
        for _ in 0..self.types.len() {
            for index in 0..self.types.len() {
                let check = self.checks[index];
                finite[index] |= has_value(&self.types[index].shape, check, &finite);
            }
        }
        self.reachable().into_iter().all(|index| finite[index])
    }

    /// The types that are in the first one, itself included.
    pub(crate) fn reachable(&self) -> Vec<usize> {
        let mut reached = vec![0];
        let mut next = 0;
        while let Some(index) = reached.get(next).copied() {
            next += 1;
            for part in self.types[index].shape.parts() {
                let part = self.position(part);
                if !reached.contains(&part) {
                    reached.push(part);
                }
            }
        }
        reached
    }

    /// Where a part is in the list of types.
    pub(crate) fn position(&self, part: TypeIndex) -> usize {
        let position = (0..self.types.len()).find(|position| TypeIndex::at(*position) == part);
        position.expect("parts are in the plan")
    }
}

fn has_value(shape: &Shape, check: Option<Check>, finite: &[bool]) -> bool {
    let known = |part: &TypeIndex| {
        (0..finite.len()).any(|position| TypeIndex::at(position) == *part && finite[position])
    };
    let skipped = usize::from(check == Some(Check::NotFirstVariant));
    match shape {
        Shape::Option(_) | Shape::Sequence(_) | Shape::Map { .. } if check.is_none() => true,
        Shape::Enum(variants) => {
            variants.iter().skip(skipped).any(|variant| match &variant.content {
                VariantContent::Unit => true,
                VariantContent::Newtype(part) => known(part),
                VariantContent::Tuple(parts) => parts.iter().all(known),
                VariantContent::Struct(fields) => fields.iter().all(|field| known(&field.content)),
            })
        }
        other => other.parts().iter().all(known),
    }
}

fn random_type(rng: &mut Rng, index: usize, count: usize) -> Type {
    let is_last = index + 1 == count;
    let name = Some(TYPE_NAMES[index].to_owned());
    let kind = if is_last { 0 } else { rng.usize(..14) };
    let shape = match kind {
        0..4 => Shape::Primitive(Primitive::ALL[rng.usize(..Primitive::ALL.len())]),
        4 => Shape::Option(part(rng, index, count)),
        5 => Shape::Sequence(part(rng, index, count)),
        6 => Shape::Map { key: part(rng, index, count), value: part(rng, index, count) },
        7 => Shape::Tuple(parts(rng, index, count)),
        8 => Shape::NewtypeStruct(part(rng, index, count)),
        9 => Shape::TupleStruct(parts(rng, index, count)),
        10 | 11 => Shape::Struct(fields(rng, index, count)),
        12 => Shape::Enum(variants(rng, index, count)),
        _ => match rng.usize(..3) {
            0 => Shape::UnitStruct,
            _ => Shape::Enum(variants(rng, index, count)),
        },
    };
    let is_named = matches!(
        shape,
        Shape::UnitStruct
            | Shape::NewtypeStruct(_)
            | Shape::TupleStruct(_)
            | Shape::Struct(_)
            | Shape::Enum(_)
    );
    Type { name: name.filter(|_| is_named), shape }
}

/// Mostly a later type, so that many types have an end.
fn part(rng: &mut Rng, index: usize, count: usize) -> TypeIndex {
    let later = index + 1 < count && rng.u8(..100) < 70;
    TypeIndex::at(if later { rng.usize(index + 1..count) } else { rng.usize(..count) })
}

fn parts(rng: &mut Rng, index: usize, count: usize) -> Vec<TypeIndex> {
    (0..rng.usize(..5)).map(|_| part(rng, index, count)).collect()
}

fn fields(rng: &mut Rng, index: usize, count: usize) -> Vec<Field> {
    let parts = parts(rng, index, count).into_iter().zip(NAMES);
    parts.map(|(content, name)| Field { name: name.to_owned(), content }).collect()
}

fn variants(rng: &mut Rng, index: usize, count: usize) -> Vec<Variant> {
    let content = |rng: &mut Rng| match rng.usize(..5) {
        0 | 1 => VariantContent::Unit,
        2 => VariantContent::Newtype(part(rng, index, count)),
        3 => VariantContent::Tuple(parts(rng, index, count)),
        _ => VariantContent::Struct(fields(rng, index, count)),
    };
    let names = NAMES.iter().take(rng.usize(..7));
    names.map(|name| Variant { name: (*name).to_owned(), content: content(rng) }).collect()
}
