//! A bad network between an importer and an exporter.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::{JoinHandle, JoinSet};

use crate::dice::Dice;
use crate::relay::relay;
use crate::weather::{Fate, Weather};

/// Carries each link that an importer opens to the exporter, as badly as the weather wants.
pub(crate) struct Proxy {
    address: SocketAddr,
    ended: Arc<AtomicU64>,
    silence: Arc<Notify>,
    task: JoinHandle<()>,
}

impl Proxy {
    pub(crate) async fn start(exporter: SocketAddr, weather: Weather, seed: u64) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let ended = Arc::<AtomicU64>::default();
        let silence = Arc::<Notify>::default();
        let links = Links { exporter, ended: ended.clone(), silence: silence.clone() };
        let task = tokio::spawn(links.accept(listener, weather, Dice::new(seed)));
        Proxy { address, ended, silence, task }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on, the links that are there swallow what they are given. Later ones do not.
    pub(crate) fn silence(&self) {
        self.silence.notify_waiters();
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

/// What all links share.
#[derive(Clone)]
struct Links {
    exporter: SocketAddr,
    ended: Arc<AtomicU64>,
    silence: Arc<Notify>,
}

impl Links {
    async fn accept(self, listener: TcpListener, weather: Weather, mut dice: Dice) {
        let mut links = JoinSet::new();
        loop {
            let (near, _) = listener.accept().await.unwrap();
            // Each link has its own chance, however long the others take.
            let fate = weather.fate(&mut dice.split());
            links.spawn(self.clone().carry(near, fate));
            while links.try_join_next().is_some() {}
        }
    }

    async fn carry(self, near: TcpStream, fate: Fate) {
        let Ok(far) = TcpStream::connect(self.exporter).await else { return };
        for stream in [&near, &far] {
            stream.set_nodelay(true).unwrap();
        }
        if relay(near, far, fate, &self.silence).await {
            self.ended.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// The seed of a test: one that the user wants to repeat, or its own. It is printed.
pub(crate) fn seed(default: u64) -> u64 {
    let seed = std::env::var("NETCHAN_SEED").map_or(default, |seed| seed.parse().unwrap());
    println!("NETCHAN_SEED={seed}");
    seed
}
