//! A type that is read as the plan of its thread says.
//!
//! A tracer knows types by their visitors, so each node of a plan has a visitor type of its own.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;

use netchan::channel::identity::{Primitive, Schema, Shape, VariantContent};
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, VariantAccess, Visitor,
};
use serde::{Deserialize, de};

use crate::plan::{Check, NAMES, Plan, Quirk, TYPE_NAMES};

thread_local! {
    static PLAN: RefCell<Option<Rc<Plan>>> = const { RefCell::new(None) };
    /// Values that were asked for since the plan was set.
    static ASKED: Cell<u64> = const { Cell::new(0) };
}

/// Sets what `Planned` is on this thread.
pub(crate) fn set_plan(plan: Plan) {
    PLAN.set(Some(Rc::new(plan)));
    ASKED.set(0);
}

/// How many values were asked for since the plan was set.
pub(crate) fn asked() -> u64 {
    ASKED.get()
}

fn plan() -> Rc<Plan> {
    PLAN.with_borrow(|plan| plan.clone()).expect("a plan was set")
}

/// The type of the plan.
pub(crate) struct Planned;

impl<'de> Deserialize<'de> for Planned {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Planned, D::Error> {
        Part(0).deserialize(deserializer).map(|()| Planned)
    }
}

/// A value of a node.
#[derive(Clone, Copy)]
struct Part(usize);

impl<'de> DeserializeSeed<'de> for Part {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        ASKED.set(ASKED.get() + 1);
        match self.0 {
            0 => read::<0, D>(deserializer),
            1 => read::<1, D>(deserializer),
            2 => read::<2, D>(deserializer),
            3 => read::<3, D>(deserializer),
            4 => read::<4, D>(deserializer),
            5 => read::<5, D>(deserializer),
            6 => read::<6, D>(deserializer),
            7 => read::<7, D>(deserializer),
            8 => read::<8, D>(deserializer),
            9 => read::<9, D>(deserializer),
            10 => read::<10, D>(deserializer),
            11 => read::<11, D>(deserializer),
            12 => read::<12, D>(deserializer),
            13 => read::<13, D>(deserializer),
            14 => read::<14, D>(deserializer),
            15 => read::<15, D>(deserializer),
            other => panic!("a plan has no node {other}"),
        }
    }
}

/// Has stack taken around its work.
#[inline(never)]
fn with_ballast<R>(work: impl FnOnce() -> R) -> R {
    let ballast = std::hint::black_box([0_u8; 16 * 1024]);
    let result = work();
    std::hint::black_box(ballast);
    result
}

fn read<'de, const N: usize, D: Deserializer<'de>>(deserializer: D) -> Result<(), D::Error> {
    let plan = plan();
    let visitor = Node::<N>;
    match plan.quirks[N] {
        Some(Quirk::Panics) => panic!("as the plan wants"),
        Some(Quirk::PanicsAtTimes(times)) if asked().is_multiple_of(u64::from(times)) => {
            panic!("as the plan wants")
        }
        Some(Quirk::Varies(times)) if asked().is_multiple_of(u64::from(times)) => {
            return deserializer.deserialize_u8(Leaf { node: N });
        }
        Some(Quirk::Endless) => return deserializer.deserialize_newtype_struct("Endless", visitor),
        Some(Quirk::EndlessHeavy) => {
            let name = Box::leak(format!("Heavy{}", asked()).into_boxed_str());
            return with_ballast(|| deserializer.deserialize_newtype_struct(name, visitor));
        }
        Some(Quirk::EndlessNames) => {
            let name = Box::leak(format!("Endless{}", asked()).into_boxed_str());
            return deserializer.deserialize_newtype_struct(name, visitor);
        }
        Some(Quirk::AsksForAny) => return deserializer.deserialize_any(visitor),
        Some(Quirk::IgnoresAny) => return deserializer.deserialize_ignored_any(visitor),
        Some(Quirk::AsksForIdentifier) => return deserializer.deserialize_identifier(visitor),
        Some(Quirk::ReadsNothing) => return Ok(()),
        Some(Quirk::TracesAnother) => {
            let another = Schema::of::<(u8, Option<String>)>();
            another.map_err(D::Error::custom)?;
        }
        Some(Quirk::SwallowsErrors) => {
            let _swallowed = ask(&plan, N, deserializer, visitor);
            return Ok(());
        }
        _ => {}
    }
    ask(&plan, N, deserializer, visitor)
}

