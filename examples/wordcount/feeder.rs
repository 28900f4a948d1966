//! The half that has the text: it imports `lines` and `counts`, and compares.

use std::error::Error;
use std::thread;
use std::time::Instant;

use actix::Recipient;
use actix::dev::SendError;
use netchan::channel::RecvError;
use netchan::net::Redial;
use netchan::{Receiver, Sender};
use netchan_actix::messages::{Close, ImportReceiver, ImportSender};
use netchan_actix::{Address, Config, ImporterActor, SenderExt};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::input::Input;
use crate::words::{COUNTS, Comparison, Count, LINES, Line, Words};

/// Lines that may be on their way. More than the default, because lines are short.
const LINES_IN_FLIGHT: u32 = 4096;

/// What the thread that reads the text has seen when it is done.
#[derive(Debug, Default)]
struct Read {
    words: Words,
    lines: u64,
}

/// Has the words of `input` counted at `address`.
pub(crate) async fn run(address: &Address, input: Input) -> Result<Comparison, Box<dyn Error>> {
    // The counter counts one text. One that was restarted would have to begin anew.
    let config = Config::builder().redial(Redial::never()).build()?;
    let importer = ImporterActor::connect(address, config)
        .await
        .map_err(|error| format!("{address}: {error}"))?;
    let lines = importer.send(ImportSender::new(LINES).size(LINES_IN_FLIGHT)).await??;
    let counts = importer.send(ImportReceiver::new(COUNTS)).await??;
    let files = input.files();
    println!("connected to {address}, sending {files} file{}", if files == 1 { "" } else { "s" });

    let started = Instant::now();
    let Read { words: here, lines } = send_text(lines, input).await?;
    let there = receive_counts(counts).await?;
    let elapsed = started.elapsed();
    importer.send(Close).await?;
    Ok(Comparison { there, here, lines, elapsed })
}

/// Sends all lines and the end of the text, or finds that nobody takes them.
async fn send_text(lines: Sender<Line>, input: Input) -> Result<Read, Box<dyn Error>> {
    let (done, mut reading) = oneshot::channel();
    let recipient = lines.recipient();
    let runtime = Handle::current();
    // Reading blocks, on a terminal for as long as it takes: the process may end meanwhile.
    thread::spawn(move || {
        let _nobody_waits = done.send(read_text(&input, &recipient, &runtime));
    });
    tokio::select! {
        biased;
        closed = lines.closed() => Err(format!("the channel {LINES:?} was {closed}").into()),
        read = &mut reading => Ok(read??),
    }
}

fn read_text(input: &Input, lines: &Recipient<Line>, runtime: &Handle) -> Result<Read, String> {
    let mut read = Read::default();
    let mut is_open = true;
    input.for_each_line(|line| {
        read.lines += 1;
        read.words.add_line(&line);
        is_open = send(lines, Line::Text(line), runtime);
        is_open
    })?;
    if is_open && send(lines, Line::End, runtime) {
        Ok(read)
    } else {
        Err(format!("the channel {LINES:?} takes no more"))
    }
}

/// Sends a line, and waits only if there is no room for it. `false` if the channel has ended.
fn send(lines: &Recipient<Line>, line: Line, runtime: &Handle) -> bool {
    match lines.try_send(line) {
        Ok(()) => true,
        Err(SendError::Full(line)) => runtime.block_on(lines.send(line)).is_ok(),
        Err(SendError::Closed(_)) => false,
    }
}

/// Takes counts until the channel has come to its end.
async fn receive_counts(mut counts: Receiver<Count>) -> Result<Words, Box<dyn Error>> {
    let mut words = Words::default();
    loop {
        match counts.recv().await {
            Ok(count) => words.add(count),
            Err(RecvError::Closed(closed)) if closed.is_finished() => return Ok(words),
            Err(error) => return Err(format!("{COUNTS:?}: {error}").into()),
        }
    }
}
