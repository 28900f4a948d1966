//! What the session under test writes: it must be frames, numbered in turn, and take nothing back.

use std::collections::BTreeMap;

use bytes::BytesMut;
use netchan::id::ChannelId;
use netchan::limits::FRAME_BYTES_MAX;
use netchan::wire::{Frame, Sequenced, decode};

/// Hears the bytes of one link after the other.
#[derive(Debug, Default)]
pub(super) struct Listener {
    input: BytesMut,
    /// Counted frames that were heard, those that were repeated aside.
    pub(super) received: u64,
    /// Counted frames of this link, and those before it.
    counted: u64,
    /// No counted frame has come by this link.
    is_new: bool,
    acknowledged: u64,
    granted: BTreeMap<ChannelId, (u64, u64, u64, u64)>,
}

impl Listener {
    pub(super) fn hear(&mut self, bytes: &[u8]) {
        self.input.extend_from_slice(bytes);
        while let Some(heard) =
            decode(&mut self.input, FRAME_BYTES_MAX).expect("what a session writes can be decoded")
        {
            self.check(&heard);
        }
    }

    fn check(&mut self, Sequenced { sequence, frame }: &Sequenced) {
        if frame.is_counted() {
            self.counted += 1;
            if std::mem::take(&mut self.is_new) {
                // What was acknowledged once is gone, whatever is said later.
                assert!(self.counted <= u64::from(*sequence), "what is missing is repeated");
                self.counted = u64::from(*sequence);
            }
            assert_eq!(*sequence, self.counted as u32, "frames are numbered in turn: {frame:?}");
            self.received = self.received.max(self.counted);
        }
        match frame {
            Frame::Ack { received } => {
                assert!(*received >= self.acknowledged, "an acknowledgement is not taken back");
                self.acknowledged = *received;
            }
            Frame::Grant { channel, values, bytes, taken, freed } => {
                let granted = self.granted.entry(*channel).or_default();
                let (before_values, before_bytes, before_taken, before_freed) = *granted;
                assert!(
                    *values >= before_values
                        && *bytes >= before_bytes
                        && *taken >= before_taken
                        && *freed >= before_freed,
                    "credit is not taken back: {frame:?} after {granted:?}"
                );
                assert!(taken <= freed && freed <= values, "a grant that makes sense: {frame:?}");
                *granted = (*values, *bytes, *taken, *freed);
            }
            _ => {}
        }
    }

    /// Another link, on which the session goes on behind so many counted frames.
    pub(super) fn begin_link(&mut self, received: u64) {
        self.input.clear();
        self.counted = received;
        self.is_new = true;
    }
}
