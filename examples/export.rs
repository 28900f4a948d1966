//! Squares numbers for whoever connects: plain channels, without actors.
//!
//! `cargo run --example export [ADDRESS]`, and in a second terminal `cargo run --example import`.
//!
//! Two channels make a service: `numbers` carries the questions, `squares` the answers. A value of
//! a channel goes to any one of its importers, so each importer gets an exporter of its own here,
//! with channels that nobody else has.

use std::error::Error;
use std::process::ExitCode;

use netchan::channel::RecvError;
use netchan::net::{Address, Config, ConnectionEnd, Stream};
use netchan::net::{RecvSettings, SendSettings};
use netchan::{Exporter, Receiver, Sender};

const DEFAULT_ADDRESS: &str = "127.0.0.1:7171";

#[tokio::main]
async fn main() -> ExitCode {
    let address = std::env::args().nth(1).unwrap_or_else(|| DEFAULT_ADDRESS.to_owned());
    match listen(&address).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {address}: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn listen(address: &str) -> Result<(), Box<dyn Error>> {
    let listener = address.parse::<Address>()?.listen().await?;
    println!("exporting \"numbers\" and \"squares\" at {}", listener.address());
    loop {
        let stream = listener.accept().await?;
        tokio::spawn(async move {
            let peer = stream.peer().to_owned();
            match serve(stream).await {
                Ok((end, answers)) => println!("{peer}: {answers} answers, {end}"),
                Err(error) => eprintln!("{peer}: {error}"),
            }
        });
    }
}

/// Serves one importer until its connection ends.
async fn serve(stream: Stream) -> Result<(ConnectionEnd, u64), Box<dyn Error + Send + Sync>> {
    let exporter = Exporter::new(Config::default());
    let numbers = exporter.export_receiver::<u32>("numbers", RecvSettings::default())?;
    let squares = exporter.export_sender::<u64>("squares", SendSettings::default())?;
    let connection = exporter.serve(stream).await?;
    let answering = tokio::spawn(answer(numbers, squares));
    let end = connection.closed().await;
    // A lost importer could come back for its channels. Here nobody waits for that.
    exporter.close().await;
    Ok((end, answering.await?))
}

/// Answers until there are no more questions, or nobody wants the answers.
async fn answer(mut numbers: Receiver<u32>, squares: Sender<u64>) -> u64 {
    let mut answers = 0;
    loop {
        let number = match numbers.recv().await {
            Ok(number) => u64::from(number),
            Err(RecvError::Closed(_)) => return answers,
            Err(error) => {
                eprintln!("not a number: {error}");
                continue;
            }
        };
        if squares.send(number * number).await.is_err() {
            return answers;
        }
        answers += 1;
    }
}
