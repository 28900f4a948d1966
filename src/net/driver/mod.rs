//! The one task of a connection: read, handle, drain, write.
//!
//! It is the only code that touches the connection's stream and its session. It waits for events:
//! bytes, room in the socket, a ring from a channel, a command, a deadline, a new link. A link that
//! is lost interrupts it; what it holds stays, so that it can go on with the next one.

mod channels;
mod claims;
mod input;
mod link;
mod listings;
mod mismatches;
mod requests;
mod sessions;
mod uplink;

use std::convert::Infallible;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::BytesMut;
use tokio::sync::mpsc;
use tokio::time::Sleep;
use tracing::Instrument;

use crate::channel::{Closed, Origin, Reason};
use crate::id::{ChannelId, SessionId};
use crate::limits::{COMPOSED_BYTES_MAX, DRIVER_ROUNDS_MAX, DRIVER_STEPS_MAX, UNWRITTEN_BYTES_MAX};
use crate::net::command::Command;
use crate::net::desk::Desk;
use crate::net::driver::link::{Input, LinkIo, Panicked, caught, poll_foreign, take_unwritten};
use crate::net::driver::listings::Listings;
use crate::net::driver::mismatches::Expected;
use crate::net::driver::requests::{Flush, Hangup};
use crate::net::driver::sessions::Postponed;
use crate::net::endpoints::Endpoints;
use crate::net::event::Events;
use crate::net::registry::Registry;
use crate::net::report::Reports;
use crate::net::shared::Shared;
use crate::net::{ConnectionEnd, Report, Scope};
use crate::session::{Parameters, Session};

pub(super) use uplink::{Dialler, Uplink};

/// The time, by the runtime's clock: a test may have stopped it, and a simulation has its own.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// Drives a connection. Run it on a task of its own: nothing moves without it.
///
/// [`run`](Driver::run) is all that most programs need. Whoever supervises connections calls
/// [`drive`](Driver::drive) instead, which returns with each link that is lost.
#[must_use = "a connection does nothing until its driver runs"]
pub struct Driver {
    session: Session,
    session_id: Option<SessionId>,
    parameters: Parameters,
    link: Option<LinkIo>,
    uplink: Uplink,
    endpoints: Endpoints,
    /// Imports that a new session has refused, to be asked for again.
    postponed: Postponed,
    /// Imports that were refused here because the types differ.
    expected: Expected,
    registry: Option<Arc<Registry>>,
    reports: Arc<Reports>,
    events: Events,
    commands: mpsc::Receiver<Command>,
    has_handles: bool,
    desk: Arc<Desk>,
    shared: Arc<Shared>,
    flushes: Vec<Flush>,
    hangups: Vec<Hangup>,
    listings: Listings,
    timer: Pin<Box<Sleep>>,
    /// When the timer rings; it may ring too early, never too late.
    timer_at: Instant,
    marked: Vec<ChannelId>,
    /// Values that this connection was woken for were left to others.
    is_clogged: bool,
    is_over: bool,
    /// The connection is about to end so; the goodbye may still be under way.
    ending: Option<ConnectionEnd>,
    /// The peer is said to live another life: nobody will resume the session when its link is lost.
    is_orphaned: bool,
    /// Code is being polled that is not this crate's.
    is_foreign: bool,
    /// This side's own code panicked, so its session cannot be trusted.
    is_unsound: bool,
    resumes: u64,
    repeated_frames: u64,
    lost_sessions: u64,
    on_end: Option<Box<dyn FnOnce() + Send>>,
}

/// What a driver works with, and tells.
pub(super) struct Surroundings {
    /// The exported channels, if this side exports.
    pub(super) registry: Option<Arc<Registry>>,
    pub(super) reports: Arc<Reports>,
    pub(super) events: Events,
    pub(super) commands: mpsc::Receiver<Command>,
    pub(super) desk: Arc<Desk>,
    pub(super) shared: Arc<Shared>,
}

