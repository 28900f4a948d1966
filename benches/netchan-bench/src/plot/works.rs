//! The works as bars and as a table, from the JSON of the command `works` and of `benches/peers`.

use serde::Deserialize;

use super::bars::{Bar, Bars, Group};
use super::document::table;
use super::number;
use crate::contest::Spread;

/// What the command `works` has measured.
#[derive(Deserialize)]
pub(super) struct Works {
    works: Vec<Work>,
}

#[derive(Deserialize)]
struct Work {
    name: String,
    series: Vec<Series>,
}

/// One number of one contestant, over all rounds.
#[derive(Deserialize)]
struct Series {
    contestant: String,
    unit: String,
    more_is_better: bool,
    values: Vec<f64>,
    ratios: Vec<f64>,
}

impl Works {
    /// How fast each contestant is, as a share of the baseline, in the first figure of each work that
    /// is a rate or a time.
    pub(super) fn bars(&self) -> Bars {
        let groups = self.works.iter().filter_map(|work| {
            let unit = &work.series.first()?.unit;
            if !unit.ends_with("/s") && !unit.starts_with("us") {
                return None;
            }
            let own = work.series.iter().filter(|series| series.unit == *unit);
            let others = own.filter(|series| series.contestant != "raw");
            let bars = others.filter_map(|series| {
                Some(Bar { name: series.contestant.clone(), ratio: series.speed()? })
            });
            Some(Group { name: work.label(unit), bars: bars.collect() })
        });
        Bars {
            title: "Speed beside the hand-written baseline".to_owned(),
            description:
                "Median of the rounds; each divided by the baseline of its round, times the \
                          other way round. More is better."
                    .to_owned(),
            groups: groups.filter(|group| !group.bars.is_empty()).collect(),
        }
    }

    /// Each number with its spread, and its ratio to the baseline of the same round.
    pub(super) fn table(&self) -> String {
        let mut rows = Vec::new();
        for work in &self.works {
            for series in &work.series {
                let Some(spread) = Spread::of(&series.values) else { continue };
                let ratios = match Spread::of(&series.ratios) {
                    Some(_) if series.contestant == "raw" => "1".to_owned(),
                    Some(ratios) => format!(
                        "{} ({} to {})",
                        number::ratio(ratios.median),
                        number::ratio(ratios.min),
                        number::ratio(ratios.max)
                    ),
                    None => "-".to_owned(),
                };
                rows.push(vec![
                    work.name.clone(),
                    series.contestant.clone(),
                    series.unit.clone(),
                    number::figure(spread.min),
                    number::figure(spread.median),
                    number::figure(spread.max),
                    ratios,
                ]);
            }
        }
        table(&["work", "contestant", "unit", "min", "median", "max", "/ raw"], &rows)
    }
}

impl Work {
    /// Without the link if it is the usual one.
    fn label(&self, unit: &str) -> String {
        let name = self.name.strip_suffix("/tcp").unwrap_or(&self.name);
        match unit.strip_prefix("us ") {
            Some(which) => format!("{name}, {which}"),
            None => name.to_owned(),
        }
    }
}

impl Series {
    /// As a share of the baseline; of times it is the other way round.
    fn speed(&self) -> Option<f64> {
        let ratio = Spread::of(&self.ratios)?.median;
        let speed = if self.more_is_better { ratio } else { 1.0 / ratio };
        speed.is_finite().then_some(speed)
    }
}
