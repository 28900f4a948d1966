//! The command `growth`: what a value costs against what grows.
//!
//! A sketch (`sketch`) says what is measured, `streams` and `round_trip` have them all, and a
//! [curve] is what comes out. The [proxy] is the link that has a round trip.

pub mod curve;
mod goodput;
pub mod machine;
mod meter;
pub mod pace;
pub mod proxy;
mod round_trip;
mod sketch;
mod streams;

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::Failure;
use crate::growth::curve::{Curve, Curves};
use crate::growth::sketch::{Effort, Sketch};

/// Open files that the largest point needs: two for each of its connections, and some.
const FILES: u64 = 2 * 1000 + 100;

/// What the command line asks for.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// Rounds; odd, so that there is a median
    #[arg(long, value_name = "NUMBER", default_value_t = 5)]
    rounds: usize,

    /// How long values are sent for one point of a stream in a round, in milliseconds
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 450)]
    run_ms: u64,

    /// Does it run? One short round, and few points, which gives no figures to quote
    #[arg(long, conflicts_with_all = ["rounds", "run_ms"])]
    quick: bool,

    /// Only this curve; may be repeated
    #[arg(long = "curve", value_name = "NAME")]
    curves: Vec<String>,

    /// Only say which curves there are
    #[arg(long)]
    list: bool,

    /// Where to write the curves, as JSON. Other curves that are there already are kept, if they were
    /// measured with the same options on the same machine
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Runs the command.
///
/// # Errors
///
/// When a curve is not known, when the machine has not enough open files, and when a run fails.
pub fn run(options: Options) -> Result<(), Failure> {
    let effort = options.effort();
    let mut sketches = options.sketches(effort)?;
    if options.list {
        names(&sketches).for_each(|name| println!("{name}"));
        return Ok(());
    }
    raise_open_files(FILES)?;
    let rounds = if options.quick { 1 } else { options.rounds.max(1) };
    for round in 0..rounds {
        for sketch in &mut sketches {
            let mut progress = |what: &str| eprintln!("round {} of {rounds}: {what}", round + 1);
            sketch.round(round, &mut progress)?;
        }
    }
    let mut curves = Curves {
        kind: "growth".to_owned(),
        machine: machine::this(),
        rounds,
        run_ms: effort.run.as_millis() as u64,
        curves: sketches.into_iter().flat_map(|sketch| sketch.curves).collect(),
    };
    curves.curves.iter().for_each(print);
    if let Some(file) = &options.json {
        if let Some(earlier) = earlier(file)?
            && !curves.keep(earlier)
        {
            eprintln!("{}: what was there was measured otherwise, and is replaced", file.display());
        }
        let mut json = serde_json::to_string_pretty(&curves)?;
        json.push('\n');
        std::fs::write(file, json).map_err(|error| format!("{}: {error}", file.display()))?;
    }
    Ok(())
}

impl Options {
    fn effort(&self) -> Effort {
        if self.quick {
            return Effort {
                run: Duration::from_millis(20),
                warm_up: Duration::from_millis(300),
                goodput: Duration::from_millis(200),
                is_quick: true,
            };
        }
        Effort {
            run: Duration::from_millis(self.run_ms),
            warm_up: Duration::from_secs(2),
            goodput: Duration::from_secs(2),
            is_quick: false,
        }
    }

    fn sketches(&self, effort: Effort) -> Result<Vec<Sketch>, Failure> {
        let mut all = streams::sketches(effort);
        all.push(round_trip::sketch(effort));
        if let Some(unknown) = self.curves.iter().find(|wanted| names(&all).all(|n| n != *wanted)) {
            let names: Vec<&str> = names(&all).collect();
            return Err(format!("no curve {unknown:?}; try {}", names.join(", ")).into());
        }
        all.retain(|sketch| {
            let is_wanted = |curve: &Curve| self.curves.contains(&curve.name);
            self.curves.is_empty() || sketch.curves.iter().any(is_wanted)
        });
        Ok(all)
    }
}

/// What is in the file, if there is one.
fn earlier(file: &Path) -> Result<Option<Curves>, Failure> {
    match std::fs::read_to_string(file) {
        Ok(json) => {
            let curves = serde_json::from_str(&json);
            Ok(Some(curves.map_err(|error| format!("{}: {error}", file.display()))?))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("{}: {error}", file.display()).into()),
    }
}

fn names(sketches: &[Sketch]) -> impl Iterator<Item = &str> {
    sketches.iter().flat_map(|sketch| &sketch.curves).map(|curve| curve.name.as_str())
}

/// Many systems let a program open 1,024 files until it asks for more.
pub(crate) fn raise_open_files(needed: u64) -> Result<(), Failure> {
    let allowed = rlimit::increase_nofile_limit(needed)?;
    if allowed < needed {
        return Err(format!(
            "so many connections need {needed} open files, and only {allowed} are allowed; raise the \
             hard limit (ulimit -Hn, or LimitNOFILE of the service)"
        )
        .into());
    }
    Ok(())
}

fn print(curve: &Curve) {
    println!("\n{} ({})", curve.title, curve.y.unit.symbol());
    print!("{:>12}", curve.x.unit.symbol());
    for series in &curve.series {
        print!("   {:^32}", series.name);
    }
    println!();
    let places = curve.series.first().map_or(0, |series| series.points.len());
    for place in 0..places {
        print!("{:12}", curve.series[0].points[place].x);
        for series in &curve.series {
            let point = &series.points[place];
            match (point.min, point.median, point.max) {
                (Some(min), Some(median), Some(max)) => {
                    print!("   {min:10.1} {median:10.1} {max:10.1}");
                }
                _ => print!("   {:^32}", "not reached"),
            }
        }
        println!();
    }
    println!("(minimum, median, maximum)");
}
