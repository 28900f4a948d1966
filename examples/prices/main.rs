//! One market, and whoever wants to watch it: quickly or slowly.
//!
//! The market exports `trades`, of which whoever is slow misses the oldest, and `prices`, of which
//! everybody has the newest. `cargo run --example prices` runs a market, a fast watcher and a slow
//! one; `--listen` and `--connect` run one each.

#[path = "../halves/mod.rs"]
mod halves;
mod watcher;

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use actix::prelude::*;
use clap::Parser;
use netchan::net::{SendSettings, Shape, Slow};
use netchan_actix::messages::{ExportSender, ListenAndServe, Shutdown};
use netchan_actix::{Address, Config, ExporterActor};
use serde::{Deserialize, Serialize};

use crate::halves::Half;

const TRADES: u64 = 20_000;

/// Trades in a row, and the pause behind them.
const BURST: u64 = 50;
const PAUSE: Duration = Duration::from_millis(2);

/// Trades that wait for whoever is slow. Those before them are missed.
const TRADES_KEPT: u32 = 500;

/// What goes over `trades`, numbered from 1.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Trade {
    number: u64,
    cents: u64,
}

/// What goes over `prices`: the price after a trade.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Price {
    after_trade: u64,
    cents: u64,
}

/// One market, and whoever wants to watch it: quickly or slowly.
///
/// Without an option it starts a market, a fast watcher and a slow one. With --listen and --connect
/// they run by hand: in several terminals, or on several machines.
#[derive(Debug, Parser)]
#[command(after_help = "Addresses: HOST:PORT, tcp:HOST:PORT or unix:PATH. Port 0 is a free port.")]
struct Arguments {
    /// Only trade: begin when the standard input has a line
    #[arg(long, value_name = "ADDRESS", conflicts_with = "connect")]
    listen: Option<Address>,

    /// Only watch: the market that listens there
    #[arg(long, value_name = "ADDRESS")]
    connect: Option<Address>,

    /// Take a millisecond for each trade
    #[arg(long, requires = "connect")]
    slow: bool,

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
        (_, Some(address)) => watcher::run(&address, arguments.slow).await,
        (Some(address), None) => trade(address, false).await,
        (None, None) => trade("127.0.0.1:0".parse()?, true).await,
    }
}

/// Opens the market, trades, and waits until all have what is theirs.
async fn trade(address: Address, has_own_watchers: bool) -> Result<(), Box<dyn Error>> {
    let exporter = ExporterActor::new(Config::default()).start();
    let everyone = SendSettings::default().capacity_values(TRADES_KEPT);
    let everyone = everyone.shape(Shape::Broadcast(Slow::DropOldest));
    let trades = exporter.send(ExportSender::<Trade>::new("trades").settings(everyone)).await??;
    let newest = SendSettings::default().shape(Shape::Latest);
    let prices = exporter.send(ExportSender::<Price>::new("prices").settings(newest)).await??;
    let address = exporter.send(ListenAndServe(address)).await??;
    println!("listening on {address}");

    let mut watchers = Vec::new();
    if has_own_watchers {
        let address = address.to_string();
        for (name, speed) in [("fast", None), ("slow", Some("--slow"))] {
            let mut arguments = vec!["--connect", &address];
            arguments.extend(speed);
            let mut watcher = Half::start(&arguments)?;
            watcher.line_after("watching").await?;
            watchers.push((name, watcher));
        }
    } else {
        println!("press Enter when all watch");
        tokio::task::spawn_blocking(|| std::io::stdin().read_line(&mut String::new())).await??;
    }

    // Sending never waits, however slow a watcher is.
    let mut market_is_open = tokio::time::interval(PAUSE);
    let mut cents = 10_000;
    for number in 1..=TRADES {
        if number % BURST == 0 {
            market_is_open.tick().await;
        }
        cents = cents + number * 7 % 13 - 6;
        trades.send(Trade { number, cents }).await?;
        prices.send(Price { after_trade: number, cents }).await?;
    }
    println!("{TRADES} trades, the last one at {cents} cents");
    drop((trades, prices));
    let printing = watchers.into_iter().map(|(name, watcher)| watcher.print_as(name));
    let printing = futures::future::try_join_all(printing);
    let shutting_down = exporter.send(Shutdown { timeout: Duration::from_secs(30) });
    let (printed, report) = tokio::join!(printing, shutting_down);
    printed?;
    let undelivered = report?.undelivered_values();
    if undelivered > 0 {
        return Err(format!("{undelivered} values were not received").into());
    }
    if has_own_watchers {
        // They have ended well, which they do only then.
        println!("every watcher has the last price, and knows how many trades it missed");
    } else {
        println!("every watcher has received what was kept for it");
    }
    Ok(())
}
