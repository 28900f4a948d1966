//! One exporter and one importer in one runtime.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use netchan::Dir;
use netchan::id::{ChannelId, Incarnation, NodeId};
use netchan::net::{Config, ConnectionEnd, Stream, UnreadReports};
use netchan::wire::{Content, Frame, Hello, Open, PREAMBLE, VERSION, encode};
use netchan::{Connection, Exporter};
use tokio::io::{AsyncWriteExt, DuplexStream};
use tokio::task::JoinHandle;

/// A guard against hangs, far beyond what anything here takes.
pub(crate) const GUARD: Duration = Duration::from_secs(30);

/// Two ends of one connection.
pub(crate) struct Joined {
    pub(crate) importer: Connection,
    pub(crate) exporter: Connection,
    pub(crate) exporter_driver: JoinHandle<ConnectionEnd>,
}

/// Connects an importer to `exporter` in memory.
pub(crate) async fn join(exporter: &Exporter) -> Joined {
    let (near, far) = Stream::in_memory(64 * 1024);
    let config = Config::default();
    let (served, dialled) = tokio::join!(
        exporter.accept(near),
        Connection::open(far, &config, UnreadReports::DropOldest)
    );
    let (exporter, exporter_driver) =
        served.expect("the exporter accepts").into_new().expect("a new session");
    let (importer, importer_driver) = dialled.expect("the importer connects");
    tokio::spawn(importer_driver.run());
    let exporter_driver = tokio::spawn(exporter_driver.run());
    Joined { importer, exporter, exporter_driver }
}

pub(crate) fn exporter() -> Exporter {
    Exporter::new(Config::default())
}

/// Lets every task of this runtime run until it waits.
pub(crate) async fn settle() {
    for _ in 0..300 {
        tokio::task::yield_now().await;
    }
}

pub(crate) async fn guarded<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(GUARD, future).await.expect("the test does not hang")
}

/// An importer that asks and then says nothing more.
pub(crate) struct Mute {
    link: DuplexStream,
}

impl Mute {
    pub(crate) async fn connect(exporter: &Exporter) -> Mute {
        let (near, mut link) = tokio::io::duplex(64 * 1024);
        let mut hello = BytesMut::from(&PREAMBLE[..]);
        let words = Hello {
            version_min: VERSION,
            version_max: VERSION,
            node: NodeId([1; 16]),
            incarnation: Incarnation([2; 16]),
            resume: None,
            received: 0,
            frame_bytes_max: 64 * 1024,
            expiry_ms: 0,
            features: 0,
            credentials: Bytes::new(),
        };
        words.encode(&mut hello);
        link.write_all(&hello).await.expect("the exporter reads");
        let served = exporter.accept(Stream::new(near, "mute")).await;
        let (_connection, driver) =
            served.expect("the exporter accepts").into_new().expect("a new session");
        tokio::spawn(driver.run());
        Mute { link }
    }

    /// Asks for a channel to which it would send.
    pub(crate) async fn import(&mut self, name: &str) {
        let open = Frame::Open(Open {
            channel: ChannelId(1),
            dir: Dir::Send,
            name: name.to_owned(),
            codec: "bincode2".to_owned(),
            identity: [0; 16],
            answer_identity: [0; 16],
            also_accepts: Vec::new(),
            content: Content::Values,
            clock_ms: 0,
            window_values: 1,
            window_bytes: 0,
            limit: None,
        });
        let mut bytes = BytesMut::new();
        encode(&open, 1, &mut bytes);
        self.link.write_all(&bytes).await.expect("the exporter reads");
        settle().await;
    }
}
