//! Whose turn it is: deficit round robin by bytes.
//!
//! Channels that have something to send, and the credit to send it, stand in a round. Each visit
//! gives a channel one quantum; what it cannot use because its next value is longer it keeps for
//! its next visit (M. Shreedhar and G. Varghese, "Efficient Fair Queuing using Deficit Round
//! Robin", SIGCOMM 1995). A channel that stands alone is not held to quanta.

use std::collections::VecDeque;

use crate::id::ChannelId;
use crate::limits::QUANTUM_BYTES;
use crate::session::channel::Outbound;

/// The channels that can send now, in turn.
#[derive(Debug, Default)]
pub(super) struct Round {
    queue: VecDeque<ChannelId>,
}

impl Round {
    /// Lets a channel take part if it has work, and does not already.
    pub(super) fn join(&mut self, id: ChannelId, outbound: &mut Outbound) {
        if !outbound.in_round && outbound.has_work() {
            outbound.in_round = true;
            outbound.deficit_bytes = 0;
            self.queue.push_back(id);
        }
    }

    /// The channel whose turn it is. It must [`stay`](Round::stay) to be visited again.
    pub(super) fn next(&mut self) -> Option<ChannelId> {
        self.queue.pop_front()
    }

    /// Keeps a channel, which [`next`](Round::next) gave, for another visit.
    pub(super) fn stay(&mut self, id: ChannelId) {
        self.queue.push_back(id);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }
}

/// What a channel may send in the visit that begins.
pub(super) fn visit(outbound: &mut Outbound, is_alone: bool, frame_bytes_max: usize) -> usize {
    outbound.deficit_bytes += QUANTUM_BYTES;
    if is_alone { frame_bytes_max } else { outbound.deficit_bytes.min(frame_bytes_max) }
}
