//! What is asked of a connection's driver.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::oneshot;

use crate::channel::{Aftermath, Closed, Incoming, LaneWindow, Outgoing};
use crate::net::handshake::Link;
use crate::net::mismatch::Types;
use crate::net::{ChannelStatus, FlushError, HangupError, HangupReport, ImportError};
use crate::net::{ListError, Status};
use crate::session::OpenRequest;

/// A request to the driver. Whoever sent it may be gone before the answer; then nobody minds.
pub(super) enum Command {
    /// Import a channel.
    Import(Box<Import>),
    /// Dissociate the channels of a name.
    Hangup { name: String, reply: oneshot::Sender<Result<HangupReport, HangupError>> },
    /// Nobody waits for a hangup any more: say how many values have an unknown fate.
    GiveUpHangup { name: String, reply: oneshot::Sender<u64> },
    /// Name the queues of the imported channels that send.
    Queues { reply: oneshot::Sender<Vec<Arc<Outgoing>>> },
    /// Answer when all values that were accepted by now have been received, or never will be; and
    /// how many will not.
    Flush { reply: oneshot::Sender<Result<u64, FlushError>> },
    /// Ask the peer for the channels behind a name, and answer with the page.
    List { after: String, reply: oneshot::Sender<Result<Bytes, ListError>> },
    /// Say how things stand.
    Status { reply: oneshot::Sender<Status> },
    /// Take no more values from the program; those that are queued are still sent.
    Finish,
    /// Say goodbye.
    Close,
    /// The peer comes with another link: let go of the present one, and say how many counted frames
    /// have come; nothing, if an even newer link is on its way.
    Yield { epoch: u64, reply: oneshot::Sender<Option<u64>> },
    /// The link for which the last one was let go.
    Adopt { epoch: u64, link: Link, peer_received: u64 },
    /// Another importer wants the place of this one, if that is away and has imported nothing. No
    /// answer says that it is not so.
    MakePlace { reply: oneshot::Sender<()> },
    /// The peer has another incarnation, so it will not come back to this session.
    PeerRestarted,
}

/// An import and the queue that it belongs to.
pub(super) struct Import {
    pub(super) request: OpenRequest,
    /// What this side means by the values.
    pub(super) types: Types,
    pub(super) end: ImportEnd,
    /// It is imported again when its session is lost.
    pub(super) is_lasting: bool,
    /// Who waits for the peer's answer; nobody if it was imported before.
    pub(super) reply: Option<oneshot::Sender<Result<(), ImportError>>>,
}

impl Import {
    /// Values that wait to be sent.
    pub(super) fn queued_values(&self) -> u64 {
        match &self.end {
            ImportEnd::Out(queue) => queue.queued_values(),
            ImportEnd::In(..) => 0,
        }
    }

    /// How a channel stands that waits to be asked for again.
    pub(super) fn status(&self) -> ChannelStatus {
        let losses = match &self.end {
            ImportEnd::Out(queue) => queue.losses(),
            ImportEnd::In(..) => Aftermath::default(),
        };
        ChannelStatus {
            name: self.request.name.clone(),
            dir: self.request.dir,
            is_open: false,
            sent_values: 0,
            sent_bytes: 0,
            received_values: 0,
            taken_values: 0,
            outstanding_values: self.queued_values(),
            repeated_values: 0,
            missed_values: 0,
            rejected_values: 0,
            redelivered_values: losses.redelivered_values,
            discarded_values: losses.discarded_values,
        }
    }
}

/// The queue of an imported channel.
#[derive(Clone)]
pub(super) enum ImportEnd {
    Out(Arc<Outgoing>),
    In(Arc<Incoming>, LaneWindow),
}

impl ImportEnd {
    /// Ends the channel on this side; returns the queued values that are dropped by that.
    pub(super) fn end(&self, closed: Closed) -> u64 {
        match self {
            ImportEnd::Out(queue) => queue.end(closed),
            ImportEnd::In(queue, _) => {
                queue.end(closed);
                0
            }
        }
    }

    /// Whether too much waits to be taken from sessions that are gone.
    pub(super) fn is_clogged(&self) -> bool {
        match self {
            ImportEnd::Out(_) => false,
            ImportEnd::In(queue, _) => queue.is_clogged(),
        }
    }

    /// Whether the channel has ended, and has no end to tell that the peer may not have heard.
    pub(super) fn has_ended(&self) -> bool {
        match self {
            ImportEnd::Out(queue) => queue.has_ended(),
            ImportEnd::In(queue, _) => queue.is_over(),
        }
    }

    /// Whether the channel has come to its end, so that there is nothing to import.
    pub(super) fn is_over(&self) -> bool {
        match self {
            ImportEnd::Out(queue) => queue.is_over(),
            ImportEnd::In(queue, _) => queue.is_over(),
        }
    }
}
