//! The one loop of a connection: read, handle, drain, write.
//!
//! It is the only task of a connection, and the only code that touches its socket and its session.
//! It waits for events: bytes, room in the socket, a ring from a channel, a command, a deadline.

mod channels;
mod requests;

use std::convert::Infallible;
use std::future::poll_fn;
use std::io::IoSlice;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::time::Sleep;
use tracing::Instrument;

use crate::channel::{Closed, Origin, Reason};
use crate::id::{ChannelId, SessionId};
use crate::limits::{
    COMPOSED_BYTES_MAX, DRIVER_ROUNDS_MAX, GOODBYE_TIMEOUT, READ_BYTES, UNWRITTEN_BYTES_MAX,
};
use crate::net::command::Command;
use crate::net::driver::requests::{Flush, Hangup};
use crate::net::endpoints::Endpoints;
use crate::net::handshake::Link;
use crate::net::registry::Registry;
use crate::net::report::Reports;
use crate::net::shared::Shared;
use crate::net::{ConnectionEnd, Report, Stream};
use crate::session::Session;

/// The time, by the runtime's clock: a test may have stopped it, and a simulation has its own.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// Slices given to one vectored write.
const SLICES_MAX: usize = 64;

/// Drives a connection. Run it on a task of its own: nothing moves without it.
#[must_use = "a connection does nothing until its driver runs"]
pub struct Driver {
    session: Session,
    session_id: SessionId,
    stream: Stream,
    input: BytesMut,
    /// Something came right behind the handshake, and no read will tell.
    has_early_input: bool,
    endpoints: Endpoints,
    registry: Option<Arc<Registry>>,
    reports: Arc<Reports>,
    commands: mpsc::Receiver<Command>,
    has_handles: bool,
    shared: Arc<Shared>,
    flushes: Vec<Flush>,
    hangups: Vec<Hangup>,
    timer: Pin<Box<Sleep>>,
    /// When the timer rings; it may ring too early, never too late.
    timer_at: Instant,
    marked: Vec<ChannelId>,
    is_flushed: bool,
    /// Values that this connection was woken for were left to others.
    is_clogged: bool,
    is_over: bool,
    on_end: Option<Box<dyn FnOnce() + Send>>,
}

impl Driver {
    pub(super) fn new(
        link: Link,
        registry: Option<Arc<Registry>>,
        reports: Arc<Reports>,
        commands: mpsc::Receiver<Command>,
        shared: Arc<Shared>,
    ) -> Driver {
        let now = now();
        let session = Session::new(link.parameters, now);
        let timer_at = session.next_timeout();
        Driver {
            session,
            session_id: link.session,
            stream: link.stream,
            has_early_input: !link.input.is_empty(),
            input: link.input,
            endpoints: Endpoints::default(),
            registry,
            reports,
            commands,
            has_handles: true,
            shared,
            flushes: Vec::new(),
            hangups: Vec::new(),
            timer: Box::pin(tokio::time::sleep_until(timer_at.into())),
            timer_at,
            marked: Vec::new(),
            is_flushed: true,
            is_clogged: false,
            is_over: false,
            on_end: None,
        }
    }

    /// Calls `on_end` when the connection has ended, however that goes.
    pub(super) fn on_end(mut self, on_end: impl FnOnce() + Send + 'static) -> Driver {
        self.on_end = Some(Box::new(on_end));
        self
    }

