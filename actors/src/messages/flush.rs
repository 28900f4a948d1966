//! Messages that manage channels: hang up, and wait until values have been received.

use std::time::Duration;

use actix::Message;
use netchan::net::{FlushError, HangupError, HangupReport};

/// To either actor: dissociate a channel. It is closed at both ends, and values in flight may be
/// dropped; the result says how many.
#[derive(Clone, Debug)]
#[must_use = "a message does something when it is sent"]
pub struct Hangup {
    /// The channel's name.
    pub name: String,
}

impl Hangup {
    /// Hangs up on the channel `name`.
    pub fn new(name: impl Into<String>) -> Hangup {
        Hangup { name: name.into() }
    }
}

impl Message for Hangup {
    type Result = Result<HangupReport, HangupError>;
}

/// To either actor: wait until all values that were sent before this message have been received.
///
/// At an exporter this concerns channels that somebody imports. Values that are sent meanwhile are
/// not waited for.
#[derive(Clone, Copy, Debug)]
#[must_use = "a message does something when it is sent"]
pub struct Sync {
    /// How long to wait at most.
    pub timeout: Duration,
}

impl Message for Sync {
    type Result = Result<(), FlushError>;
}

/// To either actor: wait until all values have been received: queued ones, those that are sent
/// meanwhile, and, at an exporter, those on channels that nobody imports yet.
#[derive(Clone, Copy, Debug)]
#[must_use = "a message does something when it is sent"]
pub struct Drain {
    /// How long to wait at most.
    pub timeout: Duration,
}

impl Message for Drain {
    type Result = Result<(), FlushError>;
}
