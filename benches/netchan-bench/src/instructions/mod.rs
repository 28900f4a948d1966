//! The command `instructions`: what one value costs in instructions, which does not depend on what else
//! the machine does.
//!
//! For each `Stage` the program runs itself under callgrind, twice, with different numbers of values,
//! and divides the difference of the instructions by the difference of the values: what is done only
//! once cancels out. Callgrind counts only what happens in `counted`, so that a stage
//! is alone even though the others have to prepare it. Instructions of the kernel are not counted.

mod callgrind;
mod channel;
mod codec;
mod counted;
mod session;
mod stage;
mod table;
mod way;

use std::path::PathBuf;

use self::stage::Stage;
use self::table::Table;
use crate::{Failure, report};

/// A stage that needs more than this beyond what it has needed before is a regression, in per cent.
/// Hash tables have random seeds, which changes the counts by less than one.
const GROWTH_PER_CENT_MAX: f64 = 5.0;

/// What the command line asks for.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// Where to write what was counted, as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    /// What was counted before, as JSON; fails if a stage needs over 5 % more
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,

    /// Only stages whose names begin so
    #[arg(long, value_name = "NAME", default_value = "")]
    stage: String,

    /// Does it run? Few values, which gives no figures to quote
    #[arg(long)]
    quick: bool,

    /// How many values of the one stage this process handles; the program starts itself so
    #[arg(long, hide = true, requires = "stage")]
    values: Option<usize>,
}

/// Runs the command.
///
/// # Errors
///
/// When valgrind is not there, when a stage fails, and when one has grown too much.
pub fn run(options: &Options) -> Result<(), Failure> {
    if let Some(values) = options.values {
        return Stage::find(&options.stage)?.run(values);
    }
    // First, since counting takes minutes.
    let before = options.against.as_deref().map(Table::read).transpose()?;
    let mut table = Table::default();
    for stage in Stage::all().filter(|stage| stage.name().starts_with(&options.stage)) {
        let name = stage.name();
        eprintln!("{name}");
        let values = stage.values(options.quick);
        let few = callgrind::count(&name, values)?;
        let many = callgrind::count(&name, values * 3)?;
        table.push(name, callgrind::per_value((values, few), (values * 3, many))?);
    }
    if table.is_empty() {
        return Err(format!("no stage begins with {:?}", options.stage).into());
    }
    table.print(before.as_ref());
    if let Some(file) = &options.json {
        report::write(file, &table)?;
    }
    let grown = before.map(|before| table.grown(&before, GROWTH_PER_CENT_MAX)).unwrap_or_default();
    if grown.is_empty() {
        return Ok(());
    }
    Err(format!("over {GROWTH_PER_CENT_MAX} % more instructions: {}", grown.join("; ")).into())
}