    /// Drives the connection until it ends, and says how it ended. The channels' users are told,
    /// too.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it returns, the connection ends with [`ConnectionEnd::DriverStopped`].
    pub async fn run(mut self) -> ConnectionEnd {
        let span = tracing::debug_span!(
            "netchan.drive",
            session = %self.session_id,
            peer = self.stream.peer()
        );
        async move {
            tracing::debug!("connected");
            let end = poll_fn(|cx| self.poll(cx)).await;
            tracing::debug!(%end, "disconnected");
            // Who closes a connection wants the goodbye to have left; who learns of a fault need
            // not wait for what a faulty peer makes of it.
            if !end.is_regular() {
                self.finish(&end);
            }
            self.say_goodbye(&end).await;
            self.finish(&end);
            end
        }
        .instrument(span)
        .await
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<ConnectionEnd> {
        match self.poll_rounds(cx) {
            Poll::Ready(Err(end)) => Poll::Ready(end),
            Poll::Ready(Ok(never)) => match never {},
            Poll::Pending => Poll::Pending,
        }
    }

    /// Goes round until nothing more can be done now, but not for ever.
    fn poll_rounds(&mut self, cx: &mut Context<'_>) -> Poll<Result<Infallible, ConnectionEnd>> {
        for _ in 0..DRIVER_ROUNDS_MAX {
            let mut is_busy = self.poll_commands(cx)?;
            let now = now();
            is_busy |= self.take_rings(cx, now);
            // A command or a ring may have been the last word on a channel.
            self.handle_events()?;
            is_busy |= self.poll_read(cx, now)?;
            if self.session.next_timeout() <= now {
                self.session.handle_timeout(now)?;
            }
            is_busy |= self.poll_write(cx, now)?;
            is_busy |= self.poll_timer(cx, now);
            if !is_busy {
                return Poll::Pending;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    // The link.

    fn poll_read(&mut self, cx: &mut Context<'_>, now: Instant) -> Result<bool, ConnectionEnd> {
        if std::mem::take(&mut self.has_early_input) {
            self.handle_input(now)?;
            return Ok(true);
        }
        self.input.reserve(READ_BYTES);
        // The future can be made anew for each poll: one that is dropped has read nothing.
        let mut read = pin!(self.stream.transport.read_buf(&mut self.input));
        let read = match read.as_mut().poll(cx) {
            Poll::Pending => return Ok(false),
            Poll::Ready(read) => read.map_err(|error| ConnectionEnd::Io(Arc::new(error)))?,
        };
        if read == 0 {
            return Err(ConnectionEnd::LinkEnded);
        }
        self.handle_input(now)?;
        Ok(true)
    }

    /// What came before an error counts, so the channels hear of it first.
    fn handle_input(&mut self, now: Instant) -> Result<(), ConnectionEnd> {
        let handled = self.session.handle_input(now, &mut self.input);
        self.handle_events()?;
        Ok(handled?)
    }

    /// Composes and writes once; the rest is for the next round.
    fn poll_write(&mut self, cx: &mut Context<'_>, now: Instant) -> Result<bool, ConnectionEnd> {
        if self.session.unwritten_bytes() < COMPOSED_BYTES_MAX {
            self.session.poll_transmit(now, &mut self.endpoints);
            self.handle_events()?;
        }
        let unwritten_bytes = self.session.unwritten_bytes();
        if unwritten_bytes > UNWRITTEN_BYTES_MAX {
            return Err(ConnectionEnd::NotReading { unwritten_bytes });
        }
        let mut is_busy = false;
        if unwritten_bytes > 0
            && let Poll::Ready(written) = self.poll_write_once(cx)
        {
            written.map_err(|error| ConnectionEnd::Io(Arc::new(error)))?;
            is_busy = true;
        }
        let was_clogged = std::mem::replace(&mut self.is_clogged, self.session.is_clogged());
        if self.is_clogged && !was_clogged {
            self.endpoints.pass_on();
        }
        if !self.is_flushed && self.session.unwritten_bytes() == 0 {
            let flushed = Pin::new(&mut self.stream.transport).poll_flush(cx);
            if let Poll::Ready(result) = flushed {
                result.map_err(|error| ConnectionEnd::Io(Arc::new(error)))?;
                self.is_flushed = true;
            }
        }
        Ok(is_busy)
    }

    fn poll_write_once(&mut self, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        let mut slices = [IoSlice::new(&[]); SLICES_MAX];
        let count = self.session.unwritten(&mut slices);
        let transport = Pin::new(&mut self.stream.transport);
        let written = ready!(transport.poll_write_vectored(cx, &slices[..count]))?;
        if written == 0 {
            return Poll::Ready(Err(std::io::ErrorKind::WriteZero.into()));
        }
        self.is_flushed = false;
        self.session.handle_written(written);
        Poll::Ready(Ok(()))
    }

    // Time.

    /// Sets the timer if it would ring too late; `true` if it rings at once. One that rings too
    /// early costs less than setting it at each turn.
    fn poll_timer(&mut self, cx: &mut Context<'_>, now: Instant) -> bool {
        let next = self.session.next_timeout().max(now);
        if next < self.timer_at || self.timer.is_elapsed() {
            self.timer_at = next;
            self.timer.as_mut().reset(next.into());
        }
        self.timer.as_mut().poll(cx).is_ready()
    }

    // The end.

    /// Tells the peer, as far as the link still carries it.
    async fn say_goodbye(&mut self, end: &ConnectionEnd) {
        let Some((code, text)) = end.goodbye() else { return };
        self.session.goodbye(code, text);
        let now = now();
        self.session.poll_transmit(now, &mut self.endpoints);
        let goodbye = async {
            while self.session.unwritten_bytes() > 0 {
                poll_fn(|cx| self.poll_write_once(cx)).await?;
            }
            self.stream.transport.flush().await?;
            self.stream.transport.shutdown().await?;
            // Closing a socket that holds unread bytes resets it, and the peer might not see the
            // goodbye. So what it still sends is read, until it closes its side.
            loop {
                self.input.clear();
                self.input.reserve(READ_BYTES);
                if self.stream.transport.read_buf(&mut self.input).await? == 0 {
                    return Ok::<(), std::io::Error>(());
                }
            }
        };
        match tokio::time::timeout(GOODBYE_TIMEOUT, goodbye).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "the goodbye was not sent"),
            Err(_) => tracing::debug!("the peer did not close its side in time"),
        }
    }

    fn finish(&mut self, end: &ConnectionEnd) {
        if std::mem::replace(&mut self.is_over, true) {
            return;
        }
        let unconfirmed_values = self.status().outstanding_values;
        let closed = match end {
            ConnectionEnd::ClosedHere => Closed::new(Origin::Local, Reason::ConnectionClosed),
            ConnectionEnd::ClosedByPeer => Closed::new(Origin::Peer, Reason::ConnectionClosed),
            end => Closed::new(Origin::Link, Reason::ConnectionLost(end.to_string())),
        };
        self.endpoints.detach_all(&closed);
        self.shared.set_end(end.clone(), unconfirmed_values);
        if !end.is_regular() {
            let peer = self.stream.peer().to_owned();
            let report = Report::Disconnected { peer, end: end.clone(), unconfirmed_values };
            let _already_over = self.reports.push(report);
        }
        if self.registry.is_none() {
            // An importer's stream of reports has no other source.
            self.reports.finish();
        }
        if let Some(on_end) = self.on_end.take() {
            on_end();
        }
    }
}

impl std::fmt::Debug for Driver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Driver").field("session", &self.session_id).finish_non_exhaustive()
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.finish(&ConnectionEnd::DriverStopped);
    }
}
