//! The same works as one would write them by hand, each value behind its length.
//!
//! Values are encoded into one buffer, many leave with one write, and big blocks are read. There
//! is no window, no acknowledgement, no check of lengths, and nothing behind the socket but the
//! code that wants the values: what is measured is the least that can be done. Blocks that are bytes
//! already are written from where they are, and taken as slices of what was read.

use std::time::{Duration, Instant};

use bytes::{Buf, BytesMut};
use netchan::net::Transport;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinSet;

use crate::Failure;
use crate::links::{End, Link};
use crate::values::{Checker, Item, number};
use crate::works::{Plan, Received, Sent, Side};

/// What is gathered before it is written, and what is read at once, in bytes.
pub(crate) const BLOCK_BYTES: usize = 64 * 1024;

/// The length before each value, in bytes.
const LENGTH_BYTES: usize = 4;

/// Sends and receives until the time is up.
pub(crate) fn stream<V: Item>(plan: Plan) -> Result<(Sent, Received), Failure> {
    let (near, far) = plan.link.ends(plan.connections)?;
    if plan.sender == Side::Importer {
        let exporter = async || receive_all::<V>(plan, far).await;
        plan.link.run(async || send_all::<V>(plan, near).await, exporter)
    } else {
        let exporter = async || send_all::<V>(plan, far).await;
        let importer = async || receive_all::<V>(plan, near).await;
        let (received, sent) = plan.link.run(importer, exporter)?;
        Ok((sent, received))
    }
}

async fn send_all<V: Item>(plan: Plan, ends: Vec<End>) -> Result<Sent, Failure> {
    let mut tasks = JoinSet::new();
    for (connection, end) in ends.into_iter().enumerate() {
        tasks.spawn(send::<V>(plan, connection, end.into_transport()?));
    }
    let mut sum = Sent { values: 0, began: Instant::now() };
    while let Some(sent) = tasks.join_next().await {
        let sent = sent??;
        sum.values += sent.values;
        sum.began = sum.began.min(sent.began);
    }
    Ok(sum)
}

async fn send<V: Item>(
    plan: Plan,
    connection: usize,
    mut transport: Box<dyn Transport>,
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
                    transport.write_all_buf(&mut output).await?;
                    buffer.clear();
                    continue;
                }
                put(&value, &mut buffer)?;
                if buffer.len() >= BLOCK_BYTES {
                    transport.write_all(&buffer).await?;
                    buffer.clear();
                }
            }
        }
        count += plan.burst();
    }
    transport.write_all(&buffer).await?;
    transport.shutdown().await?;
    Ok(Sent { values: count * plan.channels as u64, began })
}

async fn receive_all<V: Item>(plan: Plan, ends: Vec<End>) -> Result<Received, Failure> {
    let mut tasks = JoinSet::new();
    for (connection, end) in ends.into_iter().enumerate() {
        tasks.spawn(receive::<V>(plan, connection, end.into_transport()?));
    }
    let mut values = 0;
    while let Some(received) = tasks.join_next().await {
        values += received??;
    }
    Ok(Received { values, done: Instant::now() })
}

async fn receive<V: Item>(
    plan: Plan,
    connection: usize,
    mut transport: Box<dyn Transport>,
) -> Result<u64, Failure> {
    let mut checker = Checker::of_connection(connection, plan.channels);
    let mut input = BytesMut::new();
    loop {
        while let Some(value) = take::<V>(&mut input)? {
            checker.check(value.number())?;
        }
        input.reserve(BLOCK_BYTES);
        if transport.read_buf(&mut input).await? == 0 {
            return Ok(checker.values());
        }
    }
}

/// Sends records there and back, and times each.
pub(crate) fn ping_pong<V: Item>(link: Link, run: Duration) -> Result<Vec<Duration>, Failure> {
    let (near, far) = link.ends(1)?;
    let importer = async || {
        let mut peer = Peer::new(near)?;
        let mut times = Vec::new();
        let began = Instant::now();
        while began.elapsed() < run {
            let sent = Instant::now();
            let expected = number(0, 0, times.len() as u64);
            peer.send(&V::new(expected, 0)).await?;
            let value: V = peer.receive().await?.ok_or("the peer is gone")?;
            if value.number() != expected {
                return Err("another value came back".into());
            }
            times.push(sent.elapsed());
        }
        Ok(times)
    };
    let exporter = async || {
        let mut peer = Peer::new(far)?;
        while let Some(value) = peer.receive::<V>().await? {
            peer.send(&value).await?;
        }
        Ok(())
    };
    Ok(link.run(importer, exporter)?.0)
}

/// One end that sends and receives value by value.
struct Peer {
    transport: Box<dyn Transport>,
    output: Vec<u8>,
    input: BytesMut,
}

impl Peer {
    fn new(ends: Vec<End>) -> Result<Peer, Failure> {
        let end = ends.into_iter().next().ok_or("a link has two ends")?;
        let transport = end.into_transport()?;
        Ok(Peer { transport, output: Vec::new(), input: BytesMut::new() })
    }

    async fn send<V: Item>(&mut self, value: &V) -> Result<(), Failure> {
        self.output.clear();
        put(value, &mut self.output)?;
        Ok(self.transport.write_all(&self.output).await?)
    }

    async fn receive<V: Item>(&mut self) -> Result<Option<V>, Failure> {
        loop {
            if let Some(value) = take(&mut self.input)? {
                return Ok(Some(value));
            }
            self.input.reserve(BLOCK_BYTES);
            if self.transport.read_buf(&mut self.input).await? == 0 {
                return Ok(None);
            }
        }
    }
}

/// Appends a value behind its length.
pub(crate) fn put<V: Item>(value: &V, buffer: &mut Vec<u8>) -> Result<(), Failure> {
    let start = buffer.len();
    buffer.extend_from_slice(&[0; LENGTH_BYTES]);
    value.put(buffer)?;
    let length = (buffer.len() - start - LENGTH_BYTES) as u32;
    buffer[start..start + LENGTH_BYTES].copy_from_slice(&length.to_le_bytes());
    Ok(())
}

/// Takes the next value if it is there as a whole.
pub(crate) fn take<V: Item>(input: &mut BytesMut) -> Result<Option<V>, Failure> {
    let Some(length) = input.first_chunk::<LENGTH_BYTES>() else { return Ok(None) };
    let end = LENGTH_BYTES + u32::from_le_bytes(*length) as usize;
    if input.len() < end {
        return Ok(None);
    }
    V::take(input, LENGTH_BYTES, end).map(Some)
}
