//! A link between an importer and an exporter, and its two ends.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::watch;

use crate::testing::Way;
use crate::testing::pipe::Pipe;
use crate::testing::traffic::Traffic;

/// Both directions of a link. It lasts until it is cut or one of its ends is dropped.
#[derive(Debug)]
pub(super) struct Link {
    pipes: Mutex<Pipes>,
    traffic: Arc<watch::Sender<Traffic>>,
}

#[derive(Debug)]
pub(super) struct Pipes {
    to_exporter: Pipe,
    to_importer: Pipe,
    /// It counts in the traffic.
    lasts: bool,
}

impl Pipes {
    pub(super) fn way(&mut self, way: Way) -> &mut Pipe {
        match way {
            Way::ToExporter => &mut self.to_exporter,
            Way::ToImporter => &mut self.to_importer,
        }
    }

    pub(super) fn cut(&mut self, woken: &mut Vec<Waker>) {
        self.to_exporter.cut(woken);
        self.to_importer.cut(woken);
        self.lasts = false;
    }

    fn in_flight(&self) -> usize {
        if self.lasts { self.to_exporter.len() + self.to_importer.len() } else { 0 }
    }
}

/// One end of a link: a byte stream.
#[derive(Debug)]
pub(super) struct LinkEnd {
    link: Arc<Link>,
    reads: Way,
}

impl Link {
    /// A link; its ends at the importer and at the exporter.
    pub(super) fn new(
        to_exporter: Pipe,
        to_importer: Pipe,
        traffic: Arc<watch::Sender<Traffic>>,
    ) -> (Arc<Link>, LinkEnd, LinkEnd) {
        let pipes = Mutex::new(Pipes { to_exporter, to_importer, lasts: true });
        traffic.send_modify(|traffic| traffic.begin_link());
        let link = Arc::new(Link { pipes, traffic });
        let importer = LinkEnd { link: link.clone(), reads: Way::ToImporter };
        let exporter = LinkEnd { link: link.clone(), reads: Way::ToExporter };
        (link, importer, exporter)
    }

    /// Changes the link, counts what became of it, and wakes whom it concerns.
    pub(super) fn change<R>(&self, change: impl FnOnce(&mut Pipes, &mut Vec<Waker>) -> R) -> R {
        let mut woken = Vec::new();
        let mut pipes = self.pipes.lock();
        let (lasted, in_flight) = (pipes.lasts, pipes.in_flight());
        let result = change(&mut pipes, &mut woken);
        if pipes.to_exporter.is_spent() || pipes.to_importer.is_spent() {
            pipes.cut(&mut woken);
        }
        let (lasts, in_flight_now) = (pipes.lasts, pipes.in_flight());
        if lasted != lasts || in_flight != in_flight_now {
            // Under the lock, so that what is counted out was counted in.
            self.traffic.send_modify(|traffic| {
                traffic.in_flight_bytes = traffic.in_flight_bytes + in_flight_now - in_flight;
                traffic.links -= usize::from(lasted && !lasts);
            });
        }
        drop(pipes);
        // Not under the lock: to drop a waker may drop the end that waited with it.
        woken.into_iter().for_each(Waker::wake);
        result
    }
}

impl AsyncRead for LinkEnd {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let LinkEnd { link, reads } = &*self;
        let before = buffer.filled().len();
        link.change(|pipes, woken| {
            let polled = pipes.way(*reads).poll_read(cx, buffer, woken);
            let count = buffer.filled().len() - before;
            if count > 0 {
                link.traffic.send_modify(|traffic| traffic.carry(*reads, count));
            }
            polled
        })
    }
}

impl AsyncWrite for LinkEnd {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let writes = self.reads.other();
        self.link.change(|pipes, woken| pipes.way(writes).poll_write(cx, bytes, woken))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        let writes = self.reads.other();
        self.link.change(|pipes, woken| pipes.way(writes).finish(woken));
        Poll::Ready(Ok(()))
    }
}

impl Drop for LinkEnd {
    fn drop(&mut self) {
        let LinkEnd { link, reads } = self;
        link.change(|pipes, woken| {
            pipes.way(*reads).abandon(woken);
            pipes.way(reads.other()).finish(woken);
            pipes.lasts = false;
        });
    }
}
