//! What a perfect channel would do: the record that both sides are compared with.

use std::collections::BTreeMap;

use netchan::dir::Dir;
use netchan::id::ChannelId;
use netchan::session::{Growth, Role};
use netchan::wire::Content;

use crate::both::{Both, opposite};
use crate::rejecting::Rejections;
use crate::requests::{Answers, Requests};
use crate::showing::Showing;

/// One channel as its users see it, over all sessions that carry it.
#[derive(Debug)]
pub(crate) struct Record {
    /// The side that asks for it.
    pub(crate) opener: Role,
    /// The side whose user sends.
    pub(crate) sender: Role,
    pub(crate) window_values: u32,
    pub(crate) window_bytes: u64,
    /// How far the window may grow.
    pub(crate) growth: Growth,
    pub(crate) limit: Option<u64>,
    pub(crate) redelivers: bool,
    /// It carries requests.
    pub(crate) requests: Option<Requests>,
    /// It carries the answers to requests.
    pub(crate) answers: Option<Answers>,
    /// The lengths of all values that the user has sent.
    pub(crate) lengths: Vec<u32>,
    /// How many values the user has left out before the value of a number.
    pub(crate) skips: BTreeMap<u64, u64>,
    pub(crate) is_finished: bool,
    /// Nobody wants it any more, whatever happens to the session.
    pub(crate) is_over: bool,
    pub(crate) is_refused: bool,
    pub(crate) is_hung_up: bool,
    // Of the present session:
    pub(crate) id: Option<ChannelId>,
    /// The number of the first value that this session carries.
    pub(crate) first: u64,
    /// The window in values, which may have grown.
    pub(crate) window_now: u64,
    /// Values that have come to the receiver.
    pub(crate) received: u64,
    /// Values that the receiver's user has.
    pub(crate) taken: u64,
    /// Of those, the ones up to the first that the user has not.
    pub(crate) leading: u64,
    /// What was reported lost when the channel was closed.
    pub(crate) lost: Both<Option<u64>>,
    /// The receiver's user is gone, and with it what it had not taken.
    pub(crate) receiver_died: bool,
    /// Values that could not be decoded.
    pub(crate) rejections: Rejections,
    /// What its sides have shown each other when it was refused.
    pub(crate) showing: Showing,
}

impl Record {
    /// A channel that nobody has asked for yet.
    pub(crate) fn new(sender: Role, window_values: u32, window_bytes: u64) -> Record {
        Record {
            opener: Role::Importer,
            sender,
            window_values,
            window_bytes,
            growth: Growth::NONE,
            limit: None,
            redelivers: false,
            requests: None,
            answers: None,
            lengths: Vec::new(),
            skips: BTreeMap::new(),
            is_finished: false,
            is_over: false,
            is_refused: false,
            is_hung_up: false,
            id: None,
            first: 0,
            window_now: u64::from(window_values),
            received: 0,
            taken: 0,
            leading: 0,
            lost: Both::default(),
            receiver_died: false,
            rejections: Rejections::default(),
            showing: Showing::default(),
        }
    }

    pub(crate) fn receiver(&self) -> Role {
        opposite(self.sender)
    }

    /// The direction that is asked for.
    pub(crate) fn dir(&self) -> Dir {
        if self.sender == self.opener { Dir::Send } else { Dir::Recv }
    }

    pub(crate) fn content(&self) -> Content {
        if self.requests.is_some() { Content::Requests } else { Content::Values }
    }

    pub(crate) fn sent(&self) -> u64 {
        self.lengths.len() as u64
    }

    /// Whether it has to go on in another session when this one is lost.
    pub(crate) fn goes_on(&self) -> bool {
        let is_wanted = !self.is_over && !self.is_refused && !self.is_hung_up;
        // Answers belong to the session of their requests.
        is_wanted && self.answers.is_none() && self.lost[self.sender].is_none()
    }

    /// Another session carries the channel from this value on.
    pub(crate) fn start_again(&mut self, first: u64) {
        self.first = first;
        self.window_now = u64::from(self.window_values);
        self.received = 0;
        self.taken = 0;
        self.leading = 0;
        self.lost = Both::default();
        self.rejections = Rejections::default();
        self.id = None;
        // What the last session has carried counts against no other.
        self.limit = None;
        if let Some(requests) = &mut self.requests {
            requests.start_again();
        }
    }

    /// Compares what became of the channel with what has to become of it. `given` values were
    /// taken from its user by the session. The channel is over on both sides.
    pub(crate) fn audit(&self, channel: usize, given: u64) {
        let Record { taken, first, .. } = *self;
        assert!(taken <= given, "channel {channel}: no more is taken than was sent");
        if self.is_refused {
            assert_eq!(given, 0, "channel {channel}: a refused channel takes nothing");
            return;
        }
        let lost = self.lost[self.sender].expect("the sender was told that the channel is over");
        self.rejections.audit(channel);
        if self.receiver_died {
            assert!(lost <= given - taken, "channel {channel}: what is taken is not lost");
        } else {
            assert_eq!(lost, given - taken, "channel {channel}: what is lost was reported");
        }
        if let Some(at_receiver) = self.lost[self.receiver()] {
            assert!(at_receiver <= lost, "channel {channel}: {at_receiver} lost of {lost}");
        }
        if let Some(requests) = &self.requests
            && self.lost[self.receiver()].is_some()
        {
            requests.audit(channel);
        }
        if let Some(limit) = self.limit {
            assert!(given <= limit, "channel {channel}: a limit is kept");
        }
        if !self.is_hung_up {
            assert_eq!(lost, 0, "channel {channel}: without a hangup nothing is lost");
            let wanted = (self.sent() - first).min(self.limit.unwrap_or(u64::MAX));
            assert_eq!(given, wanted, "channel {channel}: all that was sent has arrived");
        }
    }
}
