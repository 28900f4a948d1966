//! What the tests share: blobs that can be told apart, and links that are watched and can be cut.

mod watched;

use std::error::Error;
use std::time::Duration;

use bytes::Bytes;
use netchan::channel::{Format, Raw, Receiver, RecvError};
use netchan::net::{Connection, Exporter, Redial, UnreadReports};
use netchan::{Config, Sender};

pub(crate) use watched::Links;

/// What a test returns: any error is its failure.
pub(crate) type TestResult<T = ()> = Result<T, Box<dyn Error>>;

/// A guard against hangs, and nothing else: no test waits for it.
const HANG: Duration = Duration::from_secs(60);

/// Fails a test that hangs.
pub(crate) async fn guarded(test: impl Future<Output = TestResult>) -> TestResult {
    tokio::time::timeout(HANG, test).await.map_err(|_| "the test hangs")?
}

pub(crate) fn raw() -> Format<Bytes, Raw> {
    Format::new()
}

/// Settings with which a lost link is replaced at once.
pub(crate) fn quick_config() -> TestResult<Config> {
    let delays = (Duration::from_millis(1), Duration::from_millis(2));
    Ok(Config::builder().redial(Redial::default().delays(delays.0, delays.1)).build()?)
}

/// An importer over links that are watched.
pub(crate) async fn connect(exporter: &Exporter, links: &Links) -> TestResult<Connection> {
    let dial = links.dial(exporter.clone());
    let (connection, driver) =
        Connection::dial(dial, &quick_config()?, UnreadReports::ShutDown).await?;
    tokio::spawn(driver.run());
    Ok(connection)
}

/// A blob of this length that is like no other with another number, and nowhere like itself.
pub(crate) fn blob(number: usize, length: usize) -> Bytes {
    let mut state = number as u64 + 1;
    let next = move || {
        // xorshift: quick, and it repeats only after 2^64 steps.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut bytes: Vec<u8> =
        std::iter::repeat_with(next).take(length.div_ceil(8)).flat_map(u64::to_le_bytes).collect();
    bytes.truncate(length);
    bytes.into()
}

/// Blobs of these lengths.
pub(crate) fn blobs(lengths: &[usize]) -> Vec<Bytes> {
    lengths.iter().enumerate().map(|(number, length)| blob(number, *length)).collect()
}

/// Sends blobs and ends the channel.
pub(crate) fn send_all(sender: Sender<Bytes>, blobs: &[Bytes]) {
    let blobs = blobs.to_vec();
    tokio::spawn(async move { sender.send_all(blobs).await });
}

/// All values of a channel up to its regular end.
pub(crate) async fn take_all(receiver: &mut Receiver<Bytes>) -> TestResult<Vec<Bytes>> {
    let mut values = Vec::new();
    loop {
        match receiver.recv().await {
            Ok(value) => values.push(value),
            Err(RecvError::Closed(closed)) if closed.is_finished() => return Ok(values),
            Err(error) => return Err(error.into()),
        }
    }
}

/// Compares without printing megabytes.
#[track_caller]
pub(crate) fn assert_same(came: &[Bytes], sent: &[Bytes]) {
    let lengths = |blobs: &[Bytes]| blobs.iter().map(Bytes::len).collect::<Vec<_>>();
    assert_eq!(lengths(came), lengths(sent));
    let differing = came.iter().zip(sent).position(|(came, sent)| came != sent);
    assert_eq!(differing, None, "a value that differs");
}