fn ask<'de, D: Deserializer<'de>, V: Visitor<'de, Value = ()>>(
    plan: &Plan,
    node: usize,
    deserializer: D,
    visitor: V,
) -> Result<(), D::Error> {
    let claimed = |count: usize| match plan.quirks[node] {
        Some(Quirk::ClaimsOther(other)) => other,
        _ => count,
    };
    let names = |count: usize| &NAMES[..claimed(count).min(NAMES.len())];
    let name = TYPE_NAMES[node];
    match &plan.types[node].shape {
        Shape::Primitive(primitive) => ask_leaf(*primitive, deserializer, Leaf { node }),
        Shape::Option(_) => deserializer.deserialize_option(visitor),
        Shape::UnitStruct => deserializer.deserialize_unit_struct(name, visitor),
        Shape::NewtypeStruct(_) => deserializer.deserialize_newtype_struct(name, visitor),
        Shape::Tuple(parts) => deserializer.deserialize_tuple(claimed(parts.len()), visitor),
        Shape::TupleStruct(parts) => {
            deserializer.deserialize_tuple_struct(name, claimed(parts.len()), visitor)
        }
        Shape::Sequence(_) => deserializer.deserialize_seq(visitor),
        Shape::Map { .. } => deserializer.deserialize_map(visitor),
        Shape::Struct(fields) => {
            deserializer.deserialize_struct(name, names(fields.len()), visitor)
        }
        Shape::Enum(variants) => {
            deserializer.deserialize_enum(name, names(variants.len()), visitor)
        }
    }
}

fn ask_leaf<'de, D: Deserializer<'de>>(
    primitive: Primitive,
    deserializer: D,
    visitor: Leaf,
) -> Result<(), D::Error> {
    match primitive {
        Primitive::Unit => deserializer.deserialize_unit(visitor),
        Primitive::Bool => deserializer.deserialize_bool(visitor),
        Primitive::I8 => deserializer.deserialize_i8(visitor),
        Primitive::I16 => deserializer.deserialize_i16(visitor),
        Primitive::I32 => deserializer.deserialize_i32(visitor),
        Primitive::I64 => deserializer.deserialize_i64(visitor),
        Primitive::I128 => deserializer.deserialize_i128(visitor),
        Primitive::U8 => deserializer.deserialize_u8(visitor),
        Primitive::U16 => deserializer.deserialize_u16(visitor),
        Primitive::U32 => deserializer.deserialize_u32(visitor),
        Primitive::U64 => deserializer.deserialize_u64(visitor),
        Primitive::U128 => deserializer.deserialize_u128(visitor),
        Primitive::F32 => deserializer.deserialize_f32(visitor),
        Primitive::F64 => deserializer.deserialize_f64(visitor),
        Primitive::Char => deserializer.deserialize_char(visitor),
        Primitive::String => deserializer.deserialize_string(visitor),
        Primitive::Bytes => deserializer.deserialize_byte_buf(visitor),
    }
}

/// Takes values without parts.
struct Leaf {
    node: usize,
}

impl Leaf {
    fn check<E: Error>(&self, is_fine: impl FnOnce(Check) -> bool) -> Result<(), E> {
        match plan().checks[self.node] {
            Some(check) if !is_fine(check) => Err(E::custom(format!("not {check:?}"))),
            _ => Ok(()),
        }
    }

    fn number<E: Error>(&self, number: i128, most: i128) -> Result<(), E> {
        self.check(|check| match check {
            Check::Positive => number > 0,
            Check::Large => number >= most.min(1_000),
            Check::Even => number % 2 == 0,
            _ => false,
        })
    }
}

macro_rules! take_numbers {
    ($($method:ident: $number:ty),+) => {
        $(fn $method<E: Error>(self, number: $number) -> Result<(), E> {
            self.number(number as i128, <$number>::MAX as i128)
        })+
    };
}

impl<'de> Visitor<'de> for Leaf {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value without parts")
    }

    take_numbers! {
        visit_i8: i8, visit_i16: i16, visit_i32: i32, visit_i64: i64, visit_i128: i128,
        visit_u8: u8, visit_u16: u16, visit_u32: u32, visit_u64: u64
    }

    fn visit_u128<E: Error>(self, number: u128) -> Result<(), E> {
        self.number(i128::try_from(number).unwrap_or(i128::MAX), i128::MAX)
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.check(|_| false)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        self.check(|_| false)
    }

    fn visit_f32<E: Error>(self, _: f32) -> Result<(), E> {
        self.check(|_| false)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        self.check(|_| false)
    }

    fn visit_char<E: Error>(self, _: char) -> Result<(), E> {
        self.check(|_| false)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.check(|check| check == Check::Address && text.starts_with("https://"))
    }

    fn visit_byte_buf<E: Error>(self, _: Vec<u8>) -> Result<(), E> {
        self.check(|_| false)
    }
}

/// Takes values with parts.
struct Node<const N: usize>;

impl<const N: usize> Node<N> {
    fn check<E: Error>(is_fine: impl FnOnce(Check) -> bool) -> Result<(), E> {
        Leaf { node: N }.check(is_fine)
    }

    /// The parts of a type that has a fixed number of them.
    fn parts(plan: &Plan) -> Vec<usize> {
        plan.types[N].shape.parts().into_iter().map(|part| plan.position(part)).collect()
    }

    fn read_fixed<'de, A: SeqAccess<'de>>(
        parts: &[usize],
        quirk: Option<Quirk>,
        mut access: A,
    ) -> Result<(), A::Error> {
        let fewer = usize::from(quirk == Some(Quirk::ReadsFewer));
        for part in &parts[..parts.len().saturating_sub(fewer)] {
            if access.next_element_seed(Part(*part))?.is_none() {
                return Err(A::Error::custom("a part is missing"));
            }
        }
        match quirk {
            Some(Quirk::ReadsMore) => access.next_element_seed(Part(0)).map(drop),
            Some(Quirk::ReadsForEver) => loop {
                access.next_element_seed(Part(0))?;
            },
            Some(Quirk::IsDeaf) => loop {
                let _whatever = access.next_element_seed(Part(0));
            },
            _ => Ok(()),
        }
    }
}

