//! The rounds in which contestants take turns.

use std::time::Duration;

use crate::{Failure, Figure, Load, Work};

/// Somebody who can do works.
pub trait Contestant {
    /// Its name, such as `raw` or `netchan`.
    fn name(&self) -> String;

    /// Does a work for about so long, and measures it. `None` if it cannot do such a work.
    ///
    /// # Errors
    ///
    /// When a value is missing, doubled or swapped, and when anything else goes wrong.
    fn run(&self, work: &Work, run: Duration) -> Result<Option<Vec<Figure>>, Failure>;
}

/// How often, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rounds {
    /// Rounds; odd, so that there is a median.
    pub rounds: usize,
    /// How long one contestant does one work in a round.
    pub run: Duration,
    /// How long a consumer reads nothing, where that is the work.
    pub stall: Duration,
}

impl Rounds {
    /// One that is too short to give figures, and shows that all runs.
    pub const QUICK: Rounds =
        Rounds { rounds: 1, run: Duration::from_millis(20), stall: Duration::from_millis(100) };

    /// How long a contestant does this work in a round.
    #[must_use]
    pub fn run_of(&self, work: &Work) -> Duration {
        match work.load {
            Load::Stalled { .. } => self.stall,
            _ => self.run,
        }
    }
}

impl Default for Rounds {
    fn default() -> Rounds {
        let run = Duration::from_millis(450);
        Rounds { rounds: 5, run, stall: Duration::from_secs(3) }
    }
}

/// What all rounds have measured.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// How often, and for how long.
    pub rounds: Rounds,
    /// In the order in which the works were given.
    pub works: Vec<WorkOutcome>,
}

/// What all rounds of one work have measured.
#[derive(Clone, Debug)]
pub struct WorkOutcome {
    /// The work.
    pub work: Work,
    /// In the order of the contestants. Those of the first, which is the baseline, come first.
    pub series: Vec<Series>,
}

/// One number of one contestant, over all rounds.
#[derive(Clone, Debug)]
pub struct Series {
    /// Whose.
    pub contestant: String,
    /// Its place among the figures of the contestant.
    pub index: usize,
    /// Its unit.
    pub unit: &'static str,
    /// Whether more is better.
    pub more_is_better: bool,
    /// One number for each round.
    pub values: Vec<f64>,
    /// The numbers divided by those of the baseline in the same round. None if it has no such number.
    pub ratios: Vec<f64>,
}

/// The lowest, the middle and the highest of some numbers.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Spread {
    /// The lowest.
    pub min: f64,
    /// The middle one.
    pub median: f64,
    /// The highest.
    pub max: f64,
}

impl Spread {
    /// Of these numbers; `None` if there are none.
    #[must_use]
    pub fn of(values: &[f64]) -> Option<Spread> {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (min, max) = (*sorted.first()?, *sorted.last()?);
        Some(Spread { min, median: sorted[sorted.len() / 2], max })
    }
}

/// Lets contestants do works in turn, round by round: all do one work, then all do the next. The order
/// changes with each round, because whoever is second may find warmer caches. The first contestant is
/// the baseline for the others. `progress` is told what is begun.
///
/// # Errors
///
/// The first failure, with the work and the contestant.
pub fn compare(
    contestants: &[&dyn Contestant],
    works: &[Work],
    rounds: Rounds,
    mut progress: impl FnMut(&str),
) -> Result<Outcome, Failure> {
    let mut outcomes: Vec<WorkOutcome> = Vec::new();
    for round in 0..rounds.rounds {
        for (at, work) in works.iter().enumerate() {
            progress(&format!("round {} of {}: {}", round + 1, rounds.rounds, work.full_name()));
            let mut figures: Vec<Vec<Figure>> = vec![Vec::new(); contestants.len()];
            for turn in 0..contestants.len() {
                let whose = (round + turn) % contestants.len();
                let contestant = contestants[whose];
                let done = contestant.run(work, rounds.run_of(work)).map_err(|error| {
                    format!("{}, {}: {error}", work.full_name(), contestant.name())
                })?;
                figures[whose] = done.unwrap_or_default();
            }
            if at == outcomes.len() {
                outcomes.push(WorkOutcome { work: *work, series: Vec::new() });
            }
            outcomes[at].add(contestants, &figures);
        }
    }
    Ok(Outcome { rounds, works: outcomes })
}

impl WorkOutcome {
    /// Adds what a round has measured.
    fn add(&mut self, contestants: &[&dyn Contestant], figures: &[Vec<Figure>]) {
        for (contestant, own) in contestants.iter().zip(figures) {
            let contestant = contestant.name();
            for (index, figure) in own.iter().enumerate() {
                let is_it =
                    |series: &&mut Series| series.contestant == contestant && series.index == index;
                let series = match self.series.iter_mut().find(is_it) {
                    Some(series) => series,
                    None => {
                        self.series.push(Series {
                            contestant: contestant.clone(),
                            index,
                            unit: figure.unit,
                            more_is_better: figure.more_is_better,
                            values: Vec::new(),
                            ratios: Vec::new(),
                        });
                        let last = self.series.len() - 1;
                        &mut self.series[last]
                    }
                };
                series.values.push(figure.value);
                let baseline = figures.first().and_then(|figures| figures.get(index));
                if let Some(baseline) = baseline.filter(|baseline| baseline.unit == figure.unit) {
                    series.ratios.push(figure.value / baseline.value);
                }
            }
        }
    }
}
