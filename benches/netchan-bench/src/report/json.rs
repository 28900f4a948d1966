//! For programs: JSON, with all that is needed to measure it again.

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde::Serialize;

use crate::contest::{Outcome, Series, Spread, WorkOutcome};
use crate::machine::Machine;
use crate::{Failure, Load, Values};

/// The layout of the document. It changes when a reader would have to.
const LAYOUT: u32 = 1;

/// All that was measured.
#[derive(Debug, Serialize)]
pub struct Report {
    layout: u32,
    machine: Machine,
    netchan_version: &'static str,
    options: Options,
    works: Vec<WorkReport>,
}

#[derive(Debug, Serialize)]
struct Options {
    rounds: usize,
    run_ms: u64,
    stall_ms: u64,
    /// Without optimization the numbers mean nothing.
    is_optimized: bool,
    arguments: Vec<String>,
}

#[derive(Debug, Serialize)]
struct WorkReport {
    name: &'static str,
    link: &'static str,
    load: LoadReport,
    /// A run in which a value is missing, doubled or swapped ends the program.
    is_verified: bool,
    series: Vec<SeriesReport>,
}

#[derive(Debug, Default, Serialize)]
struct LoadReport {
    kind: &'static str,
    values: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload_bytes: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    connections: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    channels: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    window_values: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    in_flight: Option<usize>,
}

#[derive(Debug, Serialize)]
struct SeriesReport {
    contestant: String,
    unit: &'static str,
    more_is_better: bool,
    rounds: Vec<f64>,
    spread: Option<Spread>,
    /// Divided by the baseline's number of the same round.
    ratios: Vec<f64>,
    ratio_spread: Option<Spread>,
}

impl Report {
    /// Of this outcome, on this machine, by this process.
    #[must_use]
    pub fn new(outcome: &Outcome) -> Report {
        let milliseconds = |duration: Duration| duration.as_millis() as u64;
        let options = Options {
            rounds: outcome.rounds.rounds,
            run_ms: milliseconds(outcome.rounds.run),
            stall_ms: milliseconds(outcome.rounds.stall),
            is_optimized: !cfg!(debug_assertions),
            arguments: std::env::args().skip(1).collect(),
        };
        Report {
            layout: LAYOUT,
            machine: Machine::here(),
            netchan_version: env!("CARGO_PKG_VERSION"),
            options,
            works: outcome.works.iter().map(WorkReport::new).collect(),
        }
    }
}

impl WorkReport {
    fn new(outcome: &WorkOutcome) -> WorkReport {
        WorkReport {
            name: outcome.work.name,
            link: outcome.work.link.name(),
            load: LoadReport::new(outcome.work.load),
            is_verified: true,
            series: outcome.series.iter().map(SeriesReport::new).collect(),
        }
    }
}

impl LoadReport {
    fn new(load: Load) -> LoadReport {
        let ticks = LoadReport { values: "ticks", ..LoadReport::default() };
        match load {
            Load::Stream { values, connections, channels, window, .. } => {
                let (values, payload_bytes) = match values {
                    Values::Ticks => ("ticks", None),
                    Values::Blocks { bytes } => ("blocks", Some(bytes)),
                    Values::Bytes { bytes } => ("bytes", Some(bytes)),
                };
                LoadReport {
                    kind: "stream",
                    values,
                    payload_bytes,
                    connections: Some(connections),
                    channels: Some(channels),
                    window_values: Some(window),
                    in_flight: None,
                }
            }
            Load::PingPong => LoadReport { kind: "ping-pong", in_flight: Some(1), ..ticks },
            Load::Asks { in_flight } => {
                LoadReport { kind: "asks", in_flight: Some(in_flight), ..ticks }
            }
            Load::Stalled { bytes, window } => LoadReport {
                kind: "stalled",
                values: "blocks",
                payload_bytes: Some(bytes),
                window_values: Some(window),
                ..ticks
            },
        }
    }
}

impl SeriesReport {
    fn new(series: &Series) -> SeriesReport {
        SeriesReport {
            contestant: series.contestant.clone(),
            unit: series.unit,
            more_is_better: series.more_is_better,
            rounds: series.values.clone(),
            spread: Spread::of(&series.values),
            ratios: series.ratios.clone(),
            ratio_spread: Spread::of(&series.ratios),
        }
    }
}

/// Writes a document to a file, and a line's end behind it.
///
/// # Errors
///
/// When the file cannot be written.
pub fn write(path: &Path, document: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(document)?;
    Ok(fs::write(path, text + "\n").map_err(|error| format!("{}: {error}", path.display()))?)
}
