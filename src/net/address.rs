//! Where to listen and whom to dial: TCP addresses and Unix sockets.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use futures::future::BoxFuture;
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

use crate::net::Stream;

/// A place in a network.
///
/// ```
/// use netchan::net::Address;
///
/// let address: Address = "127.0.0.1:0".parse()?;
/// assert_eq!(address.to_string(), "tcp:127.0.0.1:0");
/// let address: Address = "unix:/run/netchan.sock".parse()?;
/// assert_eq!(address, Address::Unix("/run/netchan.sock".into()));
/// # Ok::<(), netchan::net::AddressError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Address {
    /// A host, by name or number, and a port. To listen on port 0 gives a free one.
    Tcp(String),
    /// The path of a Unix socket.
    Unix(PathBuf),
    /// A name that means something to the program alone: where a [`Listener`] of its own listens.
    /// Only the program's own [`Dial`](crate::net::Dial) leads there.
    Custom(String),
}

/// A text is not an address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not an address: write host:port, tcp:host:port or unix:path")]
pub struct AddressError {
    text: String,
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Address, AddressError> {
        let error = || AddressError { text: text.to_owned() };
        if let Some(path) = text.strip_prefix("unix:") {
            return if path.is_empty() { Err(error()) } else { Ok(Address::Unix(path.into())) };
        }
        let place = text.strip_prefix("tcp:").unwrap_or(text);
        let (host, port) = place.rsplit_once(':').ok_or_else(error)?;
        if host.is_empty() || port.parse::<u16>().is_err() {
            return Err(error());
        }
        Ok(Address::Tcp(place.to_owned()))
    }
}

impl TryFrom<&str> for Address {
    type Error = AddressError;

    fn try_from(text: &str) -> Result<Address, AddressError> {
        text.parse()
    }
}

impl From<&Address> for Address {
    fn from(address: &Address) -> Address {
        address.clone()
    }
}

/// What is an address already is no error.
impl From<Infallible> for AddressError {
    fn from(never: Infallible) -> AddressError {
        match never {}
    }
}

impl From<SocketAddr> for Address {
    fn from(address: SocketAddr) -> Address {
        Address::Tcp(address.to_string())
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Tcp(place) => write!(f, "tcp:{place}"),
            Address::Unix(path) => write!(f, "unix:{}", path.display()),
            Address::Custom(name) => write!(f, "custom:{name}"),
        }
    }
}

impl Address {
    /// Connects to whoever listens there.
    ///
    /// # Errors
    ///
    /// What the operating system says; [`Unsupported`](io::ErrorKind::Unsupported) for a
    /// [custom](Address::Custom) address.
    pub async fn dial(&self) -> io::Result<Stream> {
        match self {
            Address::Tcp(place) => Ok(TcpStream::connect(place).await?.into()),
            Address::Unix(path) => Ok(UnixStream::connect(path).await?.into()),
            Address::Custom(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    /// Starts to listen there.
    ///
    /// # Errors
    ///
    /// What the operating system says; for a Unix socket also when its file exists;
    /// [`Unsupported`](io::ErrorKind::Unsupported) for a [custom](Address::Custom) address.
    pub async fn listen(&self) -> io::Result<Listener> {
        match self {
            Address::Tcp(place) => TcpListener::bind(place).await?.try_into(),
            Address::Unix(path) => {
                let listener = UnixListener::bind(path)?;
                let file = Some(SocketFile { path: path.clone() });
                Ok(Listener { kind: Kind::Unix(listener, file), address: self.clone() })
            }
            Address::Custom(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }
}

/// A place at which connections are accepted.
#[derive(Debug)]
pub struct Listener {
    kind: Kind,
    address: Address,
}

#[derive(Debug)]
enum Kind {
    Tcp(TcpListener),
    Unix(
        UnixListener,
        #[expect(dead_code, reason = "removes the file when it is dropped")] Option<SocketFile>,
    ),
    Custom(Accept),
}

/// What accepts connections for a program that has its own way to do it.
struct Accept(Box<dyn Fn() -> BoxFuture<'static, io::Result<Stream>> + Send + Sync>);

impl fmt::Debug for Accept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accept").finish_non_exhaustive()
    }
}

/// The file of a Unix socket that this program made.
#[derive(Debug)]
struct SocketFile {
    path: PathBuf,
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.path) {
            tracing::debug!(%error, path = %self.path.display(), "socket file was not removed");
        }
    }
}

impl Listener {
    /// A listener over any transport: `accept` waits for the next connection. It is called again
    /// after each connection and each error. `address` is what [`address`](Listener::address) says.
    ///
    /// One connection is accepted at a time, so `accept` must not wait for a peer: a TLS handshake,
    /// for example, belongs into a task of its own, with a bound and a time limit, which hands on
    /// what is ready. The future of `accept` may be dropped before it is done.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use netchan::net::{Address, Listener, Stream};
    /// use tokio::net::TcpListener;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let listener = Arc::new(TcpListener::bind("127.0.0.1:0").await?);
    /// let address: Address = listener.local_addr()?.into();
    /// let listener = Listener::from_fn(address, move || {
    ///     let listener = listener.clone();
    ///     async move {
    ///         let (stream, peer) = listener.accept().await?;
    ///         Ok(Stream::new(stream, peer.to_string()))
    ///     }
    /// });
    /// let (near, far) = tokio::join!(listener.address().dial(), listener.accept());
    /// # near.and(far).map(drop)
    /// # }
    /// ```
    pub fn from_fn<F, A>(address: Address, accept: F) -> Listener
    where
        F: Fn() -> A + Send + Sync + 'static,
        A: Future<Output = io::Result<Stream>> + Send + 'static,
    {
        let accept = Accept(Box::new(move || Box::pin(accept())));
        Listener { kind: Kind::Custom(accept), address }
    }

    /// Where it listens: the real port, also when port 0 was asked for.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Waits for the next connection.
    ///
    /// # Errors
    ///
    /// What the operating system says. Many such errors pass (too many open files), so the
    /// listener can be asked again.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it returns, no connection is lost, unless the program's own
    /// [closure](Listener::from_fn) loses one.
    pub async fn accept(&self) -> io::Result<Stream> {
        match &self.kind {
            Kind::Tcp(listener) => Ok(listener.accept().await?.0.into()),
            Kind::Unix(listener, _) => Ok(listener.accept().await?.0.into()),
            Kind::Custom(Accept(accept)) => accept().await,
        }
    }
}

impl TryFrom<TcpListener> for Listener {
    type Error = io::Error;

    /// A listener that is ready, such as one that was inherited.
    fn try_from(listener: TcpListener) -> io::Result<Listener> {
        let address = listener.local_addr()?.into();
        Ok(Listener { kind: Kind::Tcp(listener), address })
    }
}

impl TryFrom<UnixListener> for Listener {
    type Error = io::Error;

    /// A listener that is ready. Its file stays when it is dropped.
    fn try_from(listener: UnixListener) -> io::Result<Listener> {
        let address = listener.local_addr()?;
        let path = address.as_pathname().unwrap_or(Path::new(""));
        let address = Address::Unix(path.to_owned());
        Ok(Listener { kind: Kind::Unix(listener, None), address })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_an_address_is_refused() {
        for text in ["", "host", ":80", "host:", "host:99999", "unix:", "tcp:"] {
            assert!(text.parse::<Address>().is_err(), "{text:?}");
        }
        let address: Address = "[::1]:80".parse().unwrap();
        assert_eq!(address, Address::Tcp("[::1]:80".into()));
    }
}
