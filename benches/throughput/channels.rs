//! The works over netchan.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use netchan::channel::{Format, RecvError, Value};
use netchan::limits::SESSION_EXPIRY;
use netchan::net::{ImportSettings, RecvSettings, SendSettings, Unconfirmed, UnreadReports};
use netchan::{Config, Connection, Exporter, Receiver, Sender};
use tokio::task::JoinSet;

use crate::Failure;
use crate::links::{End, Link};
use crate::values::{Checker, Item, number};
use crate::works::{Plan, Received, Sent, Side};

/// How long the last values may take to arrive.
const DRAIN: Duration = Duration::from_secs(30);

/// Sends and receives until the time is up.
pub(crate) fn stream<V: Item>(plan: Plan) -> Result<(Sent, Received), Failure> {
    let (near, far) = plan.link.ends(plan.connections)?;
    if plan.sender == Side::Importer {
        let exporter = async || receive_as_exporter::<V>(plan, far).await;
        plan.link.run(async || send_as_importer::<V>(plan, near).await, exporter)
    } else {
        let exporter = async || send_as_exporter::<V>(plan, far).await;
        let importer = async || receive_as_importer::<V>(plan, near).await;
        let (received, sent) = plan.link.run(importer, exporter)?;
        Ok((sent, received))
    }
}

async fn send_as_importer<V: Item>(plan: Plan, ends: Vec<End>) -> Result<Sent, Failure> {
    let mut connections = Vec::new();
    let mut all_senders = Vec::new();
    let settings =
        ImportSettings::default().size(plan.window).unconfirmed(unconfirmed(plan.resumes));
    for end in ends {
        let connection = open(end, plan.resumes).await?;
        let mut senders: Vec<Sender<V>> = Vec::new();
        for channel in 0..plan.channels {
            senders
                .push(connection.import_sender_as(&name(channel), settings, format::<V>()).await?);
        }
        connections.push(connection);
        all_senders.push(senders);
    }
    // Only now, because a channel ends when all of its importers have finished.
    let mut tasks = JoinSet::new();
    for (connection, senders) in all_senders.into_iter().enumerate() {
        tasks.spawn(send(plan, connection, senders));
    }
    let sent = sum_sent(tasks).await?;
    for connection in connections {
        connection.drain(DRAIN).await?;
        connection.close().await;
    }
    Ok(sent)
}

async fn receive_as_importer<V: Item>(plan: Plan, ends: Vec<End>) -> Result<Received, Failure> {
    let mut connections = Vec::new();
    let mut tasks = JoinSet::new();
    let settings = ImportSettings::default().size(plan.window);
    for end in ends {
        let connection = open(end, plan.resumes).await?;
        for channel in 0..plan.channels {
            let receiver =
                connection.import_receiver_as(&name(channel), settings, format::<V>()).await?;
            tasks.spawn(receive::<V>(plan, channel, receiver));
        }
        connections.push(connection);
    }
    let received = sum_received(tasks).await?;
    for connection in connections {
        connection.close().await;
    }
    Ok(received)
}

async fn send_as_exporter<V: Item>(plan: Plan, ends: Vec<End>) -> Result<Sent, Failure> {
    let exporter = exporter();
    let settings =
        SendSettings::default().capacity_values(plan.window).unconfirmed(unconfirmed(plan.resumes));
    let mut senders: Vec<Sender<V>> = Vec::new();
    for channel in 0..plan.channels {
        senders.push(exporter.export_sender_as(&name(channel), settings, format::<V>())?);
    }
    let mut tasks = JoinSet::new();
    tasks.spawn(send(plan, 0, senders));
    let connections = accept(&exporter, ends).await?;
    let sent = sum_sent(tasks).await?;
    wait_closed(connections).await;
    Ok(sent)
}

async fn receive_as_exporter<V: Item>(plan: Plan, ends: Vec<End>) -> Result<Received, Failure> {
    let exporter = exporter();
    let mut tasks = JoinSet::new();
    for channel in 0..plan.channels {
        let receiver =
            exporter.export_receiver_as(&name(channel), RecvSettings::default(), format::<V>())?;
        tasks.spawn(receive::<V>(plan, channel, receiver));
    }
    let connections = accept(&exporter, ends).await?;
    let received = sum_received(tasks).await?;
    wait_closed(connections).await;
    Ok(received)
}

