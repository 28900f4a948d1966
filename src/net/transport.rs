//! The byte stream under a link, whatever it is.

use tokio::io::{AsyncRead, AsyncWrite, DuplexStream};
use tokio::net::{TcpStream, UnixStream};

#[cfg(any(target_os = "linux", target_os = "android"))]
use crate::limits::UNSENT_BYTES_MAX;
#[cfg(any(target_os = "linux", target_os = "android"))]
use socket2::SockRef;

/// A byte stream that can carry a link: TCP, a Unix socket, a pipe in memory, or anything else
/// that reads and writes, such as a TLS stream.
pub trait Transport: AsyncRead + AsyncWrite + Send + Unpin + 'static {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin + 'static> Transport for S {}

/// A byte stream, and what is known of its other end.
pub struct Stream {
    pub(super) transport: Box<dyn Transport>,
    peer: String,
}

impl Stream {
    /// Any byte stream. `peer` is a name for its other end, for logs and reports.
    pub fn new(transport: impl Transport, peer: impl Into<String>) -> Stream {
        Stream { transport: Box::new(transport), peer: peer.into() }
    }

    /// The name of the other end.
    #[must_use]
    pub fn peer(&self) -> &str {
        &self.peer
    }

    /// The byte stream itself, to be wrapped in another one or used without a link.
    #[must_use]
    pub fn into_transport(self) -> Box<dyn Transport> {
        self.transport
    }

    /// Two ends of a pipe in memory that holds up to `buffer_bytes` in each direction.
    ///
    /// ```
    /// let (near, far) = netchan::net::Stream::in_memory(64 * 1024);
    /// assert_eq!((near.peer(), far.peer()), ("memory", "memory"));
    /// ```
    #[must_use]
    pub fn in_memory(buffer_bytes: usize) -> (Stream, Stream) {
        let (near, far): (DuplexStream, DuplexStream) = tokio::io::duplex(buffer_bytes);
        (Stream::new(near, "memory"), Stream::new(far, "memory"))
    }
}

impl From<TcpStream> for Stream {
    /// A TCP connection. Small writes are sent at once: the driver gathers what belongs together.
    fn from(stream: TcpStream) -> Stream {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY could not be set");
        }
        #[cfg(any(target_os = "linux", target_os = "android"))]
        if let Err(error) = SockRef::from(&stream).set_tcp_notsent_lowat(UNSENT_BYTES_MAX) {
            tracing::debug!(%error, "TCP_NOTSENT_LOWAT could not be set");
        }
        let peer = stream.peer_addr().map_or_else(|_| "tcp".into(), |peer| peer.to_string());
        Stream::new(stream, peer)
    }
}

impl From<UnixStream> for Stream {
    /// A connection over a Unix socket.
    fn from(stream: UnixStream) -> Stream {
        Stream::new(stream, "unix")
    }
}

impl std::fmt::Debug for Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stream").field("peer", &self.peer).finish_non_exhaustive()
    }
}
