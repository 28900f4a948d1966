//! What the program asks of a connection's driver.

use std::sync::Arc;

use tokio::sync::oneshot;

use crate::channel::{Incoming, LaneWindow, Outgoing};
use crate::net::{ImportError, Status};
use crate::session::OpenRequest;

/// A request to the driver. Whoever sent it may be gone before the answer; then nobody minds.
pub(super) enum Command {
    /// Import a channel.
    Import(Import),
    /// Dissociate the channels of a name; answers how many values are lost by that.
    Hangup { name: String, reply: oneshot::Sender<Option<u64>> },
    /// Name the queues of the imported channels that send.
    Queues { reply: oneshot::Sender<Vec<Arc<Outgoing>>> },
    /// Answer when all values that were accepted by now have been received, or never will be; and
    /// how many will not.
    Flush { reply: oneshot::Sender<u64> },
    /// Say how things stand.
    Status { reply: oneshot::Sender<Status> },
    /// Say goodbye.
    Close,
}

/// An import and the queue that it belongs to.
pub(super) struct Import {
    pub(super) request: OpenRequest,
    pub(super) end: ImportEnd,
    pub(super) reply: oneshot::Sender<Result<(), ImportError>>,
}

/// The queue of an imported channel.
pub(super) enum ImportEnd {
    Out(Arc<Outgoing>),
    In(Arc<Incoming>, LaneWindow),
}
