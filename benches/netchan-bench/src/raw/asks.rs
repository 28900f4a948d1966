//! Requests, with so many in flight: what can be asked is asked with one write, and what has come is
//! answered with one write.

use std::time::{Duration, Instant};

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::link::{Runtime, only};
use crate::raw::{BLOCK_BYTES, echo, put, take_all};
use crate::{Checker, Failure, Item, Link, Received, Sent, number, with_transport};

/// Asks until the time is up; the answer to each request is the request.
///
/// # Errors
///
/// When another answer comes, and when a byte stream breaks.
pub fn asks<V: Item>(
    link: Link,
    in_flight: usize,
    run: Duration,
) -> Result<(Sent, Received), Failure> {
    let (near, far) = link.ends(1)?;
    let importer =
        async || with_transport!(only(near)?, stream => ask::<V>(stream, in_flight, run).await);
    let exporter = async || with_transport!(only(far)?, stream => echo::<V>(stream).await);
    Ok(link.run(Runtime::Tokio, importer, exporter)?.0)
}

async fn ask<V: Item>(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    in_flight: usize,
    run: Duration,
) -> Result<(Sent, Received), Failure> {
    let (mut input, mut output) = (BytesMut::with_capacity(BLOCK_BYTES), Vec::new());
    let mut checker = Checker::of_connection(0, 1);
    let mut sent = 0;
    let began = Instant::now();
    loop {
        if began.elapsed() < run {
            while sent - checker.values() < in_flight as u64 {
                put(&V::new(number(0, 0, sent), 0), &mut output)?;
                sent += 1;
            }
        }
        if sent == checker.values() {
            break;
        }
        stream.write_all(&output).await?;
        output.clear();
        if stream.read_buf(&mut input).await? == 0 {
            return Err("the peer is gone".into());
        }
        take_all::<V>(&mut input, |value| checker.check(value.number()))?;
    }
    let done = Instant::now();
    stream.shutdown().await?;
    Ok((Sent { values: sent, began }, Received { values: checker.values(), done }))
}
