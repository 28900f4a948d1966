//! What a session tells the shell.

use bytes::Bytes;

use crate::id::ChannelId;
use crate::session::Document;
use crate::wire::{Code, Content, Open};

/// Something that the channels or the program must know.
#[derive(Debug)]
pub enum Event {
    /// The peer wants a channel. Answer with [`accept`](super::Session::accept) or
    /// [`refuse`](super::Session::refuse).
    OpenRequested(Open),
    /// The peer accepted a channel that this side has asked for.
    Accepted {
        /// The channel.
        channel: ChannelId,
        /// What it carries. With requests, the channel for their answers is open as well.
        content: Content,
        /// The peer's clock, in milliseconds.
        clock_ms: u64,
        /// Identity of the type of what the peer sends: values, or answers; all zero when it is not
        /// stated.
        identity: [u8; 16],
    },
    /// The peer refused a channel that this side has asked for. The channel is over.
    Refused {
        /// The channel.
        channel: ChannelId,
        /// Why.
        code: Code,
        /// The same for people.
        text: String,
        /// What the peer has in the place of what this side has asked for. Answer with
        /// [`show`](super::Session::show).
        document: Option<Document>,
    },
    /// The peer shows what it has in the place of a channel that was refused here. Nothing says that
    /// this side wanted to know.
    Shown {
        /// The channel.
        channel: ChannelId,
        /// What it has.
        document: Document,
    },
    /// Values came. They are within the channel's window.
    Run {
        /// The channel.
        channel: ChannelId,
        /// How many values end in `bytes`.
        values: u32,
        /// How many bytes at the end belong to a value that is not complete yet.
        tail_bytes: usize,
        /// The next piece of the channel's byte stream.
        bytes: Bytes,
    },
    /// The peer has left values out that would have come here.
    Skipped {
        /// The channel.
        channel: ChannelId,
        /// How many since the channel was opened.
        values: u64,
    },
    /// Values have left the peer's channel.
    Taken {
        /// The channel.
        channel: ChannelId,
        /// How many since the channel was opened, up to the first that has not.
        values: u64,
        /// How many in any order.
        freed_values: u64,
        /// The peer's window, in values.
        window_values: u64,
    },
    /// The window of a channel on which this side receives has grown.
    WindowGrown {
        /// The channel.
        channel: ChannelId,
        /// Values that may be in flight or buffered now.
        window_values: u32,
        /// Encoded bytes that may be in flight or buffered now.
        window_bytes: u64,
    },
    /// The peer wants no answer to a request any more. The request may have come, or may still come.
    Cancelled {
        /// The channel of the request.
        channel: ChannelId,
        /// The number that the peer gave the request.
        request: u64,
    },
    /// The peer could not decode values of this side. They count as taken.
    Rejected {
        /// The channel.
        channel: ChannelId,
        /// The last of them: how many values were sent before it, since the channel was opened.
        position: u64,
        /// How many they are since the channel was opened.
        values: u64,
        /// Why the last of them could not be decoded, for people.
        text: String,
    },
    /// As many values were sent as the importer wanted; the source is not asked again.
    LimitReached {
        /// The channel.
        channel: ChannelId,
    },
    /// The peer has sent its last value.
    Ended {
        /// The channel.
        channel: ChannelId,
    },
    /// The peer ended the channel before its end.
    HungUp {
        /// The channel.
        channel: ChannelId,
        /// Why.
        code: Code,
        /// The same for people.
        text: String,
    },
    /// The channel is over on both sides. Its last event, whoever ended it.
    Closed {
        /// The channel.
        channel: ChannelId,
        /// Values that were sent and did not reach their user.
        lost_values: u64,
    },
    /// A page that this side has [asked for](super::Session::list) is there.
    Listed {
        /// The page, which may be anything.
        page: Bytes,
    },
    /// The peer has ended the session.
    Goodbye {
        /// Why.
        code: Code,
        /// The same for people.
        text: String,
    },
}
