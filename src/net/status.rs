//! How a connection stands, as a snapshot.

use crate::dir::Dir;
use crate::id::SessionId;

/// How a connection stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// The other end.
    pub peer: String,
    /// The session; `None` if the first one has not begun.
    pub session: Option<SessionId>,
    /// Whether a link carries it now.
    pub is_linked: bool,
    /// Links that have carried this session on after another one was lost.
    pub resumes: u64,
    /// Frames that were sent again on new links.
    pub repeated_frames: u64,
    /// Sessions with this peer that were lost.
    pub lost_sessions: u64,
    /// Channels that are not over.
    pub channels: Vec<ChannelStatus>,
    /// Values that were accepted and are not known to have been received, over all channels.
    pub outstanding_values: u64,
    /// Ends of channels that were sent in messages and are not released. An exporter has one count for
    /// all of its importers.
    pub offers: usize,
    /// Ends of channels that came in messages from the peer and are held.
    pub claims: usize,
}

/// How a channel of a connection stands. `sent`, `received`, `taken` and `repeated` count since it was
/// opened in this session.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChannelStatus {
    /// Its name. Empty if it belongs to an end that came in a message.
    pub name: String,
    /// Which way its values go, seen from here.
    pub dir: Dir,
    /// Whether both sides have opened it.
    pub is_open: bool,
    /// Values that were sent, or have come.
    pub sent_values: u64,
    /// Encoded bytes that were sent, or have come.
    pub sent_bytes: u64,
    /// Values that are known to have been received.
    pub received_values: u64,
    /// Values that are known to have been taken.
    pub taken_values: u64,
    /// Values that were accepted from the program and are not known to have been received.
    pub outstanding_values: u64,
    /// Values that were sent again on new links, each time.
    pub repeated_values: u64,
    /// Values of a broadcast or of a newest value that did not get through, because the importer is
    /// slow. The importer itself knows of those of a broadcast.
    pub missed_values: u64,
    /// Values that their receiver could not decode, as far as this side knows.
    pub rejected_values: u64,
    /// Values of lost sessions that were queued to be sent again, over all sessions of the channel.
    pub redelivered_values: u64,
    /// Values that were lost with sessions and will not be sent again, over all sessions of the channel.
    pub discarded_values: u64,
}
