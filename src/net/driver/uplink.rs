//! Where the next link of a connection comes from.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::time::Sleep;

use crate::net::driver::link::poll_foreign;
use crate::net::handshake::{self, Ask, Welcomed};
use crate::net::redial::Backoff;
use crate::net::{Config, ConnectError, ConnectionEnd, Dial};
use crate::session::Ticket;
use crate::wire::Code;

/// Where the next link comes from when this one is lost.
pub(in crate::net) enum Uplink {
    /// From nowhere: the connection ends with its link.
    None,
    /// The peer comes again: the exporter's side.
    Peer {
        /// The newest link that is on its way.
        epoch: u64,
    },
    /// This side dials: the importer's side.
    Dialler(Box<Dialler>),
}

/// Dials again and again, with waits between.
pub(in crate::net) struct Dialler {
    dial: Arc<dyn Dial>,
    config: Config,
    backoff: Backoff,
    /// The waits before the present link, in case it turns out to be no success.
    earlier: Option<Backoff>,
    /// The right to continue the session; none if it has not begun.
    ticket: Option<Ticket>,
    /// The exporter does not know the session of the ticket any more.
    is_forgotten: bool,
    state: State,
    last_error: Option<ConnectError>,
}

enum State {
    /// The next attempt comes after a wait.
    Idle,
    /// The next attempt comes at once.
    Eager,
    Waiting(Pin<Box<Sleep>>),
    Dialling(BoxFuture<'static, Result<Welcomed, ConnectError>>),
}

/// What an attempt has brought.
pub(in crate::net) enum Arrival {
    /// A link that carries the session on.
    Resumed(Welcomed),
    /// A link with a new session; the ticket of the one before it, if there was one.
    New(Welcomed, Option<Ticket>),
}

impl Dialler {
    pub(in crate::net) fn new(dial: Arc<dyn Dial>, config: Config) -> Dialler {
        Dialler {
            backoff: config.redial.backoff(),
            dial,
            config,
            earlier: None,
            ticket: None,
            is_forgotten: false,
            state: State::Eager,
            last_error: None,
        }
    }

    /// Makes one attempt to begin a session.
    pub(in crate::net) async fn attempt_first(&mut self) -> Result<Welcomed, ConnectError> {
        attempt(self.dial.clone(), self.config.clone(), self.ask(0)).await
    }

    /// The link of a session is there. The next loss begins with the shortest wait.
    pub(super) fn succeeded(&mut self) {
        self.state = State::Idle;
        self.last_error = None;
        self.earlier = Some(std::mem::replace(&mut self.backoff, self.config.redial.backoff()));
    }

    /// The link was there, but the session could not go on: that was no success.
    pub(super) fn failed_after_all(&mut self) {
        if let Some(earlier) = self.earlier.take() {
            self.backoff = earlier;
        }
    }

    /// A session begins.
    pub(in crate::net) fn begin(&mut self, ticket: Ticket) {
        self.ticket = Some(ticket);
        self.is_forgotten = false;
        self.succeeded();
    }

    /// The session is given up. An attempt to resume it is dropped.
    pub(super) fn give_up_session(&mut self) {
        self.ticket = None;
        self.is_forgotten = false;
        if matches!(self.state, State::Dialling(_)) {
            self.state = State::Idle;
        }
    }

    pub(super) fn session_expiry(&self) -> Duration {
        self.config.session_expiry
    }

    /// What to ask for on the next link.
    fn ask(&mut self, received: u64) -> Ask {
        let resume = match &mut self.ticket {
            Some(ticket) if !self.is_forgotten => Some(ticket.attempt()),
            _ => None,
        };
        // A session to which this side never comes back need not be kept.
        let is_kept = !self.config.redial.is_never();
        let expiry = if is_kept { self.config.session_expiry } else { Duration::ZERO };
        Ask { resume, received, expiry }
    }

    /// Waits, dials and asks. `received` is how many counted frames have come in the session.
    /// `is_foreign` is set while code is polled that is not this crate's.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        received: u64,
        is_foreign: &mut bool,
    ) -> Poll<Result<Arrival, ConnectionEnd>> {
        loop {
            // A wait or an attempt goes back to its place if it is not over. An attempt that panics
            // does not: it must not be polled again.
            match std::mem::replace(&mut self.state, State::Idle) {
                State::Idle => {
                    let Some(delay) = self.backoff.next_delay() else {
                        return Poll::Ready(Err(self.gave_up()));
                    };
                    self.state = State::Waiting(Box::pin(tokio::time::sleep(delay)));
                }
                State::Eager => {
                    self.backoff.begin_at_once();
                    let wait = tokio::time::sleep(Duration::ZERO);
                    self.state = State::Waiting(Box::pin(wait));
                }
                State::Waiting(mut wait) => {
                    if wait.as_mut().poll(cx).is_pending() {
                        self.state = State::Waiting(wait);
                        return Poll::Pending;
                    }
                    let ask = self.ask(received);
                    let attempt = attempt(self.dial.clone(), self.config.clone(), ask);
                    self.state = State::Dialling(Box::pin(attempt));
                }
                State::Dialling(mut attempt) => {
                    match poll_foreign(is_foreign, || attempt.as_mut().poll(cx)) {
                        Poll::Pending => {
                            self.state = State::Dialling(attempt);
                            return Poll::Pending;
                        }
                        Poll::Ready(Ok(welcomed)) => {
                            if let Some(arrival) = self.judge(welcomed) {
                                return Poll::Ready(Ok(arrival));
                            }
                        }
                        Poll::Ready(Err(error)) => self.handle_failure(error)?,
                    }
                }
            }
        }
    }

    /// Whether the answer fits the question.
    fn judge(&mut self, welcomed: Welcomed) -> Option<Arrival> {
        match &mut self.ticket {
            Some(ticket) if !self.is_forgotten => match ticket.welcomed(&welcomed.welcome) {
                Ok(()) => Some(Arrival::Resumed(welcomed)),
                Err(error) => {
                    tracing::warn!(%error, "a link was dropped");
                    self.is_forgotten = true;
                    None
                }
            },
            _ => Some(Arrival::New(welcomed, self.ticket.take())),
        }
    }

    fn handle_failure(&mut self, error: ConnectError) -> Result<(), ConnectionEnd> {
        tracing::debug!(%error, attempts = self.backoff.attempts(), "no link");
        let rejected = match &error {
            ConnectError::Rejected { code, .. } => Some(*code),
            ConnectError::Version { .. } => Some(Code::UnsupportedVersion),
            _ => None,
        };
        self.last_error = Some(error);
        match rejected {
            Some(Code::UnknownSession) if self.ticket.is_some() && !self.is_forgotten => {
                self.is_forgotten = true;
                self.state = State::Eager;
                Ok(())
            }
            Some(Code::Closed) => Err(ConnectionEnd::ClosedByPeer),
            // Another attempt would not end otherwise.
            Some(Code::UnsupportedVersion | Code::Unauthorized) => Err(self.gave_up()),
            _ => Ok(()),
        }
    }

    fn gave_up(&mut self) -> ConnectionEnd {
        let attempts = self.backoff.attempts();
        ConnectionEnd::GaveUp { attempts, last: self.last_error.take() }
    }
}

/// Dials and shakes hands, within the time for a handshake.
async fn attempt(dial: Arc<dyn Dial>, config: Config, ask: Ask) -> Result<Welcomed, ConnectError> {
    handshake::within(config.handshake_timeout, async {
        let stream = dial.dial().await?;
        handshake::say_hello(stream, &config, ask).await
    })
    .await
}
