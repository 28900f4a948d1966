//! The sending channels of a side: queues of values that are made when the session takes them.

use std::collections::{BTreeMap, VecDeque};

use netchan::id::ChannelId;
use netchan::prefix::Encoder;
use netchan::session::{Chunk, Supply, ValueSource};

use crate::values::value;

/// One sending channel.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    /// The lengths of the values that the session has not taken.
    pub(crate) waiting: VecDeque<u32>,
    pub(crate) is_finished: bool,
    /// The session must not ask any more.
    pub(crate) is_over: bool,
    pub(crate) said_finished: bool,
    encoder: Encoder,
    /// The number of the first value that this session takes.
    pub(crate) first: u64,
    /// The number of the next value.
    pub(crate) next: u64,
    /// How many values are left out before the value of a number.
    pub(crate) skips: BTreeMap<u64, u64>,
    /// How many were left out in this session.
    skipped: u64,
    /// The lengths of those that the peer has not acknowledged.
    unacknowledged: VecDeque<u32>,
    pub(crate) unacknowledged_bytes: usize,
}

impl Queue {
    /// Values that the session has taken.
    pub(crate) fn given(&self) -> u64 {
        self.next - self.first
    }

    /// Only so many of the given values are not acknowledged.
    pub(crate) fn outstanding(&mut self, values: u64) {
        while self.unacknowledged.len() as u64 > values {
            let length = self.unacknowledged.pop_front().expect("there are more than none");
            self.unacknowledged_bytes -= length as usize;
        }
    }

    /// The last session is lost: another one starts with the values that it has returned.
    pub(crate) fn start_again(&mut self, returned: &[u32]) {
        self.next -= returned.len() as u64;
        self.first = self.next;
        returned.iter().rev().for_each(|length| self.waiting.push_front(*length));
        self.skipped = 0;
        self.is_over = false;
        self.said_finished = false;
        self.unacknowledged.clear();
        self.unacknowledged_bytes = 0;
    }
}

/// All sending channels of a side.
#[derive(Debug, Default)]
pub(crate) struct Queues {
    pub(crate) by_channel: BTreeMap<usize, Queue>,
    /// The channels that have a number in the present session, either direction.
    pub(crate) names: BTreeMap<ChannelId, usize>,
}

impl Queues {
    pub(crate) fn of(&mut self, channel: usize) -> &mut Queue {
        self.by_channel.entry(channel).or_default()
    }

    /// The session must not ask for more values of a channel.
    pub(crate) fn end(&mut self, id: ChannelId) {
        if let Some(queue) = self.names.get(&id).and_then(|name| self.by_channel.get_mut(name)) {
            queue.is_over = true;
        }
    }
}

impl ValueSource for Queues {
    fn refill(
        &mut self,
        id: ChannelId,
        values_max: u64,
        bytes_wanted: usize,
        chunk: &mut Chunk,
    ) -> Supply {
        assert!(chunk.bytes.is_empty() && chunk.values == 0, "a chunk is empty when it is brought");
        let channel = self.names[&id];
        let queue = self.of(channel);
        assert!(
            !queue.is_over && !queue.said_finished,
            "a channel that is over is not asked: {channel}"
        );
        while u64::from(chunk.values) < values_max && chunk.bytes.len() < bytes_wanted {
            let skipped = queue.skips.get(&queue.next).copied().unwrap_or_default();
            if queue.waiting.is_empty() || (skipped > 0 && chunk.values > 0) {
                break;
            }
            queue.skipped += skipped;
            chunk.skipped_values = queue.skipped;
            let Some(length) = queue.waiting.pop_front() else {
                break;
            };
            let bytes = value(channel, queue.next, length as usize);
            let encode = |buffer: &mut Vec<u8>| {
                buffer.extend_from_slice(bytes);
                Ok::<(), ()>(())
            };
            queue.encoder.append(&mut chunk.bytes, encode).expect("a made-up value encodes");
            queue.unacknowledged.push_back(length);
            queue.unacknowledged_bytes += length as usize;
            queue.next += 1;
            chunk.values += 1;
        }
        if !queue.waiting.is_empty() {
            Supply::More
        } else if queue.is_finished {
            queue.said_finished = true;
            Supply::Finished
        } else {
            Supply::Empty
        }
    }
}
