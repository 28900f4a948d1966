//! What the tests share: messages that are counted, on both sides, and two sides to send them between.

use std::error::Error;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix::prelude::*;
use netchan::net::{Config, Redial};
use netchan_actix::messages::{self, Serve};
use netchan_actix::testing::Network;
use netchan_actix::{ExporterActor, ImporterActor};
use serde::{Deserialize, Serialize};

/// What a test returns: any error is its failure.
pub(crate) type TestResult<T = ()> = Result<T, Box<dyn Error>>;

/// A guard against hangs, and nothing else: no test waits for it.
const HANG: Duration = Duration::from_secs(600);

/// Bytes that a message carries.
pub(crate) const PAYLOAD_BYTES: usize = 1024;

/// Messages that are somewhere in memory, not encoded.
static ALIVE: AtomicUsize = AtomicUsize::new(0);

/// A message that is counted while it is in memory. Its number comes back.
#[derive(Message, Serialize, Deserialize)]
#[rtype(result = "u64")]
pub(crate) struct Load {
    pub(crate) number: u64,
    #[serde(with = "serde_bytes")]
    payload: Vec<u8>,
    #[serde(skip, default = "Life::begin")]
    _life: Life,
}

struct Life;

impl Life {
    fn begin() -> Life {
        ALIVE.fetch_add(1, Ordering::SeqCst);
        Life
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        ALIVE.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Load {
    pub(crate) fn new(number: u64) -> Load {
        Load { number, payload: vec![7; PAYLOAD_BYTES], _life: Life::begin() }
    }
}

/// Messages that are somewhere in memory, not encoded.
pub(crate) fn alive() -> usize {
    ALIVE.load(Ordering::SeqCst)
}

/// Bytes of the process.
pub(crate) fn allocated() -> usize {
    crate::ALLOCATOR.allocated()
}

/// The most there was since it began to watch.
pub(crate) struct Peak {
    before: usize,
    pub(crate) messages: usize,
    pub(crate) bytes: usize,
}

impl Peak {
    pub(crate) fn watch() -> Peak {
        Peak { before: allocated(), messages: 0, bytes: 0 }
    }

    pub(crate) fn look(&mut self) {
        self.messages = self.messages.max(alive());
        self.bytes = self.bytes.max(allocated().saturating_sub(self.before));
    }
}

/// An exporter and an importer with a network in memory between them.
pub(crate) struct Sides {
    pub(crate) exporter: Addr<ExporterActor>,
    pub(crate) importer: Addr<ImporterActor>,
    pub(crate) network: Network,
}

impl Sides {
    pub(crate) async fn new() -> TestResult<Sides> {
        let redial = Redial::default().delays(Duration::from_millis(1), Duration::from_millis(5));
        let config = Config::builder().redial(redial).build()?;
        let network = Network::new();
        let exporter = ExporterActor::new(config.clone()).start();
        exporter.send(Serve(network.listener())).await?;
        let importer = ImporterActor::new(network.dialler(), "exporter", config).start();
        Ok(Sides { exporter, importer, network })
    }

    /// Channels that are not over, and values that are under way, of the only connection of each side.
    pub(crate) async fn open(&self) -> TestResult<[(usize, u64); 2]> {
        let there = self.exporter.send(messages::Status).await?;
        let here = self.importer.send(messages::Status).await?;
        let count = |all: Vec<netchan::net::Status>| {
            (
                all.iter().map(|one| one.channels.len()).sum(),
                all.iter().map(|one| one.outstanding_values).sum(),
            )
        };
        Ok([count(there), count(here)])
    }
}

/// Fails a test that hangs.
pub(crate) async fn guarded(test: impl Future<Output = TestResult>) -> TestResult {
    tokio::time::timeout(HANG, test).await.map_err(|_| "the test hangs")?
}

/// Lets everything else run until something is so.
pub(crate) async fn until(mut is_so: impl FnMut() -> bool) {
    while !is_so() {
        tokio::task::yield_now().await;
    }
}

/// Lets everything else run for a while.
pub(crate) async fn pause() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}
