//! Byte streams, and the threads at their ends.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;

use netchan::net::Stream;
use tokio::io::DuplexStream;

use crate::Failure;

/// What a pipe in memory holds in each direction, in bytes.
pub const MEMORY_BYTES: usize = 64 * 1024;

/// What joins importer and exporter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Link {
    /// TCP over the loopback interface; each side has a thread and a runtime of its own
    Tcp,
    /// A Unix socket; each side has a thread and a runtime of its own
    Unix,
    /// A pipe in memory, as `Stream::in_memory` makes it; both sides share one runtime
    Memory,
}

/// One end of a byte stream that no runtime knows yet.
#[derive(Debug)]
pub enum End {
    /// Non-blocking, without delay.
    Tcp(TcpStream),
    /// Non-blocking.
    Unix(UnixStream),
    /// Of [`MEMORY_BYTES`].
    Memory(DuplexStream),
}

/// What drives a side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runtime {
    /// A runtime of tokio for one thread.
    Tokio,
    /// A system of actix, which is the same with room for tasks that stay on their thread.
    Actix,
}

impl Link {
    /// All of them.
    pub const ALL: [Link; 3] = [Link::Tcp, Link::Unix, Link::Memory];

    /// Its name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Link::Tcp => "tcp",
            Link::Unix => "unix",
            Link::Memory => "memory",
        }
    }

    /// Both ends of `count` byte streams: those of the importers, those of the exporter.
    ///
    /// # Errors
    ///
    /// When the operating system has none.
    pub fn ends(self, count: usize) -> Result<(Vec<End>, Vec<End>), Failure> {
        let pairs: Result<Vec<(End, End)>, Failure> = (0..count).map(|_| self.pair()).collect();
        Ok(pairs?.into_iter().unzip())
    }

    /// Both ends of one byte stream.
    ///
    /// # Errors
    ///
    /// When the operating system has none.
    pub fn pair(self) -> Result<(End, End), Failure> {
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
    ///
    /// # Errors
    ///
    /// What went wrong at one of them.
    pub fn run<A: Send, B: Send>(
        self,
        runtime: Runtime,
        importer: impl AsyncFnOnce() -> Result<A, Failure> + Send,
        exporter: impl AsyncFnOnce() -> Result<B, Failure> + Send,
    ) -> Result<(A, B), Failure> {
        if self == Link::Memory {
            return runtime.block_on(async { tokio::try_join!(importer(), exporter()) });
        }
        std::thread::scope(|scope| {
            // Named, so that a profiler tells the sides apart.
            let thread = std::thread::Builder::new().name("exporter".to_owned());
            let exporter =
                thread.spawn_scoped(scope, move || runtime.block_on(async { exporter().await }))?;
            let importer = runtime.block_on(async { importer().await });
            let exporter = exporter.join().map_err(|_| "the exporter panicked")?;
            // The first failure is likely to be the cause of the other, but which was first?
            match (importer, exporter) {
                (Ok(importer), Ok(exporter)) => Ok((importer, exporter)),
                (Err(importer), Err(exporter)) => {
                    Err(format!("importer: {importer}; exporter: {exporter}").into())
                }
                (Err(error), Ok(_)) | (Ok(_), Err(error)) => Err(error),
            }
        })
    }
}

impl Runtime {
    fn block_on<T>(self, side: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        match self {
            Runtime::Tokio => {
                tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(side)
            }
            Runtime::Actix => actix_rt::System::new().block_on(side),
        }
    }
}

impl End {
    /// The byte stream for netchan. To be called in the runtime that drives it.
    ///
    /// # Errors
    ///
    /// When the runtime cannot watch it.
    pub fn into_stream(self) -> Result<Stream, Failure> {
        Ok(match self {
            End::Tcp(stream) => tokio::net::TcpStream::from_std(stream)?.into(),
            End::Unix(stream) => tokio::net::UnixStream::from_std(stream)?.into(),
            End::Memory(stream) => Stream::new(stream, "memory"),
        })
    }
}

/// The one end that a work over one byte stream has.
///
/// # Errors
///
/// When there is none.
pub fn only(ends: Vec<End>) -> Result<End, Failure> {
    Ok(ends.into_iter().next().ok_or("a link has two ends")?)
}

/// `$body` with `$stream` as the byte stream of an end for a baseline: of its own type, so that nothing
/// stands between the baseline and its socket. In the runtime that drives it.
#[macro_export]
macro_rules! with_transport {
    ($end:expr, $stream:ident => $body:expr) => {
        match $end {
            $crate::End::Tcp(stream) => {
                let $stream = tokio::net::TcpStream::from_std(stream)?;
                $body
            }
            $crate::End::Unix(stream) => {
                let $stream = tokio::net::UnixStream::from_std(stream)?;
                $body
            }
            $crate::End::Memory($stream) => $body,
        }
    };
}
