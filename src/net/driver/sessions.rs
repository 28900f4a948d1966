//! What becomes of a connection's session when links come and go, and of its channels when the
//! session is lost.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::channel::{Aftermath, Closed, Origin, Reason};
use crate::id::{ChannelId, SessionId};
use crate::limits::FRAME_BYTES_MAX;
use crate::net::command::Import;
use crate::net::driver::link::LinkIo;
use crate::net::driver::listings::Listings;
use crate::net::driver::uplink::{Arrival, Uplink};
use crate::net::driver::{Driver, now};
use crate::net::endpoints::Endpoint;
use crate::net::handshake::{Link, Welcomed};
use crate::net::redial::{Backoff, Redial};
use crate::net::{ConnectionEnd, Event, ImportError};
use crate::session::{Remains, Session, Settled, Ticket};
use crate::wire::Welcome;

/// Imports that were open in a session which is lost, and that the next one has refused for a reason
/// that may pass. A restarted exporter may listen before it has published all of its names.
#[derive(Default)]
pub(super) struct Postponed {
    pub(super) imports: Vec<Import>,
    backoff: Option<Backoff>,
    at: Option<Instant>,
}

impl Postponed {
    pub(super) fn add(&mut self, now: Instant, import: Import) {
        self.imports.push(import);
        if self.at.is_none() {
            let backoff = self.backoff.get_or_insert_with(|| Redial::default().backoff());
            self.at = backoff.next_delay().map(|delay| now + delay);
        }
    }

    /// When to ask for them again.
    pub(super) fn next_attempt(&self) -> Option<Instant> {
        self.at
    }

    fn take_due(&mut self, now: Instant) -> Vec<Import> {
        match self.at {
            Some(at) if at <= now => {
                self.at = None;
                std::mem::take(&mut self.imports)
            }
            _ => Vec::new(),
        }
    }

    /// The next session is another chance.
    fn take_all(&mut self) -> Vec<Import> {
        self.at = None;
        self.backoff = None;
        std::mem::take(&mut self.imports)
    }
}

impl Driver {
    // Links.

    /// Comes by a link. `true`: it is there.
    pub(super) fn poll_uplink(&mut self, cx: &mut Context<'_>) -> Result<bool, ConnectionEnd> {
        let received = self.session.received_frames();
        let Uplink::Dialler(dialler) = &mut self.uplink else { return Ok(false) };
        match dialler.poll(cx, received, &mut self.is_foreign) {
            Poll::Pending => Ok(false),
            Poll::Ready(Err(end)) => Err(end),
            Poll::Ready(Ok(Arrival::Resumed(welcomed))) => {
                let Welcomed { link, welcome } = welcomed;
                self.resume(link, welcome.received)?;
                Ok(true)
            }
            Poll::Ready(Ok(Arrival::New(welcomed, earlier))) => {
                if let Some(earlier) = earlier {
                    let end = if earlier.incarnation() == welcomed.welcome.incarnation {
                        ConnectionEnd::Forgotten
                    } else {
                        ConnectionEnd::PeerRestarted
                    };
                    self.lose_session(&end);
                }
                self.begin_welcomed(welcomed);
                Ok(true)
            }
        }
    }

    /// The exporter has welcomed this side to a new session.
    pub(in crate::net) fn begin_welcomed(&mut self, welcomed: Welcomed) {
        let Welcomed { link, welcome } = welcomed;
        let ticket = Ticket::new(&welcome);
        let Welcome { session, frame_bytes_max, channels_max, expiry_ms, .. } = welcome;
        let expiry = match &mut self.uplink {
            Uplink::Dialler(dialler) => {
                dialler.begin(ticket);
                // No longer than this side wants, whatever the peer says.
                Duration::from_millis(expiry_ms.into()).min(dialler.session_expiry())
            }
            _ => Duration::ZERO,
        };
        self.begin(link, session, (frame_bytes_max, channels_max), expiry);
    }

    /// The first link of a session is there.
    pub(in crate::net) fn begin(
        &mut self,
        link: Link,
        session: SessionId,
        (frame_bytes_max, channels_max): (u32, u32),
        expiry: Duration,
    ) {
        let settled = Settled {
            peer_frame_bytes_max: (frame_bytes_max as usize).min(FRAME_BYTES_MAX),
            channels_max: channels_max as usize,
            expiry,
        };
        self.session.begin(now(), settled);
        self.session_id = Some(session);
        self.shared.set_session(session);
        self.adopt(link);
        tracing::debug!(%session, "connected");
        self.tell(|peer| Event::Connected { peer, session });
    }

    fn adopt(&mut self, link: Link) {
        self.link = Some(LinkIo::new(link));
        self.is_clogged = false;
        self.shared.set_idle_away(false);
    }

