//! Values that cannot be decoded: which they are, and what their sender hears of them.

use netchan::session::Rejection;

use crate::model::Record;
use crate::world::World;

/// Whether the receiver cannot decode a value.
fn is_odd(channel: usize, number: u64) -> bool {
    (7 * number + channel as u64).is_multiple_of(11)
}

/// Whether such a value ends the channel. On others it is skipped.
fn ends_with_odd(channel: usize) -> bool {
    channel % 4 == 3
}

/// Why a value could not be decoded.
fn text_about(position: u64) -> String {
    format!("value {position} is odd")
}

/// The values of one session that could not be decoded.
#[derive(Debug, Default)]
pub(crate) struct Rejections {
    /// Their positions.
    all: Vec<u64>,
    /// As many of them as were rejected before anybody hung up, and so are told for certain.
    certain: usize,
    /// As many of them as the sender has heard of.
    told: usize,
    /// As many of those as came with others.
    pub(crate) told_with_others: u64,
}

impl Rejections {
    /// The sender hears of the last one, and how many they are.
    pub(crate) fn hear(&mut self, channel: usize, position: u64, values: u64, text: &str) {
        let told = usize::try_from(values).expect("there are few");
        assert!(told > self.told, "channel {channel}: each rejection is told once");
        let last = self.all.get(told - 1);
        assert_eq!(last, Some(&position), "channel {channel}: what was rejected is told");
        assert_eq!(text, text_about(position), "channel {channel}: the reason is that of the last");
        self.told_with_others += (told - self.told - 1) as u64;
        self.told = told;
    }

    /// The sender hears that the last one has ended the channel.
    pub(crate) fn hear_end(&self, channel: usize, text: &str) {
        let last = self.all.last().copied();
        assert_eq!(Some(text), last.map(text_about).as_deref(), "channel {channel}: what ended it");
        assert_eq!(self.told, self.all.len(), "channel {channel}: told before the end of it");
    }

    /// The sender knows that the channel is over.
    pub(crate) fn audit(&self, channel: usize) {
        assert!(self.told >= self.certain, "channel {channel}: a rejection was lost: {self:?}");
    }
}

impl Record {
    /// How many values the user can take, of those in their order, until one ends the channel.
    pub(crate) fn takes_until_end(&self, channel: usize) -> usize {
        let mut numbers = self.first + self.taken..self.sent();
        let mut is_end = |number: u64| ends_with_odd(channel) && is_odd(channel, number);
        numbers.position(&mut is_end).map_or(usize::MAX, |place| place + 1)
    }
}

impl World {
    /// The user has just taken the value of this number. It is rejected if it cannot be decoded. Returns
    /// why, if that ends the channel.
    pub(crate) fn reject(&mut self, channel: usize, number: u64) -> Option<String> {
        let (now, World { model, sides, statistics, .. }) = (self.now, &mut *self);
        let record = &mut model[channel];
        let receiver = &mut sides[record.receiver()];
        let (Some(id), Some(session)) = (record.id, receiver.live()) else { return None };
        if !is_odd(channel, number) {
            return None;
        }
        let position = number - record.first;
        let rejections = &mut record.rejections;
        rejections.all.push(position);
        if !record.is_hung_up {
            rejections.certain = rejections.all.len();
        }
        let (values, text) = (rejections.all.len() as u64, text_about(position));
        session.reject(now, id, Rejection { position, values, text: text.clone() });
        if let Some(counters) = session.counters(id).filter(|_| !record.is_hung_up) {
            assert_eq!(counters.rejected_values, values, "channel {channel}: each is counted");
        }
        statistics.values_rejected += 1;
        statistics.requests_rejected += u64::from(record.requests.is_some());
        statistics.answers_rejected += u64::from(record.answers.is_some());
        let is_end = ends_with_odd(channel);
        statistics.channels_ended_by_rejections += u64::from(is_end);
        is_end.then_some(text)
    }
}
