//! The identifiers that both sides use: channels, nodes, incarnations, sessions.

use std::collections::{HashMap, HashSet};
use std::fmt;

use foldhash::fast::RandomState;

/// A table with numbers as its keys. Seeded by chance, for some of them are chosen by peers, whose tables
/// are bounded besides.
pub(crate) type IdMap<K, V> = HashMap<K, V, RandomState>;

/// A set of numbers.
pub(crate) type IdSet<K> = HashSet<K, RandomState>;

/// A channel within one session. Whoever opens a channel numbers it, in turn and never twice: the
/// importer from 1 on, the exporter from 2^31 on. So the highest bit says who opened a channel, and a
/// late frame of one that has ended can be told from nonsense. The bit below it says that a channel
/// carries the answers to another one's requests; those are not opened, but come with the other.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChannelId(pub u32);

impl ChannelId {
    /// The number on frames that concern no channel.
    pub const NONE: ChannelId = ChannelId(0);

    /// The first channel that the importer opens.
    pub const FIRST_OF_IMPORTER: ChannelId = ChannelId(1);

    /// The first channel that the exporter opens.
    pub const FIRST_OF_EXPORTER: ChannelId = ChannelId(1 << 31);

    /// Set in the numbers of channels for answers.
    const ANSWERS: u32 = 1 << 30;

    /// Whether the exporter opened it, and not the importer.
    #[must_use]
    pub const fn is_of_exporter(self) -> bool {
        self.0 >= ChannelId::FIRST_OF_EXPORTER.0
    }

    /// The channel for the answers to this one's requests.
    #[must_use]
    pub fn answers(self) -> ChannelId {
        ChannelId(self.0 | ChannelId::ANSWERS)
    }

    /// Whether it carries the answers to another one's requests.
    #[must_use]
    pub fn is_for_answers(self) -> bool {
        self.0 & ChannelId::ANSWERS != 0
    }

    /// The channel that was opened: this one, or the one whose requests it answers.
    #[must_use]
    pub fn opened(self) -> ChannelId {
        ChannelId(self.0 & !ChannelId::ANSWERS)
    }
}

impl fmt::Display for ChannelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl fmt::Debug for ChannelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChannelId({})", self.0)
    }
}

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub [u8; 16]);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }
    };
}

identifier! {
    /// A program's lasting name for itself. It stays the same when the program restarts.
    NodeId
}

identifier! {
    /// One life of a program: random, chosen when it starts. A peer with another incarnation has
    /// restarted and remembers nothing.
    Incarnation
}

identifier! {
    /// A session's public name, for logs and status. It gives no right to anything.
    SessionId
}

/// The secret that lets a new link take over a session. Never printed, compared in constant time.
#[derive(Clone, Copy)]
pub struct SessionToken(pub [u8; 16]);

impl PartialEq for SessionToken {
    fn eq(&self, other: &Self) -> bool {
        let difference = self.0.iter().zip(&other.0).fold(0, |sum, (a, b)| sum | (a ^ b));
        std::hint::black_box(difference) == 0
    }
}

impl Eq for SessionToken {}

impl fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionToken(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_print_as_hex_and_tokens_do_not_print() {
        let id = SessionId([0xab; 16]);
        assert_eq!(id.to_string(), "ab".repeat(16));
        assert_eq!(format!("{:?}", SessionToken([7; 16])), "SessionToken(..)");
    }

    #[test]
    fn tokens_that_differ_in_one_bit_differ() {
        let mut other = [9; 16];
        other[15] ^= 0x80;
        assert!(SessionToken([9; 16]) != SessionToken(other));
        assert!(SessionToken([9; 16]) == SessionToken([9; 16]));
    }
}