/// Sends records there and back, and times each.
pub(crate) fn ping_pong<V: Item + Value>(
    link: Link,
    run: Duration,
    resumes: bool,
) -> Result<Vec<Duration>, Failure> {
    let (near, far) = link.ends(1)?;
    let importer = async || {
        let near = near.into_iter().next().ok_or("a link has two ends")?;
        let connection = open(near, resumes).await?;
        let settings = ImportSettings::default().unconfirmed(unconfirmed(resumes));
        let pings: Sender<V> = connection.import_sender("ping", settings).await?;
        let mut pongs: Receiver<V> = connection.import_receiver("pong", settings).await?;
        let mut times = Vec::new();
        let began = Instant::now();
        while began.elapsed() < run {
            let sent = Instant::now();
            let expected = number(0, 0, times.len() as u64);
            pings.send(V::new(expected, 0)).await?;
            if pongs.recv().await?.number() != expected {
                return Err("another value came back".into());
            }
            times.push(sent.elapsed());
        }
        // The exporter sees the end of the one channel and ends the other.
        drop(pings);
        while pongs.recv().await.is_ok() {}
        connection.close().await;
        Ok(times)
    };
    let exporter = async || {
        let exporter = exporter();
        let mut pings: Receiver<V> = exporter.export_receiver("ping", RecvSettings::default())?;
        let pongs: Sender<V> = exporter
            .export_sender("pong", SendSettings::default().unconfirmed(unconfirmed(resumes)))?;
        let connections = accept(&exporter, far).await?;
        while let Ok(value) = pings.recv().await {
            pongs.send(value).await?;
        }
        drop(pongs);
        wait_closed(connections).await;
        Ok(())
    };
    Ok(link.run(importer, exporter)?.0)
}

/// Sends to each channel in turn until the time is up. Dropping the senders ends the channels.
async fn send<V: Item>(
    plan: Plan,
    connection: usize,
    senders: Vec<Sender<V>>,
) -> Result<Sent, Failure> {
    let began = Instant::now();
    let mut count = 0;
    while began.elapsed() < plan.run {
        for count in count..count + plan.burst() {
            for (channel, sender) in senders.iter().enumerate() {
                sender.send(V::new(number(connection, channel, count), plan.bytes)).await?;
            }
        }
        count += plan.burst();
    }
    Ok(Sent { values: count * senders.len() as u64, began })
}

/// Receives until the channel ends.
async fn receive<V: Item>(
    plan: Plan,
    channel: usize,
    mut receiver: Receiver<V>,
) -> Result<Received, Failure> {
    let mut checker = Checker::of_channel(channel, plan.connections);
    loop {
        match receiver.recv().await {
            Ok(value) => checker.check(value.number())?,
            Err(RecvError::Closed(closed)) if closed.is_finished() => break,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Received { values: checker.values(), done: Instant::now() })
}

async fn sum_sent(mut tasks: JoinSet<Result<Sent, Failure>>) -> Result<Sent, Failure> {
    let mut sum = Sent { values: 0, began: Instant::now() };
    while let Some(sent) = tasks.join_next().await {
        let sent = sent??;
        sum.values += sent.values;
        sum.began = sum.began.min(sent.began);
    }
    Ok(sum)
}

async fn sum_received(mut tasks: JoinSet<Result<Received, Failure>>) -> Result<Received, Failure> {
    let mut values = 0;
    while let Some(received) = tasks.join_next().await {
        values += received??.values;
    }
    Ok(Received { values, done: Instant::now() })
}

fn format<V: Item>() -> Format<V, V::Codec> {
    Format::new()
}

fn name(channel: usize) -> String {
    format!("channel-{channel}")
}

pub(crate) fn exporter() -> Exporter {
    Exporter::new(Config::default())
}

/// Without sessions that can be resumed, nothing is kept for any case.
fn unconfirmed(resumes: bool) -> Unconfirmed {
    if resumes { Unconfirmed::Redeliver } else { Unconfirmed::Discard }
}

pub(crate) async fn open(end: End, resumes: bool) -> Result<Connection, Failure> {
    // There is one link, and no other when it is lost; but all is ready for that.
    let stream = Mutex::new(Some(end.into_stream()?));
    let dial = move || {
        let stream = stream.lock().ok().and_then(|mut stream| stream.take());
        async move { stream.ok_or_else(|| std::io::Error::other("there is no other link")) }
    };
    let expiry = if resumes { SESSION_EXPIRY } else { Duration::ZERO };
    let config = Config::builder().session_expiry(expiry).build()?;
    let (connection, driver) = Connection::dial(dial, &config, UnreadReports::default()).await?;
    tokio::spawn(driver.run());
    Ok(connection)
}

pub(crate) async fn accept(
    exporter: &Exporter,
    ends: Vec<End>,
) -> Result<Vec<Connection>, Failure> {
    let mut connections = Vec::new();
    for end in ends {
        connections.push(exporter.serve(end.into_stream()?).await?);
    }
    Ok(connections)
}

pub(crate) async fn wait_closed(connections: Vec<Connection>) {
    for connection in connections {
        connection.closed().await;
    }
}
