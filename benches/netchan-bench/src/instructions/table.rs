//! What was counted, as `netchan-bench plot` reads it, and what has changed.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::Failure;

/// Instructions per value of each stage.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Table {
    kind: String,
    head: [String; 2],
    rows: Vec<(String, f64)>,
}

impl Default for Table {
    fn default() -> Table {
        let head = ["stage", "instructions per value"].map(str::to_owned);
        Table { kind: "table".to_owned(), head, rows: Vec::new() }
    }
}

impl Table {
    pub(super) fn read(file: &Path) -> Result<Table, Failure> {
        let read = || -> Result<Table, Failure> { Ok(serde_json::from_slice(&fs::read(file)?)?) };
        Ok(read().map_err(|error| format!("{}: {error}", file.display()))?)
    }

    /// More digits than these change from run to run.
    pub(super) fn push(&mut self, stage: String, instructions: f64) {
        self.rows.push((stage, (instructions * 10.0).round() / 10.0));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// How much more a stage takes now, in per cent, if it was counted before.
    fn change(&self, stage: &str, instructions: f64) -> Option<f64> {
        let (_, before) = self.rows.iter().find(|(name, _)| name == stage)?;
        (*before > 0.0).then(|| (instructions - before) * 100.0 / before)
    }

    /// The stages that take more than this beyond what they took before, in per cent.
    pub(super) fn grown(&self, before: &Table, per_cent_max: f64) -> Vec<String> {
        let grown = |(stage, now): &(String, f64)| {
            let change = before.change(stage, *now).filter(|change| *change > per_cent_max)?;
            Some(format!("{stage}: {change:+.1} %"))
        };
        self.rows.iter().filter_map(grown).collect()
    }

    pub(super) fn print(&self, before: Option<&Table>) {
        let [stage, instructions] = &self.head;
        let change = if before.is_some() { "change" } else { "" };
        println!("{stage:42} {instructions:>22} {change:>10}");
        for (stage, instructions) in &self.rows {
            let change = before.map(|before| match before.change(stage, *instructions) {
                Some(change) => format!("{change:+.1} %"),
                None => "new".to_owned(),
            });
            println!("{stage:42} {instructions:22.1} {:>10}", change.unwrap_or_default());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &[(&str, f64)]) -> Table {
        let mut table = Table::default();
        rows.iter()
            .for_each(|(stage, instructions)| table.push((*stage).to_owned(), *instructions));
        table
    }

    #[test]
    fn only_what_has_grown_by_more_is_named() {
        let before = table(&[("send", 100.0), ("take", 100.0), ("grant", 100.0), ("gone", 1.0)]);
        let now = table(&[("send", 105.0), ("take", 105.2), ("grant", 50.0), ("new", 9.0)]);
        assert_eq!(now.grown(&before, 5.0), ["take: +5.2 %"]);
        assert!(before.grown(&before, 5.0).is_empty());
    }

    #[test]
    fn what_is_written_can_be_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("table.json");
        crate::report::write(&file, &table(&[("send", 12.34)])).unwrap();
        let read = Table::read(&file).unwrap();
        assert_eq!((read.kind.as_str(), read.rows), ("table", vec![("send".to_owned(), 12.3)]));
        let error = Table::read(&folder.path().join("missing.json")).unwrap_err().to_string();
        assert!(error.contains("missing.json"), "{error}");
    }
}
