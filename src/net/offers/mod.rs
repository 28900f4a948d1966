//! Ends of channels that were sent in messages and wait to be claimed.
//!
//! An importer's connection has a table of its own, an exporter one for all of its connections,
//! because a message may reach any of its importers, and another one when that is lost.
//!
//! An offer is in the table from the moment its message is encoded. It is released when a claim comes
//! to its regular end, because then the last holder has dropped it; when its message is dropped before
//! it was sent; when nobody receives any more; and when its lease has run out. The lease runs while
//! nobody has claimed the offer, and again when the session of a claim is lost: the message may be sent
//! to somebody else. An offer in a message that goes to everyone has only its lease.

mod timer;

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use event_listener::Event;
use futures::future::BoxFuture;
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::time::Instant;

use crate::channel::identity::Description;
use crate::channel::{Bell, Closed, OfferError, Offered, Offering, Origin, Reason, Token};
use crate::dir::Dir;
use crate::limits::OFFERS_MAX;
use crate::net::config::random;
use crate::net::registry::ExportEnd;
use crate::wire::{Code, Content, Open};

/// What the name of a channel begins with that is opened for an offer. No exported channel has such a
/// name. The token follows, in hexadecimal digits.
pub(super) const NAME_PREFIX: char = '\0';

/// A table of offers.
#[derive(Debug)]
pub(super) struct Offers {
    state: Mutex<State>,
    lease: Duration,
    /// Whoever drives the only connection of this table.
    bell: Option<Arc<Bell>>,
    /// The timer may have nothing left to wait for.
    changed: Event,
    /// There was no runtime to run the timer.
    lacks_timer: AtomicBool,
    this: Weak<Offers>,
}

#[derive(Debug, Default)]
struct State {
    by_token: HashMap<Token, Offer>,
    /// When the leases run out of offers that are not claimed.
    leases: BTreeSet<(Instant, Token)>,
    has_timer: bool,
    is_closed: bool,
}

#[derive(Debug)]
struct Offer {
    offered: Arc<Offered>,
    is_for_all: bool,
    claims: usize,
    lease_until: Instant,
}

impl Offers {
    pub(super) fn new(lease: Duration, bell: Option<Arc<Bell>>) -> Arc<Offers> {
        Arc::new_cyclic(|this| Offers {
            state: Mutex::default(),
            lease,
            bell,
            changed: Event::new(),
            lacks_timer: AtomicBool::new(false),
            this: this.clone(),
        })
    }

    /// Where a channel with values of `T` offers the ends of channels inside of them, if there are any.
    pub(super) fn offering_for(&self, description: &Description) -> Option<Arc<dyn Offering>> {
        let this = self.this.upgrade().filter(|_| description.carries_ends())?;
        Some(this)
    }

    /// Offers that are not released.
    pub(super) fn len(&self) -> usize {
        self.state.lock().by_token.len()
    }

    /// Finds what a peer claims, or says why it cannot have it.
    pub(super) fn claim(&self, open: &Open) -> Result<(ExportEnd, Claim), (Code, String)> {
        let refusal = |code: Code| Err((code, String::new()));
        let Some(token) = token_of(&open.name) else { return refusal(Code::UnknownName) };
        let mut state = self.state.lock();
        let State { by_token, leases, .. } = &mut *state;
        let Some(offer) = by_token.get_mut(&token) else { return refusal(Code::UnknownName) };
        let offered = offer.offered.clone();
        if open.dir != Dir::Send {
            return refusal(Code::WrongDirection);
        }
        if open.codec != offered.kind.codec {
            return refusal(Code::CodecMismatch);
        }
        let answers = offered.kind.answer_identity;
        // Unlike the name of an exported channel, a token is only known to those who know the type.
        if open.identity != offered.kind.identity || answer_identity_of(open) != answers {
            return refusal(Code::TypeMismatch);
        }
        if offered.queue.is_over() {
            return refusal(Code::Ended);
        }
        if offered.queue.is_clogged() {
            return refusal(Code::Busy);
        }
        leases.remove(&(offer.lease_until, token));
        offer.claims += 1;
        drop(state);
        self.changed.notify(usize::MAX);
        let end = ExportEnd::In(offered.queue.clone(), offered.window);
        let offers = self.this.clone();
        Ok((end, Claim { offers, token, offered: Some(offered) }))
    }

    /// Nothing is offered any more.
    pub(super) fn close(&self, closed: &Closed) {
        let mut state = self.state.lock();
        state.is_closed = true;
        state.leases.clear();
        let released = std::mem::take(&mut state.by_token);
        drop(state);
        for (token, Offer { offered, .. }) in released {
            offered.remove_place(token);
            offered.note_closed_at_last(closed.clone());
        }
        self.changed.notify(usize::MAX);
    }

    /// Runs the timer if that was not possible when it was needed.
    pub(super) fn make_up_for_timer(&self) {
        if self.lacks_timer.load(Ordering::Relaxed) {
            self.keep_time();
        }
    }

