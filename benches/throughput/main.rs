//! How fast values travel, next to a baseline that is written by hand for each work.
//!
//! ```text
//! cargo bench --bench throughput                        all works, about a minute
//! cargo bench --bench throughput -- --quick             does it run? some seconds, no figures
//! cargo bench --bench throughput -- --work tick-tcp-in  one work
//! cargo bench --bench throughput -- --rounds 15         more rounds, steadier medians
//! ```
//!
//! netchan and the baseline run in turn, round by round, so that whatever else the machine does
//! hits both. Each run checks that every value came once and in order. Set-up is not measured.

mod channels;
mod links;
mod raw;
mod report;
mod values;
mod works;

use std::time::Duration;

use crate::report::Table;
use crate::works::{WORKS, Work};

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
    works: Vec<&'static Work>,
}

impl Options {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Options, Failure> {
        let mut options = Options { run: RUN, rounds: ROUNDS, works: WORKS.iter().collect() };
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                // Cargo says so.
                "--bench" => {}
                "--quick" => (options.run, options.rounds) = (RUN_QUICK, 1),
                "--rounds" => {
                    let rounds = arguments.next().ok_or("--rounds needs a number")?;
                    options.rounds = rounds.parse::<usize>()?.max(1);
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
    let mut tables: Vec<Table> = options.works.iter().map(|work| Table::new(work)).collect();
    for round in 1..=options.rounds {
        eprintln!("round {round} of {}", options.rounds);
        for (work, table) in options.works.iter().zip(&mut tables) {
            table.add(work.run_netchan(options.run)?, work.run_raw(options.run)?);
        }
    }
    report::print(&tables);
    Ok(())
}
