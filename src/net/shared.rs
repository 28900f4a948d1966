//! What a connection's handles and its driver share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use event_listener::Event;
use parking_lot::Mutex;

use crate::id::SessionId;
use crate::net::ConnectionEnd;
use crate::net::event::Events;
use crate::net::report::Reports;

/// What is known of a connection wherever it is held.
#[derive(Debug)]
pub(super) struct Shared {
    /// The present session, or the last one.
    session: Mutex<Option<SessionId>>,
    pub(super) peer: String,
    pub(super) reports: Arc<Reports>,
    pub(super) events: Events,
    /// The peer is away and has imported nothing.
    is_idle_away: AtomicBool,
    end: Mutex<Option<End>>,
    ended: Event,
}

/// How a connection ended.
#[derive(Clone, Debug)]
pub(super) struct End {
    pub(super) end: ConnectionEnd,
    /// Values that were sent and were not known to have been received.
    pub(super) unconfirmed_values: u64,
}

impl Shared {
    pub(super) fn new(peer: String, reports: Arc<Reports>, events: Events) -> Arc<Shared> {
        Arc::new(Shared {
            session: Mutex::default(),
            peer,
            reports,
            events,
            is_idle_away: AtomicBool::new(false),
            end: Mutex::default(),
            ended: Event::new(),
        })
    }

    pub(super) fn set_idle_away(&self, is_idle_away: bool) {
        self.is_idle_away.store(is_idle_away, Ordering::Release);
    }

    /// Whether the peer is away and has imported nothing. Only one of those who ask is told so.
    pub(super) fn claim_idle_away(&self) -> bool {
        self.is_idle_away.swap(false, Ordering::AcqRel)
    }

    pub(super) fn session(&self) -> Option<SessionId> {
        *self.session.lock()
    }

    pub(super) fn set_session(&self, session: SessionId) {
        *self.session.lock() = Some(session);
    }

    /// Notes how the connection ended. The first word counts.
    pub(super) fn set_end(&self, end: ConnectionEnd, unconfirmed_values: u64) {
        self.end.lock().get_or_insert(End { end, unconfirmed_values });
        self.ended.notify(usize::MAX);
    }

    /// How the connection ended; `None` while it lasts.
    pub(super) fn end(&self) -> Option<End> {
        self.end.lock().clone()
    }

    pub(super) async fn wait_end(&self) -> ConnectionEnd {
        loop {
            let listener = self.ended.listen();
            if let Some(End { end, .. }) = self.end() {
                return end;
            }
            listener.await;
        }
    }
}
