//! Requests, with so many in flight: over netchan, and as one would write it by hand.

use std::time::{Duration, Instant};

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use netchan::channel::Caller;
use netchan::channel::Value;
use netchan::net::{ImportSettings, RecvSettings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::Failure;
use crate::channels::{accept, exporter, open, wait_closed};
use crate::links::Link;
use crate::raw::{BLOCK_BYTES, put, take};
use crate::values::{Checker, Item, number};
use crate::works::{Received, Sent};

/// Asks until the time is up; the answer to each request is the request.
pub(crate) fn netchan<V: Item + Value>(
    link: Link,
    in_flight: usize,
    run: Duration,
    resumes: bool,
) -> Result<(Sent, Received), Failure> {
    let (near, far) = link.ends(1)?;
    let importer = async || {
        let near = near.into_iter().next().ok_or("a link has two ends")?;
        let connection = open(near, resumes).await?;
        let caller: Caller<V, V> =
            connection.import_caller("asks", ImportSettings::default()).await?;
        let mut asking = FuturesUnordered::new();
        let (mut sent, mut answered) = (0, 0);
        let began = Instant::now();
        loop {
            while asking.len() < in_flight && began.elapsed() < run {
                let expected = number(0, 0, sent);
                let answer = caller.ask(V::new(expected, 0));
                asking.push(async move { answer.await.map(|answer| answer.number() == expected) });
                sent += 1;
            }
            match asking.next().await {
                None => break,
                Some(Ok(true)) => answered += 1,
                Some(Ok(false)) => return Err("another answer came".into()),
                Some(Err(error)) => return Err(error.into()),
            }
        }
        let done = Instant::now();
        drop(asking);
        drop(caller);
        connection.close().await;
        Ok((Sent { values: sent, began }, Received { values: answered, done }))
    };
    let exporter = async || {
        let exporter = exporter();
        let mut requests = exporter.export_requests::<V, V>("asks", RecvSettings::default())?;
        let connections = accept(&exporter, far).await?;
        while let Ok(request) = requests.recv().await {
            let (value, responder) = request.into_parts();
            responder.answer(value)?;
        }
        wait_closed(connections).await;
        Ok(())
    };
    Ok(link.run(importer, exporter)?.0)
}

/// The same by hand: what can be asked is asked with one write, and what has come is answered with
/// one write.
pub(crate) fn raw<V: Item + Value>(
    link: Link,
    in_flight: usize,
    run: Duration,
) -> Result<(Sent, Received), Failure> {
    let (near, far) = link.ends(1)?;
    let importer = async || {
        let near = near.into_iter().next().ok_or("a link has two ends")?;
        let mut transport = near.into_transport()?;
        let (mut input, mut output) = (bytes::BytesMut::new(), Vec::new());
        let mut checker = Checker::of_connection(0, 1);
        let mut sent = 0;
        let began = Instant::now();
        loop {
            while sent - checker.values() < in_flight as u64 && began.elapsed() < run {
                put(&V::new(number(0, 0, sent), 0), &mut output)?;
                sent += 1;
            }
            if sent == checker.values() {
                break;
            }
            transport.write_all(&output).await?;
            output.clear();
            input.reserve(BLOCK_BYTES);
            if transport.read_buf(&mut input).await? == 0 {
                return Err("the peer is gone".into());
            }
            while let Some(value) = take::<V>(&mut input)? {
                checker.check(value.number())?;
            }
        }
        let done = Instant::now();
        transport.shutdown().await?;
        Ok((Sent { values: sent, began }, Received { values: checker.values(), done }))
    };
    let exporter = async || {
        let far = far.into_iter().next().ok_or("a link has two ends")?;
        let mut transport = far.into_transport()?;
        let (mut input, mut output) = (bytes::BytesMut::new(), Vec::new());
        loop {
            while let Some(value) = take::<V>(&mut input)? {
                put(&value, &mut output)?;
            }
            transport.write_all(&output).await?;
            output.clear();
            input.reserve(BLOCK_BYTES);
            if transport.read_buf(&mut input).await? == 0 {
                return Ok(());
            }
        }
    };
    Ok(link.run(importer, exporter)?.0)
}
