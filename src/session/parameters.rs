//! What a session begins with: what both sides have settled, and what an importer asks for.

use std::time::Duration;

use crate::dir::Dir;
use crate::id::ChannelId;
use crate::session::growth::Growth;
use crate::session::timers::Heartbeat;
use crate::wire::Content;

/// Which side of the session this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// This side dialled, and imports what the other has published.
    Importer,
    /// This side was dialled, and answers for the exported channels.
    Exporter,
}

impl Role {
    /// The side that opened a channel.
    pub(super) fn opener_of(id: ChannelId) -> Role {
        if id.is_of_exporter() { Role::Exporter } else { Role::Importer }
    }
}

/// What the handshake has settled.
#[derive(Clone, Copy, Debug)]
pub struct Parameters {
    /// This side.
    pub role: Role,
    /// The longest body of a data frame that this side accepts, in bytes.
    pub frame_bytes_max: usize,
    /// The longest body of a data frame that the peer accepts, in bytes.
    pub peer_frame_bytes_max: usize,
    /// Channels that may be open at the same time.
    pub channels_max: usize,
    /// How long the session is kept without a link. Zero: a lost link ends it, and frames are not
    /// kept until they are acknowledged.
    pub expiry: Duration,
    /// When the link is asked whether it lives.
    pub heartbeat: Heartbeat,
    /// Encoded bytes by which all windows of the session together may grow.
    pub growth_bytes_max: u64,
}

/// What only the answer to the handshake tells.
#[derive(Clone, Copy, Debug)]
pub struct Settled {
    /// The longest body of a data frame that the peer accepts, in bytes.
    pub peer_frame_bytes_max: usize,
    /// Channels that the peer lets be open at the same time.
    pub channels_max: usize,
    /// How long the session is kept without a link.
    pub expiry: Duration,
}

/// What is asked for with a channel.
#[derive(Clone, Debug)]
pub struct OpenRequest {
    /// The direction of the side that asks.
    pub dir: Dir,
    /// What the side that asks can deal with.
    pub content: Content,
    /// The name under which the other side has the channel.
    pub name: String,
    /// The name of the codec.
    pub codec: String,
    /// Identity of the type of the values; all zero when it is not stated.
    pub identity: [u8; 16],
    /// Identity of the type of the answers, if there are any; all zero when it is not stated.
    pub answer_identity: [u8; 16],
    /// Identities of further types that the side that asks understands: of values, if it receives them,
    /// or of answers. At most [`OLDER_TYPES_MAX`](crate::limits::OLDER_TYPES_MAX).
    pub also_accepts: Vec<[u8; 16]>,
    /// Values that may be in flight or buffered.
    pub window_values: u32,
    /// Encoded bytes that may be in flight or buffered, if the side that asks receives values or answers.
    pub window_bytes: u64,
    /// The number of values after which the channel ends.
    pub limit: Option<u64>,
    /// The clock of the side that asks, in milliseconds. It counts for deadlines of requests.
    pub clock_ms: u64,
    /// If the side that asks sends: values are kept until they are taken, so that they can be sent again
    /// when the session is lost.
    pub redelivers: bool,
    /// How far the window may grow by itself. If the side that asks sends, it is the other side's window,
    /// which does not grow in values if this says none.
    pub growth: Growth,
}

/// What this side says to a channel of requests that the peer asks for.
#[derive(Clone, Copy, Debug)]
pub struct RequestTerms {
    /// Requests that may be in flight or buffered, if this side receives them.
    pub window_values: u32,
    /// Encoded bytes of them.
    pub window_bytes: u64,
    /// Encoded bytes of answers that may be in flight or buffered, if this side receives those.
    pub answers_bytes: u64,
    /// If this side sends requests: they are kept until they are taken.
    pub redelivers: bool,
    /// This side's clock, in milliseconds.
    pub clock_ms: u64,
    /// Identity of the type of the requests, if this side sends them, or of the answers; all zero when
    /// it is not stated.
    pub identity: [u8; 16],
}
