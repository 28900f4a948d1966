//! Reads `docs/protocol.md`: its fenced blocks, its marked tables, its numbered paragraphs.
//!
//! Knows Markdown only as far as that document uses it, and nothing of the protocol.

use std::collections::HashSet;
use std::fmt::Write;

/// The document.
pub(crate) const TEXT: &str = include_str!("../../docs/protocol.md");

/// A fenced block.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    /// The first word after the fence, such as `hex`.
    pub(crate) language: String,
    /// What follows that word: the block's name.
    pub(crate) name: String,
    /// The lines between the fences.
    pub(crate) text: String,
}

/// All fenced blocks of one language, in order.
pub(crate) fn blocks(language: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for line in TEXT.lines() {
        match (line.strip_prefix("```"), open.as_mut()) {
            (Some(info), None) => {
                let (language, name) = info.split_once(' ').unwrap_or((info, ""));
                let (language, name) = (language.to_owned(), name.to_owned());
                open = Some(Block { language, name, text: String::new() });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some(block)) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "the document's last fence is not closed");
    blocks.retain(|block| block.language == language);
    blocks
}

/// The block of a language with this name.
pub(crate) fn block(language: &str, name: &str) -> Block {
    let mut found = blocks(language);
    found.retain(|block| block.name == name);
    assert!(found.len() == 1, "{} blocks ```{language} {name}", found.len());
    found.swap_remove(0)
}

/// The rows of the table behind the line `<!-- table: name -->`, without its heading. Backquotes
/// around a cell are removed.
pub(crate) fn table(name: &str) -> Vec<Vec<String>> {
    let mark = format!("<!-- table: {name} -->");
    let rows = TEXT
        .lines()
        .skip_while(|line| *line != mark)
        .skip(1)
        .skip_while(|line| line.is_empty())
        .take_while(|line| line.starts_with('|'));
    let cells = |row: &str| {
        let row = row.trim_matches('|');
        row.split('|').map(|cell| cell.trim().trim_matches('`').to_owned()).collect()
    };
    let rows: Vec<Vec<String>> = rows.map(cells).collect();
    assert!(rows.len() > 2, "the document has no table {name}");
    rows[2..].to_vec()
}

/// The bytes of a hex block: two digits each, up to a `;` in each line.
pub(crate) fn bytes_of(block: &Block) -> Vec<u8> {
    let digits = block.text.lines().flat_map(|line| {
        let hex = line.split(';').next().unwrap_or_default();
        hex.split_whitespace()
    });
    digits
        .map(|pair| match u8::from_str_radix(pair, 16) {
            Ok(byte) if pair.len() == 2 => byte,
            _ => panic!("{pair} is not a byte, in the block {}", block.name),
        })
        .collect()
}

/// Collects blocks that are not what they must be, and prints what to paste instead.
#[derive(Default)]
pub(crate) struct Corrections {
    text: String,
}

impl Corrections {
    /// Compares a block with what it must be.
    pub(crate) fn expect(&mut self, block: &Block, text: &str) {
        if block.text != text {
            let Block { language, name, .. } = block;
            let end = "```";
            writeln!(self.text, "\n{end}{language} {name}\n{text}{end}").expect("a string grows");
        }
    }

    /// Fails if there was a difference.
    pub(crate) fn finish(self) {
        assert!(
            self.text.is_empty(),
            "docs/protocol.md differs from the crate. If the crate is right, paste:\n{}",
            self.text
        );
    }
}

#[test]
fn paragraphs_are_numbered_without_gaps() {
    let mut expected = (0, 0);
    for line in TEXT.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            let number = title.split('.').next().unwrap_or_default().parse();
            expected = (number.unwrap_or(expected.0), 0);
        }
        if let Some(rest) = line.strip_prefix("**P-") {
            expected.1 += 1;
            let number = rest.split("**").next().unwrap_or_default();
            assert_eq!(number, format!("{}.{}", expected.0, expected.1));
        }
    }
    assert!(expected.0 > 0, "the document has numbered sections");
}

#[test]
fn each_paragraph_that_is_referred_to_exists() {
    let is_number = |text: &char| text.is_ascii_digit() || *text == '.';
    let number = |text: &str| text.chars().take_while(is_number).collect::<String>();
    let trim = |number: String| number.trim_end_matches('.').to_owned();
    let mut defined = HashSet::new();
    let mut referred = HashSet::new();
    for line in TEXT.lines() {
        for (at, part) in line.split("P-").enumerate().skip(1) {
            let is_definition = at == 1 && line.starts_with("**P-");
            let set = if is_definition { &mut defined } else { &mut referred };
            set.insert(trim(number(part)));
        }
    }
    let missing: Vec<_> = referred.difference(&defined).collect();
    assert!(missing.is_empty(), "no such paragraphs: {missing:?}");
}

#[test]
fn lines_are_at_most_a_hundred_columns_wide_outside_tables() {
    for (number, line) in TEXT.lines().enumerate() {
        let is_free = line.starts_with('|');
        assert!(is_free || line.chars().count() <= 100, "line {}: {line}", number + 1);
    }
}
