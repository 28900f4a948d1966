//! What users cannot make use of: values that cannot be decoded, and channels of other types.

use bytes::Bytes;
use netchan::session::{Document, Rejection, Role};
use netchan::wire::Subject;

use crate::both::opposite;
use crate::model::Record;
use crate::world::World;

/// What a side shows of its type of a channel: another length for each, now and then several frames.
pub(crate) fn document(channel: usize, author: Role) -> Document {
    let length = if channel.is_multiple_of(4) { 1500 + channel % 1500 } else { 1 + 7 * channel };
    let is_exporter = author == Role::Exporter;
    let bytes: Bytes = (0..length).map(|at| (at + usize::from(is_exporter)) as u8).collect();
    let subject = if channel.is_multiple_of(2) { Subject::Values } else { Subject::Answers };
    Document { subject, older_types: channel as u16, bytes }
}

/// Whether the receiver cannot decode a value.
fn is_odd(channel: usize, number: u64) -> bool {
    (7 * number + channel as u64).is_multiple_of(11)
}

/// Whether such a value ends its channel.
fn is_fatal(number: u64) -> bool {
    number % 5 == 4
}

/// The values of one session that could not be decoded.
#[derive(Debug, Default)]
pub(crate) struct Rejections {
    /// Their positions.
    all: Vec<u64>,
    /// As many of them as the sender has heard of.
    told: usize,
}

impl Rejections {
    /// The sender hears of the last one, and how many they are.
    pub(crate) fn hear(&mut self, channel: usize, position: u64, values: u64) {
        let told = usize::try_from(values).expect("there are few");
        assert!(told > self.told, "channel {channel}: each rejection is told once");
        let last = self.all.get(told - 1);
        assert_eq!(last, Some(&position), "channel {channel}: what was rejected is told");
        self.told = told;
    }

    /// The channel is over, and nobody has hung up.
    pub(crate) fn audit(&self, channel: usize) {
        assert_eq!(self.told, self.all.len(), "channel {channel}: all rejections were told");
    }
}

impl Record {
    /// A side is shown what the other one has in the place of the channel's type.
    pub(crate) fn show(&mut self, channel: usize, reader: Role, shown: &Document) {
        assert!(self.is_refused, "channel {channel}: somebody refused it");
        assert_eq!(
            *shown,
            document(channel, opposite(reader)),
            "channel {channel}: as it was sent"
        );
        let is_again = std::mem::replace(&mut self.is_shown_to[reader], true);
        assert!(!is_again, "channel {channel}: shown once to the {reader:?}");
    }
}

impl World {
    /// The user has taken the last `count` values that it has. Those that cannot be decoded are
    /// rejected. Whether one of them ends the channel.
    pub(crate) fn reject(&mut self, channel: usize, count: usize) -> bool {
        let (now, World { model, sides, statistics, .. }) = (self.now, &mut *self);
        let record = &mut model[channel];
        let receiver = &mut sides[record.receiver()];
        let (Some(id), Some(session)) = (record.id, receiver.live()) else { return false };
        for position in record.taken - count as u64..record.taken {
            let number = record.first + position;
            if !is_odd(channel, number) {
                continue;
            }
            record.rejections.all.push(position);
            let values = record.rejections.all.len() as u64;
            session.reject(now, id, Rejection { position, values, text: "odd".into() });
            statistics.values_rejected += 1;
            // A fatal one is the last that a receiver looks at.
            if is_fatal(number) && position + 1 == record.taken {
                return true;
            }
        }
        false
    }
}