    /// Another link carries the session on.
    pub(super) fn resume(&mut self, link: Link, peer_received: u64) -> Result<(), ConnectionEnd> {
        // First the link: a peer that claims what it cannot have is told.
        self.adopt(link);
        let resumed = self.session.handle_resume(now(), peer_received)?;
        self.resumes += 1;
        self.repeated_frames += resumed.repeated_frames as u64;
        if let Uplink::Dialler(dialler) = &mut self.uplink {
            dialler.succeeded();
        }
        let (repeated_frames, away) = (resumed.repeated_frames, resumed.away);
        tracing::debug!(repeated_frames, away_ms = away.as_millis() as u64, "resumed");
        if let Some(session) = self.session_id {
            self.tell(|peer| Event::Resumed { peer, session, repeated_frames, away });
        }
        Ok(())
    }

    /// Lets go of a lost link; the session waits for another one.
    pub(super) fn let_go_of_link(&mut self, end: &ConnectionEnd) {
        if self.link.take().is_none() {
            // An attempt to dial has panicked. What waits for the first link waits on.
            return;
        }
        self.is_clogged = true;
        self.endpoints.pass_on();
        if let Err(error) = self.session.handle_link_lost(now()) {
            // The next look at the clock finds the same, and acts on it.
            tracing::debug!(%error, "the session is over");
        }
        self.shared.set_idle_away(self.endpoints.len() == 0);
        self.tell_link_loss(end);
    }

    /// Another importer wants the place of this one. Whoever has imported nothing has nothing to come
    /// back to.
    pub(super) fn make_place(&self, reply: oneshot::Sender<()>) -> Result<(), ConnectionEnd> {
        if self.link.is_some() || self.endpoints.len() > 0 {
            return Ok(());
        }
        let _nobody_waits = reply.send(());
        Err(ConnectionEnd::Displaced)
    }

    pub(super) fn tell_link_loss(&self, end: &ConnectionEnd) {
        if let Some(session) = self.session_id {
            tracing::debug!(%end, "the link is lost");
            self.tell(|peer| Event::LinkLost { peer, session, end: end.clone() });
        }
    }

    /// The peer comes with a newer link, whatever this side thinks of the present one.
    pub(super) fn yield_link(&mut self, newer: u64, reply: oneshot::Sender<Option<u64>>) {
        let is_newer = match &mut self.uplink {
            Uplink::Peer { epoch } if *epoch < newer => {
                *epoch = newer;
                self.is_orphaned = false;
                true
            }
            _ => false,
        };
        if is_newer && self.link.is_some() {
            self.let_go_of_link(&ConnectionEnd::Superseded);
        }
        let _nobody_waits = reply.send(is_newer.then(|| self.session.received_frames()));
    }

    /// The newer link is there, unless an even newer one was announced meanwhile.
    pub(super) fn adopt_announced(
        &mut self,
        announced: u64,
        link: Link,
        peer_received: u64,
    ) -> Result<(), ConnectionEnd> {
        match self.uplink {
            Uplink::Peer { epoch, .. } if epoch == announced => self.resume(link, peer_received),
            _ => Ok(()),
        }
    }

    // Sessions.

    /// The session cannot go on. Its channels wait for the next one, and those who wait for its
    /// answers are told.
    pub(super) fn lose_session(&mut self, end: &ConnectionEnd) {
        self.link = None;
        self.lost_sessions += 1;
        if let Uplink::Dialler(dialler) = &mut self.uplink {
            dialler.give_up_session();
            if end.is_fault() {
                dialler.failed_after_all();
            }
        }
        self.fail_requests(end);
        let closed = Closed::new(Origin::Link, Reason::ConnectionLost(end.to_string()));
        let (unconfirmed_values, wanted) = self.dismiss_channels(end, &closed);
        self.tell_loss(end, unconfirmed_values);
        self.session_id = None;
        self.list_again(end);
        let postponed = self.postponed.take_all();
        for import in wanted.into_iter().chain(postponed) {
            self.import_again(import);
        }
    }

    /// Takes all channels off a session that is lost. Returns how many values have an unknown fate,
    /// and what is to be imported again.
    fn dismiss_channels(&mut self, end: &ConnectionEnd, closed: &Closed) -> (u64, Vec<Import>) {
        let came: HashMap<ChannelId, u64> = self
            .endpoints
            .iter()
            .filter_map(|(id, _)| Some((id, self.session.counters(id)?.sent_values)))
            .collect();
        let mut remains = self.replace_session();
        let mut unconfirmed_values = 0;
        let mut wanted = Vec::new();
        for (channel, mut endpoint) in self.endpoints.take_all() {
            if endpoint.is_for_answers {
                self.conclude(endpoint, end, closed);
                continue;
            }
            if endpoint.ends_with_session() {
                // There is no other session that could have the values.
                endpoint.close(closed.clone());
            }
            let aftermath = endpoint.take_back(remains.remove(&channel).unwrap_or_default());
            unconfirmed_values += aftermath.unconfirmed_values;
            self.tell_aftermath(&endpoint.name, aftermath);
            let came = came.get(&channel).copied().unwrap_or_default();
            match endpoint.into_import(came, closed) {
                Ok(import) => wanted.push(import),
                Err(endpoint) => self.conclude(*endpoint, end, closed),
            }
        }
        (unconfirmed_values, wanted)
    }

