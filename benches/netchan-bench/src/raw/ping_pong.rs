//! One record there and back at a time.

use std::time::{Duration, Instant};

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::link::{Runtime, only};
use crate::raw::{BLOCK_BYTES, echo, put, take_all};
use crate::{Checker, Failure, Item, Link, number, with_transport};

/// Sends records there and back until the time is up, and times each.
///
/// # Errors
///
/// When another value comes back, and when a byte stream breaks.
pub fn ping_pong<V: Item>(link: Link, run: Duration) -> Result<Vec<Duration>, Failure> {
    let (near, far) = link.ends(1)?;
    let importer =
        async || with_transport!(only(near)?, stream => send_pings::<V>(stream, run).await);
    let exporter = async || with_transport!(only(far)?, stream => echo::<V>(stream).await);
    Ok(link.run(Runtime::Tokio, importer, exporter)?.0)
}

async fn send_pings<V: Item>(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    run: Duration,
) -> Result<Vec<Duration>, Failure> {
    let (mut input, mut output) = (BytesMut::with_capacity(BLOCK_BYTES), Vec::new());
    let mut checker = Checker::of_connection(0, 1);
    let mut times = Vec::new();
    let began = Instant::now();
    while began.elapsed() < run {
        let sent = Instant::now();
        let count = times.len() as u64;
        output.clear();
        put(&V::new(number(0, 0, count), 0), &mut output)?;
        stream.write_all(&output).await?;
        while checker.values() == count {
            if stream.read_buf(&mut input).await? == 0 {
                return Err("the peer is gone".into());
            }
            take_all::<V>(&mut input, |value| checker.check(value.number()))?;
        }
        times.push(sent.elapsed());
    }
    Ok(times)
}
