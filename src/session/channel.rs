//! One channel of a session: its direction, its credit, and how far its end has come.

use crate::id::ChannelId;
use crate::session::credit::{Allowance, Window};
use crate::session::staged::Staged;
use crate::session::untaken::Untaken;
use crate::wire::{Content, Data, Spent};

/// A channel, from the request to the last frame.
///
/// ```text
///            Open sent/received            Accept sent/received
///   (none) ----------------------> Opening -------------------> Open
///                                     |                          |
///                              Refuse |        End or Hangup sent and received
///                                     v                          v
///                                  (none)                      (none)
/// ```
///
/// The sender says its last word with `End` or `Hangup`, the receiver with `Hangup`. When both
/// have spoken, the channel is gone and its number is never used again.
#[derive(Debug)]
pub(super) struct Channel {
    pub(super) id: ChannelId,
    pub(super) is_accepted: bool,
    /// This side has said its last word.
    pub(super) said_last: bool,
    /// The peer has said its last word.
    pub(super) heard_last: bool,
    /// This side's last word was a hangup.
    pub(super) hung_up: bool,
    /// What the peer's last word says: the values that it sent, or that were taken from it.
    pub(super) peer_values: u64,
    pub(super) content: Content,
    /// This side's window, as it was stated when the channel was asked for.
    pub(super) stated: Stated,
    pub(super) flow: Flow,
}

/// A window, as it is stated when a channel is asked for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Stated {
    pub(super) values: u32,
    pub(super) bytes: u64,
}

/// Which way values go, and what is known of them.
#[derive(Debug)]
pub(super) enum Flow {
    /// This side sends.
    Out(Outbound),
    /// This side receives.
    In(Inbound),
}

/// A channel on which this side sends.
#[derive(Debug)]
pub(super) struct Outbound {
    pub(super) allowance: Allowance,
    /// Values taken from the source and not yet sent.
    pub(super) staged: Staged,
    /// The source may have more.
    pub(super) has_more: bool,
    /// The source will never have more.
    pub(super) is_finished: bool,
    /// The channel stands in the round.
    pub(super) in_round: bool,
    /// Bytes that it may send in this round: its quantum, and what it saved.
    pub(super) deficit_bytes: usize,
    /// Values that the peer has received.
    pub(super) acknowledged_values: u64,
    /// Values that have left the peer's channel, up to the first that has not.
    pub(super) taken_values: u64,
    /// Values that have left the peer's channel, in any order.
    pub(super) freed_values: u64,
    /// The peer's window in values, as it was last told.
    pub(super) window_values: u64,
    /// What of its credit the peer is told to be used up.
    pub(super) tells_spent: Spent,
    /// Values that were sent again on a new link, each time.
    pub(super) repeated_values: u64,
    /// Values that were left out, as far as the peer was told.
    pub(super) skipped_values: u64,
    /// Values that the peer could not decode.
    pub(super) rejected_values: u64,
    /// What the peer has received and not taken, if it is to be delivered again when the session is
    /// lost.
    pub(super) untaken: Option<Untaken>,
}

/// A channel on which this side receives.
#[derive(Debug)]
pub(super) struct Inbound {
    pub(super) window: Window,
    /// Bytes of an unfinished value that are to come.
    pub(super) partial_rest: u32,
    /// The unfinished value waits until there is room for it.
    pub(super) waits_for_room: bool,
    /// The channel stands in the list of grants.
    pub(super) in_grants: bool,
    /// Values that the peer has left out.
    pub(super) skipped_values: u64,
    /// Values that could not be decoded.
    pub(super) rejected_values: u64,
    /// What the peer does not know of them. One at most: it says how many they are in all.
    pub(super) rejection: Option<Rejection>,
}

/// A value that could not be decoded, for the one who sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// How many values came before it, since the channel was opened.
    pub position: u64,
    /// How many values could not be decoded, since the channel was opened.
    pub values: u64,
    /// Why, for people.
    pub text: String,
}

