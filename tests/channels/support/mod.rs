//! Two peers and their channels, over a real socket or a pipe in memory.

use std::pin::pin;
use std::time::Duration;

use futures::FutureExt;
use netchan::channel::Value;
use netchan::net::{
    Address, Config, Connection, ConnectionEnd, Dial, Exporter, ImportSettings, Listener,
    RecvSettings, SendSettings, Stream, UnreadReports,
};
use netchan::testing::Network;
use netchan::{Dir, Receiver, Sender};
use tokio::task::JoinHandle;

/// No test takes so long, unless it hangs.
pub(crate) const GUARD: Duration = Duration::from_secs(60);

/// What carries a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Medium {
    /// TCP over the loopback interface.
    Tcp,
    /// A pipe in memory.
    Memory,
}

/// Runs a test over each medium.
pub(crate) async fn over_each(test: impl AsyncFn(Medium)) {
    for medium in [Medium::Tcp, Medium::Memory] {
        guarded(format!("{medium:?}"), test(medium)).await;
    }
}

/// Runs a test over each medium and in both directions, of which it is given the importer's.
pub(crate) async fn each_way(test: impl AsyncFn(Medium, Dir)) {
    for medium in [Medium::Tcp, Medium::Memory] {
        for dir in [Dir::Recv, Dir::Send] {
            guarded(format!("{medium:?}, the importer's {dir}"), test(medium, dir)).await;
        }
    }
}

/// Waits for something that comes unless there is a fault.
pub(crate) async fn guarded<T>(what: impl std::fmt::Display, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(GUARD, future).await {
        Ok(output) => output,
        Err(_) => panic!("{what}: it hangs"),
    }
}

/// Polls a future once.
pub(crate) fn poll_once<T>(future: impl Future<Output = T>) -> Option<T> {
    pin!(future).now_or_never()
}

/// Lets all other tasks of a current-thread runtime run until they wait.
pub(crate) async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

/// An exporter, and how it is reached.
pub(crate) struct World {
    listener: Option<Listener>,
    pub(crate) config: Config,
    pub(crate) exporter: Exporter,
}

/// Both ends of a connection.
pub(crate) struct Peers {
    pub(crate) importer: Connection,
    pub(crate) exporter: Connection,
    pub(crate) importer_driver: JoinHandle<ConnectionEnd>,
    pub(crate) exporter_driver: JoinHandle<ConnectionEnd>,
}

impl World {
    pub(crate) async fn new(medium: Medium) -> World {
        World::with(medium, Config::default()).await
    }

    pub(crate) async fn with(medium: Medium, config: Config) -> World {
        let listener = match medium {
            Medium::Tcp => {
                let any_port: Address = "127.0.0.1:0".parse().expect("an address");
                Some(any_port.listen().await.expect("a free port"))
            }
            Medium::Memory => None,
        };
        let exporter = Exporter::new(config.clone());
        World { listener, config, exporter }
    }

    /// The importer's and the exporter's end of a new stream.
    pub(crate) async fn streams(&self) -> (Stream, Stream) {
        match &self.listener {
            Some(listener) => {
                let (near, far) = tokio::join!(listener.address().dial(), listener.accept());
                (near.expect("the listener is there"), far.expect("a connection comes"))
            }
            None => Stream::in_memory(64 * 1024),
        }
    }

    pub(crate) async fn connect(&self) -> Peers {
        self.connect_reporting(UnreadReports::DropOldest).await
    }

    pub(crate) async fn connect_reporting(&self, unread: UnreadReports) -> Peers {
        let (near, far) = self.streams().await;
        self.join(near, far, unread).await
    }

    /// Connects over a network that fails when the test says so.
    pub(crate) async fn connect_over_network(&self) -> (Peers, Network) {
        let network = Network::with_link_bytes(1024);
        let listener = network.listener();
        let near = network.dialler().dial().await.expect("somebody listens");
        let far = listener.accept().await.expect("a link was made");
        (self.join(near, far, UnreadReports::DropOldest).await, network)
    }

    async fn join(&self, near: Stream, far: Stream, unread: UnreadReports) -> Peers {
        let (near, far) =
            tokio::join!(Connection::open(near, &self.config, unread), self.exporter.accept(far));
        let (importer, importer_driver) = near.expect("the exporter welcomes");
        let (exporter, exporter_driver) =
            far.expect("the importer is welcome").into_new().expect("a new session");
        Peers {
            importer,
            exporter,
            importer_driver: tokio::spawn(importer_driver.run()),
            exporter_driver: tokio::spawn(exporter_driver.run()),
        }
    }
}

/// A channel whose window, and whose queue if the exporter sends, is of a size.
pub(crate) async fn channel<T: Value>(
    world: &World,
    peers: &Peers,
    name: &str,
    dir: Dir,
    size: u32,
) -> (Sender<T>, Receiver<T>) {
    let settings = ImportSettings::default().size(size);
    channel_with(world, peers, name, dir, size, settings).await
}

/// The same with other settings of the import.
pub(crate) async fn channel_with<T: Value>(
    world: &World,
    peers: &Peers,
    name: &str,
    dir: Dir,
    capacity: u32,
    settings: ImportSettings,
) -> (Sender<T>, Receiver<T>) {
    match dir {
        Dir::Recv => {
            let queue = SendSettings::default().capacity_values(capacity);
            let sender = world.exporter.export_sender(name, queue).expect("a free name");
            let receiver = peers.importer.import_receiver(name, settings).await;
            (sender, receiver.expect("the channel is exported"))
        }
        Dir::Send => {
            let receiver = world.exporter.export_receiver(name, RecvSettings::default());
            let sender = peers.importer.import_sender(name, settings).await;
            (sender.expect("the channel is exported"), receiver.expect("a free name"))
        }
    }
}

/// Two peers with one channel of a size. Keep the peers: they keep the connection.
pub(crate) async fn one_channel<T: Value>(
    medium: Medium,
    dir: Dir,
    size: u32,
) -> (Sender<T>, Receiver<T>, World, Peers) {
    let world = World::new(medium).await;
    let peers = world.connect().await;
    let (sender, receiver) = channel(&world, &peers, "values", dir, size).await;
    (sender, receiver, world, peers)
}

/// Waits until the receiving side has received what was sent by now.
pub(crate) async fn arrived(world: &World, peers: &Peers, dir: Dir) {
    let synced = match dir {
        Dir::Recv => world.exporter.sync(GUARD).await,
        Dir::Send => peers.importer.sync(GUARD).await,
    };
    synced.expect("what was sent arrives");
}

/// Takes all values until the end of a channel, which must be regular.
pub(crate) async fn take_all<T>(receiver: &mut Receiver<T>) -> Vec<T> {
    let mut values = Vec::new();
    loop {
        match receiver.recv().await {
            Ok(value) => values.push(value),
            Err(netchan::channel::RecvError::Closed(closed)) if closed.is_finished() => {
                return values;
            }
            Err(error) => panic!("the channel ends regularly, not: {error}"),
        }
    }
}

/// Takes so many values.
pub(crate) async fn take<T>(receiver: &mut Receiver<T>, count: usize) -> Vec<T> {
    let mut values = Vec::new();
    while values.len() < count {
        values.push(receiver.recv().await.expect("a value comes"));
    }
    values
}
