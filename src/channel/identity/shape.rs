//! How a value is laid out, in the words of the serde data model.
//!
//! One [`Shape`] describes one type and refers to its parts by number; what the numbers mean is the
//! business of the [`Schema`](super::Schema) that holds them.

use serde::{Deserialize, Serialize};

/// The place of a type in its [`Schema`](super::Schema). Valid for that schema only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TypeIndex(pub(super) u32);

impl TypeIndex {
    /// The type that a schema describes; all others are its parts.
    pub const ROOT: Self = Self(0);

    /// The index of the type at `position` in the list that
    /// [`Schema::from_types`](super::Schema::from_types) is given.
    /// A position beyond `u32` gives an index that every schema refuses.
    pub fn at(position: usize) -> Self {
        Self(u32::try_from(position).unwrap_or(u32::MAX))
    }

    pub(super) fn position(self) -> usize {
        // Indices are below SCHEMA_TYPES_MAX in a checked schema; on a 16-bit target an unchecked
        // one is out of range and is refused as such.
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

/// A named part of a struct or of a struct variant.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Field {
    /// The serialized name. A field with `#[serde(alias)]` has all its names, joined by `|`, because
    /// serde does not tell which of them is the one that is written.
    pub name: String,
    /// What the field holds.
    pub content: TypeIndex,
}

/// One alternative of an enum.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Variant {
    /// The serialized name; several names are joined as in [`Field::name`].
    pub name: String,
    /// What follows the number of the variant.
    pub content: VariantContent,
}

/// What a variant carries. The serde data model has these four kinds and no more.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum VariantContent {
    /// `A`
    Unit,
    /// `A(u32)`
    Newtype(TypeIndex),
    /// `A(u32, u32)`
    Tuple(Vec<TypeIndex>),
    /// `A { left: u32 }`
    Struct(Vec<Field>),
}

/// A type without parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[allow(missing_docs)] // Each is the Rust type of that name; `Bytes` is serde's byte array.
pub enum Primitive {
    Unit,
    Bool,
    I8,
    I16,
    I32,
    I64,
    I128,
    U8,
    U16,
    U32,
    U64,
    U128,
    F32,
    F64,
    Char,
    String,
    Bytes,
}

impl Primitive {
    /// All of them, in the order of their numbers on the wire.
    pub const ALL: [Self; 17] = [
        Self::Unit,
        Self::Bool,
        Self::I8,
        Self::I16,
        Self::I32,
        Self::I64,
        Self::I128,
        Self::U8,
        Self::U16,
        Self::U32,
        Self::U64,
        Self::U128,
        Self::F32,
        Self::F64,
        Self::Char,
        Self::String,
        Self::Bytes,
    ];

    /// The name in canonical text and in messages. A change here changes every identity.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unit => "unit",
            Self::Bool => "bool",
            Self::I8 => "i8",
            Self::I16 => "i16",
            Self::I32 => "i32",
            Self::I64 => "i64",
            Self::I128 => "i128",
            Self::U8 => "u8",
            Self::U16 => "u16",
            Self::U32 => "u32",
            Self::U64 => "u64",
            Self::U128 => "u128",
            Self::F32 => "f32",
            Self::F64 => "f64",
            Self::Char => "char",
            Self::String => "string",
            Self::Bytes => "bytes",
        }
    }
}

/// How a value is laid out. These are the kinds of the serde data model, which is closed; so a
/// `match` on this enum may be exhaustive.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Shape {
    /// A value without parts.
    Primitive(Primitive),
    /// Nothing, or one value.
    Option(TypeIndex),
    /// `struct A;`
    UnitStruct,
    /// `struct A(u32);`
    NewtypeStruct(TypeIndex),
    /// A tuple or an array.
    Tuple(Vec<TypeIndex>),
    /// `struct A(u32, u32);`
    TupleStruct(Vec<TypeIndex>),
    /// Any number of equal elements.
    Sequence(TypeIndex),
    /// Any number of keys with their values.
    Map {
        /// What a key is.
        key: TypeIndex,
        /// What a value is.
        value: TypeIndex,
    },
    /// `struct A { left: u32 }`, in the order of the fields on the wire.
    Struct(Vec<Field>),
    /// Alternatives, in the order of their numbers on the wire.
    Enum(Vec<Variant>),
}

impl Shape {
    /// The types that this one is made of, in the order of the wire.
    pub fn parts(&self) -> Vec<TypeIndex> {
        match self {
            Self::Primitive(_) | Self::UnitStruct => Vec::new(),
            Self::Option(part) | Self::NewtypeStruct(part) | Self::Sequence(part) => vec![*part],
            Self::Tuple(parts) | Self::TupleStruct(parts) => parts.clone(),
            Self::Map { key, value } => vec![*key, *value],
            Self::Struct(fields) => fields.iter().map(|field| field.content).collect(),
            Self::Enum(variants) => {
                variants.iter().flat_map(|variant| variant.content.parts()).collect()
            }
        }
    }

    /// The same shape with each reference replaced.
    pub(super) fn renumbered(&self, renumber: &impl Fn(TypeIndex) -> TypeIndex) -> Self {
        let list = |parts: &[TypeIndex]| parts.iter().map(|part| renumber(*part)).collect();
        let named = |fields: &[Field]| {
            let rename = |field: &Field| Field {
                name: field.name.clone(),
                content: renumber(field.content),
            };
            fields.iter().map(rename).collect()
        };
        match self {
            Self::Primitive(primitive) => Self::Primitive(*primitive),
            Self::UnitStruct => Self::UnitStruct,
            Self::Option(part) => Self::Option(renumber(*part)),
            Self::NewtypeStruct(part) => Self::NewtypeStruct(renumber(*part)),
            Self::Sequence(part) => Self::Sequence(renumber(*part)),
            Self::Tuple(parts) => Self::Tuple(list(parts)),
            Self::TupleStruct(parts) => Self::TupleStruct(list(parts)),
            Self::Map { key, value } => Self::Map { key: renumber(*key), value: renumber(*value) },
            Self::Struct(fields) => Self::Struct(named(fields)),
            Self::Enum(variants) => Self::Enum(
                variants
                    .iter()
                    .map(|variant| Variant {
                        name: variant.name.clone(),
                        content: match &variant.content {
                            VariantContent::Unit => VariantContent::Unit,
                            VariantContent::Newtype(part) => {
                                VariantContent::Newtype(renumber(*part))
                            }
                            VariantContent::Tuple(parts) => VariantContent::Tuple(list(parts)),
                            VariantContent::Struct(fields) => VariantContent::Struct(named(fields)),
                        },
                    })
                    .collect(),
            ),
        }
    }
}

impl VariantContent {
    fn parts(&self) -> Vec<TypeIndex> {
        match self {
            Self::Unit => Vec::new(),
            Self::Newtype(part) => vec![*part],
            Self::Tuple(parts) => parts.clone(),
            Self::Struct(fields) => fields.iter().map(|field| field.content).collect(),
        }
    }
}

/// A shape with the name that serde gives it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Type {
    /// The name of a struct or an enum, for messages. It is no part of the identity: two programs
    /// may call the same data by different names.
    pub name: Option<String>,
    /// How a value is laid out.
    pub shape: Shape,
}