impl<'de, const N: usize> Visitor<'de> for Node<N> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value with parts")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Self::check(|_| false)
    }

    fn visit_none<E: Error>(self) -> Result<(), E> {
        Self::check(|_| false)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let parts = Self::parts(&plan());
        Part(parts[0]).deserialize(deserializer)?;
        Self::check(|check| check == Check::Present)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let plan = plan();
        let is_endless = matches!(
            plan.quirks[N],
            Some(Quirk::Endless | Quirk::EndlessNames | Quirk::EndlessHeavy)
        );
        let part = if is_endless { N } else { Self::parts(&plan)[0] };
        Part(part).deserialize(deserializer)?;
        Self::check(|_| false)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<(), A::Error> {
        let plan = plan();
        let parts = Self::parts(&plan);
        let quirk = plan.quirks[N];
        if !matches!(plan.types[N].shape, Shape::Sequence(_)) {
            Self::read_fixed(&parts, quirk, access)?;
            return Self::check(|_| false);
        }
        let mut count = 0;
        while access.next_element_seed(Part(parts[0]))?.is_some() {
            count += 1;
            if quirk == Some(Quirk::ReadsFewer) {
                break;
            }
        }
        Self::read_fixed(&[], quirk, access)?;
        Self::check(|check| match check {
            Check::NotEmpty => count > 0,
            Check::Exactly(exact) => count == exact,
            _ => false,
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<(), A::Error> {
        let plan = plan();
        let parts = Self::parts(&plan);
        let quirk = plan.quirks[N];
        let mut count = 0;
        // A struct that is offered by name has parts of other meanings.
        let (key, value) = (parts.first().copied(), parts.last().copied());
        let (Some(key), Some(value)) = (key, value) else { return Ok(()) };
        while access.next_key_seed(Part(key))?.is_some() {
            count += 1;
            if quirk != Some(Quirk::KeysOnly) {
                access.next_value_seed(Part(value))?;
            }
        }
        match quirk {
            Some(Quirk::ReadsMore) => access.next_value_seed(Part(value))?,
            Some(Quirk::ReadsForEver) => loop {
                access.next_key_seed(Part(key))?;
            },
            Some(Quirk::IsDeaf) => loop {
                let _whatever = access.next_key_seed(Part(key));
            },
            _ => {}
        }
        Self::check(|check| match check {
            Check::NotEmpty => count > 0,
            Check::Exactly(exact) => count == exact,
            _ => false,
        })
    }

    fn visit_enum<A: EnumAccess<'de>>(self, access: A) -> Result<(), A::Error> {
        let plan = plan();
        let quirk = plan.quirks[N];
        let Shape::Enum(variants) = &plan.types[N].shape else {
            return Err(A::Error::custom("not an enum"));
        };
        let fewer = usize::from(quirk == Some(Quirk::FewerVariants));
        let count = variants.len().saturating_sub(fewer);
        let by_name = quirk == Some(Quirk::VariantsByName);
        let (number, content) = access.variant_seed(VariantName { count, by_name })?;
        let position = |part: &_| plan.position(*part);
        match &variants[number].content {
            VariantContent::Unit => content.unit_variant()?,
            VariantContent::Newtype(part) => content.newtype_variant_seed(Part(position(part)))?,
            VariantContent::Tuple(parts) => {
                let parts = Parts::<N>(parts.iter().map(position).collect());
                content.tuple_variant(parts.0.len(), parts)?;
            }
            VariantContent::Struct(fields) => {
                let names = &NAMES[..fields.len()];
                let parts = fields.iter().map(|field| position(&field.content)).collect();
                content.struct_variant(names, Parts::<N>(parts))?;
            }
        }
        Self::check(|check| check == Check::NotFirstVariant && number > 0)
    }
}

/// Takes what a variant carries.
struct Parts<const N: usize>(Vec<usize>);

impl<'de, const N: usize> Visitor<'de> for Parts<N> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the content of a variant")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, access: A) -> Result<(), A::Error> {
        Node::<N>::read_fixed(&self.0, plan().quirks[N], access)
    }
}

/// Takes the number or the name of a variant.
struct VariantName {
    count: usize,
    by_name: bool,
}

impl<'de> DeserializeSeed<'de> for VariantName {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<usize, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl<'de> Visitor<'de> for VariantName {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a variant")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<usize, E> {
        let number = usize::try_from(number).unwrap_or(usize::MAX);
        if self.by_name || number >= self.count {
            return Err(de::Error::custom("no such number"));
        }
        Ok(number)
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<usize, E> {
        let known = NAMES.iter().take(self.count).position(|known| *known == name);
        known.ok_or_else(|| de::Error::custom("no such name"))
    }
}
