//! Both halves from one command: this process feeds, and starts another that counts.

use std::env;
use std::error::Error;
use std::io;
use std::process::{self, Stdio};
use std::thread;

use netchan_actix::Address;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{ChildStdout, Command};

use crate::feeder;
use crate::input::Input;
use crate::words::Comparison;

/// Starts the counting half, and has the words of `input` counted there.
pub(crate) async fn run(input: Input) -> Result<Comparison, Box<dyn Error>> {
    let mut counter = Command::new(env::current_exe()?)
        .args(["--listen", "127.0.0.1:0", "--with-parent"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    // Held until the counter has ended. However this process ends, the pipe ends with it.
    let lifeline = counter.stdin.take();
    let stdout = counter.stdout.take().ok_or("the counting process has no output")?;
    let mut output = BufReader::new(stdout).lines();
    let address = listening_address(&mut output).await?;
    let echo = actix::spawn(print_as_counter(output));

    let comparison = feeder::run(&address, input).await?;
    let status = counter.wait().await?;
    echo.await??;
    drop(lifeline);
    if !status.success() {
        return Err(format!("the counting process ended with {status}").into());
    }
    Ok(comparison)
}

/// Ends this process when its standard input does. For the counting half: see `lifeline` above.
pub(crate) fn end_with_parent() {
    thread::spawn(|| {
        if io::copy(&mut io::stdin().lock(), &mut io::sink()).is_ok() {
            eprintln!("error: the process that started this one has ended");
        }
        process::exit(1);
    });
}

/// Reads what the counting half prints first.
async fn listening_address(
    output: &mut Lines<BufReader<ChildStdout>>,
) -> Result<Address, Box<dyn Error>> {
    let line = output.next_line().await?.ok_or("the counting process ended at once")?;
    let address =
        line.strip_prefix("listening on ").ok_or("the counting process does not listen")?;
    Ok(address.parse()?)
}

async fn print_as_counter(mut output: Lines<BufReader<ChildStdout>>) -> io::Result<()> {
    while let Some(line) = output.next_line().await? {
        println!("counter: {line}");
    }
    Ok(())
}