    /// Puts a new session in the place of the one that is lost, and says what is left of that.
    fn replace_session(&mut self) -> HashMap<ChannelId, Remains> {
        let next = Session::waiting(self.parameters, now());
        let lost = std::mem::replace(&mut self.session, next);
        if !std::mem::take(&mut self.is_unsound) {
            return lost.into_remains().into_iter().collect();
        }
        // A bug has left it half done. What can still be saved is saved.
        catch_unwind(AssertUnwindSafe(|| lost.into_remains().into_iter().collect()))
            .unwrap_or_default()
    }

    /// A channel ends with its session. First the word, then the detachment: what is between them
    /// must not look like no end.
    fn conclude(&mut self, mut endpoint: Endpoint, end: &ConnectionEnd, closed: &Closed) {
        endpoint.close(closed.clone());
        endpoint.lose_claim(closed);
        endpoint.detach();
        if let Some(reply) = endpoint.opening.take() {
            let _nobody_waits = reply.send(Err(ImportError::Disconnected(end.clone())));
        }
        self.tell_channel_end(&endpoint, 0);
    }

    /// Ends all channels with the connection.
    pub(super) fn end_channels(&mut self, end: &ConnectionEnd, closed: &Closed) {
        self.fail_requests(end);
        self.listings = Listings::default();
        for import in self.postponed.take_all() {
            import.end.end(closed.clone());
        }
        let mut unconfirmed_values = 0;
        let mut remains = self.replace_session();
        for (channel, mut endpoint) in self.endpoints.take_all() {
            if endpoint.is_for_answers {
                self.conclude(endpoint, end, closed);
                continue;
            }
            if endpoint.import.is_some() {
                // There is nobody else who could have the values.
                endpoint.close(closed.clone());
            }
            let aftermath = endpoint.take_back(remains.remove(&channel).unwrap_or_default());
            unconfirmed_values += aftermath.unconfirmed_values;
            self.tell_aftermath(&endpoint.name, aftermath);
            self.conclude(endpoint, end, closed);
        }
        if !end.is_regular() && self.session_id.is_some() {
            self.tell_loss(end, unconfirmed_values);
        }
    }

    // Imports that outlive sessions.

    fn import_again(&mut self, import: Import) {
        if import.end.is_clogged() {
            // Nobody takes what earlier sessions have brought.
            self.postponed.add(now(), import);
            return;
        }
        match self.session.open(import.request.clone()) {
            Ok(channel) => {
                // One that was never answered is still asked for the first time.
                let is_again = import.reply.is_none();
                self.endpoints.attach_import(channel, import, is_again);
                self.session.ready(channel);
                self.continue_flushes(channel);
            }
            Err(_) => self.postponed.add(now(), import),
        }
    }

    /// Asks again for imports that were refused.
    pub(super) fn ask_again(&mut self, now: Instant) {
        for import in self.postponed.take_due(now) {
            // Its users may have gone meanwhile.
            if !import.end.is_over() {
                self.import_again(import);
            }
        }
    }

    // Events.

    pub(super) fn tell(&self, event: impl FnOnce(String) -> Event) {
        self.events.tell(|| event(self.shared.peer.clone()));
    }

    fn tell_aftermath(&self, name: &str, aftermath: Aftermath) {
        let Aftermath { unconfirmed_values, redelivered_values, discarded_values } = aftermath;
        if unconfirmed_values + discarded_values > 0 {
            self.tell(|peer| Event::Unconfirmed {
                peer,
                name: name.to_owned(),
                unconfirmed_values,
                redelivered_values,
                discarded_values,
            });
        }
    }

    fn tell_loss(&self, end: &ConnectionEnd, unconfirmed_values: u64) {
        let Some(session) = self.session_id else { return };
        tracing::debug!(%end, unconfirmed_values, "the session is lost");
        self.tell(|peer| match end {
            ConnectionEnd::PeerRestarted => {
                Event::PeerRestarted { peer, session, unconfirmed_values }
            }
            ConnectionEnd::Expired { away_ms } => Event::SessionExpired {
                peer,
                session,
                away: Duration::from_millis(*away_ms),
                unconfirmed_values,
            },
            end => Event::SessionLost { peer, session, end: end.clone(), unconfirmed_values },
        });
    }

    pub(super) fn tell_channel_end(&self, endpoint: &Endpoint, lost_values: u64) {
        if endpoint.is_for_answers || endpoint.name.is_empty() {
            return;
        }
        self.tell(|peer| Event::ChannelEnded {
            peer,
            name: endpoint.name.clone(),
            closed: endpoint
                .closed
                .clone()
                .unwrap_or_else(|| Closed::new(Origin::Local, Reason::Finished)),
            lost_values,
        });
    }

    pub(super) fn tell_end(&self, end: &ConnectionEnd) {
        self.tell(|peer| Event::Ended { peer, end: end.clone() });
    }
}
