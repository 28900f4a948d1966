//! The sending channels of a side: queues of values that are made up when they are sent.

use std::collections::{BTreeMap, VecDeque};

use netchan::id::ChannelId;
use netchan::prefix::Encoder;
use netchan::session::{Chunk, Supply, ValueSource};
use xxhash_rust::xxh3::xxh3_64;

/// What proves that a value arrived as it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Receipt {
    pub(crate) length: usize,
    hash: u64,
}

impl Receipt {
    pub(crate) fn of(value: &[u8]) -> Receipt {
        Receipt { length: value.len(), hash: xxh3_64(value) }
    }
}

/// Appends the value of a number: its bytes tell it from its neighbours.
fn write_value(channel: ChannelId, number: u64, length: usize, buffer: &mut Vec<u8>) {
    let start = buffer.len();
    let fill = (number as u8).wrapping_mul(31).wrapping_add(channel.0 as u8);
    buffer.resize(start + length, fill);
    let head = length.min(8);
    buffer[start..start + head].copy_from_slice(&number.to_le_bytes()[..head]);
}

/// One sending channel.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    waiting: VecDeque<usize>,
    is_finished: bool,
    is_over: bool,
    encoder: Encoder,
    /// The values that the session has taken.
    pub(crate) given: Vec<Receipt>,
    /// The session knows that there is no more.
    pub(crate) said_finished: bool,
}

impl Queue {
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len()
    }
}

/// All sending channels of a side.
#[derive(Debug, Default)]
pub(crate) struct Queues {
    pub(crate) by_channel: BTreeMap<ChannelId, Queue>,
    /// The capacity of the chunk that the session brought last, in bytes.
    pub(crate) chunk_capacity: usize,
}

impl Queues {
    pub(crate) fn push(&mut self, channel: ChannelId, length: usize) {
        let queue = self.by_channel.entry(channel).or_default();
        assert!(!queue.is_finished, "no value comes after the last");
        queue.waiting.push_back(length);
    }

    pub(crate) fn finish(&mut self, channel: ChannelId) {
        self.by_channel.entry(channel).or_default().is_finished = true;
    }

    /// The channel is dissociated: the session must not ask again.
    pub(crate) fn end(&mut self, channel: ChannelId) {
        if let Some(queue) = self.by_channel.get_mut(&channel) {
            queue.is_over = true;
        }
    }
}

impl ValueSource for Queues {
    fn refill(
        &mut self,
        channel: ChannelId,
        values_max: u64,
        bytes_wanted: usize,
        chunk: &mut Chunk,
    ) -> Supply {
        assert!(chunk.bytes.is_empty() && chunk.values == 0, "a chunk is empty when it is brought");
        assert!(bytes_wanted > 0, "something is wanted");
        self.chunk_capacity = chunk.bytes.capacity();
        let queue = self.by_channel.entry(channel).or_default();
        assert!(
            !queue.is_over && !queue.said_finished,
            "a channel that is over is not asked: {channel}"
        );
        while u64::from(chunk.values) < values_max && chunk.bytes.len() < bytes_wanted {
            let Some(length) = queue.waiting.pop_front() else {
                break;
            };
            let number = queue.given.len() as u64;
            let start = chunk.bytes.len();
            let encode = |buffer: &mut Vec<u8>| {
                write_value(channel, number, length, buffer);
                Ok::<(), ()>(())
            };
            queue.encoder.append(&mut chunk.bytes, encode).expect("a made-up value encodes");
            let value_start = chunk.bytes.len() - length;
            assert!(value_start > start, "each value stands behind its length");
            queue.given.push(Receipt::of(&chunk.bytes[value_start..]));
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
