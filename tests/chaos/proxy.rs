//! A bad network between an importer and an exporter.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use crate::dice::Dice;
use crate::relay::relay;
use crate::weather::Weather;

/// Carries each link that an importer opens to the exporter, as badly as the weather wants.
pub(crate) struct Proxy {
    address: SocketAddr,
    ended: Arc<AtomicU64>,
    task: JoinHandle<()>,
}

impl Proxy {
    pub(crate) async fn start(exporter: SocketAddr, weather: Weather, seed: u64) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let ended = Arc::<AtomicU64>::default();
        let task = tokio::spawn(accept(listener, exporter, weather, seed, ended.clone()));
        Proxy { address, ended, task }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Links that were ended here, and not by the peers.
    pub(crate) fn ended_links(&self) -> u64 {
        self.ended.load(Ordering::Relaxed)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(
    listener: TcpListener,
    exporter: SocketAddr,
    weather: Weather,
    seed: u64,
    ended: Arc<AtomicU64>,
) {
    let mut dice = Dice::new(seed);
    let mut links = JoinSet::new();
    loop {
        let (near, _) = listener.accept().await.unwrap();
        // Each link has its own chance, however long the others take.
        let fate = weather.fate(&mut dice.split());
        let ended = ended.clone();
        links.spawn(async move {
            let Ok(far) = TcpStream::connect(exporter).await else { return };
            for stream in [&near, &far] {
                stream.set_nodelay(true).unwrap();
            }
            if relay(near, far, fate).await {
                ended.fetch_add(1, Ordering::Relaxed);
            }
        });
        while links.try_join_next().is_some() {}
    }
}

/// The seed of a test: one that the user wants to repeat, or its own. It is printed.
pub(crate) fn seed(default: u64) -> u64 {
    let seed = std::env::var("NETCHAN_SEED").map_or(default, |seed| seed.parse().unwrap());
    println!("NETCHAN_SEED={seed}");
    seed
}
