//! What is left of a session's sending channels when the session is lost.

use crate::id::ChannelId;
use crate::session::Session;
use crate::session::channel::{Channel, Flow, Outbound};
use crate::session::source::Chunk;

/// What is left of a sending channel whose session is lost. All numbers count since the channel was
/// opened in that session.
#[derive(Debug, Default)]
pub struct Remains {
    /// Values that are known to have left the peer's channel.
    pub taken_values: u64,
    /// Values that were sent and are not known to have been taken: nobody here knows whether they
    /// were.
    pub unconfirmed_values: u64,
    /// Values that can be sent again, or were never sent, in their order. The unconfirmed ones are
    /// among them if the channel redelivers.
    pub returned: Chunk,
    /// Values that will not be sent again.
    pub discarded_values: u64,
}

impl Session {
    /// Ends a session that cannot go on, and says what is left of each sending channel.
    #[must_use]
    pub fn into_remains(self) -> Vec<(ChannelId, Remains)> {
        let Session { link, mut table, .. } = self;
        // A frame that may have arrived is treated like one that did.
        for delivery in link.into_unreceived() {
            table.keep_run(delivery);
        }
        table.into_channels().filter_map(Channel::into_remains).collect()
    }
}

impl Channel {
    fn into_remains(self) -> Option<(ChannelId, Remains)> {
        match self.flow {
            Flow::Out(outbound) => Some((self.id, outbound.into_remains())),
            Flow::In(_) => None,
        }
    }
}

impl Outbound {
    fn into_remains(self) -> Remains {
        let sent_values = self.allowance.sent_values();
        let unconfirmed_values = sent_values - self.taken_values;
        let staged_values = self.staged.values();
        let is_cut = self.staged.is_cut();
        let (values, bytes, discarded_values) = match self.untaken {
            Some(untaken) => {
                let mut bytes = untaken.into_bytes();
                self.staged.append_rest(0, &mut bytes);
                (unconfirmed_values + staged_values, bytes, 0)
            }
            None => {
                // Of a value that was begun, the first pieces are gone.
                let begun_bytes = if is_cut { self.staged.next_value_bytes() } else { 0 };
                let begun_values = u64::from(is_cut);
                let mut bytes = Vec::new();
                self.staged.append_rest(begun_bytes, &mut bytes);
                (staged_values - begun_values, bytes, unconfirmed_values + begun_values)
            }
        };
        // INVARIANT: a value has a prefix of a byte at least, and `UNTAKEN_BYTES_MAX` and
        // `REPLAY_BYTES_MAX` bound the bytes.
        let values = u32::try_from(values).expect("fewer than 2^32 values are kept");
        let returned = Chunk { bytes, values, ..Chunk::default() };
        Remains { taken_values: self.taken_values, unconfirmed_values, returned, discarded_values }
    }
}
