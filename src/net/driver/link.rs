//! The byte stream that carries a session now.

use std::future::{Future, poll_fn};
use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bytes::{Buf, BufMut, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::limits::{GOODBYE_TIMEOUT, READ_BYTES};
use crate::net::Stream;
use crate::net::driver::input;
use crate::net::handshake::Link;
use crate::session::Session;

/// Slices given to one vectored write.
const SLICES_MAX: usize = 64;

/// A stream and what was read from it.
pub(super) struct LinkIo {
    stream: Stream,
    pub(super) input: BytesMut,
    /// Something came right behind the handshake, and no read will tell.
    has_early_input: bool,
    is_flushed: bool,
}

/// What a read has brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// As much as there was room for.
    All,
    /// Less: more will come later.
    Some,
    /// The peer has ended the stream.
    End,
}

impl LinkIo {
    pub(super) fn new(link: Link) -> LinkIo {
        let Link { stream, input } = link;
        LinkIo { stream, has_early_input: !input.is_empty(), input, is_flushed: true }
    }

    /// Reads once.
    pub(super) fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Input>> {
        if std::mem::take(&mut self.has_early_input) {
            return Poll::Ready(Ok(Input::Some));
        }
        let room = input::make_room(&mut self.input);
        let mut input = (&mut self.input).limit(room);
        // The future can be made anew for each poll: one that is dropped has read nothing.
        let mut read = pin!(self.stream.transport.read_buf(&mut input));
        read.as_mut().poll(cx).map_ok(|count| match count {
            0 => Input::End,
            count if count < room => Input::Some,
            _ => Input::All,
        })
    }

    /// Writes once what the session has composed, of which there is some.
    pub(super) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        session: &mut Session,
    ) -> Poll<io::Result<()>> {
        let mut slices = [IoSlice::new(&[]); SLICES_MAX];
        let count = session.unwritten(&mut slices);
        let transport = Pin::new(&mut self.stream.transport);
        let written = ready!(transport.poll_write_vectored(cx, &slices[..count]))?;
        if written == 0 {
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        self.is_flushed = false;
        session.handle_written(written);
        Poll::Ready(Ok(()))
    }

    /// Flushes if something was written since the last time.
    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.is_flushed {
            ready!(Pin::new(&mut self.stream.transport).poll_flush(cx))?;
            self.is_flushed = true;
        }
        Poll::Ready(Ok(()))
    }

    /// Writes the last bytes and ends the stream, as far as that goes within a time.
    pub(super) async fn say_last(mut self, bytes: BytesMut) {
        match tokio::time::timeout(GOODBYE_TIMEOUT, self.write_last(bytes)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "the goodbye was not sent"),
            Err(_) => tracing::debug!("the peer did not close its side in time"),
        }
    }

    async fn write_last(&mut self, mut bytes: BytesMut) -> io::Result<()> {
        while bytes.has_remaining() {
            self.stream.transport.write_buf(&mut bytes).await?;
        }
        self.stream.transport.flush().await?;
        self.stream.transport.shutdown().await?;
        // Closing a socket that holds unread bytes resets it, and the peer might not see the
        // goodbye. So what it still sends is read, until it closes its side.
        loop {
            self.input.clear();
            self.input.reserve(READ_BYTES);
            if self.stream.transport.read_buf(&mut self.input).await? == 0 {
                return Ok(());
            }
        }
    }
}

/// What a session has composed and not written.
pub(super) fn take_unwritten(session: &mut Session) -> BytesMut {
    let mut bytes = BytesMut::with_capacity(session.unwritten_bytes());
    while session.unwritten_bytes() > 0 {
        let mut slices = [IoSlice::new(&[]); SLICES_MAX];
        let count = session.unwritten(&mut slices);
        let before = bytes.len();
        slices[..count].iter().for_each(|slice| bytes.extend_from_slice(slice));
        let taken = bytes.len() - before;
        session.handle_written(taken);
    }
    bytes
}

/// Polls a future that another side wrote, and notes that it is being polled: a panic in it says
/// nothing about this side.
pub(super) fn poll_foreign<T>(is_foreign: &mut bool, poll: impl FnOnce() -> T) -> T {
    *is_foreign = true;
    let polled = poll();
    *is_foreign = false;
    polled
}

/// Polls once, catching a panic.
pub(super) async fn caught<T>(
    mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>,
) -> Result<T, Panicked> {
    poll_fn(|cx| {
        // What the panic may have left half done is judged by whoever catches it.
        let polled = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| poll(cx)));
        match polled {
            Ok(polled) => polled.map(Ok),
            Err(_) => Poll::Ready(Err(Panicked)),
        }
    })
    .await
}

/// A poll panicked. The panic's message was printed by the panic hook.
pub(super) struct Panicked;
