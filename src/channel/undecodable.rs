//! Values that cannot be decoded: what becomes of their channel, and what its user is told.

use std::fmt;
use std::sync::Arc;

use crate::channel::CodecError;

/// What a receiving channel does when a value comes that cannot be decoded.
///
/// Both ends of a channel have compared their types before any value moved, so such a value says that
/// something is wrong: with the program that sent it, with code of its type, or with what it claims to
/// be. Whatever is chosen, the value counts as taken and never comes again, both sides are told which
/// one it was, and no other channel notices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Undecodable {
    /// It is left out, and the channel goes on with the next one. The default: a service that merges
    /// what many send must not stop for one of them, and what was left out is counted and told on both
    /// sides.
    #[default]
    Skip,
    /// The channel ends with it, for the peer that sent it: values of that peer which came behind are
    /// dropped and count as lost. For channels where order or completeness matters, such as changes
    /// that are applied one after the other. An imported channel is over then, and is not imported
    /// again; an exported one goes on with its other importers.
    End,
}

/// A value that could not be decoded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub struct UndecodableValue {
    /// The channel's name. Empty if its sending end travelled in a message.
    pub channel: Arc<str>,
    /// Which value it was: how many came before it from the same peer, on this channel and in this
    /// session. Those that a broadcast has left out are not counted. The sender is told the same
    /// number ([`Event::ValueRejected`](crate::net::Event::ValueRejected)).
    pub position: u64,
    /// Why it could not be decoded.
    #[source]
    pub error: CodecError,
    /// What became of the channel.
    pub policy: Undecodable,
}

impl fmt::Display for UndecodableValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let UndecodableValue { channel, position, error, policy } = self;
        write!(f, "value {position} of ")?;
        match &**channel {
            "" => f.write_str("a channel without a name")?,
            name => write!(f, "the channel {name:?}")?,
        }
        let outcome = match policy {
            Undecodable::Skip => "was left out",
            Undecodable::End => "has ended it",
        };
        write!(f, " cannot be decoded and {outcome}: {error}")
    }
}

/// Which channel it is, and what it does with values that cannot be decoded.
#[derive(Clone, Debug)]
pub(crate) struct Strictness {
    pub(crate) channel: Arc<str>,
    pub(crate) policy: Undecodable,
}

impl Strictness {
    pub(crate) fn new(channel: &str, policy: Undecodable) -> Strictness {
        Strictness { channel: channel.into(), policy }
    }

    /// Of a channel without a name, of which nobody has said anything.
    pub(crate) fn nameless() -> Strictness {
        Strictness::new("", Undecodable::default())
    }
}
