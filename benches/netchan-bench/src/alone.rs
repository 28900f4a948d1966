//! A work in a process of its own, where nothing is left of the works before it.

use std::env;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{Contestant, Failure, Work};

/// What tells a process that it is to do one work alone.
const VARIABLE: &str = "NETCHAN_BENCH_ALONE";

/// Who does what.
#[derive(Serialize, Deserialize)]
struct Errand {
    contestant: String,
    work: String,
    run: Duration,
}

/// Runs this program again for this work of this contestant, which must lead here again: there it
/// measures, and the number is the first [figure](crate::Figure) of the contestant.
///
/// # Errors
///
/// What went wrong there.
pub fn alone(
    contestant: &dyn Contestant,
    work: &Work,
    run: Duration,
    measure: impl FnOnce() -> Result<f64, Failure>,
) -> Result<f64, Failure> {
    if env::var_os(VARIABLE).is_some() {
        return measure();
    }
    let errand = Errand { contestant: contestant.name(), work: work.full_name(), run };
    let output = Command::new(env::current_exe()?)
        .env(VARIABLE, serde_json::to_string(&errand)?)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err(format!("the process that did it alone failed: {}", output.status).into());
    }
    Ok(String::from_utf8(output.stdout)?.trim().parse()?)
}

/// Does the one work that this process is for, if it is for one, and says so. To be called by a program
/// before all else, with all contestants that [`compare`](crate::compare) may be given.
///
/// # Errors
///
/// What went wrong.
pub fn is_done(contestants: &[&dyn Contestant]) -> Result<bool, Failure> {
    let Some(errand) = env::var_os(VARIABLE) else { return Ok(false) };
    let errand: Errand = serde_json::from_str(errand.to_str().ok_or("not an errand")?)?;
    let work = Work::find(&errand.work).ok_or("no such work")?;
    let whose = contestants.iter().find(|contestant| contestant.name() == errand.contestant);
    let figures = whose.ok_or("no such contestant")?.run(&work, errand.run)?;
    let figure = figures.into_iter().flatten().next().ok_or("nothing was measured")?;
    println!("{}", figure.value);
    Ok(true)
}
