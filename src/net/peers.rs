//! The importers that have a session with an exporter, and who may continue one.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

use crate::id::{Incarnation, NodeId, SessionId, SessionToken};
use crate::limits::{CLOSED_SESSIONS_MAX, FRAME_BYTES_MAX};
use crate::net::config::random;
use crate::net::driver::Uplink;
use crate::net::flush::Losses;
use crate::net::{Config, Connection, handshake};
use crate::session::{Keyring, Refusal};
use crate::wire::{Code, Hello, Resume, VERSION, Welcome};

/// An importer that has a session here.
#[derive(Debug)]
pub(super) struct Peer {
    node: NodeId,
    incarnation: Incarnation,
    /// Who may continue the session; nobody if it is not kept without a link.
    keyring: Option<Keyring>,
    frame_bytes_max: u32,
    expiry_ms: u32,
}

impl Peer {
    /// Whether its session has more than one link.
    pub(super) fn uplink(&self) -> Uplink {
        match self.keyring {
            Some(_) => Uplink::Peer { epoch: Keyring::FIRST_EPOCH },
            None => Uplink::None,
        }
    }
}

/// What a new session will be like.
pub(super) struct Plan {
    /// What is kept of its importer.
    pub(super) peer: Peer,
    /// The answer to that.
    pub(super) welcome: Welcome,
    /// For how long this side keeps the session without a link.
    pub(super) expiry: Duration,
}

impl Plan {
    pub(super) fn new(config: &Config, hello: &Hello, session: SessionId) -> Plan {
        let asked = Duration::from_millis(hello.expiry_ms.into());
        let agreed = asked.min(config.session_expiry);
        let is_kept = !agreed.is_zero();
        let expiry = if is_kept { agreed + config.expiry_margin() } else { Duration::ZERO };
        let token = SessionToken(random());
        let expiry_ms = handshake::milliseconds(agreed);
        let Hello { node, incarnation, frame_bytes_max, .. } = *hello;
        let keyring = is_kept.then(|| Keyring::new(token));
        let peer = Peer { node, incarnation, keyring, frame_bytes_max, expiry_ms };
        Plan { peer, welcome: welcome(config, session, token, expiry_ms), expiry }
    }
}

/// The Welcome to the first link of a session.
pub(super) fn welcome(
    config: &Config,
    session: SessionId,
    token: SessionToken,
    expiry_ms: u32,
) -> Welcome {
    Welcome {
        version: VERSION,
        node: config.node,
        incarnation: config.incarnation,
        session,
        token,
        epoch: Keyring::FIRST_EPOCH,
        received: 0,
        frame_bytes_max: FRAME_BYTES_MAX as u32,
        channels_max: config.channels_max as u32,
        expiry_ms,
        features: 0,
    }
}

/// The sessions of an exporter.
#[derive(Debug)]
pub(super) struct Peers {
    connections_max: usize,
    by_session: Mutex<HashMap<SessionId, (Peer, Connection)>>,
    /// Sessions that were closed, the oldest first.
    closed_sessions: Mutex<VecDeque<SessionId>>,
    losses: Losses,
    /// Places that are taken.
    places: AtomicUsize,
}

/// A place among an exporter's connections, given back when it is dropped.
pub(super) struct Place {
    peers: Arc<Peers>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.peers.places.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Peers {
    pub(super) fn new(connections_max: usize) -> Arc<Peers> {
        Arc::new(Peers {
            connections_max,
            by_session: Mutex::default(),
            closed_sessions: Mutex::default(),
            losses: Losses::default(),
            places: AtomicUsize::new(0),
        })
    }

    pub(super) fn connections(&self) -> Vec<Connection> {
        self.by_session.lock().values().map(|(_, connection)| connection.clone()).collect()
    }

    pub(super) fn losses(&self) -> &Losses {
        &self.losses
    }

    /// Takes a place for a new importer, if need be that of one which is away and has imported nothing:
    /// whoever only shakes hands and leaves must not keep others out.
    pub(super) async fn find_place(self: &Arc<Self>) -> Option<Place> {
        let before = self.places.fetch_add(1, Ordering::AcqRel);
        let place = Place { peers: self.clone() };
        if before < self.connections_max {
            return Some(place);
        }
        for connection in self.connections() {
            if connection.make_place().await {
                return Some(place);
            }
        }
        None
    }

    /// An importer comes for a new session. Those of its earlier lives will not be continued.
    pub(super) fn retire_earlier(&self, hello: &Hello) {
        let peers = self.by_session.lock();
        let earlier = peers
            .values()
            .filter(|(peer, _)| peer.node == hello.node && peer.incarnation != hello.incarnation);
        earlier.for_each(|(_, connection)| connection.peer_restarted());
    }

    /// Notes a new session.
    pub(super) fn list(&self, session: SessionId, peer: Peer, connection: Connection) {
        self.by_session.lock().insert(session, (peer, connection));
    }

    /// A session has ended.
    pub(super) fn delist(&self, session: SessionId) {
        // First the loss: a connection that is not listed any more has been accounted for.
        let connection =
            self.by_session.lock().get(&session).map(|(_, connection)| connection.clone());
        if let Some(connection) = connection {
            self.losses.note(&connection);
            if connection.end().is_some_and(|end| end.is_regular()) {
                let mut closed = self.closed_sessions.lock();
                if closed.len() >= CLOSED_SESSIONS_MAX {
                    closed.pop_front();
                }
                closed.push_back(session);
            }
        }
        self.by_session.lock().remove(&session);
    }

    /// Decides whether an importer may continue its session on a new link, whose Welcome will have
    /// the token `fresh`. Gives the session's connection and expiry.
    pub(super) fn admit(
        &self,
        hello: &Hello,
        resume: &Resume,
        fresh: SessionToken,
    ) -> Result<(Connection, u32), Code> {
        let mut peers = self.by_session.lock();
        let found = peers.get_mut(&resume.session);
        let Some((Peer { keyring: Some(keyring), frame_bytes_max, expiry_ms, .. }, connection)) =
            found
        else {
            return Err(self.unknown(resume.session));
        };
        // The token first: without it nothing is told of the session.
        if keyring.knows(resume.token) && hello.frame_bytes_max < *frame_bytes_max {
            // Frames are repeated as they were encoded.
            return Err(Code::Malformed);
        }
        keyring.admit(resume, fresh).map_err(Refusal::code)?;
        Ok((connection.clone(), *expiry_ms))
    }

    /// What an importer is told whose session is not here.
    pub(super) fn unknown(&self, session: SessionId) -> Code {
        let is_closed = self.closed_sessions.lock().contains(&session);
        if is_closed { Code::Closed } else { Code::UnknownSession }
    }
}
