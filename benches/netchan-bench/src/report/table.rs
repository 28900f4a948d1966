//! For people: a table.

use crate::contest::{Outcome, Spread};

/// Prints all works.
pub fn print(outcome: &Outcome) {
    println!(
        "{:26} {:20} {:>12} {:>11} {:>11} {:>11}   {:>7} {:>7} {:>7}",
        "work", "contestant", "", "min", "median", "max", "min", "median", "max"
    );
    for outcome in &outcome.works {
        for series in &outcome.series {
            let Some(spread) = Spread::of(&series.values) else { continue };
            let ratios = Spread::of(&series.ratios).map(|ratios| {
                format!("{:7.3} {:7.3} {:7.3}", ratios.min, ratios.median, ratios.max)
            });
            println!(
                "{:26} {:20} {:>12} {} {} {}   {}",
                outcome.work.full_name(),
                series.contestant,
                series.unit,
                number(spread.min),
                number(spread.median),
                number(spread.max),
                ratios.unwrap_or_default(),
            );
        }
    }
    println!(
        "\nOn the right: divided by the baseline's number of the same round. Rates: more is better. \
         us: microseconds there and back, less is better."
    );
}

/// With as many digits as mean something.
fn number(value: f64) -> String {
    match value {
        1e6.. => format!("{:9.3} M", value / 1e6),
        1e3.. => format!("{:9.2} k", value / 1e3),
        _ => format!("{value:9.2}  "),
    }
}
