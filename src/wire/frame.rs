//! The frames of an established link, as the session sees them.

use bytes::Bytes;

use crate::dir::Dir;
use crate::id::ChannelId;
use crate::wire::Code;

/// A frame with the sequence number of its header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sequenced {
    /// Low 32 bits of the frame's number; zero where frames are not counted.
    pub sequence: u32,
    /// The frame.
    pub frame: Frame,
}

/// A frame of an established link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// All counted frames up to this number were received.
    Ack {
        /// How many counted frames were received since the session began.
        received: u64,
    },
    /// How much may be sent on a channel, in all, since it was opened.
    Grant {
        /// The channel.
        channel: ChannelId,
        /// Values that the receiver takes, in all.
        values: u64,
        /// Encoded bytes that the receiver takes, in all.
        bytes: u64,
        /// Values that have left the receiver's channel, up to the first that has not.
        taken: u64,
        /// Values that have left the receiver's channel, in any order.
        freed: u64,
    },
    /// Asks for a pong, and for an acknowledgement before it.
    Ping {
        /// Returned by the pong.
        token: u64,
    },
    /// Answers a ping.
    Pong {
        /// The ping's token.
        token: u64,
    },
    /// The session is over.
    Goodbye {
        /// Why.
        code: Code,
        /// The same for people.
        text: String,
    },
    /// Which channels are exported?
    List {
        /// Returned by the answer.
        token: u64,
        /// Only those whose names come after this one; empty for all.
        after: String,
    },
    /// A piece of the answer: a page, which the session does not look into.
    Listing {
        /// The token of the question.
        token: u64,
        /// The page is complete with this piece. Otherwise the piece is not empty.
        is_last: bool,
        /// The next bytes of the page.
        piece: Bytes,
    },
    /// A request to import a channel.
    Open(Open),
    /// The import is accepted.
    Accept {
        /// The channel.
        channel: ChannelId,
        /// What the channel carries: what was asked for, or plain values.
        content: Content,
        /// Values that the exporter takes at first; zero if the exporter sends.
        window_values: u32,
        /// Encoded bytes that the exporter takes at first: of values, or of answers if it sends
        /// requests; zero if it sends values.
        window_bytes: u64,
        /// The exporter's clock, in milliseconds.
        clock_ms: u64,
        /// Identity of the type of what the exporter sends: of the values, or of the answers if it
        /// receives requests; all zero when it is not stated.
        identity: [u8; 16],
    },
    /// The import is refused. The channel's number is used up.
    Refuse {
        /// The channel.
        channel: ChannelId,
        /// Why.
        code: Code,
        /// The same for people.
        text: String,
    },
    /// Values of a channel.
    Data(Data),
    /// The sender has sent its last value.
    End {
        /// The channel.
        channel: ChannelId,
        /// How many values were sent in all.
        values: u64,
    },
    /// The channel is dissociated, or all of its values were taken.
    Hangup {
        /// The channel.
        channel: ChannelId,
        /// Why.
        code: Code,
        /// From a sender: the values sent in all. From a receiver: the values taken in all.
        values: u64,
        /// The same as the code, for people.
        text: String,
    },
    /// The sender has left values out that would stand here.
    Skipped {
        /// The channel.
        channel: ChannelId,
        /// Values that were left out in all, since the channel was opened.
        values: u64,
    },
    /// The asker of a request wants no answer any more.
    Cancel {
        /// The channel.
        channel: ChannelId,
        /// The number that the asker gave the request.
        request: u64,
    },
    /// A piece of the schema of a type, about an import that is refused.
    Document(Piece),
    /// The receiver could not decode values.
    Rejected {
        /// The channel.
        channel: ChannelId,
        /// The last of them: how many values were sent before it, since the channel was opened.
        position: u64,
        /// How many they are in all, since the channel was opened.
        values: u64,
        /// Why the last of them could not be decoded, for people.
        text: String,
    },
}

/// A piece of a schema. The pieces of one schema follow each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The channel that is refused.
    pub channel: ChannelId,
    /// Which of its types the schema is about.
    pub subject: Subject,
    /// No more pieces follow.
    pub is_last: bool,
    /// How many older types are accepted in its place by the side that has this one.
    pub older_types: u16,
    /// The next bytes of the schema; at least one.
    pub bytes: Bytes,
}

