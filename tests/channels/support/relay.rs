//! A pipe between two peers that stops when the test says so, and can be cut.

use netchan::net::Stream;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Carries bytes between an importer and an exporter. Dropped, it cuts the link.
pub(crate) struct Relay {
    to_exporter: watch::Sender<bool>,
    to_importer: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Relay {
    /// The importer's and the exporter's stream, each with a buffer of a size, and what is between.
    pub(crate) fn between(buffer_bytes: usize) -> (Stream, Stream, Relay) {
        let (near, near_end) = tokio::io::duplex(buffer_bytes);
        let (far, far_end) = tokio::io::duplex(buffer_bytes);
        let (to_exporter, exporter_gate) = watch::channel(true);
        let (to_importer, importer_gate) = watch::channel(true);
        let task = tokio::spawn(carry_both(near_end, far_end, exporter_gate, importer_gate));
        let relay = Relay { to_exporter, to_importer, task };
        (Stream::new(near, "relayed importer"), Stream::new(far, "relayed exporter"), relay)
    }

    /// Stops carrying, in both directions.
    pub(crate) fn pause(&self) {
        self.to_exporter.send_replace(false);
        self.to_importer.send_replace(false);
    }

    /// Stops carrying what goes to the importer.
    pub(crate) fn pause_to_importer(&self) {
        self.to_importer.send_replace(false);
    }

    /// Stops carrying what goes to the exporter.
    pub(crate) fn pause_to_exporter(&self) {
        self.to_exporter.send_replace(false);
    }

    /// Goes on.
    pub(crate) fn resume(&self) {
        self.to_exporter.send_replace(true);
        self.to_importer.send_replace(true);
    }

    /// Breaks the link, without a word to either side.
    pub(crate) fn cut(&self) {
        self.task.abort();
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn carry_both(
    near: DuplexStream,
    far: DuplexStream,
    exporter_gate: watch::Receiver<bool>,
    importer_gate: watch::Receiver<bool>,
) {
    let (near_read, near_write) = tokio::io::split(near);
    let (far_read, far_write) = tokio::io::split(far);
    tokio::join!(
        carry(near_read, far_write, exporter_gate),
        carry(far_read, near_write, importer_gate)
    );
}

async fn carry(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut gate: watch::Receiver<bool>,
) {
    let mut buffer = [0; 512];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        // An error says that the other end is gone, or the test is over.
        if gate.wait_for(|is_open| *is_open).await.is_err()
            || to.write_all(&buffer[..length]).await.is_err()
        {
            break;
        }
    }
    let _gone = to.shutdown().await;
}