    fn release(
        &self,
        token: Token,
        is_releasable: impl FnOnce(&Offer) -> bool,
    ) -> Option<Arc<Offered>> {
        let mut state = self.state.lock();
        if !state.by_token.get(&token).is_some_and(is_releasable) {
            return None;
        }
        let Offer { offered, lease_until, .. } = state.by_token.remove(&token)?;
        state.leases.remove(&(lease_until, token));
        drop(state);
        offered.remove_place(token);
        self.tell_change();
        Some(offered)
    }

    fn tell_change(&self) {
        self.changed.notify(usize::MAX);
        // A connection that nobody holds waits for its last offer.
        if let Some(bell) = &self.bell {
            bell.ring();
        }
    }
}

impl Offering for Offers {
    fn offer(&self, offered: &Arc<Offered>, is_for_all: bool) -> Result<Token, OfferError> {
        let token = Token(random());
        let lease_until = Instant::now() + self.lease;
        let mut state = self.state.lock();
        if state.is_closed {
            return Err(OfferError::Closed);
        }
        if state.by_token.len() >= OFFERS_MAX {
            return Err(OfferError::TooMany { offers_max: OFFERS_MAX });
        }
        let offer = Offer { offered: offered.clone(), is_for_all, claims: 0, lease_until };
        state.by_token.insert(token, offer);
        state.leases.insert((lease_until, token));
        drop(state);
        self.keep_time();
        Ok(token)
    }

    fn withdraw(&self, token: Token) {
        let released = self.release(token, |offer| offer.claims == 0);
        if let Some(offered) = released {
            offered.note_closed_at_last(Closed::new(Origin::Local, Reason::HungUp));
        }
    }

    fn revoke(&self, token: Token) {
        let _released = self.release(token, |_| true);
    }

    fn spawn(&self, task: BoxFuture<'static, ()>) -> Result<(), OfferError> {
        let runtime = Handle::try_current().map_err(|_| OfferError::NoRuntime)?;
        runtime.spawn(task);
        Ok(())
    }
}

/// A channel that a peer has opened for an offer.
#[derive(Debug)]
pub(super) struct Claim {
    offers: Weak<Offers>,
    token: Token,
    /// Nothing when the claim has ended.
    offered: Option<Arc<Offered>>,
}

impl Claim {
    /// The channel has come to its end: whoever held its sending end has let go of it, and so releases
    /// the offer. If its message went to others, too, they may still claim it.
    pub(super) fn complete(self, closed: Closed) {
        let Some(offered) = &self.offered else { return };
        offered.note_closed(closed);
        if let Some(offers) = self.offers.upgrade() {
            let _released = offers.release(self.token, |offer| !offer.is_for_all);
        }
    }

    /// The session of the channel is lost. The message that carried the offer may be sent again, so it
    /// waits to be claimed again.
    pub(super) fn lose(self, closed: Closed) {
        if let Some(offered) = &self.offered {
            offered.note_closed(closed);
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let (Some(_held), Some(offers)) = (self.offered.take(), self.offers.upgrade()) else {
            return;
        };
        let mut state = offers.state.lock();
        let State { by_token, leases, .. } = &mut *state;
        let Some(offer) = by_token.get_mut(&self.token) else { return };
        offer.claims -= 1;
        if offer.claims == 0 {
            offer.lease_until = Instant::now() + offers.lease;
            leases.insert((offer.lease_until, self.token));
            drop(state);
            offers.keep_time();
        }
    }
}

/// The type of the answers that a peer wants, if it asks.
fn answer_identity_of(open: &Open) -> Option<[u8; 16]> {
    (open.content == Content::Requests).then_some(open.answer_identity)
}

/// The name of the channel that is opened for an offer.
pub(super) fn name_of(token: Token) -> String {
    let mut name = String::from(NAME_PREFIX);
    name.extend(token.0.iter().map(|byte| format!("{byte:02x}")));
    name
}

/// Whether a channel of this name is opened for an offer.
pub(super) fn is_offered(name: &str) -> bool {
    name.starts_with(NAME_PREFIX)
}

fn token_of(name: &str) -> Option<Token> {
    let digits = name.strip_prefix(NAME_PREFIX)?.as_bytes();
    let mut token = [0; 16];
    if digits.len() != 2 * token.len() {
        return None;
    }
    for (byte, pair) in token.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = 16 * digit(pair[0])? + digit(pair[1])?;
    }
    Some(Token(token))
}

fn digit(character: u8) -> Option<u8> {
    match character {
        b'0'..=b'9' => Some(character - b'0'),
        b'a'..=b'f' => Some(character - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_its_name_in_one_way_only() {
        let token = Token([0x0a, 0xf1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 0xff]);
        let name = name_of(token);
        assert_eq!(token_of(&name), Some(token));
        let upper_case = name.to_uppercase();
        let others = [&name[1..], &name[..32], &upper_case, "", "\0", "\0é"];
        for other in others {
            assert_eq!(token_of(other), None, "{other:?}");
        }
        assert_eq!(token_of(&format!("{name}0")), None);
    }
}
