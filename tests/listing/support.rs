//! An exporter and an importer over TCP.

use std::error::Error;
use std::time::Duration;

use netchan::channel::ChannelDescription;
use netchan::net::{Address, Config, UnreadReports};
use netchan::{Connection, Exporter};

/// What a test returns: any error is its failure.
pub(crate) type TestResult<T = ()> = Result<T, Box<dyn Error>>;

/// A guard against hangs, and nothing else: no test waits for it.
const HANG: Duration = Duration::from_secs(120);

/// Fails a test that hangs.
pub(crate) async fn guarded(test: impl Future<Output = TestResult>) -> TestResult {
    tokio::time::timeout(HANG, test).await.map_err(|_| "the test hangs")?
}

/// An importer of `exporter`, over TCP.
pub(crate) async fn importer_of(exporter: &Exporter) -> TestResult<Connection> {
    let listener = Address::Tcp("127.0.0.1:0".into()).listen().await?;
    let address = listener.address().clone();
    let exporter = exporter.clone();
    tokio::spawn(async move {
        while let Ok(stream) = listener.accept().await {
            let _refused = exporter.serve(stream).await;
        }
    });
    let unread = UnreadReports::DropOldest;
    let (connection, driver) = Connection::dial(address, &Config::default(), unread).await?;
    tokio::spawn(driver.run());
    Ok(connection)
}

pub(crate) fn names(channels: &[ChannelDescription]) -> Vec<&str> {
    channels.iter().map(|channel| &channel.name[..]).collect()
}
