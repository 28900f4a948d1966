//! How far a session and its channels have come, in numbers.

use std::time::Duration;

/// What has passed on a channel since it was opened, in either direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Values that were sent; at the receiver, those that have come.
    pub sent_values: u64,
    /// Encoded bytes that were sent; at the receiver, those that have come.
    pub sent_bytes: u64,
    /// Values that are known to have been received.
    pub received_values: u64,
    /// Values that are known to have been taken.
    pub taken_values: u64,
    /// Values that were sent again on a new link, each time.
    pub repeated_values: u64,
    /// Values that their receiver could not decode.
    pub rejected_values: u64,
    /// At the sender: values that were taken from the source and not sent as a whole.
    pub staged_values: u64,
}

/// What a new link means for a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resumed {
    /// Frames that are sent again.
    pub repeated_frames: usize,
    /// For how long there was no link.
    pub away: Duration,
}

/// How far a sending channel has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Values that the peer has received.
    pub acknowledged_values: u64,
    /// Values that were taken from the source.
    pub accepted_values: u64,
}
