//! Any bytes as the descriptions of two types, which a peer may send: none takes long to look at or to
//! compare.

use netchan::channel::identity::{
    Field, Primitive, SCHEMA_TYPES_MAX, Schema, Shape, Type, TypeIndex, Variant, VariantContent,
};
use netchan::channel::{Bincode, SerdeCodec};

use crate::program::Program;

/// Memory of one run, in bytes: two schemas of the largest size, and what comparing them takes.
pub(crate) const BYTES_MAX: usize = 64 * 1024 * 1024;

/// The first byte says how the schemas are written: as they travel, or so that a few bytes are many
/// types.
pub(crate) fn run(data: &[u8]) {
    let mut program = Program::new(data);
    let schemas = if program.flag() {
        let length = usize::from(program.byte()) << 8 | usize::from(program.byte());
        [program.bytes(length), program.rest()].map(|bytes| Bincode::decode(bytes).ok())
    } else {
        [built(&mut program), built(&mut program)]
    };
    let [left, right] = schemas;
    left.iter().chain(&right).for_each(look_at);
    if let (Some(left), Some(right)) = (left, right) {
        compare(&left, &right);
    }
}

fn look_at(schema: &Schema) {
    let text = schema.canonical_text();
    assert!(schema.to_string().ends_with(&text));
    let _is_bounded = (schema.is_recursive(), schema.has_zero_length_elements());
    assert!(schema.first_difference(schema).is_none(), "nothing differs from itself");
    let rebuilt = Schema::from_types(schema.name(), schema.types().to_vec());
    let rebuilt = rebuilt.expect("the types of a schema make a schema");
    assert_eq!(rebuilt.canonical_text(), text);
    let mut bytes = Vec::new();
    Bincode::encode(&rebuilt, &mut bytes).expect("a schema can travel");
    assert_eq!(Bincode::decode::<Schema>(&bytes), Ok(rebuilt));
}

fn compare(left: &Schema, right: &Schema) {
    let is_equal = left.canonical_text() == right.canonical_text();
    assert_eq!(is_equal, left.identity() == right.identity());
    for difference in [left.first_difference(right), right.first_difference(left)] {
        assert_eq!(difference.is_none(), is_equal, "{difference:?}");
        if let Some(difference) = difference {
            assert_ne!(difference.between("left", "right").to_string(), "");
        }
    }
}

/// A schema from instructions: each adds a shape, many times.
pub(crate) fn built(program: &mut Program<'_>) -> Option<Schema> {
    let mut types = Vec::new();
    for _ in 0..1 + program.byte() % 16 {
        let kind = program.byte();
        let times = 1 + program.number().min(SCHEMA_TYPES_MAX as u64) as usize;
        let (mode, number) = (program.byte(), program.number() as u16 as usize);
        let parts_count = program.number().min(64) as usize;
        for _ in 0..times.min(SCHEMA_TYPES_MAX - types.len()) {
            let at = types.len();
            let part = |place: usize| match mode % 5 {
                0 => TypeIndex::at(at + 1 + place),
                1 => TypeIndex::at(at.saturating_sub(1 + place)),
                2 => TypeIndex::at(number),
                3 => TypeIndex::at((at + place + 1) % (1 + number % SCHEMA_TYPES_MAX)),
                _ => TypeIndex::at(at.wrapping_add(place.wrapping_mul(number) % SCHEMA_TYPES_MAX)),
            };
            let shape = shape(kind, &(0..parts_count).map(part).collect::<Vec<_>>(), part(0));
            types.push(Type { name: (mode > 0x80).then(|| "Name".to_owned()), shape });
        }
    }
    types.push(Type { name: None, shape: Shape::Primitive(Primitive::Unit) });
    types.truncate(SCHEMA_TYPES_MAX);
    Schema::from_types("built", types).ok()
}

fn shape(kind: u8, parts: &[TypeIndex], part: TypeIndex) -> Shape {
    let fields = || {
        let named = |(place, content): (usize, &TypeIndex)| Field {
            name: format!("{}", place % 3),
            content: *content,
        };
        parts.iter().enumerate().map(named).collect::<Vec<_>>()
    };
    let variant = |content| Variant { name: "v".to_owned(), content };
    match kind % 13 {
        0 => Shape::Primitive(Primitive::U8),
        1 => Shape::Primitive(Primitive::Unit),
        2 => Shape::UnitStruct,
        3 => Shape::Option(part),
        4 => Shape::NewtypeStruct(part),
        5 => Shape::Sequence(part),
        6 => Shape::Map { key: part, value: parts.last().copied().unwrap_or(part) },
        7 => Shape::Tuple(parts.to_vec()),
        8 => Shape::TupleStruct(parts.to_vec()),
        9 => Shape::Struct(fields()),
        10 => Shape::Enum(vec![variant(VariantContent::Newtype(part)); parts.len() % 4]),
        11 => Shape::Enum(vec![
            variant(VariantContent::Unit),
            variant(VariantContent::Tuple(parts.to_vec())),
        ]),
        _ => Shape::Enum(vec![variant(VariantContent::Struct(fields()))]),
    }
}
