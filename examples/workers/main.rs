//! A queue of jobs for workers in other processes, one of which is killed at its work.
//!
//! The first process exports `jobs`: each goes to one worker, whose answer comes back. Every job is
//! done, whatever happens to a worker. `cargo run --example workers` runs all of it; `--listen` and
//! `--connect` run the queue and its workers by hand.

#[path = "../halves/mod.rs"]
mod halves;
mod work;

use std::collections::BTreeMap;
use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use actix::prelude::*;
use clap::Parser;
use futures::{StreamExt, stream};
use netchan::net::{Event, EventStream, SendSettings};
use netchan_actix::messages::{Disconnected, Events, ExportRecipient, ImportReceiver};
use netchan_actix::messages::{ListenAndServe, Shutdown};
use netchan_actix::{Address, Config, ExporterActor, Remote};

use crate::halves::Half;
use crate::work::{Factors, Job, Worker};

/// The numbers to factor: consecutive ones, from here on.
const FIRST: u64 = 100_000_000_000_000;
const JOBS: u64 = 400;

/// Jobs that a worker has at the same time. Few, so that the others get their share.
const JOBS_OF_A_WORKER: u32 = 16;

/// After so many results, a worker is killed.
const KILL_AFTER: u64 = 100;

/// A queue of jobs for workers in other processes, one of which is killed at its work.
///
/// Without an option it starts the workers itself. With --listen and --connect they run by hand: in
/// several terminals, or on several machines; kill and start them as you like.
#[derive(Debug, Parser)]
#[command(after_help = "Addresses: HOST:PORT, tcp:HOST:PORT or unix:PATH. Port 0 is a free port.")]
struct Arguments {
    /// Only give out jobs: wait here for workers
    #[arg(long, value_name = "ADDRESS", conflicts_with = "connect")]
    listen: Option<Address>,

    /// Only work: for a process that listens there
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
        (_, Some(address)) => work(address).await,
        (Some(address), None) => give_out(address, 0).await,
        (None, None) => give_out("127.0.0.1:0".parse()?, 3).await,
    }
}

/// Works until there are no more jobs.
async fn work(address: Address) -> Result<(), Box<dyn Error>> {
    let remote = Remote::connect(&address).await?;
    let jobs = ImportReceiver::<Job>::new("jobs").size(JOBS_OF_A_WORKER);
    remote.addr().send(jobs.deliver_to(Worker.start().recipient())).await??;
    println!("working");
    let end = remote.addr().send(Disconnected).await?;
    if end.is_regular() { Ok(()) } else { Err(end.into()) }
}

/// Gives out the jobs, to so many workers of its own and to those who come.
async fn give_out(address: Address, workers: usize) -> Result<(), Box<dyn Error>> {
    // A worker whose link is lost is given up at once: its session is not kept, its jobs go to others.
    let config = Config::builder().session_expiry(Duration::ZERO).build()?;
    let exporter = ExporterActor::new(config).start();
    let events = exporter.send(Events).await?;
    // A job that is done twice does no harm, so one of unknown fate is given out again.
    let settings = SendSettings::default().redelivers_asks();
    let export = ExportRecipient::<Job>::new("jobs").settings(settings);
    let jobs = exporter.send(export).await??;
    let address = exporter.send(ListenAndServe(address)).await??;
    println!("listening on {address}");

    let mut own_workers = Vec::new();
    for _ in 0..workers {
        own_workers.push(start_worker(&address).await?);
    }
    let repeated = actix::spawn(count_repeated(events));

    let numbers = FIRST..FIRST + JOBS;
    let asking = numbers.map(|number| {
        let asked = jobs.send(Job { number });
        async move { (number, asked.await) }
    });
    let mut results = stream::iter(asking).buffer_unordered(JOBS as usize);
    let mut done = 0;
    let mut done_by = BTreeMap::<u32, u64>::new();
    while let Some((number, result)) = results.next().await {
        let Factors { factors, worker } = result?;
        if factors.iter().product::<u64>() != number {
            return Err(format!("{factors:?} are not the factors of {number}").into());
        }
        done += 1;
        *done_by.entry(worker).or_default() += 1;
        if done == KILL_AFTER && !own_workers.is_empty() {
            println!("{done} jobs are done, and a worker is killed");
            own_workers.remove(0).kill().await?;
        }
    }
    let report = exporter.send(Shutdown { timeout: Duration::from_secs(5) }).await?;
    for worker in own_workers {
        worker.print_as("worker").await?;
    }
    for (worker, jobs) in done_by {
        println!("process {worker} did {jobs} jobs");
    }
    let repeated = repeated.await?;
    if done != JOBS || !report.is_complete() {
        return Err(format!("{done} of {JOBS} jobs were done").into());
    }
    println!("{done} jobs done, {repeated} of them given out twice: every product is right");
    Ok(())
}

async fn start_worker(address: &Address) -> Result<Half, Box<dyn Error>> {
    let mut worker = Half::start(&["--connect", &address.to_string()])?;
    worker.line_after("working").await?;
    Ok(worker)
}

/// Jobs that were given out again, because nobody knows whether they were done.
async fn count_repeated(mut events: EventStream) -> u64 {
    let mut repeated = 0;
    while let Some(event) = events.next_event().await {
        if let Event::Unconfirmed { redelivered_values: jobs @ 1.., .. } = event {
            println!("{jobs} jobs of a worker that is gone go to others");
            repeated += jobs;
        }
    }
    repeated
}
