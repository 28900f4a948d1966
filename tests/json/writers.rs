//! Where the JSON goes, and codecs by their names.

use std::io;

use netchan::channel::json::{JsonCodec, JsonError, to_json};
use netchan::channel::{Bincode, CodecError, SerdeCodec};
use serde::Serialize;
use serde::de::DeserializeSeed;

use crate::support::{bytes_of, schema};

/// Takes some bytes and then no more.
struct Full {
    room: usize,
}

impl io::Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.room == 0 {
            return Err(io::Error::new(io::ErrorKind::StorageFull, "no room"));
        }
        let taken = bytes.len().min(self.room);
        self.room -= taken;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn an_error_of_the_writer_is_handed_on() {
    let bytes = bytes_of(&vec![1_u8; 100]);
    for room in [0, 1, 150] {
        let error = to_json::<Bincode>(&schema::<Vec<u8>>(), &bytes, Full { room }).unwrap_err();
        let JsonError::Write(error) = error else { panic!("{error}") };
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        assert_eq!(error.to_string(), "no room");
    }
}

#[test]
fn a_codec_is_found_by_its_name() {
    assert!(JsonCodec::by_name("bincode").is_none());
    let codec = JsonCodec::by_name("bincode2").unwrap();
    assert_eq!(codec.name(), "bincode2");
    let schema = schema::<Vec<(u8, bool)>>();
    let mut bytes = Vec::new();
    codec.from_json(&schema, "[[1,true]]", &mut bytes).unwrap();
    assert_eq!(bytes, bytes_of(&vec![(1_u8, true)]));
    let mut json = Vec::new();
    codec.to_json(&schema, &bytes, &mut json).unwrap();
    assert_eq!(json, b"[[1,true]]");
    json.clear();
    codec.to_json_pretty(&schema, &bytes, &mut json).unwrap();
    assert_eq!(json, b"[\n  [\n    1,\n    true\n  ]\n]");
}

/// bincode for short values.
enum Short {}

impl SerdeCodec for Short {
    const NAME: &'static str = "short";

    fn encode<T: Serialize + ?Sized>(value: &T, output: &mut Vec<u8>) -> Result<(), CodecError> {
        <Bincode as SerdeCodec>::encode(value, output)?;
        if output.len() > 10 { Err(CodecError::TooLong { bytes_max: 10 }) } else { Ok(()) }
    }

    fn decode_seed<'de, S: DeserializeSeed<'de>>(
        seed: S,
        input: &'de [u8],
    ) -> Result<S::Value, CodecError> {
        Bincode::decode_seed(seed, input)
    }
}

#[test]
fn a_value_that_the_codec_refuses_is_an_error_and_leaves_nothing() {
    let codec = JsonCodec::of::<Short>();
    let mut output = Vec::new();
    codec.from_json(&schema::<Vec<u8>>(), "[1,2,3]", &mut output).unwrap();
    assert_eq!(output, [3, 1, 2, 3]);
    output.clear();
    let json = "[1,2,3,4,5,6,7,8,9,10,11]";
    let error = codec.from_json(&schema::<Vec<u8>>(), json, &mut output).unwrap_err();
    let JsonError::Unencodable { path, error } = error else { panic!("{error}") };
    assert_eq!((path.as_str(), error), ("Vec<u8>", CodecError::TooLong { bytes_max: 10 }));
    assert!(output.is_empty());
}
