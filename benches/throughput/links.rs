//! Byte streams, and the threads at their ends.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;

use netchan::net::{Stream, Transport};
use tokio::io::DuplexStream;

use crate::Failure;

/// What a pipe in memory holds in each direction, in bytes.
const MEMORY_BYTES: usize = 64 * 1024;

/// What joins importer and exporter.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Link {
    /// TCP over the loopback interface; each side has a thread and a runtime of its own.
    Tcp,
    /// A Unix socket; each side has a thread and a runtime of its own.
    Unix,
    /// A pipe in memory, as `Stream::in_memory` makes it; both sides share one runtime.
    Memory,
}

/// One end of a byte stream that no runtime knows yet.
pub(crate) enum End {
    Tcp(TcpStream),
    Unix(UnixStream),
    Memory(DuplexStream),
}

impl Link {
    /// Both ends of `count` byte streams.
    pub(crate) fn ends(self, count: usize) -> Result<(Vec<End>, Vec<End>), Failure> {
        let pairs: Result<Vec<(End, End)>, Failure> = (0..count).map(|_| self.pair()).collect();
        Ok(pairs?.into_iter().unzip())
    }

    fn pair(self) -> Result<(End, End), Failure> {
        match self {
            Link::Tcp => {
                let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
                let near = TcpStream::connect(listener.local_addr()?)?;
                let (far, _) = listener.accept()?;
                for stream in [&near, &far] {
                    stream.set_nonblocking(true)?;
                    stream.set_nodelay(true)?;
                }
                Ok((End::Tcp(near), End::Tcp(far)))
            }
            Link::Unix => {
                let (near, far) = UnixStream::pair()?;
                near.set_nonblocking(true)?;
                far.set_nonblocking(true)?;
                Ok((End::Unix(near), End::Unix(far)))
            }
            Link::Memory => {
                let (near, far) = tokio::io::duplex(MEMORY_BYTES);
                Ok((End::Memory(near), End::Memory(far)))
            }
        }
    }

    /// Runs both sides to their end, on as many threads as the link says.
    pub(crate) fn run<A: Send, B: Send>(
        self,
        importer: impl AsyncFnOnce() -> Result<A, Failure> + Send,
        exporter: impl AsyncFnOnce() -> Result<B, Failure> + Send,
    ) -> Result<(A, B), Failure> {
        if self == Link::Memory {
            return runtime()?.block_on(async { tokio::try_join!(importer(), exporter()) });
        }
        std::thread::scope(|scope| {
            // Named, so that a profiler tells the sides apart.
            let thread = std::thread::Builder::new().name("exporter".to_owned());
            let exporter = thread.spawn_scoped(scope, || runtime()?.block_on(exporter()))?;
            let importer = runtime()?.block_on(importer())?;
            let exporter = exporter.join().map_err(|_| "the exporter panicked")??;
            Ok((importer, exporter))
        })
    }
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

impl End {
    /// The byte stream for netchan. To be called in the runtime that drives it.
    pub(crate) fn into_stream(self) -> Result<Stream, Failure> {
        Ok(match self {
            End::Tcp(stream) => tokio::net::TcpStream::from_std(stream)?.into(),
            End::Unix(stream) => tokio::net::UnixStream::from_std(stream)?.into(),
            End::Memory(stream) => Stream::new(stream, "memory"),
        })
    }

    /// The byte stream for the baseline. To be called in the runtime that drives it.
    pub(crate) fn into_transport(self) -> Result<Box<dyn Transport>, Failure> {
        Ok(match self {
            End::Tcp(stream) => Box::new(tokio::net::TcpStream::from_std(stream)?),
            End::Unix(stream) => Box::new(tokio::net::UnixStream::from_std(stream)?),
            End::Memory(stream) => Box::new(stream),
        })
    }
}
