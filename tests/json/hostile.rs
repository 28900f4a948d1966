//! Schemas and bytes of a peer that means harm.

use std::collections::BTreeMap;
use std::io;

use netchan::channel::identity::{
    Field, Primitive, Schema, Shape, Type, TypeIndex, Variant, VariantContent,
};
use netchan::channel::json::{JsonError, to_json};
use netchan::channel::{Bincode, CodecError};
use netchan::limits::{VALUE_DEPTH_MAX, ZERO_LENGTH_ELEMENTS_MAX};

use crate::support::{bytes_from, bytes_of, json_of, schema};

fn schema_of(shapes: impl IntoIterator<Item = Shape>) -> Schema {
    let types = shapes.into_iter().map(|shape| Type { name: None, shape }).collect();
    Schema::from_types("Root", types).unwrap()
}

fn field(name: &str, content: usize) -> Field {
    Field { name: name.to_owned(), content: TypeIndex::at(content) }
}

fn undecodable(result: Result<String, JsonError>) -> (String, CodecError) {
    match result.unwrap_err() {
        JsonError::Undecodable { path, error } => (path, error),
        other => panic!("{other}"),
    }
}

#[test]
fn a_type_that_contains_itself_without_end_is_an_error() {
    let root = TypeIndex::ROOT;
    let variant = Variant { name: "A".to_owned(), content: VariantContent::Newtype(root) };
    let endless = [
        Shape::NewtypeStruct(root),
        Shape::Tuple(vec![root]),
        Shape::TupleStruct(vec![root, root]),
        Shape::Struct(vec![field("a", 0)]),
        Shape::Option(root),
        Shape::Enum(vec![variant]),
        Shape::Map { key: TypeIndex::at(1), value: root },
        Shape::Sequence(root),
    ];
    for shape in endless {
        let schema = schema_of([shape.clone(), Shape::Primitive(Primitive::Bool)]);
        // Some, the first variant, or one element, again and again.
        let bytes = match shape {
            Shape::Enum(_) => vec![0; 10_000],
            _ => vec![1; 10_000],
        };
        let (path, error) = undecodable(json_of(&schema, &bytes));
        assert_eq!(error, CodecError::TooDeep { depth_max: VALUE_DEPTH_MAX }, "{shape:?}");
        assert!(path.ends_with(".."), "{path}");
    }
    for (shape, json) in [
        (Shape::NewtypeStruct(root), "1"),
        (Shape::Option(root), "1"),
        (Shape::NewtypeStruct(root), "null"),
    ] {
        let error = bytes_from(&schema_of([shape]), json).unwrap_err();
        assert!(matches!(error, JsonError::Unencodable { .. }), "{error}");
    }
}

#[test]
fn tuples_of_tuples_of_units_are_bounded() {
    let tuple = |of: usize, times| Shape::Tuple(vec![TypeIndex::at(of); times]);
    let unit = Shape::Primitive(Primitive::Unit);
    let wide = schema_of([tuple(1, 65_000), tuple(2, 65_000), unit.clone()]);
    let deep: Vec<Shape> =
        (1..=100).map(|next| tuple(next, 2)).chain([Shape::UnitStruct]).collect();
    let empty = schema_of([tuple(1, 65_000), tuple(2, 65_000), Shape::Struct(Vec::new())]);
    for schema in [wide, schema_of(deep), empty] {
        let (_, error) = undecodable(json_of(&schema, &[]));
        let elements_max = ZERO_LENGTH_ELEMENTS_MAX;
        assert_eq!(error, CodecError::TooManyElements { elements_max });
    }
    let few = schema_of([tuple(1, ZERO_LENGTH_ELEMENTS_MAX), unit]);
    assert_eq!(json_of(&few, &[]).unwrap().len(), 5 * ZERO_LENGTH_ELEMENTS_MAX + 1);
}

#[test]
fn parts_without_bytes_are_no_matter_beside_others() {
    let value = vec![(7_u8, (), [(); 4]); 10_000];
    let json = json_of(&schema::<Vec<(u8, (), [(); 4])>>(), &bytes_of(&value)).unwrap();
    assert_eq!(json, serde_json::to_string(&value).unwrap());
}

