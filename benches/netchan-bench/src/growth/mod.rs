//! The cost of a value against what grows.

use crate::Failure;

/// What the command line asks for.
#[derive(Debug, clap::Args)]
pub struct Options {}

/// Runs the command.
///
/// # Errors
///
/// What went wrong.
pub fn run(_options: Options) -> Result<(), Failure> {
    Err("not there yet".into())
}
