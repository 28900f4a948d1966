//! Lays bytes out field by field, after the body diagrams of the document.
//!
//! It reads the diagrams and not the crate's decoder, so that a diagram which does not fit the
//! bytes is noticed. It knows how wide a field is, and nothing of what it means.

use netchan::wire::{Code, HEADER_BYTES, Header, Kind, PREAMBLE};

use crate::document;

/// Bytes in a line of hex.
const LINE_BYTES: usize = 16;

/// A field of a diagram.
struct Field {
    name: String,
    width: Width,
    is_zero: bool,
}

/// How many bytes a field has.
enum Width {
    /// Always as many.
    Fixed(usize),
    /// As many as its first two bytes say, and those two; text or not.
    Counted { is_text: bool },
    /// All that is left of the body.
    Rest,
}

/// The document's lines for bytes that one side writes: a preamble perhaps, then whole frames.
pub(crate) fn lay_out(mut bytes: &[u8]) -> String {
    let mut lines = String::new();
    if let Some(rest) = bytes.strip_prefix(&PREAMBLE) {
        put_line(&mut lines, &PREAMBLE, "the preamble");
        bytes = rest;
    }
    while !bytes.is_empty() {
        assert!(bytes.len() >= HEADER_BYTES, "a header is cut");
        let (header, rest) = bytes.split_at(HEADER_BYTES);
        let body_bytes = number(&header[12..16]) as usize;
        assert!(rest.len() >= body_bytes, "a body is cut");
        let (body, rest) = rest.split_at(body_bytes);
        let diagram = put_header(&mut lines, header);
        put_body(&mut lines, &diagram, body);
        bytes = rest;
    }
    lines
}

/// Puts a header's line and returns the name of the body's diagram.
fn put_header(lines: &mut String, header: &[u8]) -> String {
    let kind = Kind::ALL.iter().find(|kind| **kind as u8 == header[0]);
    let kind = kind.map_or_else(|| format!("kind {:#04x}", header[0]), |kind| format!("{kind:?}"));
    let (channel, sequence) = (number(&header[4..8]), number(&header[8..12]));
    let (flags, length) = (header[1], number(&header[12..16]));
    let flag = if flags == Header::PARTIAL { " PARTIAL" } else { "" };
    let comment = format!("{kind}{flag}, channel {channel}, sequence {sequence}, length {length}");
    put_line(lines, header, &comment);
    format!("{kind}{flag}")
}

fn put_body(lines: &mut String, diagram: &str, mut body: &[u8]) {
    for field in fields(diagram) {
        let width = match field.width {
            Width::Fixed(width) => width,
            Width::Counted { .. } => 2 + number(&body[..2]) as usize,
            Width::Rest => body.len(),
        };
        assert!(body.len() >= width, "{diagram} has no room for its {}", field.name);
        let (bytes, rest) = body.split_at(width);
        assert!(!field.is_zero || bytes.iter().all(|byte| *byte == 0), "{} is zero", field.name);
        put_line(lines, bytes, &comment(&field, bytes));
        body = rest;
    }
    assert!(body.is_empty(), "the diagram of {diagram} is shorter than its example");
}

fn comment(field: &Field, bytes: &[u8]) -> String {
    let name = &field.name;
    match field.width {
        Width::Fixed(2) if name == "code" => {
            let code = Code::from_number(number(bytes) as u16);
            format!("{name} {:#06x} {code:?}", code.number())
        }
        Width::Fixed(width) if width <= 8 => format!("{name} {}", number(bytes)),
        Width::Counted { is_text: true } => {
            format!(
                "{name}: length {}, {:?}",
                bytes.len() - 2,
                String::from_utf8_lossy(&bytes[2..])
            )
        }
        Width::Counted { is_text: false } => format!("{name}: length {}", bytes.len() - 2),
        _ => name.clone(),
    }
}

/// The fields of a body's diagram.
fn fields(diagram: &str) -> Vec<Field> {
    let text = document::block("layout", diagram).text;
    let cells = text.split('|').map(str::trim).filter(|cell| !cell.is_empty());
    cells.map(|cell| field(diagram, cell)).collect()
}

fn field(diagram: &str, cell: &str) -> Field {
    let words: Vec<&str> = cell.split_whitespace().collect();
    let (name, width, is_zero) = match words[..] {
        [name, width] => (name, width, false),
        [name, width, "=", "0"] => (name, width, true),
        _ => panic!("the diagram of {diagram} has a cell {cell}"),
    };
    let width = match width {
        "u8" => Width::Fixed(1),
        "u16" => Width::Fixed(2),
        "u32" => Width::Fixed(4),
        "u64" => Width::Fixed(8),
        "b16" => Width::Fixed(16),
        "text" => Width::Counted { is_text: true },
        "blob" => Width::Counted { is_text: false },
        "..." => Width::Rest,
        _ => panic!("the diagram of {diagram} has a field of type {width}"),
    };
    Field { name: name.to_owned(), width, is_zero }
}

fn number(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn put_line(lines: &mut String, bytes: &[u8], comment: &str) {
    for (at, chunk) in bytes.chunks(LINE_BYTES).enumerate() {
        let hex: Vec<String> = chunk.iter().map(|byte| format!("{byte:02x}")).collect();
        let hex = hex.join(" ");
        let line = match at {
            0 => format!("{hex:47}  ; {comment}"),
            _ => hex,
        };
        lines.push_str(&line);
        lines.push('\n');
    }
}
