//! The half that counts: it exports `lines` and `counts` to one importer.

use std::error::Error;

use actix::prelude::*;
use netchan::Sender;
use netchan::net::Listener;
use netchan_actix::messages::{Disconnected, ExportReceiver, ExportSender, ServeConnection};
use netchan_actix::{Address, Config, ConnectionActor, ExporterActor};

use crate::words::{COUNTS, Count, LINES, Line, Words};

/// Counts for one importer, from its first line until it has its counts.
pub(crate) async fn run(address: &Address) -> Result<(), Box<dyn Error>> {
    let exporter = ExporterActor::new(Config::default()).start();
    let counts = exporter.send(ExportSender::<Count>::new(COUNTS)).await??;
    let counter = Counter::new(counts).start();
    let export = ExportReceiver::<Line>::new(LINES).deliver_to(counter.clone().recipient());
    exporter.send(export).await??;

    let listener = address.listen().await.map_err(|error| format!("{address}: {error}"))?;
    println!("listening on {}", listener.address());
    let connection = first_importer(&exporter, &listener).await?;
    drop(listener);

    let end = connection.send(Disconnected).await?;
    let progress = counter.send(GetProgress).await?;
    if !end.is_regular() || !progress.is_complete {
        return Err(format!("the text broke off after {} lines: {end}", progress.lines).into());
    }
    println!("counted the words of {} lines", progress.lines);
    Ok(())
}

/// Waits for somebody who speaks the protocol.
async fn first_importer(
    exporter: &Addr<ExporterActor>,
    listener: &Listener,
) -> Result<Addr<ConnectionActor>, Box<dyn Error>> {
    loop {
        let stream = listener.accept().await?;
        let peer = stream.peer().to_owned();
        match exporter.send(ServeConnection(stream)).await? {
            Ok(connection) => return Ok(connection),
            Err(error) => eprintln!("{peer}: {error}"),
        }
    }
}

/// Counts the words of the lines that it gets, and sends the counts when it has got them all.
struct Counter {
    words: Words,
    lines: u64,
    /// Taken when all lines are in.
    counts: Option<Sender<Count>>,
}

impl Counter {
    fn new(counts: Sender<Count>) -> Counter {
        Counter { words: Words::default(), lines: 0, counts: Some(counts) }
    }
}

impl Actor for Counter {
    type Context = Context<Self>;
}

impl Handler<Line> for Counter {
    type Result = ();

    fn handle(&mut self, line: Line, ctx: &mut Context<Self>) {
        match line {
            Line::Text(text) => {
                self.lines += 1;
                self.words.add_line(&text);
            }
            Line::End => {
                let Some(counts) = self.counts.take() else { return };
                let words = std::mem::take(&mut self.words);
                let sending = async move {
                    // With the last sender of `counts`, which is dropped here, the channel ends.
                    if let Err(error) = counts.send_all(words.into_counts()).await {
                        eprintln!("the counts were not sent: {error}");
                    }
                };
                ctx.spawn(sending.into_actor(self));
            }
        }
    }
}

/// To the [`Counter`]: how far is it?
#[derive(Message)]
#[rtype(result = "Progress")]
struct GetProgress;

#[derive(MessageResponse)]
struct Progress {
    lines: u64,
    is_complete: bool,
}

impl Handler<GetProgress> for Counter {
    type Result = Progress;

    fn handle(&mut self, _: GetProgress, _: &mut Context<Self>) -> Progress {
        Progress { lines: self.lines, is_complete: self.counts.is_none() }
    }
}
