//! The command `works`: W1 to W8, netchan next to the baseline.

use std::path::PathBuf;
use std::time::Duration;

use crate::contestants::{Raw, contestants};
use crate::report::{self, Report};
use crate::{Contestant, Failure, Link, Rounds, WORKS, Work, compare};

/// What the command line asks for.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// Rounds; odd, so that there is a median
    #[arg(long, value_name = "NUMBER", default_value_t = 5)]
    rounds: usize,

    /// How long one contestant does one work in a round, in milliseconds
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 450)]
    run_ms: u64,

    /// Does it run? One short round, which gives no figures to quote
    #[arg(long, conflicts_with_all = ["rounds", "run_ms"])]
    quick: bool,

    /// Only works whose name begins so; may be repeated
    #[arg(long = "work", value_name = "NAME")]
    works: Vec<String>,

    /// Only over this link; may be repeated
    #[arg(long = "link", value_name = "LINK", value_enum)]
    links: Vec<Link>,

    /// Only this contestant beside the baseline; may be repeated
    #[arg(long = "contestant", value_name = "NAME")]
    contestants: Vec<String>,

    /// Also write all to a file, as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    /// Only say which works and contestants there are
    #[arg(long)]
    list: bool,
}

/// Runs the command.
///
/// # Errors
///
/// When a name is not known, and when a run fails.
pub fn run(options: Options) -> Result<(), Failure> {
    let works = options.works()?;
    let contestants = options.contestants()?;
    if options.list {
        works.iter().for_each(|work| println!("{}", work.full_name()));
        contestants.iter().for_each(|contestant| println!("{}", contestant.name()));
        return Ok(());
    }
    let outcome = compare(&contestants, &works, options.rounds(), |text| eprintln!("{text}"))?;
    report::print(&outcome);
    if let Some(path) = &options.json {
        report::write(path, &Report::new(&outcome))?;
    }
    Ok(())
}

impl Options {
    fn rounds(&self) -> Rounds {
        if self.quick {
            return Rounds::QUICK;
        }
        let run = Duration::from_millis(self.run_ms);
        Rounds { rounds: self.rounds.max(1), run, ..Rounds::default() }
    }

    fn works(&self) -> Result<Vec<Work>, Failure> {
        let links = if self.links.is_empty() { &Link::ALL[..] } else { &self.links };
        let all = links.iter().flat_map(|link| WORKS.iter().map(|work| work.over(*link)));
        let is_wanted = |work: &Work| {
            let name = work.full_name();
            self.works.is_empty() || self.works.iter().any(|start| name.starts_with(start))
        };
        let wanted: Vec<Work> = all.filter(is_wanted).collect();
        if wanted.is_empty() {
            return Err(format!("no work begins with {}", self.works.join(" or ")).into());
        }
        Ok(wanted)
    }

    fn contestants(&self) -> Result<Vec<&'static dyn Contestant>, Failure> {
        let is_wanted = |contestant: &&dyn Contestant| {
            let name = contestant.name();
            self.contestants.is_empty() || name == Raw.name() || self.contestants.contains(&name)
        };
        let wanted: Vec<&dyn Contestant> = contestants().into_iter().filter(is_wanted).collect();
        let unknown =
            self.contestants.iter().find(|name| wanted.iter().all(|known| known.name() != **name));
        match unknown {
            Some(name) => Err(format!("there is no contestant {name:?}; see --list").into()),
            None => Ok(wanted),
        }
    }
}
