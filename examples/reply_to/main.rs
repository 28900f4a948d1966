//! A message that carries a way back, over three processes.
//!
//! Customers order at a desk, and each order carries a `Recipient` of the customer's own actor. The desk
//! hands the orders on to a kitchen in a third process, way back and all. What the kitchen reports goes
//! through the desk and comes to the customer's actor. `cargo run --example reply_to` runs all three.

#[path = "../halves/mod.rs"]
mod halves;
mod orders;

use std::error::Error;
use std::process::ExitCode;

use actix::prelude::*;
use clap::Parser;
use netchan_actix::messages::Close;
use netchan_actix::{Address, Host, Remote, RemoteRecipient};
use tokio::sync::mpsc;

use crate::halves::Half;
use crate::orders::{Customer, Desk, Kitchen, Order, Report};

const ORDERS: u32 = 200;

/// Send messages that carry a way back, over three processes.
///
/// Without an option it starts the other two itself. With --kitchen, --desk and --order, the three run
/// by hand: in three terminals, or on three machines.
#[derive(Debug, Parser)]
#[command(after_help = "Addresses: HOST:PORT, tcp:HOST:PORT or unix:PATH. Port 0 is a free port.")]
struct Arguments {
    /// Be the kitchen, which listens there
    #[arg(long, value_name = "ADDRESS", conflicts_with_all = ["desk", "order"])]
    kitchen: Option<Address>,

    /// Be the desk, which listens there
    #[arg(long, value_name = "ADDRESS", requires = "kitchen_at", conflicts_with = "order")]
    desk: Option<Address>,

    /// Where the kitchen listens
    #[arg(long, value_name = "ADDRESS")]
    kitchen_at: Option<Address>,

    /// Be a customer, who orders at a desk that listens there
    #[arg(long, value_name = "ADDRESS")]
    order: Option<Address>,

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
    match (arguments.kitchen, arguments.desk, arguments.kitchen_at, arguments.order) {
        (Some(address), ..) => serve(address, Kitchen.start().recipient()).await,
        (_, Some(address), Some(kitchen_at), _) => {
            let kitchen = Remote::connect(&kitchen_at).await?.recipient("orders").await?;
            serve(address, Desk { kitchen }.start().recipient()).await
        }
        (.., Some(address)) => order(address).await,
        _ => {
            let mut kitchen = Half::start(&["--kitchen", "127.0.0.1:0"])?;
            let kitchen_at = kitchen.line_after("listening on ").await?;
            let mut desk = Half::start(&["--desk", "127.0.0.1:0", "--kitchen-at", &kitchen_at])?;
            order(desk.line_after("listening on ").await?.parse()?).await
        }
    }
}

/// Takes orders, for the kitchen or for the desk.
async fn serve(address: Address, orders: Recipient<Order>) -> Result<(), Box<dyn Error>> {
    let host = Host::listen(address).await?;
    host.publish("orders", orders).await?;
    println!("listening on {}", host.address());
    std::future::pending().await
}

/// Orders, and waits for what the kitchen reports.
async fn order(address: Address) -> Result<(), Box<dyn Error>> {
    let desk = Remote::connect(&address).await?;
    let orders: Recipient<Order> = desk.recipient("orders").await?;
    println!("connected to {address}");
    let (sender, mut reports) = mpsc::unbounded_channel();
    let customer = Customer { reports: sender }.start();
    for number in 0..ORDERS {
        let report_to = RemoteRecipient::from(customer.clone().recipient());
        let place = orders.send(Order { number, report_to }).await?;
        if place != number {
            return Err(format!("order {number} was taken as number {place}").into());
        }
    }
    drop(customer);
    // Each order is reported twice, and in order.
    let mut stages = vec![0; ORDERS as usize];
    for _ in 0..2 * ORDERS {
        let Report { number, stage } = reports.recv().await.ok_or("the customer is gone")?;
        let seen = stages.get_mut(number as usize).ok_or("nobody has ordered that")?;
        if stage != *seen + 1 {
            return Err(format!("order {number}: report {stage} came after {seen}").into());
        }
        *seen = stage;
    }
    println!("{} reports of {ORDERS} orders came through the desk", 2 * ORDERS);

    // When the last end on the other machines is dropped, nobody holds the actor any more.
    if reports.recv().await.is_some() {
        return Err("there are more reports than stages".into());
    }
    println!("all ways back are released: the customer's actor has ended");
    desk.addr().send(Close).await?;
    Ok(())
}
