//! The document's tables of prefixes and of encoded values.

use bincode::config::standard;
use bincode::serde::encode_to_vec;
use netchan::channel::identity::{Field, Primitive, Schema, Shape, Type, TypeIndex};
use netchan::channel::identity::{Variant, VariantContent};
use netchan::channel::{MessagePack, Postcard, SerdeCodec};
use netchan::prefix;

use crate::document;

fn bytes(cell: &str) -> Vec<u8> {
    let pairs = cell.split_whitespace();
    pairs.map(|pair| u8::from_str_radix(pair, 16).expect("a byte in hex")).collect()
}

fn number(cell: &str) -> usize {
    cell.parse().expect("a number")
}

#[test]
fn prefixes_are_read_as_the_table_says() {
    for row in document::table("prefixes") {
        let [prefix, width, length, is_shortest] = &row[..] else {
            panic!("a row of prefixes has four cells");
        };
        let run = bytes(prefix);
        assert_eq!(prefix::read(&run), Some((number(width), number(length))), "{prefix}");
        if is_shortest == "yes" {
            assert_eq!(written(number(length)), run, "{prefix}");
        } else {
            assert!(written(number(length)).len() < run.len(), "{prefix}");
        }
    }
    assert_eq!(prefix::read(&[0b11; 4]), None, "the fourth form is reserved");
}

/// The prefix that an encoder without history writes.
fn written(length: usize) -> Vec<u8> {
    let mut run = Vec::new();
    let append = |buffer: &mut Vec<u8>| {
        buffer.resize(buffer.len() + length, 0);
        Ok::<(), std::convert::Infallible>(())
    };
    prefix::Encoder::default().append(&mut run, append).expect("nothing fails");
    run.truncate(run.len() - length);
    run
}

#[test]
fn values_are_encoded_as_the_table_says() {
    let config = bincode::config::standard();
    for row in document::table("values") {
        let [kind, value, encoded] = &row[..] else {
            panic!("a row of values has three cells");
        };
        let actual = match &kind[..] {
            "u32" => bincode::serde::encode_to_vec(value.parse::<u32>().unwrap(), config),
            "i32" => bincode::serde::encode_to_vec(value.parse::<i32>().unwrap(), config),
            "bool" => bincode::serde::encode_to_vec(value.parse::<bool>().unwrap(), config),
            "String" => bincode::serde::encode_to_vec(value.trim_matches('"'), config),
            _ => panic!("the table has values of type {kind}"),
        };
        assert_eq!(actual.unwrap(), bytes(encoded), "{value}: {kind}");
    }
}

/// A shape of each kind, as the document shows it.
fn shapes() -> Vec<(&'static str, Shape)> {
    let (one, two) = (TypeIndex::at(1), TypeIndex::at(2));
    let field = |name: &str, content| Field { name: name.to_owned(), content };
    let variant = |name: &str, content| Variant { name: name.to_owned(), content };
    vec![
        ("primitive", Shape::Primitive(Primitive::Unit)),
        ("option", Shape::Option(one)),
        ("unit struct", Shape::UnitStruct),
        ("newtype struct", Shape::NewtypeStruct(one)),
        ("tuple", Shape::Tuple(vec![one, two])),
        ("tuple struct", Shape::TupleStruct(vec![one, two])),
        ("sequence", Shape::Sequence(one)),
        ("map", Shape::Map { key: one, value: two }),
        ("struct", Shape::Struct(vec![field("id", one), field("qty", two)])),
        (
            "enum",
            Shape::Enum(vec![
                variant("A", VariantContent::Unit),
                variant("B", VariantContent::Newtype(one)),
                variant("C", VariantContent::Tuple(vec![one, two])),
                variant("D", VariantContent::Struct(vec![field("id", one)])),
            ]),
        ),
    ]
}

#[test]
fn shapes_have_the_numbers_and_the_texts_of_the_table() {
    let part = |primitive| Type { name: None, shape: Shape::Primitive(primitive) };
    let rows = document::table("shapes");
    assert_eq!(rows.len(), shapes().len());
    for (row, (name, shape)) in rows.into_iter().zip(shapes()) {
        assert_eq!(row[1], name);
        assert_eq!(encode_to_vec(&shape, standard()).unwrap()[0].to_string(), row[0], "{name}");
        let types = vec![
            Type { name: Some("Named".to_owned()), shape },
            part(Primitive::U32),
            part(Primitive::U64),
        ];
        let text = Schema::from_types("Named", types).unwrap().canonical_text();
        let mut lines = text.lines();
        assert_eq!(lines.next(), Some("netchan schema 1"));
        let shown = if name == "primitive" { "unit" } else { &row[3] };
        assert_eq!(lines.next(), Some(&format!("0 {shown}")[..]));
    }
}

#[test]
fn primitives_have_the_places_of_the_list() {
    let (_, list) = document::TEXT.split_once("primitives are, from zero: ").expect("the list");
    let (list, _) = list.split_once('.').expect("its end");
    let list = list.replace(" and ", ", ").replace('\n', " ");
    let listed: Vec<&str> = list.split(", ").map(str::trim).collect();
    assert_eq!(listed, Primitive::ALL.map(Primitive::name));
    for (number, primitive) in Primitive::ALL.into_iter().enumerate() {
        assert_eq!(encode_to_vec(primitive, standard()).unwrap(), [number as u8]);
    }
}

#[test]
fn other_codecs_encode_values_as_the_table_says() {
    for row in document::table("other codecs") {
        let [kind, value, postcard, messagepack] = &row[..] else {
            panic!("a row of other codecs has four cells");
        };
        let actual = match &kind[..] {
            "u32" => encoded(&value.parse::<u32>().expect("a number")),
            "i32" => encoded(&value.parse::<i32>().expect("a number")),
            "bool" => encoded(&value.parse::<bool>().expect("a bool")),
            "String" => encoded(value.trim_matches('"')),
            _ => panic!("the table has values of type {kind}"),
        };
        assert_eq!(actual, [bytes(postcard), bytes(messagepack)], "{value}: {kind}");
    }
}

fn encoded<T: serde::Serialize + ?Sized>(value: &T) -> [Vec<u8>; 2] {
    let mut all = [Vec::new(), Vec::new()];
    Postcard::encode(value, &mut all[0]).expect("it can be encoded");
    MessagePack::encode(value, &mut all[1]).expect("it can be encoded");
    all
}
