//! Requests, with so many in flight.

use std::time::{Duration, Instant};

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use netchan::channel::{Caller, Value};
use netchan::net::RecvSettings;
use netchan::{Config, Exporter};

use crate::link::{Runtime, only};
use crate::plain::{Resume, accept, open, wait_closed};
use crate::{Failure, Item, Link, Received, Sent, number};

/// What came of requests.
#[derive(Debug)]
pub struct Asked {
    /// The requests.
    pub sent: Sent,
    /// The answers.
    pub received: Received,
    /// How long each answer took, if there was one request at a time.
    pub times: Vec<Duration>,
}

/// Asks until the time is up; the answer to each request is the request.
///
/// # Errors
///
/// When another answer comes, or none.
pub fn asks<V: Item + Value>(
    link: Link,
    in_flight: usize,
    run: Duration,
    resume: Resume,
) -> Result<Asked, Failure> {
    let (near, far) = link.ends(1)?;
    let importer = async || {
        let connection = open(only(near)?, resume).await?;
        let caller: Caller<V, V> =
            connection.import_caller("asks", resume.import_settings()).await?;
        let asked = ask_all(in_flight, run, async |count| {
            let answer = caller.ask(V::new(count, 0)).await?;
            Ok(answer.number())
        });
        let asked = asked.await?;
        drop(caller);
        connection.close().await;
        Ok(asked)
    };
    let exporter = async || {
        let exporter = Exporter::new(Config::default());
        let mut requests = exporter.export_requests::<V, V>("asks", RecvSettings::default())?;
        let connections = accept(&exporter, far).await?;
        while let Ok(request) = requests.recv().await {
            let (value, responder) = request.into_parts();
            responder.answer(value)?;
        }
        wait_closed(connections).await;
        Ok(())
    };
    Ok(link.run(Runtime::Tokio, importer, exporter)?.0)
}

/// Keeps so many requests in flight until the time is up. `ask` gets the number to send and gives the
/// one that has come back.
///
/// # Errors
///
/// When another answer comes, or none.
pub async fn ask_all(
    in_flight: usize,
    run: Duration,
    ask: impl AsyncFn(u64) -> Result<u64, Failure>,
) -> Result<Asked, Failure> {
    // One request needs no set of futures: it is awaited, as everybody would.
    if in_flight == 1 {
        return ask_each(run, ask).await;
    }
    let mut asking = FuturesUnordered::new();
    let mut sent = 0;
    let began = Instant::now();
    loop {
        if began.elapsed() < run {
            while asking.len() < in_flight {
                let (expected, ask) = (number(0, 0, sent), &ask);
                asking.push(async move { check(expected, ask(expected).await?) });
                sent += 1;
            }
        }
        let Some(answer) = asking.next().await else { break };
        answer?;
    }
    Ok(Asked::all(sent, began, Vec::new()))
}

/// Asks one request at a time, and times each.
async fn ask_each(
    run: Duration,
    ask: impl AsyncFn(u64) -> Result<u64, Failure>,
) -> Result<Asked, Failure> {
    let mut times = Vec::new();
    let began = Instant::now();
    while began.elapsed() < run {
        let sent = Instant::now();
        let expected = number(0, 0, times.len() as u64);
        check(expected, ask(expected).await?)?;
        times.push(sent.elapsed());
    }
    Ok(Asked::all(times.len() as u64, began, times))
}

impl Asked {
    /// All was answered: an error would have ended it.
    fn all(values: u64, began: Instant, times: Vec<Duration>) -> Asked {
        let (sent, received) = (Sent { values, began }, Received { values, done: Instant::now() });
        Asked { sent, received, times }
    }
}

fn check(expected: u64, answer: u64) -> Result<(), Failure> {
    if answer == expected { Ok(()) } else { Err("another answer came".into()) }
}
