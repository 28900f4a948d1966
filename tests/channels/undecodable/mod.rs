//! Values that cannot be decoded: what their receiver does, and what their sender is told.

#![allow(clippy::unwrap_used)] // A failed test may panic.

mod checking;
mod ending;
mod leaving_out;
mod sessions;

use netchan::Dir;
use netchan::channel::{CodecError, RecvError, Undecodable, UndecodableValue};
use netchan::net::{ChannelStatus, Connection, Event, EventStream, ImportSettings, RecvSettings};
use netchan::{Receiver, Sender};
use serde::{Deserialize, Deserializer, Serialize};

use crate::support::{Peers, World};

/// What it refuses, wherever it is decoded.
pub(crate) const UNLUCKY: Picky = Picky(13_013);

/// This one panics where it is decoded.
pub(crate) const TRAP: Picky = Picky(77_077);

/// A number that is encoded whatever it is, and not decoded if it is [`UNLUCKY`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Picky(pub(crate) u32);

impl<'de> Deserialize<'de> for Picky {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Picky, D::Error> {
        #[derive(Deserialize)]
        #[serde(rename = "Picky")]
        struct Any(u32);

        let Any(number) = Any::deserialize(deserializer)?;
        assert_ne!(Picky(number), TRAP, "this panics where it is decoded");
        if Picky(number) == UNLUCKY {
            return Err(serde::de::Error::custom("unlucky"));
        }
        Ok(Picky(number))
    }
}

pub(crate) fn picky(numbers: impl IntoIterator<Item = u32>) -> Vec<Picky> {
    numbers.into_iter().map(Picky).collect()
}

/// A channel `values` of a size, whose receiver has a policy. The direction is the importer's.
pub(crate) async fn channel_of(
    world: &World,
    peers: &Peers,
    dir: Dir,
    size: u32,
    policy: Undecodable,
) -> (Sender<Picky>, Receiver<Picky>) {
    let settings = ImportSettings::default().size(size).undecodable(policy);
    match dir {
        Dir::Recv => {
            let sender = world.exporter.export_sender("values", Default::default()).unwrap();
            (sender, peers.importer.import_receiver("values", settings).await.unwrap())
        }
        Dir::Send => {
            let by_exporter = RecvSettings::default().undecodable(policy);
            let receiver = world.exporter.export_receiver("values", by_exporter).unwrap();
            (peers.importer.import_sender("values", settings).await.unwrap(), receiver)
        }
    }
}

/// What the receiver is told of the unlucky value at a position.
#[track_caller]
pub(crate) fn assert_refused(
    received: Result<Picky, RecvError>,
    position: u64,
    policy: Undecodable,
) {
    let Err(RecvError::Undecodable(value)) = received else {
        panic!("it cannot be decoded, but: {received:?}");
    };
    let UndecodableValue { channel, position: at, error, policy: by, .. } = *value;
    assert_eq!((&*channel, at, by), ("values", position, policy));
    assert!(matches!(error, CodecError::Refused(text) if text.contains("unlucky")));
}

/// The next rejection of which a stream of events tells: by whom, its position, and how many.
pub(crate) async fn rejection(
    events: &mut EventStream,
) -> (netchan::channel::Origin, bool, u64, u64) {
    loop {
        let event = events.next_event().await.expect("the events go on");
        if let Event::ValueRejected {
            name, by, is_answer, position, rejected_values, text, ..
        } = event
        {
            assert_eq!(name, "values");
            assert!(text.contains("unlucky"), "{text}");
            return (by, is_answer, position, rejected_values);
        }
    }
}

/// The events of the side that sends and of the one that receives.
pub(crate) fn events_of(world: &World, peers: &Peers, dir: Dir) -> (EventStream, EventStream) {
    let (exporter, importer) = (world.exporter.events(), peers.importer.events());
    match dir {
        Dir::Recv => (exporter, importer),
        Dir::Send => (importer, exporter),
    }
}

/// The state of the channel `values`.
pub(crate) async fn status(connection: &Connection) -> ChannelStatus {
    let status = connection.status().await.unwrap();
    status.channels.into_iter().find(|channel| channel.name == "values").unwrap()
}
