//! What the tests share: a guard against hangs, settings, and both sides of a network.

use std::error::Error;
use std::time::Duration;

use netchan::channel::{Receiver, Value};
use netchan::net::{Config, Listener, UnreadReports};
use netchan::testing::Dialler;
use netchan::{Connection, Exporter};

/// What a test returns: any error is its failure.
pub(crate) type TestResult<T = ()> = Result<T, Box<dyn Error>>;

/// Fails a test that hangs. On a paused clock these hours are nothing, also beside many redials.
pub(crate) async fn guarded(test: impl Future<Output = TestResult>) -> TestResult {
    guarded_for(Duration::from_secs(5 * 60 * 60), test).await
}

/// The same for a test in real time.
pub(crate) async fn guarded_in_real_time(test: impl Future<Output = TestResult>) -> TestResult {
    guarded_for(Duration::from_secs(60), test).await
}

async fn guarded_for(limit: Duration, test: impl Future<Output = TestResult>) -> TestResult {
    tokio::time::timeout(limit, test).await.map_err(|_| "the test hangs")?
}

/// Serves whoever comes, until the runtime ends.
pub(crate) fn serve(exporter: &Exporter, listener: Listener) {
    let exporter = exporter.clone();
    tokio::spawn(async move {
        while let Ok(stream) = listener.accept().await {
            let exporter = exporter.clone();
            tokio::spawn(async move { exporter.serve(stream).await });
        }
    });
}

/// An importer that is connected.
pub(crate) async fn import(dialler: Dialler) -> TestResult<Connection> {
    let (connection, driver) =
        Connection::dial(dialler, &Config::default(), UnreadReports::DropOldest).await?;
    tokio::spawn(driver.run());
    Ok(connection)
}

/// The next values of a channel.
pub(crate) async fn take<T: Value>(receiver: &mut Receiver<T>, count: usize) -> TestResult<Vec<T>> {
    let mut values = Vec::new();
    while values.len() < count {
        values.push(receiver.recv().await?);
    }
    Ok(values)
}
