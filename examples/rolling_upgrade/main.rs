//! Machines of a fleet are upgraded one at a time, and it goes on working.
//!
//! A warehouse takes the orders of two shops. Release 2 has another type of orders. The warehouse is
//! upgraded first, because it receives: it also accepts the orders of release 1. The shops follow, one
//! after the other. `cargo run --example rolling_upgrade` runs all of it; `--listen` and `--connect` run
//! one machine by hand.

#[path = "../halves/mod.rs"]
mod halves;
mod orders;
mod warehouse;

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use actix::clock::interval;
use actix::prelude::*;
use clap::Parser;
use netchan::channel::{Format, Value};
use netchan_actix::{Address, Host, Remote};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::halves::Half;
use crate::orders::{Order, OrderV1};
use crate::warehouse::Warehouse;

/// How long a shop waits between two orders.
const PAUSE: Duration = Duration::from_millis(10);

/// So many orders of each shop are confirmed before the next machine is upgraded.
const ORDERS: u64 = 5;

/// Machines of a fleet are upgraded one at a time, and it goes on working.
///
/// Without an option it starts and upgrades all machines itself. With --listen and --connect they run
/// by hand: in several terminals, or on several machines; end them and start them with another release.
#[derive(Debug, Parser)]
#[command(after_help = "Addresses: HOST:PORT, tcp:HOST:PORT or unix:PATH. Port 0 is a free port.")]
struct Arguments {
    /// Be the warehouse: wait here for shops
    #[arg(long, value_name = "ADDRESS", conflicts_with = "connect")]
    listen: Option<Address>,

    /// Be a shop: of the warehouse that listens there
    #[arg(long, value_name = "ADDRESS")]
    connect: Option<Address>,

    /// The release of this machine: 1 or 2
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=2))]
    release: u8,

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
    match (arguments.listen, arguments.connect, arguments.release) {
        (Some(address), _, release) => take_orders(address, release).await,
        (None, Some(address), 1) => {
            let order = |number| OrderV1 { item: "chairs".into(), pieces: number };
            send_orders(address, order).await
        }
        (None, Some(address), _) => {
            let is_express = |number| number % 2 == 0;
            let order = |number| Order {
                item: "chairs".into(),
                pieces: number,
                is_express: is_express(number),
            };
            send_orders(address, order).await
        }
        (None, None, _) => upgrade_all().await,
    }
}

/// The warehouse.
async fn take_orders(address: Address, release: u8) -> Result<(), Box<dyn Error>> {
    let host = Host::listen(address).await?;
    let warehouse = Warehouse.start();
    match release {
        1 => host.publish("orders", warehouse.recipient::<OrderV1>()).await?,
        _ => {
            // Until the last shop has release 2.
            let orders = Format::<Order>::new().also_accepts::<OrderV1>();
            let confirmations = Format::<String>::new();
            let target = warehouse.recipient::<Order>();
            host.publish_as("orders", target, orders, confirmations).await?;
        }
    }
    println!("listening on {}", host.address());
    std::future::pending().await
}

/// A shop: each order is of the type of its release.
async fn send_orders<M>(address: Address, order: impl Fn(u32) -> M) -> Result<(), Box<dyn Error>>
where
    M: Message<Result = String> + Value,
{
    let remote = Remote::connect(&address).await?;
    let orders: Recipient<M> = remote.recipient("orders").await?;
    println!("open");
    let mut pauses = interval(PAUSE);
    for number in 1.. {
        pauses.tick().await;
        // The warehouse is upgraded just now, and nobody knows whether it has got this order. The next
        // attempt waits until it is back. A real order would have a number, to be taken once.
        let confirmed = loop {
            match orders.send(order(number)).await {
                Ok(confirmed) => break confirmed,
                Err(MailboxError::Closed) if orders.connected() => {}
                Err(error) => return Err(error.into()),
            }
        };
        println!("confirmed: {confirmed}");
    }
    Ok(())
}

/// A shop's process.
struct Shop {
    name: &'static str,
    /// How many orders were confirmed, and the last confirmation.
    confirmed: watch::Receiver<(u64, String)>,
    reading: JoinHandle<()>,
}

impl Shop {
    async fn start(
        name: &'static str,
        address: &Address,
        release: &str,
    ) -> Result<Shop, Box<dyn Error>> {
        let arguments = ["--connect", &address.to_string(), "--release", release];
        let mut half = Half::start(&arguments)?;
        half.line_after("open").await?;
        let (sender, confirmed) = watch::channel((0, String::new()));
        let reading = actix::spawn(async move {
            while let Ok(confirmation) = half.line_after("confirmed: ").await {
                sender.send_modify(|(count, last)| {
                    *count += 1;
                    *last = confirmation;
                });
            }
        });
        Ok(Shop { name, confirmed, reading })
    }

    /// Waits until some more of its orders are confirmed, the last one with these words.
    async fn go_on(&mut self, words: &str) -> Result<(), Box<dyn Error>> {
        let enough = self.confirmed.borrow().0 + ORDERS;
        let is_enough = |(count, last): &(u64, String)| *count >= enough && last.ends_with(words);
        self.confirmed.wait_for(is_enough).await.map_err(|_| format!("{} has ended", self.name))?;
        println!("  {} goes on: {words}", self.name);
        Ok(())
    }
}

/// The process ends with whoever reads what it prints.
impl Drop for Shop {
    fn drop(&mut self) {
        self.reading.abort();
    }
}

async fn start_warehouse(address: &str, release: &str) -> Result<(Half, Address), Box<dyn Error>> {
    let mut half = Half::start(&["--listen", address, "--release", release])?;
    let address = half.line_after("listening on ").await?.parse()?;
    Ok((half, address))
}

/// Upgrades a fleet.
async fn upgrade_all() -> Result<(), Box<dyn Error>> {
    let (warehouse, address) = start_warehouse("127.0.0.1:0", "1").await?;
    let mut shops = [
        Shop::start("the shop in town", &address, "1").await?,
        Shop::start("the shop at sea", &address, "1").await?,
    ];
    println!("release 1 is everywhere");
    for shop in &mut shops {
        shop.go_on("chairs").await?;
    }

    // Whoever sends must not be first, and is told why.
    let remote = Remote::connect(&address).await?;
    match remote.recipient::<Order>("orders").await {
        Err(error) => println!("a shop with release 2 would be too early:\n  {error}"),
        Ok(_) => return Err("an order of release 2 went to release 1".into()),
    }

    warehouse.kill().await?;
    let (_warehouse, _) = start_warehouse(&address.to_string(), "2").await?;
    println!("the warehouse has release 2");
    for shop in &mut shops {
        shop.go_on("chairs, by mail").await?;
    }

    for upgraded in 0..shops.len() {
        let name = shops[upgraded].name;
        shops[upgraded] = Shop::start(name, &address, "2").await?;
        println!("{name} has release 2");
        for (at, shop) in shops.iter_mut().enumerate() {
            shop.go_on(if at <= upgraded { "chairs, express" } else { "chairs, by mail" }).await?;
        }
    }
    println!("release 2 is everywhere, and no shop was ever closed");
    Ok(())
}