#[test]
fn claims_of_elements_and_of_lengths_are_errors() {
    // 2^40 and 2^62.
    let (many, long) = ([0xfd, 0, 0, 0, 0, 0, 1, 0, 0], [0xfd, 0, 0, 0, 0, 0, 0, 0, 0x40]);
    let (path, error) = undecodable(json_of(&schema::<Vec<()>>(), &many));
    assert_eq!(error, CodecError::TooManyElements { elements_max: ZERO_LENGTH_ELEMENTS_MAX });
    assert!(path.starts_with("Vec<()>["), "{path}");
    undecodable(json_of(&schema::<Vec<u8>>(), &many));
    undecodable(json_of(&schema::<String>(), &long));
    undecodable(json_of(&schema::<serde_bytes::ByteBuf>(), &long));
    undecodable(json_of(&schema::<BTreeMap<String, u8>>(), &many));
}

#[test]
fn the_place_is_told_where_bytes_end_too_early_or_too_late() {
    let value = (1_u8, vec![(2_u8, "ab".to_owned()), (3, "c".to_owned())], Some(true));
    let schema = schema::<(u8, Vec<(u8, String)>, Option<bool>)>();
    let bytes = bytes_of(&value);
    let name = schema.name();
    let places = ["", ".1", ".1[0].0", ".1[0].1", ".1[0].1", ".1[0].1", ".1[1].0", ".1[1].1"];
    for (length, place) in places.into_iter().enumerate() {
        let (path, _) = undecodable(json_of(&schema, &bytes[..length]));
        let place = if length == 0 { ".0" } else { place };
        assert_eq!(path, format!("{name}{place}"), "{length} bytes");
    }
    let (path, error) = undecodable(json_of(&schema, &[&bytes[..], &[0, 0]].concat()));
    assert_eq!((path.as_str(), error), (name, CodecError::TrailingBytes { bytes: 2 }));
}

#[test]
fn unknown_variants_and_bad_texts_are_errors_with_their_place() {
    let told = |schema, bytes: &[u8]| json_of(&schema, bytes).unwrap_err().to_string();
    let found = told(schema::<Vec<Result<u8, u8>>>(), &[2, 0, 1, 9, 1]);
    assert!(
        found.contains("[1] cannot be decoded: ") && found.contains("no variant 9 of 2"),
        "{found}"
    );
    assert!(told(schema::<Vec<String>>(), &[1, 1, 0xff]).contains("[0] cannot be decoded: "));
    assert!(told(schema::<(u8, char)>(), &[1, 0xff]).contains(".1 cannot be decoded: "));
    assert!(told(schema::<(u8, bool)>(), &[1, 7]).contains(".1 cannot be decoded: "));
    let impossible = schema_of([Shape::Enum(Vec::new())]);
    assert!(told(impossible.clone(), &[0]).contains("no variant 0 of 0"));
    assert!(bytes_from(&impossible, "\"A\"").is_err());
}

/// The longest that a peer's schema makes of a few bytes goes to the writer as it is made.
#[test]
fn long_names_go_through_as_often_as_they_come() {
    struct Count(usize);

    impl io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    let name = "n".repeat(100_000);
    let schema = schema_of([
        Shape::Sequence(TypeIndex::at(1)),
        Shape::Struct(vec![field(&name, 2)]),
        Shape::Primitive(Primitive::U8),
    ]);
    let mut count = Count(0);
    to_json::<Bincode>(&schema, &bytes_of(&vec![1_u8; 200]), &mut count).unwrap();
    assert_eq!(count.0, 200 * (name.len() + r#"{"":1},"#.len()) + 1);
}

#[test]
fn a_hundred_thousand_variants_and_fields_are_found() {
    let all = 100_000;
    let variant = |number| Variant { name: format!("V{number}"), content: VariantContent::Unit };
    let schema = schema_of([
        Shape::Sequence(TypeIndex::at(1)),
        Shape::Enum((0..all).map(variant).collect()),
    ]);
    let json = format!("[{}]", vec![format!("\"V{}\"", all - 1); 20_000].join(","));
    let bytes = bytes_from(&schema, &json).unwrap();
    assert_eq!(json_of(&schema, &bytes).unwrap(), json);

    let fields = (0..all).map(|number| field(&format!("f{number}"), 1)).collect();
    let schema =
        schema_of([Shape::Struct(fields), Shape::Option(TypeIndex::at(2)), Shape::UnitStruct]);
    let bytes = bytes_from(&schema, r#"{"f99999":null}"#).unwrap();
    assert_eq!(bytes, vec![0; all]);
}