impl Channel {
    pub(super) fn outgoing(id: ChannelId, limit: Option<u64>, redelivers: bool) -> Channel {
        let flow = Flow::Out(Outbound {
            allowance: Allowance::new(0, 0, limit),
            staged: Staged::default(),
            has_more: false,
            is_finished: false,
            in_round: false,
            deficit_bytes: 0,
            acknowledged_values: 0,
            taken_values: 0,
            freed_values: 0,
            window_values: 0,
            tells_spent: Spent { values: true, bytes: true },
            repeated_values: 0,
            skipped_values: 0,
            rejected_values: 0,
            untaken: redelivers.then(Untaken::default),
        });
        Channel::opening(id, flow)
    }

    pub(super) fn incoming(id: ChannelId, window: Window) -> Channel {
        let flow = Flow::In(Inbound {
            window,
            partial_rest: 0,
            waits_for_room: false,
            in_grants: false,
            skipped_values: 0,
            rejected_values: 0,
            rejection: None,
        });
        Channel::opening(id, flow)
    }

    fn opening(id: ChannelId, flow: Flow) -> Channel {
        Channel {
            id,
            is_accepted: false,
            said_last: false,
            heard_last: false,
            hung_up: false,
            peer_values: 0,
            content: Content::Values,
            stated: Stated::default(),
            flow,
        }
    }

    /// The channel for the answers to the requests of `id`, which needs no request of its own. With
    /// `window` for what this side receives, or what the peer lets it send.
    pub(super) fn for_answers(id: ChannelId, this_side_asks: bool, window: Stated) -> Channel {
        let Stated { values, bytes } = window;
        let id = id.answers();
        let mut channel = if this_side_asks {
            Channel::incoming(id, Window::new(values, bytes, None))
        } else {
            let mut channel = Channel::outgoing(id, None, false);
            if let Flow::Out(outbound) = &mut channel.flow {
                outbound.allowance = Allowance::new(values, bytes, None);
            }
            channel
        };
        channel.is_accepted = true;
        channel
    }

    /// Both sides have said their last word.
    pub(super) fn is_over(&self) -> bool {
        self.said_last && self.heard_last
    }

    /// Values that were sent, or taken from the source to be sent, and did not reach their user.
    /// Counts when the channel is over.
    pub(super) fn lost_values(&self) -> u64 {
        match &self.flow {
            Flow::Out(outbound) => {
                let sent = outbound.allowance.sent_values() + outbound.staged.values();
                sent.saturating_sub(self.peer_values)
            }
            Flow::In(inbound) => self.peer_values.saturating_sub(inbound.window.taken_values()),
        }
    }

    /// What this side reports with its hangup: the values sent, or the values taken.
    pub(super) fn final_values(&self) -> u64 {
        match &self.flow {
            Flow::Out(outbound) => outbound.allowance.sent_values(),
            Flow::In(inbound) => inbound.window.taken_values(),
        }
    }
}

impl Inbound {
    /// Checks that a data frame goes on with the value that the one before left unfinished.
    pub(super) fn go_on(&mut self, data: &Data) -> Result<(), &'static str> {
        let run_bytes = data.run.len() as u64;
        let partial_rest = u64::from(self.partial_rest);
        let rest = data.partial.map_or(0, |partial| partial.rest);
        if partial_rest > 0 {
            let tail = data.partial.map_or(0, |partial| u64::from(partial.tail));
            let fits = if data.values == 0 {
                run_bytes + u64::from(rest) == partial_rest
            } else {
                // What ends the unfinished value, and a byte at least of each further one.
                run_bytes - tail >= partial_rest + u64::from(data.values) - 1
            };
            if !fits {
                return Err("a frame that does not go on with the unfinished value");
            }
        }
        self.partial_rest = rest;
        Ok(())
    }
}

impl Outbound {
    /// Values that this session has taken and the peer has not received.
    pub(super) fn outstanding_values(&self) -> u64 {
        self.staged.values() + self.allowance.sent_values() - self.acknowledged_values
    }

    pub(super) fn has_work(&self) -> bool {
        self.has_more || !self.staged.is_empty()
    }
}
