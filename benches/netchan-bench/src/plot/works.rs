//! The works as bars and as a table, from the JSON of the command `works` and of `benches/peers`.

use serde::Deserialize;

use super::bars::{Bar, Bars, Group};
use super::document::table;
use super::number;
use crate::contest::Spread;

/// What the command `works` has measured.
#[derive(Deserialize)]
pub(super) struct Works {
    machine: Machine,
    options: Options,
    works: Vec<Work>,
}

#[derive(Deserialize)]
struct Machine {
    cores: usize,
    cpu: String,
    kernel: String,
    architecture: String,
}

#[derive(Deserialize)]
struct Options {
    rounds: usize,
    run_ms: u64,
    is_optimized: bool,
}

#[derive(Deserialize)]
struct Work {
    name: String,
    link: String,
    series: Vec<Series>,
}

/// One number of one contestant, over all rounds.
#[derive(Deserialize)]
struct Series {
    contestant: String,
    unit: String,
    more_is_better: bool,
    /// One for each round.
    rounds: Vec<f64>,
    ratios: Vec<f64>,
}

/// The link of the picture.
const LINK: &str = "tcp";

impl Works {
    /// How fast each contestant is over TCP, as a share of the baseline, in the first figure of each
    /// work that is a rate or a time.
    pub(super) fn bars(&self) -> Bars {
        let works = self.works.iter().filter(|work| work.link == LINK);
        let groups = works.filter_map(|work| {
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

    /// Where it was measured, and a table for each link.
    pub(super) fn text(&self) -> String {
        let Works { machine, options, works } = self;
        let mut text = format!(
            "{}, {} cores, {}, {}, {} build; {} rounds of {} ms.\n",
            machine.cpu,
            machine.cores,
            machine.kernel,
            machine.architecture,
            if options.is_optimized { "release" } else { "debug" },
            options.rounds,
            options.run_ms
        );
        let mut links: Vec<&str> = Vec::new();
        for work in works {
            if !links.contains(&work.link.as_str()) {
                links.push(&work.link);
            }
        }
        for link in links {
            let works = works.iter().filter(|work| work.link == link);
            let rows: Vec<Vec<String>> = works.flat_map(Work::rows).collect();
            let head = ["work", "contestant", "unit", "min", "median", "max", "/ raw"];
            text.push_str(&format!("\nOver `{link}`:\n\n{}", table(&head, &rows)));
        }
        text
    }
}

impl Work {
    /// Each number with its spread, and its ratio to the baseline of the same round.
    fn rows(&self) -> Vec<Vec<String>> {
        let row = |series: &Series| {
            let spread = Spread::of(&series.rounds)?;
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
            let [min, median, max] = [spread.min, spread.median, spread.max].map(number::figure);
            let (name, contestant) = (self.name.clone(), series.contestant.clone());
            Some(vec![name, contestant, series.unit.clone(), min, median, max, ratios])
        };
        self.series.iter().filter_map(row).collect()
    }

    /// With the kind of time, if it is one of several.
    fn label(&self, unit: &str) -> String {
        match unit.strip_prefix("us ") {
            Some(which) => format!("{}, {which}", self.name),
            None => self.name.clone(),
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
