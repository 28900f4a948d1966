//! Where a connection's channels and its driver meet over ends of channels in messages.

use std::sync::Arc;

use parking_lot::Mutex;

use crate::channel::{Bell, Claiming, Closed, EndKind, OfferError, Offering, Outgoing, Token};
use crate::limits::CLAIMS_MAX;
use crate::net::offers::Offers;

/// What is offered to a connection's peer, and what is claimed from it.
#[derive(Debug)]
pub(super) struct Desk {
    /// Also those of the other connections of an exporter.
    pub(super) offers: Arc<Offers>,
    state: Mutex<State>,
    pub(super) bell: Arc<Bell>,
}

#[derive(Debug, Default)]
struct State {
    /// Claims for which the driver has not opened a channel yet.
    pending: Vec<Pending>,
    /// Claims in all.
    claims: usize,
    closed: Option<Closed>,
    /// The queue of claims that came too late.
    dead: Option<Arc<Outgoing>>,
}

/// A claim for which there is no channel yet.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) token: Token,
    pub(super) kind: EndKind,
    pub(super) queue: Arc<Outgoing>,
}

impl Desk {
    pub(super) fn new(offers: Arc<Offers>, bell: Arc<Bell>) -> Arc<Desk> {
        Arc::new(Desk { offers, state: Mutex::default(), bell })
    }

    /// Ends that came from the peer and are held.
    pub(super) fn claims(&self) -> usize {
        self.state.lock().claims
    }

    pub(super) fn take_pending(&self) -> Vec<Pending> {
        std::mem::take(&mut self.state.lock().pending)
    }

    /// A claim has come to its end.
    pub(super) fn release(&self) {
        self.state.lock().claims -= 1;
    }

    /// Nothing can be claimed any more.
    pub(super) fn close(&self, closed: &Closed) {
        let mut state = self.state.lock();
        state.closed = Some(closed.clone());
        let pending = std::mem::take(&mut state.pending);
        state.claims -= pending.len();
        drop(state);
        for Pending { queue, .. } in pending {
            queue.end(closed.clone());
        }
    }
}

impl Claiming for Desk {
    fn claim(
        &self,
        token: Token,
        kind: EndKind,
        queue: Arc<Outgoing>,
    ) -> Result<Arc<Outgoing>, OfferError> {
        let mut state = self.state.lock();
        if let Some(closed) = &state.closed {
            let closed = closed.clone();
            // One for all of them: a peer may have sent any number.
            let dead = state.dead.get_or_insert(queue).clone();
            drop(state);
            dead.end(closed);
            return Ok(dead);
        }
        if state.claims >= CLAIMS_MAX {
            return Err(OfferError::TooManyHeld { claims_max: CLAIMS_MAX });
        }
        state.claims += 1;
        state.pending.push(Pending { token, kind, queue: queue.clone() });
        drop(state);
        self.bell.ring();
        Ok(queue)
    }

    fn offering(&self) -> Arc<dyn Offering> {
        self.offers.clone()
    }
}
