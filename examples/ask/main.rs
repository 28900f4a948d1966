//! Asks an actor in another process, as if it were here.
//!
//! One half has a store of counters, an actor, and publishes it. The other half asks it: thousands of
//! questions at the same time, one that is answered with an error, and one that gets no answer in
//! time. `cargo run --example ask` runs both; `--listen` and `--connect` run one each.

#[path = "../halves/mod.rs"]
mod halves;
mod store;

use std::error::Error;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use actix::prelude::*;
use clap::Parser;
use futures::{StreamExt, TryStreamExt, stream};
use netchan_actix::messages::Close;
use netchan_actix::{Address, Host, Remote};

use crate::halves::Half;
use crate::store::{Command, Store};

const ADDITIONS: u64 = 20_000;
const COUNTERS: u64 = 10;

/// Questions that wait for their answers at the same time.
const AT_ONCE: usize = 200;

/// How long to wait for what does not come.
const PATIENCE: Duration = Duration::from_millis(100);

/// Ask an actor in another process, as if it were here.
///
/// Without an option it starts that process itself. With --listen and --connect, the two halves run
/// by hand: in two terminals, or on two machines.
#[derive(Debug, Parser)]
#[command(after_help = "Addresses: HOST:PORT, tcp:HOST:PORT or unix:PATH. Port 0 is a free port.")]
struct Arguments {
    /// Only answer: wait here for those who ask
    #[arg(long, value_name = "ADDRESS", conflicts_with = "connect")]
    listen: Option<Address>,

    /// Only ask: a process that listens there
    #[arg(long, value_name = "ADDRESS")]
    connect: Option<Address>,

    #[arg(long, hide = true)]
    with_parent: bool,
}

#[actix::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    if arguments.with_parent {
        halves::end_with_parent();
    }
    match (arguments.listen, arguments.connect) {
        (Some(address), _) => answer(address).await,
        (None, Some(address)) => ask(address).await,
        (None, None) => {
            let mut half = Half::start(&["--listen", "127.0.0.1:0"])?;
            let address: Address = half.line_after("listening on ").await?.parse()?;
            ask(address).await
        }
    }
}

/// The half that has the store.
async fn answer(address: Address) -> Result<(), Box<dyn Error>> {
    let host = Host::listen(address).await?;
    host.publish("store", Store::default().start().recipient()).await?;
    println!("listening on {}", host.address());
    std::future::pending().await
}

/// The half that asks.
async fn ask(address: Address) -> Result<(), Box<dyn Error>> {
    let remote = Remote::connect(&address).await?;
    let store: Recipient<Command> = remote.recipient("store").await?;
    println!("connected to {address}");
    // The names are new, so that several can ask the same store.
    let name = |counter: u64| format!("{}/{counter}", std::process::id());

    // The handler's own error is an answer.
    match store.send(Command::Get { name: name(0) }).await? {
        Ok(value) => return Err(format!("nobody has added anything, but there is {value}").into()),
        Err(error) => println!("the store's own error: {error}"),
    }

    // The actor's answer to this one waits for somebody who never comes.
    match store.send(Command::WaitFor { name: name(COUNTERS) }).timeout(PATIENCE).await {
        Err(MailboxError::Timeout) => println!("no answer within {PATIENCE:?}: given up"),
        other => return Err(format!("an answer that cannot be: {other:?}").into()),
    }

    // Many at once: a slow answer does not delay the next one.
    let started = Instant::now();
    let additions = stream::iter(0..ADDITIONS)
        .map(|number| store.send(Command::Add { name: name(number % COUNTERS), amount: number }));
    let answers = additions.buffer_unordered(AT_ONCE).map(|sent| -> Result<(), Box<dyn Error>> {
        sent??;
        Ok(())
    });
    let answered = answers.try_fold(0_u64, |count, ()| async move { Ok(count + 1) }).await?;
    let seconds = started.elapsed().as_secs_f64();
    let per_second = answered as f64 / seconds;
    println!("{answered} answers in {seconds:.3} s: {per_second:.0} answers per second");

    for counter in 0..COUNTERS {
        let there = store.send(Command::Get { name: name(counter) }).await??;
        let here: u64 = (0..ADDITIONS).filter(|number| number % COUNTERS == counter).sum();
        if there != here {
            return Err(format!("counter {counter} is {there} there and {here} here").into());
        }
    }
    println!("{COUNTERS} counters: equal to the sums made here");
    remote.addr().send(Close).await?;
    Ok(())
}
