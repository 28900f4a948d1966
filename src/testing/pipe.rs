//! One direction of a link, as plain state: what is on the way, and what was done to it.

use std::collections::VecDeque;
use std::io;
use std::task::{Context, Poll, Waker};

use tokio::io::ReadBuf;

/// Carries bytes from a writer to a reader. Whoever changes it wakes those that it hands out.
#[derive(Debug)]
pub(super) struct Pipe {
    bytes: VecDeque<u8>,
    bytes_max: usize,
    flow: Flow,
    /// Bytes that may still be read before the link is cut.
    budget: Option<usize>,
    is_cut: bool,
    /// The writer may write more.
    is_written: bool,
    /// There is somebody who reads.
    is_read: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    Carries,
    Holds,
    /// As a cable does that was pulled somewhere: nobody is told.
    Swallows,
}

impl Pipe {
    pub(super) fn new(bytes_max: usize, is_stalled: bool) -> Pipe {
        Pipe {
            bytes: VecDeque::new(),
            bytes_max,
            flow: if is_stalled { Flow::Holds } else { Flow::Carries },
            budget: None,
            is_cut: false,
            is_written: true,
            is_read: true,
            reader: None,
            writer: None,
        }
    }

    /// Bytes on the way.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// It has carried what it may, and the link must be cut.
    pub(super) fn is_spent(&self) -> bool {
        self.budget == Some(0)
    }

    pub(super) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
        woken: &mut Vec<Waker>,
    ) -> Poll<io::Result<()>> {
        if self.is_cut {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        if buffer.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        let is_at_end = self.bytes.is_empty() && !self.is_written;
        if self.flow != Flow::Carries || (self.bytes.is_empty() && !is_at_end) {
            park(&mut self.reader, cx, woken);
            return Poll::Pending;
        }
        let count = self.len().min(buffer.remaining()).min(self.budget.unwrap_or(usize::MAX));
        let (first, second) = self.bytes.as_slices();
        let first = &first[..count.min(first.len())];
        buffer.put_slice(first);
        buffer.put_slice(&second[..count - first.len()]);
        self.bytes.drain(..count);
        if let Some(budget) = &mut self.budget {
            *budget -= count;
        }
        if count > 0 {
            woken.extend(self.writer.take());
        }
        Poll::Ready(Ok(()))
    }

    pub(super) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        bytes: &[u8],
        woken: &mut Vec<Waker>,
    ) -> Poll<io::Result<usize>> {
        if self.is_cut {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        if !self.is_written || (!self.is_read && self.flow == Flow::Carries) {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        if self.flow == Flow::Swallows {
            return Poll::Ready(Ok(bytes.len()));
        }
        let count = bytes.len().min(self.bytes_max - self.len());
        if count == 0 && !bytes.is_empty() {
            park(&mut self.writer, cx, woken);
            return Poll::Pending;
        }
        self.bytes.extend(&bytes[..count]);
        self.wake_reader(woken);
        Poll::Ready(Ok(count))
    }

    /// The writer has finished: the reader reads what is on the way, and then the end.
    pub(super) fn finish(&mut self, woken: &mut Vec<Waker>) {
        self.is_written = false;
        self.wake_reader(woken);
    }

    /// The reader is gone.
    pub(super) fn abandon(&mut self, woken: &mut Vec<Waker>) {
        self.is_read = false;
        woken.extend(self.writer.take());
    }

    /// What is on the way is lost, and both ends are told.
    pub(super) fn cut(&mut self, woken: &mut Vec<Waker>) {
        self.is_cut = true;
        self.bytes.clear();
        woken.extend(self.reader.take());
        woken.extend(self.writer.take());
    }

    /// Holds back what is on the way, and the end.
    pub(super) fn stall(&mut self) {
        if self.flow == Flow::Carries {
            self.flow = Flow::Holds;
        }
    }

    pub(super) fn resume(&mut self, woken: &mut Vec<Waker>) {
        if self.flow == Flow::Holds {
            self.flow = Flow::Carries;
            woken.extend(self.reader.take());
            woken.extend(self.writer.take());
        }
    }

    /// What is on the way is lost, and all that follows, and nobody is told.
    pub(super) fn swallow(&mut self, woken: &mut Vec<Waker>) {
        self.flow = Flow::Swallows;
        self.bytes.clear();
        woken.extend(self.writer.take());
    }

    /// So many bytes may still be read.
    pub(super) fn limit(&mut self, bytes: usize) {
        self.budget = Some(self.budget.map_or(bytes, |budget| budget.min(bytes)));
    }

    fn wake_reader(&mut self, woken: &mut Vec<Waker>) {
        if self.flow == Flow::Carries {
            woken.extend(self.reader.take());
        }
    }
}

/// Remembers who waits. Whoever waited there before is woken: under the lock no waker is dropped.
fn park(place: &mut Option<Waker>, cx: &Context<'_>, woken: &mut Vec<Waker>) {
    if !place.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
        woken.extend(place.replace(cx.waker().clone()));
    }
}
