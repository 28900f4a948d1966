//! The program: `cargo run --release -p netchan-bench -- --help`.

use clap::{Parser, Subcommand};
use netchan_bench::contestants::contestants;
use netchan_bench::{Failure, alone, growth, idle, instructions, plot, works};

/// How fast values travel with netchan, beside a baseline that is written by hand.
#[derive(Debug, Parser)]
#[command(args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,

    #[command(flatten)]
    works: works::Options,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The works W1 to W8, next to the baseline; the default
    Works(works::Options),
    /// The cost of a value against channels, connections, sizes, windows, round trips, cores
    Growth(growth::Options),
    /// Memory and wake-ups of connections on which nothing happens
    Idle(idle::Options),
    /// What one value costs in instructions, counted by callgrind
    Instructions(instructions::Options),
    /// Draws what the others have measured
    Plot(plot::Options),
}

fn main() -> Result<(), Failure> {
    if alone::is_done(&contestants())? {
        return Ok(());
    }
    let arguments = Arguments::parse();
    match arguments.command.unwrap_or(Command::Works(arguments.works)) {
        Command::Works(options) => works::run(options),
        Command::Growth(options) => growth::run(options),
        Command::Idle(options) => idle::run(options),
        Command::Instructions(options) => instructions::run(&options),
        Command::Plot(options) => plot::run(options),
    }
}
