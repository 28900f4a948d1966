//! Idle sockets: a task for each, which waits until there is something to read, and has no buffer
//! until then.

use tokio::net::{TcpListener, TcpStream};

use super::child::{Task, Told};
use crate::Failure;

/// Accepts all sockets.
pub(super) async fn listener(task: Task, told: Told) -> Result<(), Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    told.send(Ok(listener.local_addr()?.to_string()))?;
    for _ in 0..task.connections {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(wait(stream));
    }
    told.send(Ok("ready".to_owned()))?;
    std::future::pending().await
}

/// Dials all sockets.
pub(super) async fn dialer(task: Task, address: &str, told: Told) -> Result<(), Failure> {
    for _ in 0..task.connections {
        let stream = TcpStream::connect(address).await?;
        tokio::spawn(wait(stream));
    }
    told.send(Ok("ready".to_owned()))?;
    std::future::pending().await
}

/// Until the other side has sent something or has gone.
async fn wait(stream: TcpStream) -> std::io::Result<()> {
    stream.readable().await
}
