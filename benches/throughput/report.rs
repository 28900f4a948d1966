//! The figures of all rounds as a table.

use crate::works::{Figure, Work};

/// The figures of one work.
pub(crate) struct Table {
    name: &'static str,
    rows: Vec<Row>,
}

/// One kind of figure, over all rounds.
struct Row {
    unit: &'static str,
    netchan: Vec<f64>,
    raw: Vec<f64>,
}

impl Table {
    pub(crate) fn new(work: &Work) -> Table {
        Table { name: work.name, rows: Vec::new() }
    }

    /// Adds what a round has measured.
    pub(crate) fn add(&mut self, netchan: Vec<Figure>, raw: Vec<Figure>) {
        for (at, (netchan, raw)) in netchan.into_iter().zip(raw).enumerate() {
            if at == self.rows.len() {
                self.rows.push(Row { unit: netchan.unit, netchan: Vec::new(), raw: Vec::new() });
            }
            self.rows[at].netchan.push(netchan.value);
            self.rows[at].raw.push(raw.value);
        }
    }
}

/// Prints all works.
pub(crate) fn print(tables: &[Table]) {
    println!("{:15} {:10} {:^26}   {:^26}   {:>9}", "", "", "netchan", "raw", "netchan");
    println!(
        "{:15} {:10} {:>8} {:>8} {:>8}   {:>8} {:>8} {:>8}   {:>9}",
        "work", "", "min", "median", "max", "min", "median", "max", "/ raw"
    );
    for table in tables {
        for row in &table.rows {
            let [low, median, high] = spread(&row.netchan);
            let [raw_low, raw_median, raw_high] = spread(&row.raw);
            println!(
                "{:15} {:10} {low:8.2} {median:8.2} {high:8.2}   {raw_low:8.2} {raw_median:8.2} \
                 {raw_high:8.2}   {:9.2}",
                table.name,
                row.unit,
                median / raw_median
            );
        }
    }
    println!("\nRates: more is better. us: microseconds there and back, less is better.");
}

/// Minimum, median, maximum.
fn spread(values: &[f64]) -> [f64; 3] {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |index: usize| sorted.get(index).copied().unwrap_or(f64::NAN);
    [at(0), at(sorted.len() / 2), at(sorted.len().saturating_sub(1))]
}
