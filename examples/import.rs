//! Has numbers squared by the `export` example: plain channels, without actors.
//!
//! `cargo run --example import [ADDRESS]`, while `cargo run --example export` runs.

use std::error::Error;
use std::process::ExitCode;

use netchan::Connection;
use netchan::net::{Address, Config, ImportSettings, UnreadReports};

const DEFAULT_ADDRESS: &str = "127.0.0.1:7171";

#[tokio::main]
async fn main() -> ExitCode {
    let address = std::env::args().nth(1).unwrap_or_else(|| DEFAULT_ADDRESS.to_owned());
    match ask(&address).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {address}: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn ask(address: &str) -> Result<(), Box<dyn Error>> {
    let stream = address.parse::<Address>()?.dial().await?;
    let config = Config::default();
    let (connection, driver) = Connection::open(stream, &config, UnreadReports::ShutDown).await?;
    // Nothing moves without the driver.
    tokio::spawn(driver.run());

    let settings = ImportSettings::default().size(16);
    let numbers = connection.import_sender::<u32>("numbers", settings).await?;
    let mut squares = connection.import_receiver::<u64>("squares", settings).await?;

    // The questions need not wait for the answers. If they are not sent, no answer comes.
    tokio::spawn(async move { numbers.send_all(1..=10).await });
    for number in 1..=10 {
        println!("{number} squared is {}", squares.recv().await?);
    }
    connection.close().await;
    Ok(())
}
