//! The shapes of an exported channel that sends.

mod broadcast;
mod crowd;
mod latest;
mod leaving;
mod queue;
mod slow;

use netchan::channel::Value;
use netchan::net::{ChannelStatus, ImportSettings, SendSettings, Shape};
use netchan::{Receiver, Sender};

use crate::support::{Peers, World};

pub(crate) fn export<T: Value>(world: &World, shape: Shape, capacity: u32) -> Sender<T> {
    let settings = SendSettings::default().shape(shape).capacity_values(capacity);
    world.exporter.export_sender("values", settings).expect("a free name")
}

pub(crate) async fn import<T: Value>(peers: &Peers, size: u32) -> Receiver<T> {
    let settings = ImportSettings::default().size(size);
    let receiver = peers.importer.import_receiver("values", settings).await;
    receiver.expect("the channel is exported")
}

/// Several importers, each with a connection of its own.
pub(crate) async fn importers<T: Value>(
    world: &World,
    count: usize,
    size: u32,
) -> (Vec<Peers>, Vec<Receiver<T>>) {
    let (mut peers, mut receivers) = (Vec::new(), Vec::new());
    for _ in 0..count {
        let peer = world.connect().await;
        receivers.push(import(&peer, size).await);
        peers.push(peer);
    }
    (peers, receivers)
}

/// How the channel stands at the exporter's end of a connection.
pub(crate) async fn standing(peers: &Peers) -> ChannelStatus {
    let mut status = peers.exporter.status().await.expect("the connection lasts");
    status.channels.pop().expect("the channel is open")
}
