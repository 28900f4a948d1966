//! Idle connections of netchan. Half of the channels go into the exporter, half out of it.
//!
//! A connection is used before it is idle, if that is asked for: then values have gone over its first
//! channel, which fill the exporter's read buffer, and all were taken.

use netchan::net::{Address, ImportSettings, RecvSettings, SendSettings, UnreadReports};
use netchan::{Config, Connection, Exporter, Receiver};

use super::child::{Said, Task, Told};
use crate::plain::{DRAIN, name};
use crate::{Failure, Item, Tick};

/// What goes over a connection that is used.
const VALUES: u64 = 10_000;

/// Exports the channels, and serves all connections.
pub(super) async fn exporter(task: Task, told: Told) -> Result<(), Failure> {
    let exporter = Exporter::new(Config::default());
    let (mut receivers, mut senders) = (Vec::new(), Vec::new());
    for channel in 0..task.channels {
        if channel % 2 == 0 {
            let receiver =
                exporter.export_receiver::<Tick>(&name(channel), RecvSettings::default())?;
            // A task for each channel, not for each connection of it.
            receivers.push(tokio::spawn(take_all(receiver)));
        } else {
            let sender = exporter.export_sender::<Tick>(&name(channel), SendSettings::default())?;
            senders.push(sender);
        }
    }
    let listener = Address::Tcp("127.0.0.1:0".to_owned()).listen().await?;
    told.send(Ok(Said::Address(listener.address().to_string())))?;
    let mut connections = Vec::new();
    for _ in 0..task.connections {
        let connection = exporter.serve(listener.accept().await?).await?;
        connections.push(connection);
    }
    let channels = (receivers, senders);
    wait(connections, channels, told).await
}

/// Takes what comes on a channel until it ends.
async fn take_all(mut values: Receiver<Tick>) {
    while values.recv().await.is_ok() {}
}

/// Dials all connections, and imports the channels over each.
pub(super) async fn importer(task: Task, address: &str, told: Told) -> Result<(), Failure> {
    let address: Address = address.parse()?;
    let config = Config::default();
    let settings = ImportSettings::default();
    let (mut connections, mut receivers, mut senders) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..task.connections {
        let (connection, driver) =
            Connection::dial(address.clone(), &config, UnreadReports::default()).await?;
        tokio::spawn(driver.run());
        for channel in 0..task.channels {
            if channel % 2 == 0 {
                let sender = connection.import_sender::<Tick>(&name(channel), settings).await?;
                if task.used && channel == 0 {
                    sender.send_all((0..VALUES).map(|number| Tick::new(number, 0))).await?;
                    connection.drain(DRAIN).await?;
                }
                senders.push(sender);
            } else {
                let receiver = connection.import_receiver::<Tick>(&name(channel), settings).await?;
                receivers.push(receiver);
            }
        }
        connections.push(connection);
    }
    let channels = (receivers, senders);
    wait(connections, channels, told).await
}

/// Says that all are there, and waits for ever, with the channels in hand.
async fn wait<C>(connections: Vec<Connection>, channels: C, told: Told) -> Result<(), Failure> {
    let alive = move || connections.iter().filter(|connection| connection.end().is_none()).count();
    told.send(Ok(Said::Ready(Box::new(alive))))?;
    std::future::pending::<()>().await;
    drop(channels);
    Ok(())
}
