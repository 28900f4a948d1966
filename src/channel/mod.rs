//! What a user holds: [`Sender`] and [`Receiver`], and the queues behind them.
//!
//! This room knows types; everything below it moves bytes. It knows no socket: a session's driver
//! attaches itself to a queue, takes runs of encoded values from it or brings them to it, and is
//! woken when there is something for it.
//!
//! # Delivery
//!
//! Three things are told apart. A value is *received* when it is in the peer's memory, *taken*
//! when it has left the peer's channel, and *handled* when the code that took it is done with it.
//! Taking makes room in the window. While a session lasts, also over links that are lost, every value
//! arrives once and in the order in which it was sent. What becomes of values that were not known to
//! be taken when a session is lost is a setting of the sending channel
//! ([`Unconfirmed`](crate::net::Unconfirmed)).
//!
//! # Disconnection
//!
//! A channel ends when its last sender is dropped, when its last receiver is dropped, by a hangup
//! on either side, or with its connection. Whoever uses it afterwards gets [`Closed`], which says
//! who ended it and why; values that were received before a regular end can still be taken.
//!
//! # Cancel safety
//!
//! No future of this room loses a value that was received, or sends half of one, when it is
//! dropped; each method says what happens.

mod asking;
mod backlog;
mod closed;
mod codec;
mod consumers;
mod document;
mod encoder;
mod error;
mod feeder;
mod format;
mod forms;
mod guard;
pub mod identity;
mod incoming;
#[cfg(feature = "json")]
pub mod json;
mod lane;
mod listed;
mod offer;
mod outgoing;
mod overflow;
mod ready;
mod receiver;
mod sender;
mod shape;
mod signal;
mod turn;
mod undecodable;

pub use asking::caller::{Answer, Caller};
pub use asking::requests::{Request, Requests, Responder};
pub use closed::{Closed, Origin, Reason};
#[cfg(feature = "messagepack")]
pub use codec::MessagePack;
#[cfg(feature = "postcard")]
pub use codec::Postcard;
pub use codec::{Bincode, Codec, Encoded, Raw, SerdeCodec, Value, Verbatim};
pub use error::{
    AskError, CodecError, RecvError, SendError, SinkError, TryRecvError, TrySendError,
};
pub use feeder::Feeder;
pub use format::Format;
pub use listed::{ChannelDescription, TypeDescription};
pub use offer::{OfferError, RemoteCaller, RemoteSender};
pub use overflow::{Overflow, Overflowed};
pub use receiver::Receiver;
pub use sender::{Permit, Sender};
pub use shape::{Shape, Slow};
pub use undecodable::{Undecodable, UndecodableValue};

pub(crate) use asking::answering::{Answering, Answers, Receipts};
pub(crate) use asking::answers::read_answers;
pub(crate) use asking::asks::Asks;
pub(crate) use consumers::ConsumerKey;
pub(crate) use document::{decode_schema, encode_schema};
pub(crate) use format::Coding;
pub(crate) use forms::{Accepted, Form};
pub(crate) use incoming::{EndsWith, Incoming};
pub(crate) use lane::{Fault, LaneKey, LaneReport, LaneWindow, Progress, Taken};
pub(crate) use offer::{Claiming, EndKind, Offered, Offering, Token};
pub(crate) use outgoing::{Aftermath, Outgoing, OutgoingBounds, Slots};
pub(crate) use overflow::Tell;
pub(crate) use ready::{Bell, ReadySet};
pub(crate) use undecodable::Strictness;
