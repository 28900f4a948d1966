//! The document's tables of prefixes and of encoded values.

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
