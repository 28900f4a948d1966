//! Random schemas, and JSON that fits them.

use std::collections::BTreeMap;
use std::fmt::Debug;

use netchan::channel::identity::{
    Field, Primitive, Schema, Shape, Type, TypeIndex, Variant, VariantContent,
};
use proptest::prelude::*;
use proptest::sample::select;

/// Those that are texts as the keys of a map.
fn is_key(primitive: Primitive) -> bool {
    let others = [Primitive::Unit, Primitive::Bytes, Primitive::F32, Primitive::F64];
    !others.contains(&primitive)
}

/// A type in which no type contains itself: its shape with parts instead of their numbers.
#[derive(Debug, Clone)]
pub(crate) enum Model {
    Primitive(Primitive),
    UnitStruct,
    Option(Box<Model>),
    Newtype(Box<Model>),
    Tuple(Vec<Model>),
    TupleStruct(Vec<Model>),
    Sequence(Box<Model>),
    Map(Primitive, Box<Model>),
    Struct(Vec<(String, Model)>),
    Enum(Vec<(String, Content)>),
}

#[derive(Debug, Clone)]
pub(crate) enum Content {
    Unit,
    Newtype(Model),
    Tuple(Vec<Model>),
    Struct(Vec<(String, Model)>),
}

/// Texts of which many need escapes. None has a `|`.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-z]{0,4}",
        1 => prop::collection::vec(any::<char>(), 0..4)
            .prop_map(|all| all.into_iter().filter(|one| *one != '|').collect()),
        1 => "[\"\\\\\n\u{1}/ä]{1,3}",
    ]
}

fn named<T: Debug>(content: impl Strategy<Value = T>) -> impl Strategy<Value = Vec<(String, T)>> {
    let few = prop_oneof![5 => 0..5_usize, 1 => 17..20_usize];
    let pairs = few.prop_flat_map(|count| prop::collection::btree_set(text(), count));
    (pairs, prop::collection::vec(content, 20))
        .prop_map(|(names, contents)| names.into_iter().rev().zip(contents).collect::<Vec<_>>())
}

pub(crate) fn model() -> impl Strategy<Value = Model> {
    let leaf = prop_oneof![
        9 => select(&Primitive::ALL[..]).prop_map(Model::Primitive),
        1 => Just(Model::UnitStruct),
    ];
    leaf.prop_recursive(5, 60, 5, |inner| {
        let boxed = inner.clone().prop_map(Box::new).boxed();
        let list = prop::collection::vec(inner.clone(), 0..4).boxed();
        let keys =
            select(Primitive::ALL.into_iter().filter(|one| is_key(*one)).collect::<Vec<_>>());
        let content = prop_oneof![
            Just(Content::Unit),
            inner.clone().prop_map(Content::Newtype),
            list.clone().prop_map(Content::Tuple),
            named(inner.clone()).prop_map(Content::Struct),
        ];
        prop_oneof![
            boxed.clone().prop_map(Model::Option),
            boxed.clone().prop_map(Model::Newtype),
            list.clone().prop_map(Model::Tuple),
            list.prop_map(Model::TupleStruct),
            boxed.clone().prop_map(Model::Sequence),
            (keys, boxed).prop_map(|(key, value)| Model::Map(key, value)),
            named(inner).prop_map(Model::Struct),
            named(content).prop_map(Model::Enum),
        ]
    })
}

impl Model {
    pub(crate) fn schema(&self) -> Schema {
        let mut types = Vec::new();
        self.add(&mut types);
        Schema::from_types("Root", types).unwrap()
    }

