//! The sending end of a channel that travels in a message.
//!
//! Encoding such an end makes an *offer*: the channel that carries the message notes the receiving
//! end in its table of offers, and a token that nobody can guess travels in its place. Decoding it
//! makes a *claim*: a channel is opened back to where the message came from, with the token for its
//! name. What a table of offers is, and how a claim becomes a channel, is the business of those who
//! implement [`Offering`] and [`Claiming`].

mod caller;
mod forward;
mod offered;
mod scope;
mod sender;
mod traced;

use std::sync::Arc;

use crate::channel::Shape;
use crate::channel::outgoing::{OutgoingBounds, Slots};
use crate::limits::{QUEUE_BYTES_DEFAULT, WINDOW_VALUES_DEFAULT, WINDOW_VALUES_GROWN_MAX};

pub(crate) use offered::{Claiming, EndKind, Offered, Offering, Ticket, Token};
pub(crate) use scope::{DecodeScope, EncodeScope};

pub use caller::RemoteCaller;
pub use offered::OfferError;
pub use sender::RemoteSender;

/// Where a handle leads.
#[derive(Clone)]
enum End<S> {
    /// Its receiving end is in this program.
    Here(Arc<Offered>),
    /// It sends to a channel.
    There(S),
}

/// The bounds of a channel whose sending end came in a message.
fn claimed_bounds() -> OutgoingBounds {
    OutgoingBounds {
        capacity_values: WINDOW_VALUES_DEFAULT,
        capacity_max: WINDOW_VALUES_GROWN_MAX,
        queue_bytes: QUEUE_BYTES_DEFAULT,
        slots: Slots::UntilTaken,
        limit: None,
        redelivers: false,
        shape: Shape::Queue,
    }
}
