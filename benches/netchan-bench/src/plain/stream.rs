//! As many values as will go.

use std::time::Instant;

use netchan::channel::{Codec, Format, RecvError};
use netchan::net::RecvSettings;
use netchan::{Config, Exporter, Receiver, Sender};
use tokio::task::JoinSet;

use crate::link::Runtime;
use crate::plain::{DRAIN, Resume, accept, name, open, wait_closed};
use crate::{Checker, End, Failure, Item, Plan, Received, Sent, Side, number};

/// Sends and receives until the time is up. Each channel is received by a task of its own.
///
/// # Errors
///
/// When a value is missing, doubled or swapped, and when a channel ends too early.
pub fn stream<V: Item, C: Codec<V>>(
    plan: Plan,
    resume: Resume,
) -> Result<(Sent, Received), Failure> {
    let (near, far) = plan.link.ends(plan.connections)?;
    if plan.sender == Side::Importer {
        let importer = async || send_as_importer::<V, C>(plan, resume, near).await;
        let exporter = async || receive_as_exporter::<V, C>(plan, far).await;
        plan.link.run(Runtime::Tokio, importer, exporter)
    } else {
        let importer = async || receive_as_importer::<V, C>(plan, resume, near).await;
        let exporter = async || send_as_exporter::<V, C>(plan, resume, far).await;
        let (received, sent) = plan.link.run(Runtime::Tokio, importer, exporter)?;
        Ok((sent, received))
    }
}

async fn send_as_importer<V: Item, C: Codec<V>>(
    plan: Plan,
    resume: Resume,
    ends: Vec<End>,
) -> Result<Sent, Failure> {
    let mut connections = Vec::new();
    let mut all_senders = Vec::new();
    let settings = resume.import_settings().size(plan.window);
    for end in ends {
        let connection = open(end, resume).await?;
        let mut senders: Vec<Sender<V>> = Vec::new();
        for channel in 0..plan.channels {
            senders.push(
                connection
                    .import_sender_as(&name(channel), settings, Format::<V, C>::new())
                    .await?,
            );
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

async fn receive_as_importer<V: Item, C: Codec<V>>(
    plan: Plan,
    resume: Resume,
    ends: Vec<End>,
) -> Result<Received, Failure> {
    let mut connections = Vec::new();
    let mut tasks = JoinSet::new();
    let settings = resume.import_settings().size(plan.window);
    for end in ends {
        let connection = open(end, resume).await?;
        for channel in 0..plan.channels {
            let receiver = connection
                .import_receiver_as(&name(channel), settings, Format::<V, C>::new())
                .await?;
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

async fn send_as_exporter<V: Item, C: Codec<V>>(
    plan: Plan,
    resume: Resume,
    ends: Vec<End>,
) -> Result<Sent, Failure> {
    let exporter = Exporter::new(Config::default());
    let settings = resume.send_settings().capacity_values(plan.window);
    let mut senders: Vec<Sender<V>> = Vec::new();
    for channel in 0..plan.channels {
        senders.push(exporter.export_sender_as(&name(channel), settings, Format::<V, C>::new())?);
    }
    let mut tasks = JoinSet::new();
    tasks.spawn(send(plan, 0, senders));
    let connections = accept(&exporter, ends).await?;
    let sent = sum_sent(tasks).await?;
    wait_closed(connections).await;
    Ok(sent)
}

async fn receive_as_exporter<V: Item, C: Codec<V>>(
    plan: Plan,
    ends: Vec<End>,
) -> Result<Received, Failure> {
    let exporter = Exporter::new(Config::default());
    let mut tasks = JoinSet::new();
    for channel in 0..plan.channels {
        let receiver = exporter.export_receiver_as(
            &name(channel),
            RecvSettings::default(),
            Format::<V, C>::new(),
        )?;
        tasks.spawn(receive::<V>(plan, channel, receiver));
    }
    let connections = accept(&exporter, ends).await?;
    let received = sum_received(tasks).await?;
    wait_closed(connections).await;
    Ok(received)
}

/// Sends to each channel in turn until the time is up. Dropping the senders ends the channels.
pub(crate) async fn send<V: Item>(
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
pub(crate) async fn receive<V: Item>(
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
        sum = sum.and(sent??);
    }
    Ok(sum)
}

async fn sum_received(mut tasks: JoinSet<Result<Received, Failure>>) -> Result<Received, Failure> {
    let mut sum = Received { values: 0, done: Instant::now() };
    while let Some(received) = tasks.join_next().await {
        sum = sum.and(received??);
    }
    Ok(sum)
}
