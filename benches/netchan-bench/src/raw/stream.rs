//! As many values as will go.

use std::time::Instant;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::task::JoinSet;

use crate::link::Runtime;
use crate::raw::{BLOCK_BYTES, put, take_all};
use crate::{Checker, End, Failure, Item, Plan, Received, Sent, Side, number, with_transport};

/// Sends and receives until the time is up. Values of all channels share one buffer.
///
/// # Errors
///
/// When a value is missing, doubled or swapped, and when a byte stream breaks.
pub fn stream<V: Item>(plan: Plan) -> Result<(Sent, Received), Failure> {
    let (near, far) = plan.link.ends(plan.connections)?;
    if plan.sender == Side::Importer {
        let importer = async || send_all::<V>(plan, near).await;
        plan.link.run(Runtime::Tokio, importer, async || receive_all::<V>(plan, far).await)
    } else {
        let importer = async || receive_all::<V>(plan, near).await;
        let exporter = async || send_all::<V>(plan, far).await;
        let (received, sent) = plan.link.run(Runtime::Tokio, importer, exporter)?;
        Ok((sent, received))
    }
}

async fn send_all<V: Item>(plan: Plan, ends: Vec<End>) -> Result<Sent, Failure> {
    let mut tasks = JoinSet::new();
    for (connection, end) in ends.into_iter().enumerate() {
        with_transport!(end, stream => tasks.spawn(send::<V>(plan, connection, stream)));
    }
    let mut sum = Sent { values: 0, began: Instant::now() };
    while let Some(sent) = tasks.join_next().await {
        sum = sum.and(sent??);
    }
    Ok(sum)
}

pub(crate) async fn send<V: Item>(
    plan: Plan,
    connection: usize,
    mut stream: impl AsyncWrite + Unpin,
) -> Result<Sent, Failure> {
    let began = Instant::now();
    let mut buffer = Vec::new();
    let mut count = 0;
    while began.elapsed() < plan.run {
        for count in count..count + plan.burst() {
            for channel in 0..plan.channels {
                let value = V::new(number(connection, channel, count), plan.bytes);
                if let Some(payload) = value.payload() {
                    buffer.extend_from_slice(&(payload.len() as u32).to_le_bytes());
                    let mut output = Buf::chain(&buffer[..], &payload[..]);
                    stream.write_all_buf(&mut output).await?;
                    buffer.clear();
                    continue;
                }
                put(&value, &mut buffer)?;
                if buffer.len() >= BLOCK_BYTES {
                    stream.write_all(&buffer).await?;
                    buffer.clear();
                }
            }
        }
        count += plan.burst();
    }
    stream.write_all(&buffer).await?;
    stream.shutdown().await?;
    Ok(Sent { values: count * plan.channels as u64, began })
}

async fn receive_all<V: Item>(plan: Plan, ends: Vec<End>) -> Result<Received, Failure> {
    let mut tasks = JoinSet::new();
    for (connection, end) in ends.into_iter().enumerate() {
        with_transport!(end, stream => tasks.spawn(receive::<V>(plan, connection, stream)));
    }
    let mut sum = Received { values: 0, done: Instant::now() };
    while let Some(received) = tasks.join_next().await {
        sum = sum.and(received??);
    }
    Ok(sum)
}

pub(crate) async fn receive<V: Item>(
    plan: Plan,
    connection: usize,
    mut stream: impl AsyncRead + Unpin,
) -> Result<Received, Failure> {
    let mut checker = Checker::of_connection(connection, plan.channels);
    let mut input = BytesMut::with_capacity(BLOCK_BYTES);
    while stream.read_buf(&mut input).await? > 0 {
        take_all::<V>(&mut input, |value| checker.check(value.number()))?;
    }
    Ok(Received { values: checker.values(), done: Instant::now() })
}
