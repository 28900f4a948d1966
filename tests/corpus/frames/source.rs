//! What the session under test has to send: values that are all alike until the program says otherwise.

use std::collections::BTreeMap;

use netchan::id::ChannelId;
use netchan::prefix::Encoder;
use netchan::session::{Chunk, Supply, ValueSource};

/// Values of one run, in bytes: enough for several frames of several channels.
const BYTES_MAX: usize = 1024 * 1024;

/// One queue for all channels.
#[derive(Debug, Default)]
pub(super) struct Source {
    /// Values that wait.
    pub(super) values: u64,
    /// Their length, in bytes.
    pub(super) length: usize,
    /// Values that are left out before the next one, in all, on each channel.
    pub(super) skipped: u64,
    /// Behind them the channels end.
    pub(super) is_finished: bool,
    given_bytes: usize,
    channels: BTreeMap<ChannelId, Sending>,
}

#[derive(Debug, Default)]
struct Sending {
    encoder: Encoder,
    skipped: u64,
    said_finished: bool,
}

impl ValueSource for Source {
    fn refill(
        &mut self,
        channel: ChannelId,
        values_max: u64,
        bytes_wanted: usize,
        chunk: &mut Chunk,
    ) -> Supply {
        assert!(chunk.bytes.is_empty() && chunk.values == 0, "a chunk is empty when it is brought");
        assert!(bytes_wanted > 0, "something is wanted");
        let sending = self.channels.entry(channel).or_default();
        assert!(!sending.said_finished, "a channel that is finished is not asked: {channel}");
        while self.values > 0
            && u64::from(chunk.values) < values_max
            && chunk.bytes.len() < bytes_wanted
            && self.given_bytes + self.length < BYTES_MAX
        {
            let encode = |buffer: &mut Vec<u8>| {
                buffer.resize(buffer.len() + self.length, 7);
                Ok::<(), ()>(())
            };
            sending.encoder.append(&mut chunk.bytes, encode).expect("a made-up value encodes");
            chunk.values += 1;
            self.values -= 1;
            self.given_bytes += 1 + self.length;
        }
        if chunk.values > 0 {
            sending.skipped = sending.skipped.max(self.skipped);
            chunk.skipped_values = sending.skipped;
        }
        let has_more = self.values > 0 && self.given_bytes + self.length < BYTES_MAX;
        if has_more {
            Supply::More
        } else if self.is_finished {
            sending.said_finished = true;
            Supply::Finished
        } else {
            Supply::Empty
        }
    }
}
