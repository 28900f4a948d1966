//! Any description of a type with any bytes as its value, or with any text as the JSON of one: both may
//! come from a peer.

use std::io::{self, Write};

use netchan::channel::json::JsonCodec;

use crate::program::Program;
use crate::schemas::built;

/// Memory of one run, in bytes: a schema of the largest size, and what is written.
pub(crate) const BYTES_MAX: usize = 64 * 1024 * 1024;

/// What a run writes at most, in bytes: a few bytes with long names are long texts.
const WRITTEN_BYTES_MAX: usize = 1024 * 1024;

const CODECS: [&str; 3] = ["bincode2", "postcard", "messagepack"];

pub(crate) fn run(data: &[u8]) {
    let mut program = Program::new(data);
    let codec = JsonCodec::by_name(program.pick(&CODECS)).expect("its feature is on");
    let is_text = program.flag();
    let Some(schema) = built(&mut program) else { return };
    let rest = program.rest();
    let written = |bytes: &[u8]| {
        let mut text = Text(Vec::new());
        let result = codec.to_json(&schema, bytes, &mut text);
        result.map(|()| String::from_utf8(text.0).expect("JSON is UTF-8"))
    };
    let read = |text: &str| {
        let mut bytes = Vec::new();
        codec.from_json(&schema, text, &mut bytes).map(|()| bytes)
    };
    let text = match (is_text, std::str::from_utf8(rest)) {
        (true, Ok(text)) => read(text).and_then(|bytes| written(&bytes)),
        (true, Err(_)) => return,
        (false, _) => written(rest),
    };
    // What JSON cannot say is `null`, which is not always read again.
    let Ok(text) = text else { return };
    let Ok(bytes) = read(&text) else { return };
    let again = written(&bytes).expect("a value that was written and read is written again");
    assert_eq!(again, text);
}

/// A text that must not become too long.
struct Text(Vec<u8>);

impl Write for Text {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > WRITTEN_BYTES_MAX {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
