//! How fast values travel, next to a baseline that is written by hand for each work, or next to
//! netchan without sessions that can be resumed.
//!
//! ```text
//! cargo bench --bench throughput                        all works, about a minute
//! cargo bench --bench throughput -- --quick             does it run? some seconds, no figures
//! cargo bench --bench throughput -- --work tick-tcp-in  one work
//! cargo bench --bench throughput -- --rounds 15         more rounds, steadier medians
//! cargo bench --bench throughput -- --against no-resume what it costs that sessions can be resumed
//! ```
//!
//! netchan and the baseline run in turn, round by round, so that whatever else the machine does
//! hits both. Each run checks that every value came once and in order. Set-up is not measured.

mod asks;
mod channels;
mod links;
mod raw;
mod report;
mod values;
mod works;

use std::time::Duration;

use crate::report::Table;
use crate::works::{Rival, WORKS, Work};

/// What goes wrong ends the program.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// How long one run of one work lasts.
const RUN: Duration = Duration::from_millis(450);
const RUN_QUICK: Duration = Duration::from_millis(40);

/// Odd, so that there is a median.
const ROUNDS: usize = 5;

/// What the command line asks for.
struct Options {
    run: Duration,
    rounds: usize,
    rival: Rival,
    works: Vec<&'static Work>,
}

impl Options {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Options, Failure> {
        let works = WORKS.iter().collect();
        let mut options = Options { run: RUN, rounds: ROUNDS, rival: Rival::Raw, works };
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                // Cargo says so.
                "--bench" => {}
                "--quick" => (options.run, options.rounds) = (RUN_QUICK, 1),
                "--rounds" => {
                    let rounds = arguments.next().ok_or("--rounds needs a number")?;
                    options.rounds = rounds.parse::<usize>()?.max(1);
                }
                "--against" => {
                    options.rival = match arguments.next().as_deref() {
                        Some("raw") => Rival::Raw,
                        Some("no-resume") => Rival::NoResume,
                        _ => return Err("--against needs raw or no-resume".into()),
                    }
                }
                "--work" => {
                    let name = arguments.next().ok_or("--work needs a name")?;
                    options.works.retain(|work| work.name == name);
                    if options.works.is_empty() {
                        let names: Vec<&str> = WORKS.iter().map(|work| work.name).collect();
                        return Err(format!("no work {name:?}; try {}", names.join(", ")).into());
                    }
                }
                unknown => return Err(format!("unknown argument {unknown:?}").into()),
            }
        }
        Ok(options)
    }
}

fn main() -> Result<(), Failure> {
    let options = Options::parse(std::env::args().skip(1))?;
    if let Ok(only) = std::env::var("ONLY") {
        for work in &options.works {
            for _ in 0..options.rounds {
                let figures = if only == "netchan" {
                    work.run_netchan(options.run, true)?
                } else {
                    work.run_rival(options.rival, options.run)?
                };
                for figure in figures {
                    println!("{} {:.2} {}", work.name, figure.value, figure.unit);
                }
            }
        }
        return Ok(());
    }
    let mut tables: Vec<Table> = options.works.iter().map(|work| Table::new(work)).collect();
    for round in 1..=options.rounds {
        eprintln!("round {round} of {}", options.rounds);
        for (work, table) in options.works.iter().zip(&mut tables) {
            // In turn, also within a round: whoever is second may find warmer caches.
            let (netchan, rival) = if round % 2 == 1 {
                let netchan = work.run_netchan(options.run, true)?;
                (netchan, work.run_rival(options.rival, options.run)?)
            } else {
                let rival = work.run_rival(options.rival, options.run)?;
                (work.run_netchan(options.run, true)?, rival)
            };
            table.add(netchan, rival);
        }
    }
    report::print(&tables, options.rival.name());
    Ok(())
}
