//! Who ended a channel, and why.

use std::fmt;

use crate::wire::Code;

/// Whose doing something is: the first question of an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// This program.
    Local,
    /// The program at the other end.
    Peer,
    /// The connection between them.
    Link,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Origin::Local => "this side",
            Origin::Peer => "the peer",
            Origin::Link => "the link",
        })
    }
}

/// Why a channel has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// The last sender was dropped or closed: all of its values came before this.
    Finished,
    /// As many values were sent as the import was limited to.
    LimitReached,
    /// A hangup: values in flight may have been dropped.
    HungUp,
    /// Nobody is left to receive.
    ReceiverDropped,
    /// The importer did not keep up with a broadcast that does not wait
    /// ([`Slow::Disconnect`](crate::channel::Slow)).
    TooSlow,
    /// A message carried the sending end, and nobody has claimed it in time.
    LeaseExpired,
    /// The sending end came in a message, and the peer does not offer it any more: its lease has run
    /// out, or nobody receives what is sent to it.
    NotOffered,
    /// A value could not be decoded, and its receiver ends the channel then
    /// ([`Undecodable::End`](crate::channel::Undecodable::End)).
    Undecodable {
        /// Which value: how many were sent before it on this channel, in its session.
        position: u64,
        /// Why it could not be decoded, in the words of the receiver.
        text: String,
    },
    /// The connection was closed on purpose.
    ConnectionClosed,
    /// The connection was lost; the text says how.
    ConnectionLost(String),
    /// Something else, in the words of the side that ended it.
    Other(Code, String),
}

/// The end of a channel: who ended it, and why.
///
/// ```
/// use netchan::channel::{Closed, Origin, Reason};
///
/// let closed = Closed::new(Origin::Peer, Reason::HungUp);
/// assert_eq!(closed.to_string(), "ended by the peer: hung up");
/// assert!(!closed.is_finished());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("ended by {origin}: {reason}")]
#[non_exhaustive]
pub struct Closed {
    /// Who ended the channel.
    pub origin: Origin,
    /// Why it was ended.
    pub reason: Reason,
}

impl Closed {
    /// The end of a channel.
    #[must_use]
    pub fn new(origin: Origin, reason: Reason) -> Closed {
        Closed { origin, reason }
    }

    /// Whether the channel came to its regular end, with nothing lost.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        matches!(self.reason, Reason::Finished | Reason::LimitReached)
    }

    pub(crate) fn by_peer(code: Code, text: String) -> Closed {
        let reason = match code {
            Code::HungUp => Reason::HungUp,
            Code::ReceiverDropped => Reason::ReceiverDropped,
            Code::TooSlow => Reason::TooSlow,
            Code::Complete => Reason::Finished,
            code => Reason::Other(code, text),
        };
        Closed::new(Origin::Peer, reason)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Finished => f.write_str("finished"),
            Reason::LimitReached => f.write_str("the import's limit was reached"),
            Reason::HungUp => f.write_str("hung up"),
            Reason::ReceiverDropped => f.write_str("the receiver was dropped"),
            Reason::TooSlow => f.write_str("the importer was too slow"),
            Reason::NotOffered => f.write_str("it is not offered any more"),
            Reason::LeaseExpired => f.write_str("nobody claimed its sending end in time"),
            Reason::Undecodable { position, text } => {
                write!(f, "value {position} could not be decoded: {text}")
            }
            Reason::ConnectionClosed => f.write_str("the connection was closed"),
            Reason::ConnectionLost(text) => write!(f, "the connection was lost: {text}"),
            Reason::Other(code, text) if text.is_empty() => write!(f, "{code}"),
            Reason::Other(code, text) => write!(f, "{code}: {text}"),
        }
    }
}
