//! What the model knows of channels of requests: what was asked, cancelled and answered.

use std::collections::BTreeSet;

use netchan::id::ChannelId;
use netchan::session::Role;

use crate::both::opposite;
use crate::model::Record;

/// Whether the value of this number asks for an answer. The others are messages that want none.
pub(crate) fn wants_answer(number: u64) -> bool {
    number % 4 != 3
}

/// The length of the answer to a request, in bytes. Some are longer than a frame.
pub(crate) fn answer_length(number: u64) -> u32 {
    if number % 32 == 30 { 9_000 } else { (number * 37 % 200) as u32 }
}

/// A channel of requests, beside its values. A request has the number of its value.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    /// The record of the answers in the present session.
    pub(crate) answers: Option<usize>,
    /// Whoever asks has heard that the channel is open, and has not hung it up.
    pub(crate) can_cancel: bool,
    /// What was cancelled in the present session, in this order.
    cancelled: Vec<u64>,
    /// How many of those were cancelled before the asker's last word, and so come for certain.
    certain: usize,
    /// How many of those have come.
    heard: usize,
    /// The requests whose answers have come, in any session.
    answered: BTreeSet<u64>,
}

impl Requests {
    /// Whether this request was cancelled, as far as whoever asks knows.
    pub(crate) fn has_cancelled(&self, number: u64) -> bool {
        self.cancelled.contains(&number)
    }

    /// The asker cancels a request.
    pub(crate) fn cancel(&mut self, number: u64, is_certain: bool) {
        self.cancelled.push(number);
        if is_certain {
            self.certain = self.cancelled.len();
        }
    }

    /// The receiver hears of the next one.
    pub(crate) fn hear(&mut self, channel: usize, number: u64) {
        let expected = self.cancelled.get(self.heard);
        assert_eq!(expected, Some(&number), "channel {channel}: each is cancelled once, in order");
        self.heard += 1;
    }

    /// Whether the receiver knows that this request was cancelled.
    pub(crate) fn is_cancelled(&self, number: u64) -> bool {
        self.cancelled[..self.heard].contains(&number)
    }

    /// An answer has come. Whether it is the first to its request in all sessions.
    pub(crate) fn note_answer(&mut self, number: u64) -> bool {
        self.answered.insert(number)
    }

    /// Another session carries the channel.
    pub(crate) fn start_again(&mut self) {
        let answered = std::mem::take(&mut self.answered);
        *self = Requests { answered, ..Requests::default() };
    }

    /// The channel is over for its receiver, which has heard what the asker said before its last word.
    pub(crate) fn audit(&self, channel: usize) {
        assert!(self.heard >= self.certain, "channel {channel}: a cancel was lost: {self:?}");
    }
}

/// A channel of answers, beside its values: those of one session.
#[derive(Debug)]
pub(crate) struct Answers {
    /// The record of the requests.
    pub(crate) of: usize,
    /// The requests that were answered, in the order of their answers.
    pub(crate) requests: Vec<u64>,
    /// Those whose answers have come to whoever asks.
    pub(crate) arrived: BTreeSet<u64>,
}

impl Record {
    /// The record of the answers to a channel of requests, which is open in the present session.
    pub(crate) fn of_answers(of: usize, requests: &Record, id: ChannelId) -> Record {
        Record {
            id: Some(id),
            answers: Some(Answers { of, requests: Vec::new(), arrived: BTreeSet::new() }),
            ..Record::new(opposite(requests.sender), requests.window_values, requests.window_bytes)
        }
    }

    /// What is known of it as a channel of requests, which it is.
    pub(crate) fn asked(&self) -> &Requests {
        self.requests.as_ref().expect("it carries requests")
    }

    pub(crate) fn asked_mut(&mut self) -> &mut Requests {
        self.requests.as_mut().expect("it carries requests")
    }

    /// A side cannot cancel any more what was asked on this channel, if it was that side that asked.
    pub(crate) fn can_cancel_no_more(&mut self, role: Role) {
        if let Some(requests) = self.requests.as_mut().filter(|_| self.sender == role) {
            requests.can_cancel = false;
        }
    }

    /// Whether every request of this session that was not cancelled has its answer. `given` values
    /// were taken from whoever asks.
    pub(crate) fn assert_answered(&self, channel: usize, given: u64, arrived: &BTreeSet<u64>) {
        let requests = self.asked();
        for number in (self.first..self.first + given).filter(|number| wants_answer(*number)) {
            assert!(
                arrived.contains(&number) || requests.has_cancelled(number),
                "channel {channel}: request {number} has no answer"
            );
        }
    }
}
