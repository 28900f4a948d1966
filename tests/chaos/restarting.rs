//! What outlives a process that is killed: the port at which it listens again, and the record of what
//! it has taken.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU16, Ordering};

use tempfile::TempDir;

/// Ports that no system gives to connections: one that is free while a process is started again
/// must stay free.
const PORTS: std::ops::Range<u16> = 20_000..30_000;

pub(crate) struct Ports;

impl Ports {
    /// A port that nobody uses, at which other processes will listen.
    pub(crate) fn next() -> SocketAddr {
        static TRIED: AtomicU16 = AtomicU16::new(0);
        let first = (std::process::id() % 100) as u16 * 100;
        loop {
            let tried = TRIED.fetch_add(1, Ordering::Relaxed);
            assert!(tried < PORTS.len() as u16, "there is no free port");
            let port = PORTS.start + (first + tried) % PORTS.len() as u16;
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
            if TcpListener::bind(address).is_ok() {
                return address;
            }
        }
    }
}

/// Files with what processes have taken, one for each life.
pub(crate) struct Records {
    folder: TempDir,
}

impl Records {
    pub(crate) fn new() -> Records {
        Records { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, life: u64) -> PathBuf {
        self.folder.path().join(life.to_string())
    }

    /// The values that were taken, in their order.
    pub(crate) fn read(&self, life: u64) -> Vec<u64> {
        let bytes = std::fs::read(self.path(life)).unwrap();
        let (values, rest) = bytes.as_chunks::<8>();
        assert!(rest.is_empty(), "a value is on record whole or not at all");
        values.iter().map(|value| u64::from_le_bytes(*value)).collect()
    }
}
