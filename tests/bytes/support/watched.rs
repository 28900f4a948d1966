//! Links in memory that note where in memory their bytes come from and go to, and that break.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use netchan::Exporter;
use netchan::net::{Dial, Stream};
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};

/// Addresses, as numbers.
type Places = Vec<Range<usize>>;

/// Where the bytes were that an end has written and read.
#[derive(Clone, Default)]
pub(crate) struct Seen {
    written: Arc<Mutex<Places>>,
    read: Arc<Mutex<Places>>,
}

impl Seen {
    /// Whether all of these bytes were written from where they are.
    pub(crate) fn has_written(&self, bytes: &[u8]) -> bool {
        covers(&self.written.lock(), bytes)
    }

    /// Whether all of these bytes are where they were read to.
    pub(crate) fn has_read(&self, bytes: &[u8]) -> bool {
        covers(&self.read.lock(), bytes)
    }
}

fn place(bytes: &[u8]) -> Range<usize> {
    let start = bytes.as_ptr().addr();
    start..start + bytes.len()
}

fn covers(places: &Places, bytes: &[u8]) -> bool {
    let mut sorted = places.clone();
    sorted.sort_by_key(|place| place.start);
    let Range { mut start, end } = place(bytes);
    for place in sorted {
        if place.start <= start && start < place.end {
            start = place.end;
        }
    }
    start >= end
}

/// Links from an importer to an exporter in this process.
#[derive(Clone, Default)]
pub(crate) struct Links {
    /// How many bytes each of the next links carries, in either direction, before it breaks.
    budgets: Arc<Mutex<VecDeque<usize>>>,
    dialled: Arc<AtomicUsize>,
    pub(crate) importer: Seen,
    pub(crate) exporter: Seen,
}

impl Links {
    /// Links that break after so many bytes each, until one comes that does not.
    pub(crate) fn breaking(budgets: impl IntoIterator<Item = usize>) -> Links {
        let budgets = Arc::new(Mutex::new(budgets.into_iter().collect()));
        Links { budgets, ..Links::default() }
    }

    /// How many links there were.
    pub(crate) fn dialled(&self) -> usize {
        self.dialled.load(Ordering::Relaxed)
    }

    pub(super) fn dial(&self, exporter: Exporter) -> impl Dial + use<> {
        let links = self.clone();
        move || {
            links.dialled.fetch_add(1, Ordering::Relaxed);
            let (near, far) = tokio::io::duplex(256 * 1024);
            let budget = links.budgets.lock().pop_front().unwrap_or(usize::MAX);
            let budget = Arc::new(AtomicUsize::new(budget));
            let near = End { inner: near, budget: budget.clone(), seen: links.importer.clone() };
            let far = End { inner: far, budget, seen: links.exporter.clone() };
            let exporter = exporter.clone();
            tokio::spawn(async move {
                let _broken_early = exporter.serve(Stream::new(far, "importer")).await;
            });
            async move { Ok(Stream::new(near, "exporter")) }
        }
    }
}

/// One end of a link.
struct End {
    inner: DuplexStream,
    budget: Arc<AtomicUsize>,
    seen: Seen,
}

impl End {
    fn check(&self) -> io::Result<()> {
        match self.budget.load(Ordering::Relaxed) {
            0 => Err(io::ErrorKind::ConnectionReset.into()),
            _ => Ok(()),
        }
    }
}

impl AsyncRead for End {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check()?;
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.inner).poll_read(cx, buffer);
        self.seen.read.lock().push(place(&buffer.filled()[before..]));
        polled
    }
}

impl AsyncWrite for End {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        let polled = Pin::new(&mut self.inner).poll_write_vectored(cx, slices);
        if let Poll::Ready(Ok(mut count)) = polled {
            let left = self.budget.load(Ordering::Relaxed).saturating_sub(count);
            self.budget.store(left, Ordering::Relaxed);
            for slice in slices {
                let written = count.min(slice.len());
                self.seen.written.lock().push(place(&slice[..written]));
                count -= written;
            }
        }
        polled
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
