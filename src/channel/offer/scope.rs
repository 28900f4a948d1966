//! Which channel encodes or decodes on this thread now.
//!
//! Serde hands a type nothing but its own serializer, so the end of a channel that is inside of a
//! value learns here for which connection it is encoded, or from which it came.

use std::cell::RefCell;
use std::sync::Arc;

use crate::channel::CodecError;
use crate::channel::offer::{Claiming, OfferError, Offered, Offering, Ticket, Token};

#[derive(Debug)]
struct Encoding {
    offering: Arc<dyn Offering>,
    /// Values go to more than one peer.
    is_for_all: bool,
    tickets: Vec<Ticket>,
    /// An error passes through user code and the codec as a text, or not at all: this is the first.
    refusal: Option<OfferError>,
}

thread_local! {
    static ENCODING: RefCell<Option<Encoding>> = const { RefCell::new(None) };
    static DECODING: RefCell<Option<Arc<dyn Claiming>>> = const { RefCell::new(None) };
}

/// While this lives, values are encoded for a channel.
#[derive(Debug)]
pub(crate) struct EncodeScope {
    around: Option<Encoding>,
}

impl EncodeScope {
    pub(crate) fn enter(offering: &Arc<dyn Offering>, is_for_all: bool) -> EncodeScope {
        let (offering, tickets) = (offering.clone(), Vec::new());
        let encoding = Encoding { offering, is_for_all, tickets, refusal: None };
        EncodeScope { around: ENCODING.replace(Some(encoding)) }
    }

    /// The offers that were made since it was entered.
    pub(crate) fn take_tickets(&self) -> Vec<Ticket> {
        let take = |encoding: &mut Encoding| std::mem::take(&mut encoding.tickets);
        ENCODING.with_borrow_mut(|encoding| encoding.as_mut().map(take).unwrap_or_default())
    }

    /// What went wrong, if it was an offer.
    pub(crate) fn explain(&self, error: CodecError) -> CodecError {
        let refusal = |encoding: &Encoding| encoding.refusal;
        let refusal = ENCODING.with_borrow(|encoding| encoding.as_ref().and_then(refusal));
        refusal.map_or(error, CodecError::NotOffered)
    }
}

impl Drop for EncodeScope {
    fn drop(&mut self) {
        // Tickets that nobody took are withdrawn, when nothing is borrowed.
        let _left = ENCODING.replace(self.around.take());
    }
}

/// While this lives, values are decoded that came from one peer.
#[derive(Debug)]
pub(crate) struct DecodeScope {
    around: Option<Arc<dyn Claiming>>,
}

impl DecodeScope {
    pub(crate) fn enter(claiming: Arc<dyn Claiming>) -> DecodeScope {
        DecodeScope { around: DECODING.replace(Some(claiming)) }
    }
}

impl Drop for DecodeScope {
    fn drop(&mut self) {
        let _left = DECODING.replace(self.around.take());
    }
}

/// Offers an end to the peer for which this thread encodes.
pub(super) fn offer(offered: &Arc<Offered>) -> Result<Token, OfferError> {
    let offering = offering()?;
    let is_for_all =
        ENCODING.with_borrow(|encoding| encoding.as_ref().is_some_and(|e| e.is_for_all));
    let token = offering.offer(offered, is_for_all).map_err(refuse)?;
    offered.add_place(token, &offering);
    let ticket = Ticket::new(token, &offering);
    ENCODING.with_borrow_mut(|encoding| {
        if let Some(encoding) = encoding {
            encoding.tickets.push(ticket);
        }
    });
    if offered.queue.is_over() {
        // Nobody receives any more, and whoever told so may not have known of this offer.
        offered.revoke();
    }
    Ok(token)
}

/// Where offers go for which this thread encodes.
pub(super) fn offering() -> Result<Arc<dyn Offering>, OfferError> {
    ENCODING
        .with_borrow(|encoding| encoding.as_ref().map(|encoding| encoding.offering.clone()))
        .ok_or(OfferError::NoChannel)
}

/// Notes why an end is not offered.
pub(super) fn refuse(error: OfferError) -> OfferError {
    ENCODING.with_borrow_mut(|encoding| {
        if let Some(encoding) = encoding {
            encoding.refusal = encoding.refusal.or(Some(error));
        }
    });
    error
}

/// Where claims go for which this thread decodes.
pub(super) fn claiming() -> Result<Arc<dyn Claiming>, OfferError> {
    DECODING.with_borrow(Option::clone).ok_or(OfferError::NoChannel)
}