/// Why a driver has stopped for the moment.
#[derive(Debug)]
#[must_use = "after a lost link, the driver waits to be driven again"]
pub enum Pause {
    /// A link was lost, or a session. Drive on to come by the next one.
    LinkLost(ConnectionEnd),
    /// The connection is over.
    Over(ConnectionEnd),
}

impl Driver {
    /// A driver of a session that waits for its first link.
    pub(super) fn new(
        parameters: Parameters,
        uplink: Uplink,
        surroundings: Surroundings,
    ) -> Driver {
        let Surroundings { registry, reports, events, commands, desk, shared } = surroundings;
        let now = now();
        let session = Session::waiting(parameters, now);
        let timer_at = session.next_timeout();
        Driver {
            session,
            session_id: None,
            parameters,
            link: None,
            uplink,
            endpoints: Endpoints::new(desk.clone()),
            postponed: Postponed::default(),
            expected: Expected::default(),
            registry,
            reports,
            events,
            commands,
            has_handles: true,
            desk,
            shared,
            flushes: Vec::new(),
            hangups: Vec::new(),
            listings: Listings::default(),
            timer: Box::pin(tokio::time::sleep_until(timer_at.into())),
            timer_at,
            marked: Vec::new(),
            is_clogged: false,
            is_over: false,
            ending: None,
            is_orphaned: false,
            is_foreign: false,
            is_unsound: false,
            resumes: 0,
            repeated_frames: 0,
            lost_sessions: 0,
            on_end: None,
        }
    }

    /// Calls `on_end` when the connection has ended, however that goes.
    pub(super) fn on_end(mut self, on_end: impl FnOnce() + Send + 'static) -> Driver {
        self.on_end = Some(Box::new(on_end));
        self
    }

    /// Drives the connection until it ends, over as many links as it takes, and says how it ended.
    /// The channels' users are told, too.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it returns, the connection ends with [`ConnectionEnd::DriverStopped`].
    pub async fn run(mut self) -> ConnectionEnd {
        loop {
            if let Pause::Over(end) = self.drive().await {
                return end;
            }
        }
    }

    /// Drives the connection until a link is lost or the connection ends. If there is no link, it
    /// first comes by one: an importer dials, after a wait, and an exporter waits for its importer.
    ///
    /// A panic of the stream that carries the link, or of what dials, counts as a lost link. One of
    /// this crate's own code ends the session: an importer then begins another one.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it returns, nothing moves any more until it is called again. Dropped while it
    /// says goodbye, the peer may not hear that; the next call ends the connection all the same. After
    /// the connection has ended, it says so again.
    pub async fn drive(&mut self) -> Pause {
        if let Some(end) = self.ending.clone() {
            self.finish(&end);
            return Pause::Over(end);
        }
        let span = tracing::debug_span!(
            "netchan.drive",
            session = self.session_id.map(tracing::field::display),
            peer = self.shared.peer,
        );
        async {
            let end = match caught(|cx| self.poll(cx)).await {
                Ok(end) => end,
                Err(Panicked) => self.panicked(),
            };
            self.pause(end).await
        }
        .instrument(span)
        .await
    }

    fn panicked(&mut self) -> ConnectionEnd {
        let in_transport = std::mem::take(&mut self.is_foreign);
        self.is_unsound |= !in_transport;
        ConnectionEnd::Panicked { in_transport }
    }

