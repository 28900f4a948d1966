//! What another process is asked to do, and what it says about that. Both are lines of JSON.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use netchan::id::NodeId;
use netchan::limits::SESSION_EXPIRY;
use netchan::net::{Config, Redial, Unconfirmed};
use serde::{Deserialize, Serialize};

/// All that another process has to know.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Task {
    pub(crate) place: Place,
    /// Its lasting name, which it keeps when it is started again.
    pub(crate) node: u8,
    /// Milliseconds after which a silent link is asked whether it lives, and after which it is dead.
    pub(crate) heartbeat_ms: (u64, u64),
    /// Whether a session outlives its link.
    pub(crate) keeps_sessions: bool,
    pub(crate) duty: Duty,
}

/// Which side it is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Place {
    /// It exports, and listens there.
    Export(SocketAddr),
    /// It imports from there.
    Import(SocketAddr),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Duty {
    /// Sends so many values and receives as many, at the same time; more of them if it waits until
    /// it is told that it is enough.
    Exchange { values: u64, waits: bool },
    /// The same with values of up to 150 kB.
    ExchangeLarge { values: u64 },
    /// Sends values from the first number on. Those of a generation that is to be killed do not end.
    Send { generation: u64, values: Option<u64>, policy: Policy },
    /// Takes values, and appends them to a file before they count as taken. One that is to be killed
    /// stops after so many: whenever the signal comes, it comes in the middle.
    Take { record: PathBuf, values_max: Option<u64> },
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) enum Policy {
    Redeliver,
    Discard,
}

impl From<Policy> for Unconfirmed {
    fn from(policy: Policy) -> Unconfirmed {
        match policy {
            Policy::Redeliver => Unconfirmed::Redeliver,
            Policy::Discard => Unconfirmed::Discard,
        }
    }
}

/// What another process says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Word {
    Listening(SocketAddr),
    LinkLost {
        is_silent: bool,
    },
    Resumed,
    SessionLost {
        is_restart: bool,
    },
    /// It has taken so many values, and this one last.
    Took {
        values: u64,
        last: u64,
    },
    Done(Outcome),
}

/// What it has done.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Outcome {
    pub(crate) sent: u64,
    pub(crate) received: u64,
    pub(crate) checksum: u64,
    /// The channel from which it received came to its regular end.
    pub(crate) is_finished: bool,
    pub(crate) tally: Tally,
}

/// What the events of a process add up to.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Tally {
    pub(crate) lost_links: u64,
    pub(crate) silent_links: u64,
    pub(crate) resumes: u64,
    pub(crate) repeated_frames: u64,
    pub(crate) lost_sessions: u64,
    pub(crate) unconfirmed_values: u64,
    pub(crate) redelivered_values: u64,
    pub(crate) discarded_values: u64,
    /// If it is not zero, the others are not right.
    pub(crate) missed_events: u64,
}

impl Task {
    pub(crate) fn new(place: Place, node: u8, duty: Duty) -> Task {
        Task { place, node, heartbeat_ms: (5_000, 15_000), keeps_sessions: true, duty }
    }

    /// A network that swallows what it is given is noticed within some hundred milliseconds.
    pub(crate) fn nervous(mut self) -> Task {
        self.heartbeat_ms = (150, 600);
        self
    }

    /// A lost link is a lost session: nobody waits for a peer to come back.
    pub(crate) fn forgetful(mut self) -> Task {
        self.keeps_sessions = false;
        self
    }

    pub(crate) fn config(&self) -> Config {
        let ms = Duration::from_millis;
        let (ask_after, dead_after) = self.heartbeat_ms;
        let expiry = if self.keeps_sessions { SESSION_EXPIRY } else { Duration::ZERO };
        Config::builder()
            .session_expiry(expiry)
            .node(NodeId([self.node; 16]))
            .heartbeat(ms(ask_after), ms(dead_after))
            // An attempt that a dead network swallows is given up as soon as a link.
            .handshake_timeout(ms(dead_after))
            .redial(Redial::default().delays(ms(5), ms(50)))
            .build()
            .unwrap()
    }
}

/// What the values from the first one to the last add up to, whoever counts them.
pub(crate) fn add_to_checksum(checksum: u64, value: u64) -> u64 {
    (checksum ^ value).wrapping_mul(0x0000_0100_0000_01b3)
}

pub(crate) fn checksum_of(values: u64) -> u64 {
    (0..values).fold(0, add_to_checksum)
}

/// Values of different lives of a sender differ in their upper half.
pub(crate) fn value_of(generation: u64, number: u64) -> u64 {
    generation << 32 | number
}
