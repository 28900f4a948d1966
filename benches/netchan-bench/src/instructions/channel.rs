//! The ends of one channel: the queue that a sender fills, and the lane that a receiver empties.

use std::hint::black_box;

use netchan::channel::Value;
use netchan::net::{ImportSettings, RecvSettings};
use netchan::{Config, Connection, Exporter, Receiver, Sender};
use tokio::runtime::Runtime;

use super::counted::count;
use crate::plain::{DRAIN, Resume, accept, open};
use crate::{Failure, Item, Link};

/// The window of the channel, in values: so much more than a batch that grants are always in time.
const WINDOW_VALUES: u32 = 4096;

/// Values that are sent before any of them is taken. All of them fit into the window in bytes.
pub(super) const BATCH: usize = 256;

/// What of a batch is counted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// `Sender::try_send`, encoding included.
    Send,
    /// `Receiver::try_recv`, decoding included.
    Take,
}

/// A channel over a link in memory with both of its ends.
pub(super) struct Channel<V> {
    pub(super) sender: Sender<V>,
    pub(super) receiver: Receiver<V>,
    importer: Connection,
    _exporter: Exporter,
}

impl<V: Item + Value> Channel<V> {
    pub(super) async fn open() -> Result<Channel<V>, Failure> {
        let (near, far) = Link::Memory.pair()?;
        let exporter = Exporter::new(Config::default());
        let receiver = exporter.export_receiver("values", RecvSettings::default())?;
        let (importer, _) = tokio::try_join!(open(near, Resume::On), accept(&exporter, vec![far]))?;
        let settings = ImportSettings::default().size(WINDOW_VALUES);
        let sender = importer.import_sender("values", settings).await?;
        Ok(Channel { sender, receiver, importer, _exporter: exporter })
    }
}

/// A runtime of one thread, since callgrind counts by thread.
pub(super) fn runtime() -> Result<Runtime, Failure> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

/// Carries so many values, and counts only one part of it.
pub(super) fn carry<V: Item + Value>(
    values: usize,
    bytes: usize,
    part: Part,
) -> Result<(), Failure> {
    let runtime = runtime()?;
    let mut channel = runtime.block_on(Channel::<V>::open())?;
    for _ in 0..values / BATCH {
        let batch: Vec<V> = (0..BATCH).map(|number| V::new(number as u64, bytes)).collect();
        part.run(Part::Send, || send(&channel.sender, batch))?;
        runtime.block_on(channel.importer.sync(DRAIN))?;
        part.run(Part::Take, || take(&mut channel.receiver))?;
    }
    Ok(())
}

impl Part {
    fn run<T>(self, part: Part, work: impl FnOnce() -> T) -> T {
        if self == part { count(work) } else { work() }
    }
}

fn send<V>(sender: &Sender<V>, batch: Vec<V>) -> Result<(), Failure> {
    for value in batch {
        sender.try_send(value).map_err(|_| "a value found no room")?;
    }
    Ok(())
}

fn take<V: Item>(receiver: &mut Receiver<V>) -> Result<(), Failure> {
    for number in 0..BATCH {
        if black_box(receiver.try_recv()?).number() != number as u64 {
            return Err("another value came".into());
        }
    }
    Ok(())
}
