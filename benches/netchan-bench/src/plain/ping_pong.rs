//! One record there and back at a time, on two channels.

use std::time::{Duration, Instant};

use netchan::channel::Value;
use netchan::net::RecvSettings;
use netchan::{Config, Exporter, Receiver, Sender};

use crate::link::{Runtime, only};
use crate::plain::{Resume, accept, open, wait_closed};
use crate::{Failure, Item, Link, number};

/// Sends records there and back until the time is up, and times each.
///
/// # Errors
///
/// When another value comes back, and when a channel ends too early.
pub fn ping_pong<V: Item + Value>(
    link: Link,
    run: Duration,
    resume: Resume,
) -> Result<Vec<Duration>, Failure> {
    let (near, far) = link.ends(1)?;
    let importer = async || {
        let connection = open(only(near)?, resume).await?;
        let settings = resume.import_settings();
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
        let exporter = Exporter::new(Config::default());
        let mut pings: Receiver<V> = exporter.export_receiver("ping", RecvSettings::default())?;
        let pongs: Sender<V> = exporter.export_sender("pong", resume.send_settings())?;
        let connections = accept(&exporter, far).await?;
        while let Ok(value) = pings.recv().await {
            pongs.send(value).await?;
        }
        drop(pongs);
        wait_closed(connections).await;
        Ok(())
    };
    Ok(link.run(Runtime::Tokio, importer, exporter)?.0)
}
