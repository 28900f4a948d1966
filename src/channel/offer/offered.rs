//! What is offered, and what is asked of those who keep and claim offers.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Weak};

use futures::future::BoxFuture;
use parking_lot::Mutex;

use crate::channel::incoming::Incoming;
use crate::channel::lane::LaneWindow;
use crate::channel::outgoing::Outgoing;
use crate::channel::{Closed, Origin, Reason};

/// The secret that stands for an offer on the wire. Never printed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Token(pub(crate) [u8; 16]);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

/// What travels on the channel of an end. Who offers it and who claims it must mean the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EndKind {
    /// The identity of the type of the values.
    pub(crate) identity: [u8; 16],
    /// The same for the answers, if it is a channel of requests.
    pub(crate) answer_identity: Option<[u8; 16]>,
    pub(crate) codec: &'static str,
}

/// Why the end of a channel was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OfferError {
    /// It is no channel that encodes or decodes the value.
    #[error("the end of a channel travels only through a channel")]
    NoChannel,
    /// Too many offers wait to be claimed, or are claimed.
    #[error("{offers_max} ends of channels are offered, as many as may be")]
    TooMany {
        /// How many there may be: [`OFFERS_MAX`](crate::limits::OFFERS_MAX).
        offers_max: usize,
    },
    /// Too many ends of channels that came from the peer are held.
    #[error("{claims_max} ends of channels are held that came from the peer, as many as may be")]
    TooManyHeld {
        /// How many there may be: [`CLAIMS_MAX`](crate::limits::CLAIMS_MAX).
        claims_max: usize,
    },
    /// The connection or the exporter has ended.
    #[error("the connection that offers the end of a channel has ended")]
    Closed,
    /// An end that is sent on needs a task that passes values on.
    #[error("the end of a channel is sent on only from within a tokio runtime")]
    NoRuntime,
}

/// Keeps offers until they are released.
pub(crate) trait Offering: fmt::Debug + Send + Sync {
    /// Notes an offer; `is_for_all` if its message goes to more than one peer.
    fn offer(&self, offered: &Arc<Offered>, is_for_all: bool) -> Result<Token, OfferError>;

    /// Releases an offer, unless somebody has claimed it: the value that carries it was dropped.
    fn withdraw(&self, token: Token);

    /// Releases an offer: nobody receives any more.
    fn revoke(&self, token: Token);

    /// Runs a task.
    fn spawn(&self, task: BoxFuture<'static, ()>) -> Result<(), OfferError>;
}

/// Opens channels for what was offered by one peer.
pub(crate) trait Claiming: fmt::Debug + Send + Sync {
    /// Attaches `queue` to the channel that the token stands for. Returns another queue, which has ended,
    /// if there is no such channel any more.
    fn claim(
        &self,
        token: Token,
        kind: EndKind,
        queue: Arc<Outgoing>,
    ) -> Result<Arc<Outgoing>, OfferError>;

    /// Where what is sent to that peer is offered.
    fn offering(&self) -> Arc<dyn Offering>;
}

/// The receiving end of a channel whose sending end travels. When this is dropped, nobody can send to
/// it any more, and the channel ends.
#[derive(Debug)]
pub(crate) struct Offered {
    pub(crate) queue: Arc<Incoming>,
    pub(crate) window: LaneWindow,
    pub(crate) kind: EndKind,
    places: Mutex<HashMap<Token, Weak<dyn Offering>>>,
    /// How it was last heard that somebody can send no more.
    closed: Mutex<Option<Closed>>,
}

impl Offered {
    pub(crate) fn new(queue: Arc<Incoming>, window: LaneWindow, kind: EndKind) -> Arc<Offered> {
        Arc::new_cyclic(|this| {
            queue.is_offered_by(this.clone());
            let (places, closed) = (Mutex::default(), Mutex::default());
            Offered { queue, window, kind, places, closed }
        })
    }

    /// Notes where it is offered.
    pub(super) fn add_place(&self, token: Token, offering: &Arc<dyn Offering>) {
        self.places.lock().insert(token, Arc::downgrade(offering));
    }

    /// One of its offers is released.
    pub(crate) fn remove_place(&self, token: Token) {
        self.places.lock().remove(&token);
    }

    /// Notes that somebody can send no more, and why. The last word is what the receiver is told when
    /// nobody else can.
    pub(crate) fn note_closed(&self, closed: Closed) {
        *self.closed.lock() = Some(closed);
    }

    /// Notes the same if nothing else is known.
    pub(crate) fn note_closed_at_last(&self, closed: Closed) {
        self.closed.lock().get_or_insert(closed);
    }

    /// Nobody receives any more.
    pub(crate) fn revoke(&self) {
        let places = std::mem::take(&mut *self.places.lock());
        for (token, offering) in places {
            if let Some(offering) = offering.upgrade() {
                offering.revoke(token);
            }
        }
    }
}

impl Drop for Offered {
    fn drop(&mut self) {
        let closed = self.closed.get_mut().take();
        let dropped_here = || Closed::new(Origin::Local, Reason::Finished);
        self.queue.release(closed.unwrap_or_else(dropped_here));
    }
}

/// An offer in a value that waits to be sent. Dropped before that, the offer is withdrawn.
#[derive(Debug)]
pub(crate) struct Ticket {
    token: Token,
    /// Nobody when the value was sent.
    offering: Option<Weak<dyn Offering>>,
}

impl Ticket {
    pub(super) fn new(token: Token, offering: &Arc<dyn Offering>) -> Ticket {
        Ticket { token, offering: Some(Arc::downgrade(offering)) }
    }

    /// The value was sent: the offer waits to be claimed.
    pub(crate) fn sent(mut self) {
        self.offering = None;
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if let Some(offering) = self.offering.take().and_then(|offering| offering.upgrade()) {
            offering.withdraw(self.token);
        }
    }
}
