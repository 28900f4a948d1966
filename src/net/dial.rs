//! Where an importer's links come from.

use std::future::Future;
use std::io;

use futures::future::BoxFuture;

use crate::net::{Address, Stream};

/// Makes streams that lead to one exporter: an [`Address`], or a closure.
///
/// ```
/// use netchan::net::{Address, Dial, Stream};
/// use tokio::net::TcpStream;
///
/// fn takes_any(_: impl Dial) {}
///
/// # fn main() -> Result<(), netchan::net::AddressError> {
/// takes_any("10.0.0.7:4000".parse::<Address>()?);
/// // Whatever must be done to reach the exporter, a TLS handshake for example.
/// takes_any(|| async { Ok(Stream::from(TcpStream::connect("10.0.0.7:4000").await?)) });
/// # Ok(())
/// # }
/// ```
pub trait Dial: Send + Sync + 'static {
    /// Makes a new stream.
    fn dial(&self) -> BoxFuture<'static, io::Result<Stream>>;
}

impl Dial for Address {
    fn dial(&self) -> BoxFuture<'static, io::Result<Stream>> {
        let address = self.clone();
        Box::pin(async move { Address::dial(&address).await })
    }
}

impl<F, A> Dial for F
where
    F: Fn() -> A + Send + Sync + 'static,
    A: Future<Output = io::Result<Stream>> + Send + 'static,
{
    fn dial(&self) -> BoxFuture<'static, io::Result<Stream>> {
        Box::pin(self())
    }
}