    fn add(&self, types: &mut Vec<Type>) -> TypeIndex {
        let here = types.len();
        types.push(Type { name: None, shape: Shape::UnitStruct });
        let shape = match self {
            Model::Primitive(primitive) => Shape::Primitive(*primitive),
            Model::UnitStruct => Shape::UnitStruct,
            Model::Option(part) => Shape::Option(part.add(types)),
            Model::Newtype(part) => Shape::NewtypeStruct(part.add(types)),
            Model::Tuple(parts) => Shape::Tuple(add_all(parts, types)),
            Model::TupleStruct(parts) => Shape::TupleStruct(add_all(parts, types)),
            Model::Sequence(part) => Shape::Sequence(part.add(types)),
            Model::Map(key, value) => {
                let key = Model::Primitive(*key).add(types);
                Shape::Map { key, value: value.add(types) }
            }
            Model::Struct(fields) => Shape::Struct(add_fields(fields, types)),
            Model::Enum(variants) => Shape::Enum(
                variants
                    .iter()
                    .map(|(name, content)| {
                        let content = match content {
                            Content::Unit => VariantContent::Unit,
                            Content::Newtype(part) => VariantContent::Newtype(part.add(types)),
                            Content::Tuple(parts) => VariantContent::Tuple(add_all(parts, types)),
                            Content::Struct(fields) => {
                                VariantContent::Struct(add_fields(fields, types))
                            }
                        };
                        Variant { name: name.clone(), content }
                    })
                    .collect(),
            ),
        };
        types[here].shape = shape;
        TypeIndex::at(here)
    }

    /// JSON of a value, as `serde_json` writes it. An enum without variants has none.
    pub(crate) fn json(&self) -> Option<BoxedStrategy<String>> {
        Some(match self {
            Model::Primitive(primitive) => primitive_json(*primitive),
            Model::UnitStruct => Just("null".to_owned()).boxed(),
            Model::Option(part) => match part.json() {
                Some(part) => prop_oneof![Just("null".to_owned()), part].boxed(),
                None => Just("null".to_owned()).boxed(),
            },
            Model::Newtype(part) => part.json()?,
            Model::Tuple(parts) | Model::TupleStruct(parts) => array(parts)?,
            Model::Sequence(part) => match part.json() {
                Some(part) => prop::collection::vec(part, 0..4).prop_map(joined).boxed(),
                None => Just("[]".to_owned()).boxed(),
            },
            Model::Map(key, value) => match value.json() {
                Some(value) => map(*key, value),
                None => Just("{}".to_owned()).boxed(),
            },
            Model::Struct(fields) => object(fields)?,
            Model::Enum(variants) => {
                let all = variants.iter().filter_map(|(name, content)| {
                    let name = serde_json::to_string(name).unwrap();
                    let content = match content {
                        Content::Unit => return Some(Just(name).boxed()),
                        Content::Newtype(part) => part.json()?,
                        Content::Tuple(parts) => array(parts)?,
                        Content::Struct(fields) => object(fields)?,
                    };
                    Some(content.prop_map(move |content| format!("{{{name}:{content}}}")).boxed())
                });
                let all: Vec<_> = all.collect();
                if all.is_empty() {
                    return None;
                }
                proptest::strategy::Union::new(all).boxed()
            }
        })
    }
}

fn add_all(parts: &[Model], types: &mut Vec<Type>) -> Vec<TypeIndex> {
    parts.iter().map(|part| part.add(types)).collect()
}

fn add_fields(fields: &[(String, Model)], types: &mut Vec<Type>) -> Vec<Field> {
    let field = |(name, part): &(String, Model)| {
        let content = part.add(types);
        Field { name: name.clone(), content }
    };
    fields.iter().map(field).collect()
}

fn joined(elements: Vec<String>) -> String {
    format!("[{}]", elements.join(","))
}

fn array(parts: &[Model]) -> Option<BoxedStrategy<String>> {
    let parts: Vec<_> = parts.iter().map(Model::json).collect::<Option<_>>()?;
    Some(parts.prop_map(joined).boxed())
}

