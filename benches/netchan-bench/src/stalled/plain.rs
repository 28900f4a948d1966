//! A plain channel: what holds the sender up is its window.

use netchan::net::RecvSettings;
use netchan::{Config, Exporter, Receiver, Sender};

use crate::link::Runtime;
use crate::plain::{DRAIN, Resume, accept, open, receive, send, wait_closed};
use crate::stalled::{Stall, held};
use crate::{Block, Failure, Plan, Side, memory};

/// What the process holds, in MiB.
///
/// # Errors
///
/// When a value is missing, doubled or swapped.
pub fn plain(stall: Stall) -> Result<f64, Failure> {
    let Stall { link, bytes, window, run } = stall;
    let plan =
        Plan { link, sender: Side::Importer, connections: 1, channels: 1, window, bytes, run };
    let before = memory::held_bytes()?;
    let (near, far) = link.pair()?;
    let importer = async || {
        let connection = open(near, Resume::On).await?;
        let settings = Resume::On.import_settings().size(window);
        let sender: Sender<Block> = connection.import_sender("stalled", settings).await?;
        let sent = send(plan, 0, vec![sender]).await?;
        connection.drain(DRAIN).await?;
        connection.close().await;
        Ok(sent)
    };
    let exporter = async || {
        let exporter = Exporter::new(Config::default());
        let receiver: Receiver<Block> =
            exporter.export_receiver("stalled", RecvSettings::default())?;
        let connections = accept(&exporter, vec![far]).await?;
        let held = held(before, run).await?;
        let received = receive(plan, 0, receiver).await?;
        wait_closed(connections).await;
        Ok((held, received))
    };
    let (sent, (held, received)) = link.run(Runtime::Tokio, importer, exporter)?;
    sent.check(received)?;
    Ok(held)
}
