//! One exporter and one importer in one runtime.

use std::time::Duration;

use netchan::net::{Config, ConnectionEnd, Stream, UnreadReports};
use netchan::{Connection, Exporter};
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
    let (exporter, exporter_driver) = served.expect("the exporter accepts");
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