fn object(fields: &[(String, Model)]) -> Option<BoxedStrategy<String>> {
    let parts: Vec<_> = fields.iter().map(|(_, part)| part.json()).collect::<Option<_>>()?;
    let names: Vec<_> =
        fields.iter().map(|(name, _)| serde_json::to_string(name).unwrap()).collect();
    let entries = move |parts: Vec<String>| {
        let entries: Vec<_> =
            names.iter().zip(parts).map(|(name, part)| format!("{name}:{part}")).collect();
        format!("{{{}}}", entries.join(","))
    };
    Some(parts.prop_map(entries).boxed())
}

fn map(key: Primitive, value: BoxedStrategy<String>) -> BoxedStrategy<String> {
    let entry = (primitive_json(key), value);
    prop::collection::vec(entry, 0..4)
        .prop_map(|entries| {
            let entries: BTreeMap<String, String> = entries.into_iter().collect();
            let entries: Vec<_> = entries
                .into_iter()
                .map(|(key, value)| match key.starts_with('"') {
                    true => format!("{key}:{value}"),
                    false => format!("\"{key}\":{value}"),
                })
                .collect();
            format!("{{{}}}", entries.join(","))
        })
        .boxed()
}

fn primitive_json(primitive: Primitive) -> BoxedStrategy<String> {
    fn any_json<T: Arbitrary + serde::Serialize + 'static>() -> BoxedStrategy<String> {
        any::<T>().prop_map(|value| serde_json::to_string(&value).unwrap()).boxed()
    }
    match primitive {
        Primitive::Unit => any_json::<()>(),
        Primitive::Bool => any_json::<bool>(),
        Primitive::I8 => any_json::<i8>(),
        Primitive::I16 => any_json::<i16>(),
        Primitive::I32 => any_json::<i32>(),
        Primitive::I64 => any_json::<i64>(),
        Primitive::I128 => any_json::<i128>(),
        Primitive::U8 => any_json::<u8>(),
        Primitive::U16 => any_json::<u16>(),
        Primitive::U32 => any_json::<u32>(),
        Primitive::U64 => any_json::<u64>(),
        Primitive::U128 => any_json::<u128>(),
        Primitive::F32 => any_json::<f32>(),
        Primitive::F64 => any_json::<f64>(),
        Primitive::Char => any_json::<char>(),
        Primitive::String => text().prop_map(|text| serde_json::to_string(&text).unwrap()).boxed(),
        Primitive::Bytes => any_json::<Vec<u8>>(),
    }
}

/// Types that refer to each other, and to themselves, in any way.
pub(crate) fn tangle() -> impl Strategy<Value = Schema> {
    let index = (0..8_usize).prop_map(TypeIndex::at).boxed();
    let list = prop::collection::vec(index.clone(), 0..4).boxed();
    let field = (text(), index.clone()).prop_map(|(name, content)| Field { name, content });
    let fields = prop::collection::vec(field, 0..4).boxed();
    let content = prop_oneof![
        Just(VariantContent::Unit),
        index.clone().prop_map(VariantContent::Newtype),
        list.clone().prop_map(VariantContent::Tuple),
        fields.clone().prop_map(VariantContent::Struct),
    ];
    let variant = (text(), content).prop_map(|(name, content)| Variant { name, content });
    let shape = prop_oneof![
        4 => select(&Primitive::ALL[..]).prop_map(Shape::Primitive),
        1 => Just(Shape::UnitStruct),
        1 => index.clone().prop_map(Shape::Option),
        1 => index.clone().prop_map(Shape::NewtypeStruct),
        1 => list.clone().prop_map(Shape::Tuple),
        1 => list.prop_map(Shape::TupleStruct),
        2 => index.clone().prop_map(Shape::Sequence),
        1 => (index.clone(), index).prop_map(|(key, value)| Shape::Map { key, value }),
        2 => fields.prop_map(Shape::Struct),
        2 => prop::collection::vec(variant, 0..4).prop_map(Shape::Enum),
    ];
    prop::collection::vec(shape, 8).prop_map(|shapes| {
        let types = shapes.into_iter().map(|shape| Type { name: None, shape }).collect();
        Schema::from_types("Tangle", types).unwrap()
    })
}
