//! A service that can be told to stop, and a watcher that survives what happens to it.
//!
//! `cargo run --example service -- serve [ADDRESS]` measures something and exports the readings. Told
//! to stop by SIGTERM or Ctrl-C, it delivers what it has, says goodbye, and reports.
//!
//! `cargo run --example service -- watch ADDRESS` imports the readings. It may start before the
//! service, and goes on when the service is killed and started again. It ends when the service was
//! stopped in good order.

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use actix::prelude::*;
use netchan::Sender;
use netchan::net::{Event, SendSettings};
use netchan_actix::messages::{
    Disconnected, EventReport, ExportSender, ImportReceiver, ListenAndServe, Shutdown,
    SubscribeEvents,
};
use netchan_actix::{Address, Config, ExporterActor, ImporterActor};
use serde::{Deserialize, Serialize};
use tokio::signal::unix::{SignalKind, signal};

const DEFAULT_ADDRESS: &str = "127.0.0.1:7272";

/// How long a service that is told to stop tries to deliver what it has.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(5);

/// What the service measures.
#[derive(Message, Serialize, Deserialize)]
#[rtype(result = "()")]
struct Reading {
    number: u64,
}

#[actix::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments[..] {
        ["serve"] => serve(DEFAULT_ADDRESS).await,
        ["serve", address] => serve(address).await,
        ["watch", address] => watch(address).await,
        _ => Err("usage: service serve [ADDRESS] | service watch ADDRESS".into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(address: &str) -> Result<(), Box<dyn Error>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;

    let exporter = Supervisor::start(|_| ExporterActor::new(Config::default()));
    let settings = SendSettings::default().capacity_values(16);
    let export = ExportSender::<Reading>::new("readings").settings(settings);
    let readings = exporter.send(export).await??;
    let address = exporter.send(ListenAndServe(address.parse()?)).await??;
    println!("serving \"readings\" at {address}");

    let measuring = actix::spawn(measure(readings));
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    println!("told to stop");
    let report = exporter.send(Shutdown { timeout: SHUTDOWN_TIMEOUT }).await?;
    let taken = measuring.await?;
    if report.is_complete() {
        println!("all of {taken} readings were delivered");
    } else {
        println!("{} of {taken} readings were not delivered", report.undelivered_values());
    }
    Ok(())
}

/// Measures as fast as readings are taken, until the channel takes no more. Says how many it took.
async fn measure(readings: Sender<Reading>) -> u64 {
    let mut every = tokio::time::interval(Duration::from_millis(10));
    let mut number = 0;
    loop {
        every.tick().await;
        if readings.send(Reading { number: number + 1 }).await.is_err() {
            return number;
        }
        number += 1;
    }
}

async fn watch(address: &str) -> Result<(), Box<dyn Error>> {
    let address: Address = address.parse()?;
    let importer =
        Supervisor::start(|_| ImporterActor::new(address, "the service", Config::default()));
    let watcher = Watcher { readings: 0 }.start();
    importer.send(SubscribeEvents(watcher.clone().recipient())).await?;
    let import = ImportReceiver::<Reading>::new("readings").size(16);
    importer.send(import.deliver_to(watcher.clone().recipient())).await??;
    // The channel ends when the service is stopped in good order, and then the connection does.
    let end = importer.send(Disconnected).await?;
    let readings = watcher.send(Total).await?;
    println!("{readings} readings in all: {end}");
    Ok(())
}

/// Counts the readings, and says what happens to the connection.
struct Watcher {
    readings: u64,
}

/// How many readings were there?
#[derive(Message)]
#[rtype(result = "u64")]
struct Total;

impl Actor for Watcher {
    type Context = Context<Self>;
}

impl Handler<Reading> for Watcher {
    type Result = ();

    fn handle(&mut self, reading: Reading, _: &mut Context<Self>) {
        self.readings += 1;
        if reading.number % 100 == 1 {
            println!("reading number {}", reading.number);
        }
    }
}

impl Handler<EventReport> for Watcher {
    type Result = ();

    fn handle(&mut self, EventReport(event): EventReport, _: &mut Context<Self>) {
        match event {
            Event::Connected { .. } => println!("connected"),
            Event::LinkLost { end, .. } => println!("link lost: {end}"),
            Event::Resumed { .. } => println!("resumed, nothing is missing"),
            Event::PeerRestarted { .. } => println!("the service has restarted"),
            _ => {}
        }
    }
}

impl Handler<Total> for Watcher {
    type Result = u64;

    fn handle(&mut self, _: Total, _: &mut Context<Self>) -> u64 {
        self.readings
    }
}