    /// Decides what goes on after a link, a session or the connection has ended.
    async fn pause(&mut self, mut end: ConnectionEnd) -> Pause {
        if end.scope() == Scope::Link && self.is_orphaned {
            self.tell_link_loss(&end);
            end = ConnectionEnd::PeerRestarted;
        }
        let scope = end.scope();
        let dials = matches!(self.uplink, Uplink::Dialler(_));
        if scope == Scope::Link
            && self.session.outlives_links()
            && !matches!(self.uplink, Uplink::None)
        {
            self.let_go_of_link(&end);
            return Pause::LinkLost(end);
        }
        if dials && scope != Scope::Connection {
            if self.link.is_some() {
                self.tell_link_loss(&end);
            }
            let goodbye = self.compose_goodbye(&end);
            self.lose_session(&end);
            say_goodbye(goodbye).await;
            return Pause::LinkLost(end);
        }
        tracing::debug!(%end, "disconnected");
        self.ending = Some(end.clone());
        // Who closes a connection wants the goodbye to have left; who learns of a fault need not
        // wait for what a faulty peer makes of it.
        let goodbye = self.compose_goodbye(&end);
        if !end.is_regular() {
            self.finish(&end);
        }
        say_goodbye(goodbye).await;
        self.finish(&end);
        Pause::Over(end)
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<ConnectionEnd> {
        match self.poll_rounds(cx) {
            Poll::Ready(Err(end)) => Poll::Ready(end),
            Poll::Ready(Ok(never)) => match never {},
            Poll::Pending => Poll::Pending,
        }
    }

    /// Goes round until nothing more can be done now, but not for ever. Each step goes on until it waits
    /// for something, so one round is enough for most of what happens.
    fn poll_rounds(&mut self, cx: &mut Context<'_>) -> Poll<Result<Infallible, ConnectionEnd>> {
        for _ in 0..DRIVER_ROUNDS_MAX {
            let now = now();
            let mut is_busy = self.poll_commands(cx)?;
            is_busy |= self.take_rings(cx, now);
            is_busy |= self.take_claims(cx);
            // A command or a ring may have been the last word on a channel.
            self.handle_events()?;
            is_busy |= match self.link {
                Some(_) => self.poll_read(cx, now)?,
                None => self.poll_uplink(cx)?,
            };
            if self.session.next_timeout() <= now {
                self.session.handle_timeout(now)?;
            }
            self.ask_again(now);
            if self.link.is_some() {
                is_busy |= self.poll_write(cx, now)?;
            }
            is_busy |= self.poll_timer(cx, now);
            if !is_busy {
                return Poll::Pending;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    // The link.

    /// Reads what is there. `true` if there may be more.
    fn poll_read(&mut self, cx: &mut Context<'_>, now: Instant) -> Result<bool, ConnectionEnd> {
        for _ in 0..DRIVER_STEPS_MAX {
            let Some(link) = &mut self.link else { return Ok(false) };
            match poll_foreign(&mut self.is_foreign, || link.poll_read(cx)) {
                Poll::Pending => return Ok(false),
                Poll::Ready(Err(error)) => return Err(ConnectionEnd::Io(Arc::new(error))),
                Poll::Ready(Ok(Input::End)) => return Err(ConnectionEnd::LinkEnded),
                // What came before an error counts, so the channels hear of it first.
                Poll::Ready(Ok(input)) => {
                    // Whoever still speaks has not been replaced by another life.
                    self.is_orphaned = false;
                    let handled = self.session.handle_input(now, &mut link.input);
                    self.handle_events()?;
                    handled?;
                    if input == Input::All {
                        return Ok(true);
                    }
                }
            }
        }
        Ok(true)
    }

    /// Composes and writes. `true` if there may be more.
    fn poll_write(&mut self, cx: &mut Context<'_>, now: Instant) -> Result<bool, ConnectionEnd> {
        for _ in 0..DRIVER_STEPS_MAX {
            self.compose(cx, now)?;
            let unwritten_bytes = self.session.unwritten_bytes();
            if unwritten_bytes > UNWRITTEN_BYTES_MAX {
                return Err(ConnectionEnd::NotReading { unwritten_bytes });
            }
            let was_clogged = std::mem::replace(&mut self.is_clogged, self.session.is_clogged());
            if self.is_clogged && !was_clogged {
                self.endpoints.pass_on();
            }
            let Some(link) = &mut self.link else { return Ok(false) };
            let session = &mut self.session;
            if unwritten_bytes == 0 {
                return match poll_foreign(&mut self.is_foreign, || link.poll_flush(cx)) {
                    Poll::Ready(Err(error)) => Err(ConnectionEnd::Io(Arc::new(error))),
                    _ => Ok(false),
                };
            }
            match poll_foreign(&mut self.is_foreign, || link.poll_write(cx, session)) {
                Poll::Pending => return Ok(false),
                Poll::Ready(written) => {
                    written.map_err(|error| ConnectionEnd::Io(Arc::new(error)))?
                }
            }
        }
        Ok(true)
    }

    fn compose(&mut self, cx: &mut Context<'_>, now: Instant) -> Result<(), ConnectionEnd> {
        if self.session.unwritten_bytes() >= COMPOSED_BYTES_MAX {
            return Ok(());
        }
        self.answer_list();
        let has_values = self.session.poll_values(&mut self.endpoints);
        if has_values {
            // Requests whose answers have left count as taken: that goes along.
            self.take_rings(cx, now);
        }
        self.session.poll_control(now, has_values);
        self.handle_events()
    }

    // Time.

    /// Sets the timer if it would ring too late; `true` if it rings at once. One that rings too
    /// early costs less than setting it at each turn.
    fn poll_timer(&mut self, cx: &mut Context<'_>, now: Instant) -> bool {
        let mut next = self.session.next_timeout();
        if let Some(at) = self.postponed.next_attempt() {
            next = next.min(at);
        }
        let next = next.max(now);
        if next < self.timer_at || self.timer.is_elapsed() {
            self.timer_at = next;
            self.timer.as_mut().reset(next.into());
        }
        self.timer.as_mut().poll(cx).is_ready()
    }

    // The end.

    /// Tells the peer, if there is something to tell and a link that may carry it.
    fn compose_goodbye(&mut self, end: &ConnectionEnd) -> Option<(LinkIo, BytesMut)> {
        let link = self.link.take()?;
        let (code, text) = end.goodbye()?;
        self.session.goodbye(code, text);
        self.session.poll_transmit(now(), &mut self.endpoints);
        Some((link, take_unwritten(&mut self.session)))
    }

    fn finish(&mut self, end: &ConnectionEnd) {
        if std::mem::replace(&mut self.is_over, true) {
            return;
        }
        self.link = None;
        let unconfirmed_values = self.outstanding_values();
        let closed = match end {
            ConnectionEnd::ClosedHere => Closed::new(Origin::Local, Reason::ConnectionClosed),
            ConnectionEnd::ClosedByPeer => Closed::new(Origin::Peer, Reason::ConnectionClosed),
            end => Closed::new(Origin::Link, Reason::ConnectionLost(end.to_string())),
        };
        self.end_channels(end, &closed);
        self.desk.close(&closed);
        if self.registry.is_none() {
            self.desk.offers.close(&closed);
        }
        // Those who ask from now on are told, and those who have asked.
        self.commands.close();
        while self.commands.try_recv().is_ok() {}
        self.shared.set_end(end.clone(), unconfirmed_values);
        if !end.is_regular() {
            let peer = self.shared.peer.clone();
            let report = Report::Disconnected { peer, end: end.clone(), unconfirmed_values };
            let _already_over = self.reports.push(report);
        }
        if self.registry.is_none() {
            // An importer's stream of reports has no other source.
            self.reports.finish();
        }
        self.tell_end(end);
        if let Some(on_end) = self.on_end.take() {
            on_end();
        }
    }
}

/// Says a goodbye, if there is one. A stream that panics meanwhile has ended as well.
async fn say_goodbye(goodbye: Option<(LinkIo, BytesMut)>) {
    let Some((link, bytes)) = goodbye else { return };
    let mut saying = pin!(link.say_last(bytes));
    if caught(|cx| saying.as_mut().poll(cx)).await.is_err() {
        tracing::debug!("the stream panicked at the goodbye");
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
