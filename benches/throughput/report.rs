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
    other: Vec<f64>,
}

impl Table {
    pub(crate) fn new(work: &Work) -> Table {
        Table { name: work.name, rows: Vec::new() }
    }

    /// Adds what a round has measured.
    pub(crate) fn add(&mut self, netchan: Vec<Figure>, other: Vec<Figure>) {
        for (at, (netchan, other)) in netchan.into_iter().zip(other).enumerate() {
            if at == self.rows.len() {
                self.rows.push(Row { unit: netchan.unit, netchan: Vec::new(), other: Vec::new() });
            }
            self.rows[at].netchan.push(netchan.value);
            self.rows[at].other.push(other.value);
        }
    }
}

/// Prints all works.
pub(crate) fn print(tables: &[Table], rival: &str) {
    println!("{:15} {:10} {:^26}   {rival:^26}   {:>9}", "", "", "netchan", "netchan");
    println!(
        "{:15} {:10} {:>8} {:>8} {:>8}   {:>8} {:>8} {:>8}   {:>9}",
        "work", "", "min", "median", "max", "min", "median", "max", "/ other"
    );
    for table in tables {
        for row in &table.rows {
            let [low, median, high] = spread(&row.netchan);
            let [other_low, other_median, other_high] = spread(&row.other);
            println!(
                "{:15} {:10} {low:8.2} {median:8.2} {high:8.2}   {other_low:8.2} {other_median:8.2} \
                 {other_high:8.2}   {:9.2}",
                table.name,
                row.unit,
                median / other_median
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
