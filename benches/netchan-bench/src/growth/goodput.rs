//! Values of one size over one connection, with a note of when each has come: netchan and by hand.

use std::time::{Duration, Instant};

use bytes::BytesMut;
use netchan::channel::RecvError;
use netchan::net::{ImportSettings, RecvSettings};
use netchan::{Config, Exporter, Receiver, Sender};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::growth::meter::Meter;
use crate::plain::{DRAIN, Resume, accept, open, wait_closed};
use crate::raw::{BLOCK_BYTES, put, take_all};
use crate::{Block, Checker, End, Failure, Item, Sent, number, with_transport};

/// The payload of each value, in bytes.
pub(super) const VALUE_BYTES: usize = 1024;

/// Sends over a channel with default settings.
pub(super) async fn send(end: End, run: Duration) -> Result<Sent, Failure> {
    let connection = open(end, Resume::On).await?;
    let values: Sender<Block> =
        connection.import_sender("values", ImportSettings::default()).await?;
    let began = Instant::now();
    let mut count = 0;
    while began.elapsed() < run {
        values.send(Block::new(number(0, 0, count), VALUE_BYTES)).await?;
        count += 1;
    }
    drop(values);
    connection.drain(DRAIN).await?;
    connection.close().await;
    Ok(Sent { values: count, began })
}

/// Receives them, and counts them.
pub(super) async fn receive(end: End, mut meter: Meter) -> Result<(u64, Meter), Failure> {
    let exporter = Exporter::new(Config::default());
    let mut values: Receiver<Block> =
        exporter.export_receiver("values", RecvSettings::default())?;
    let connections = accept(&exporter, vec![end]).await?;
    let mut checker = Checker::of_channel(0, 1);
    loop {
        match values.recv().await {
            Ok(value) => {
                checker.check(value.number())?;
                meter.add(Instant::now(), VALUE_BYTES);
            }
            Err(RecvError::Closed(closed)) if closed.is_finished() => break,
            Err(error) => return Err(error.into()),
        }
    }
    wait_closed(connections).await;
    Ok((checker.values(), meter))
}

/// Sends them behind their lengths, many with one write.
pub(super) async fn send_raw(end: End, run: Duration) -> Result<Sent, Failure> {
    with_transport!(end, stream => {
        let mut stream = stream;
        let mut buffer = Vec::new();
        let began = Instant::now();
        let mut count = 0;
        while began.elapsed() < run {
            put(&Block::new(number(0, 0, count), VALUE_BYTES), &mut buffer)?;
            count += 1;
            if buffer.len() >= BLOCK_BYTES {
                stream.write_all(&buffer).await?;
                buffer.clear();
            }
        }
        stream.write_all(&buffer).await?;
        stream.shutdown().await?;
        Ok(Sent { values: count, began })
    })
}

/// Receives and counts what was sent so.
pub(super) async fn receive_raw(end: End, mut meter: Meter) -> Result<(u64, Meter), Failure> {
    with_transport!(end, stream => {
        let mut stream = stream;
        let mut checker = Checker::of_connection(0, 1);
        let mut input = BytesMut::with_capacity(BLOCK_BYTES);
        while stream.read_buf(&mut input).await? > 0 {
            take_all::<Block>(&mut input, |value| {
                meter.add(Instant::now(), VALUE_BYTES);
                checker.check(value.number())
            })?;
        }
        Ok((checker.values(), meter))
    })
}
