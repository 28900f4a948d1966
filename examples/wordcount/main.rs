//! Counts the words of text files in another process.
//!
//! One half exports `lines`, which leads to a counting actor, and `counts`, which carries the
//! result. The other half imports both, sends every line, and compares the result with its own
//! count. `cargo run --example wordcount` runs both; `--listen` and `--connect` run one each.

mod counter;
mod feeder;
mod input;
mod pair;
mod words;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use netchan_actix::Address;

use crate::input::Input;

/// Count the words of text files in another process.
///
/// Without an option it starts that process itself. With --listen and --connect, the two halves run
/// by hand: in two terminals, or on two machines.
#[derive(Debug, Parser)]
#[command(after_help = "Addresses: HOST:PORT, tcp:HOST:PORT or unix:PATH. Port 0 is a free port.")]
struct Arguments {
    /// Text files; `-` is the standard input [default: the documents of this repository]
    files: Vec<PathBuf>,

    /// Only count: wait here for one process that sends lines
    #[arg(long, value_name = "ADDRESS", conflicts_with_all = ["connect", "files"])]
    listen: Option<Address>,

    /// Only send lines: to a process that listens there
    #[arg(long, value_name = "ADDRESS")]
    connect: Option<Address>,

    /// End when the standard input ends, which is when the process that holds it does
    #[arg(long, hide = true, requires = "listen")]
    with_parent: bool,
}

#[actix::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<ExitCode, Box<dyn Error>> {
    if arguments.with_parent {
        pair::end_with_parent();
    }
    if let Some(address) = arguments.listen {
        counter::run(&address).await?;
        return Ok(ExitCode::SUCCESS);
    }
    let input = Input::new(arguments.files)?;
    let comparison = match arguments.connect {
        Some(address) => feeder::run(&address, input).await?,
        None => pair::run(input).await?,
    };
    print!("{comparison}");
    Ok(if comparison.is_equal() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
