//! Idle sockets: a task for each, which waits until there is something to read, and has no buffer
//! until then.

use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::net::{TcpListener, TcpStream};

use super::child::{Said, Task, Told};
use crate::Failure;

/// Accepts all sockets.
pub(super) async fn listener(task: Task, told: Told) -> Result<(), Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    told.send(Ok(Said::Address(listener.local_addr()?.to_string())))?;
    let sockets = Sockets::default();
    for _ in 0..task.connections {
        sockets.hold(listener.accept().await?.0);
    }
    sockets.wait(told).await
}

/// Dials all sockets.
pub(super) async fn dialer(task: Task, address: &str, told: Told) -> Result<(), Failure> {
    let sockets = Sockets::default();
    for _ in 0..task.connections {
        sockets.hold(TcpStream::connect(address).await?);
    }
    sockets.wait(told).await
}

/// How many there are.
#[derive(Default)]
struct Sockets(Arc<AtomicUsize>);

impl Sockets {
    /// A task waits until the other side has sent something or has gone.
    fn hold(&self, stream: TcpStream) {
        let count = Arc::clone(&self.0);
        count.fetch_add(1, Ordering::Relaxed);
        tokio::spawn(async move {
            let mut byte = [0];
            // A socket that was dialed has been readable once, before it was connected.
            while stream.readable().await.is_ok() {
                match stream.try_read(&mut byte) {
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                    _ => break,
                }
            }
            count.fetch_sub(1, Ordering::Relaxed);
        });
    }

    /// Says that all are there, and waits for ever.
    async fn wait(self, told: Told) -> Result<(), Failure> {
        told.send(Ok(Said::Ready(Box::new(move || self.0.load(Ordering::Relaxed)))))?;
        std::future::pending().await
    }
}
