//! What it costs to send and receive on one thread, over a pipe in memory: the queues, the sessions
//! and the drivers, without sockets.
//!
//! `cargo bench -p netchan-bench --bench queue`

use criterion::{Criterion, Throughput};
use netchan::net::{ImportSettings, RecvSettings};
use netchan::{Config, Connection, Exporter, Receiver, Sender};
use netchan_bench::plain::{Resume, accept, open};
use netchan_bench::{Failure, Item, Link, Tick};
use tokio::runtime::Runtime;

/// The window of the channel, in values.
const WINDOW_VALUES: u32 = 4096;

/// Values of an iteration: more than a window, so that grants are part of it.
const VALUES: u64 = 16 * 1024;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    queues(&mut criterion);
    criterion.final_summary();
}

fn queues(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime can be built");
    let mut channel = Channel::new(&runtime).expect("a channel over memory opens");
    let mut group = criterion.benchmark_group("queue");
    group.throughput(Throughput::Elements(VALUES));
    group.bench_function("send", |bencher| {
        bencher.iter(|| runtime.block_on(channel.carry()).expect("all values come"));
    });
    group.bench_function("send-all", |bencher| {
        bencher.iter(|| runtime.block_on(channel.carry_all()).expect("all values come"));
    });
    group.throughput(Throughput::Elements(1));
    group.bench_function("one", |bencher| {
        bencher.iter(|| runtime.block_on(channel.carry_one()).expect("the value comes"));
    });
    group.finish();
}

/// A channel with both of its ends.
struct Channel {
    sender: Sender<Tick>,
    receiver: Receiver<Tick>,
    _importer: Connection,
    _exporter: Exporter,
}

impl Channel {
    fn new(runtime: &Runtime) -> Result<Channel, Failure> {
        runtime.block_on(async {
            let (near, far) = Link::Memory.pair()?;
            let exporter = Exporter::new(Config::default());
            let receiver = exporter.export_receiver("ticks", RecvSettings::default())?;
            let (importer, _) =
                tokio::try_join!(open(near, Resume::On), accept(&exporter, vec![far]))?;
            let settings = ImportSettings::default().size(WINDOW_VALUES);
            let sender = importer.import_sender("ticks", settings).await?;
            Ok(Channel { sender, receiver, _importer: importer, _exporter: exporter })
        })
    }

    async fn carry(&mut self) -> Result<(), Failure> {
        let Channel { sender, receiver, .. } = self;
        let send = async {
            for number in 0..VALUES {
                sender.send(Tick::new(number, 0)).await?;
            }
            Ok(())
        };
        tokio::try_join!(send, receive_all(receiver))?;
        Ok(())
    }

    async fn carry_all(&mut self) -> Result<(), Failure> {
        let Channel { sender, receiver, .. } = self;
        let ticks = (0..VALUES).map(|number| Tick::new(number, 0));
        let send = async { Ok(sender.send_all(ticks).await?) };
        tokio::try_join!(send, receive_all(receiver))?;
        Ok(())
    }

    async fn carry_one(&mut self) -> Result<(), Failure> {
        self.sender.send(Tick::new(0, 0)).await?;
        check(0, &self.receiver.recv().await?)
    }
}

async fn receive_all(receiver: &mut Receiver<Tick>) -> Result<(), Failure> {
    for number in 0..VALUES {
        check(number, &receiver.recv().await?)?;
    }
    Ok(())
}

fn check(number: u64, tick: &Tick) -> Result<(), Failure> {
    if tick.number() == number { Ok(()) } else { Err("another value came".into()) }
}
