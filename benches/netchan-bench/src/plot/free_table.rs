//! Any table that another program has made, such as one of instruction counts.

use serde::Deserialize;

use super::document::table;
use super::number;

/// A table as JSON: a head, and rows of texts and numbers.
#[derive(Deserialize)]
pub(super) struct FreeTable {
    head: Vec<String>,
    rows: Vec<Vec<Cell>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Cell {
    Text(String),
    Count(usize),
    Number(f64),
}

impl FreeTable {
    /// The same in Markdown.
    pub(super) fn table(&self) -> String {
        let head: Vec<&str> = self.head.iter().map(String::as_str).collect();
        let cell = |cell: &Cell| match cell {
            Cell::Text(text) => text.clone(),
            Cell::Count(count) => number::count(*count),
            Cell::Number(number) => number::figure(*number),
        };
        let rows: Vec<Vec<String>> =
            self.rows.iter().map(|row| row.iter().map(cell).collect()).collect();
        table(&head, &rows)
    }
}