/// Which of the types of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// That of the values; with requests, of the messages.
    Values,
    /// That of the answers.
    Answers,
}

/// What a channel carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Content {
    /// Values, and nothing comes back.
    #[default]
    Values,
    /// Messages, of which some ask for an answer. The answers have a channel of their own
    /// ([`ChannelId::answers`]), which is opened and accepted together with this one.
    Requests,
}

/// A request to import a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Open {
    /// The number that the importer gives the channel.
    pub channel: ChannelId,
    /// The importer's direction.
    pub dir: Dir,
    /// What the importer can deal with.
    pub content: Content,
    /// The name under which it is exported.
    pub name: String,
    /// The name of the codec that encodes the values.
    pub codec: String,
    /// Identity of the type of the values; all zero when it is not stated.
    pub identity: [u8; 16],
    /// Identity of the type of the answers, if there are any; all zero when it is not stated.
    pub answer_identity: [u8; 16],
    /// Identities of further types that the importer understands: of values, if it receives them, or
    /// of answers, if it asks.
    pub also_accepts: Vec<[u8; 16]>,
    /// Values that may be in flight or buffered.
    pub window_values: u32,
    /// Encoded bytes that the importer takes at first: of values, or of answers if it sends
    /// requests; zero if it sends values.
    pub window_bytes: u64,
    /// The number of values after which the channel ends; `None` for no limit.
    pub limit: Option<u64>,
    /// The importer's clock, in milliseconds.
    pub clock_ms: u64,
}

/// Values of a channel: a piece of the channel's byte stream, in which each value stands behind
/// its length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Data {
    /// The channel.
    pub channel: ChannelId,
    /// How many values end in this frame.
    pub values: u32,
    /// What there is of a value that does not end in this frame.
    pub partial: Option<Partial>,
    /// What its sender has used up of its credit with this frame.
    pub spent: Spent,
    /// The bytes.
    pub run: Bytes,
}

/// The unfinished value at the end of a data frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Partial {
    /// How many bytes of this frame belong to it.
    pub tail: u32,
    /// How many bytes of it are still to come.
    pub rest: u32,
}

/// What a sender has used up of its credit with a data frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// It may begin no further value.
    pub values: bool,
    /// It may send fewer bytes than a value may have that is sent in one piece.
    pub bytes: bool,
}

impl Spent {
    /// Whether it is anything.
    #[must_use]
    pub fn is_any(self) -> bool {
        self.values | self.bytes
    }

    /// Both, as far as `other` has them too.
    #[must_use]
    pub fn and(self, other: Spent) -> Spent {
        Spent { values: self.values & other.values, bytes: self.bytes & other.bytes }
    }
}

impl Frame {
    /// Whether both sides count this frame; see [`Kind::is_counted`](crate::wire::Kind).
    #[must_use]
    pub fn is_counted(&self) -> bool {
        matches!(
            self,
            Frame::Open(_)
                | Frame::Accept { .. }
                | Frame::Refuse { .. }
                | Frame::Data(_)
                | Frame::End { .. }
                | Frame::Hangup { .. }
                | Frame::Cancel { .. }
                | Frame::Skipped { .. }
                | Frame::Document(_)
                | Frame::Rejected { .. }
        )
    }

    /// The channel that the frame concerns.
    #[must_use]
    pub fn channel(&self) -> ChannelId {
        match self {
            Frame::Ack { .. }
            | Frame::Ping { .. }
            | Frame::Pong { .. }
            | Frame::Goodbye { .. }
            | Frame::List { .. }
            | Frame::Listing { .. } => ChannelId::NONE,
            Frame::Grant { channel, .. }
            | Frame::Accept { channel, .. }
            | Frame::Refuse { channel, .. }
            | Frame::End { channel, .. }
            | Frame::Hangup { channel, .. }
            | Frame::Skipped { channel, .. }
            | Frame::Cancel { channel, .. }
            | Frame::Rejected { channel, .. } => *channel,
            Frame::Open(open) => open.channel,
            Frame::Data(data) => data.channel,
            Frame::Document(piece) => piece.channel,
        }
    }
}
