//! Programs with exporters and importers in one runtime, and links that a test can cut.

use std::sync::Arc;
use std::time::Duration;

use netchan::channel::{RecvError, RemoteSender, Value};
use netchan::net::{Config, ConfigBuilder, ConnectionEnd, Redial, Status, Stream, UnreadReports};
use netchan::{Connection, Exporter, Receiver, Sender};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tokio::io::copy_bidirectional;
use tokio::task::{AbortHandle, JoinHandle};

/// A guard against hangs, and nothing else.
const GUARD: Duration = Duration::from_secs(3600);

/// Looks at the tables before a test gives up: far more than anything here takes.
const ROUNDS_MAX: usize = 100_000;

/// A request with the place for its answers.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Request {
    pub(crate) number: u64,
    pub(crate) reply_to: RemoteSender<u64>,
}

pub(crate) fn request(number: u64, window: u32) -> (Request, Receiver<u64>) {
    let (reply_to, answers) = RemoteSender::channel(window).expect("numbers can be sent");
    (Request { number, reply_to }, answers)
}

/// The sender in a request that has come.
pub(crate) fn reply_to(request: Request) -> Sender<u64> {
    request.reply_to.into_sender().expect("it has travelled")
}

pub(crate) async fn guarded<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(GUARD, future).await.expect("the test does not hang")
}

/// Settings with which a lost link is replaced at once.
pub(crate) fn quick() -> ConfigBuilder {
    let delays = (Duration::from_millis(2), Duration::from_millis(20));
    Config::builder().redial(Redial::default().delays(delays.0, delays.1))
}

/// An exporter and an importer whose links can be cut.
pub(crate) struct Joined {
    pub(crate) exporter: Exporter,
    pub(crate) importer: Connection,
    pub(crate) importer_driver: JoinHandle<ConnectionEnd>,
    pub(crate) line: Line,
}

impl Joined {
    pub(crate) async fn new() -> Joined {
        Joined::with(quick().build().expect("the settings can work")).await
    }

    pub(crate) async fn with(config: Config) -> Joined {
        Joined::to(Exporter::new(config.clone()), config).await
    }

    /// Another importer of an exporter.
    pub(crate) async fn to(exporter: Exporter, config: Config) -> Joined {
        let line = Line::to(&exporter);
        let unread = UnreadReports::DropOldest;
        let dialled = Connection::dial(line.dial(), &config, unread).await;
        let (importer, driver) = dialled.expect("the exporter welcomes");
        let importer_driver = tokio::spawn(driver.run());
        Joined { exporter, importer, importer_driver, line }
    }

    pub(crate) async fn importer_status(&self) -> Status {
        self.importer.status().await.expect("the connection lasts")
    }

    /// The status of the exporter's only connection.
    pub(crate) async fn exporter_status(&self) -> Status {
        let mut statuses = self.exporter.status().await;
        assert_eq!(statuses.len(), 1);
        statuses.remove(0)
    }

    /// Waits until nothing is offered or claimed on either side, and no channel but `channels` is left.
    pub(crate) async fn wait_until_empty(&self, channels: usize) {
        for _ in 0..ROUNDS_MAX {
            let statuses = [self.importer_status().await, self.exporter_status().await];
            let is_empty = |status: &Status| {
                status.offers + status.claims == 0 && status.channels.len() == channels
            };
            if statuses.iter().all(is_empty) {
                return;
            }
            tokio::task::yield_now().await;
        }
        panic!("{:?} and {:?}", self.importer_status().await, self.exporter_status().await);
    }
}

/// What carries the links of an importer to an exporter.
#[derive(Clone)]
pub(crate) struct Line {
    exporter: Arc<Mutex<Exporter>>,
    links: Arc<Mutex<Vec<AbortHandle>>>,
}

impl Line {
    fn to(exporter: &Exporter) -> Line {
        Line { exporter: Arc::new(Mutex::new(exporter.clone())), links: Arc::default() }
    }

    fn dial(&self) -> impl netchan::net::Dial + use<> {
        let line = self.clone();
        move || {
            let exporter = line.exporter.lock().clone();
            let (mut near, importers) = tokio::io::duplex(4 * 1024);
            let (mut far, exporters) = tokio::io::duplex(4 * 1024);
            let link = tokio::spawn(async move { copy_bidirectional(&mut near, &mut far).await });
            line.links.lock().push(link.abort_handle());
            tokio::spawn(async move { exporter.serve(Stream::new(exporters, "importer")).await });
            async move { Ok(Stream::new(importers, "exporter")) }
        }
    }

    /// Cuts all links; what is on its way is lost.
    pub(crate) fn cut(&self) {
        self.links.lock().drain(..).for_each(|link| link.abort());
    }

    /// The next links lead to another exporter, as if the first one had restarted.
    pub(crate) fn point_to(&self, exporter: &Exporter) {
        *self.exporter.lock() = exporter.clone();
    }
}

/// All values of a channel, and how it ended.
pub(crate) async fn take_all<T: Value>(
    receiver: &mut Receiver<T>,
) -> (Vec<T>, netchan::channel::Closed) {
    let mut values = Vec::new();
    loop {
        match guarded(receiver.recv()).await {
            Ok(value) => values.push(value),
            Err(RecvError::Closed(closed)) => return (values, closed),
            Err(error) => panic!("{error}"),
        }
    }
}
