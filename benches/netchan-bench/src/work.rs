//! The works: what is sent, over what, by whom.

use std::time::Duration;

use crate::stalled::Stall;
use crate::{Link, Plan, Side};

/// One thing to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work {
    /// Its name, such as `w1-ticks`, without the link.
    pub name: &'static str,
    /// What it goes over.
    pub link: Link,
    /// What is done.
    pub load: Load,
}

/// What is done in a work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Load {
    /// As many values as will go.
    Stream {
        /// Which.
        values: Values,
        /// Who sends.
        sender: Side,
        /// Connections with one exporter.
        connections: usize,
        /// Channels of each connection.
        channels: usize,
        /// The size of each channel, in values.
        window: u32,
    },
    /// One [`Tick`](crate::Tick) there and back at a time.
    PingPong,
    /// [`Tick`](crate::Tick)s that are answered with themselves.
    Asks {
        /// So many at a time.
        in_flight: usize,
    },
    /// [`Block`](crate::Block)s to a consumer that reads none of them for a while.
    Stalled {
        /// The payload of each.
        bytes: usize,
        /// The size of the channel, in values.
        window: u32,
    },
}

/// What is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Values {
    /// [`Tick`](crate::Tick)s.
    Ticks,
    /// [`Block`](crate::Block)s.
    Blocks {
        /// The payload of each.
        bytes: usize,
    },
    /// [`Bytes`](bytes::Bytes): the same without a type.
    Bytes {
        /// The length of each.
        bytes: usize,
    },
}

const fn stream(name: &'static str, values: Values, sender: Side) -> Work {
    let load = Load::Stream { values, sender, connections: 1, channels: 1, window: 4096 };
    Work { name, link: Link::Tcp, load }
}

const fn many(name: &'static str, connections: usize, channels: usize, window: u32) -> Work {
    let (values, sender) = (Values::Ticks, Side::Importer);
    let load = Load::Stream { values, sender, connections, channels, window };
    Work { name, link: Link::Tcp, load }
}

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

/// All works, over TCP. `out` means out of the exporter; all others go into it.
pub const WORKS: &[Work] = &[
    stream("w1-ticks", Values::Ticks, Side::Importer),
    stream("w1-ticks-out", Values::Ticks, Side::Exporter),
    stream("w2-1k", Values::Blocks { bytes: KIB }, Side::Importer),
    stream("w2-1k-bytes", Values::Bytes { bytes: KIB }, Side::Importer),
    stream("w3-64k", Values::Blocks { bytes: 64 * KIB }, Side::Importer),
    stream("w3-64k-bytes", Values::Bytes { bytes: 64 * KIB }, Side::Importer),
    stream("w3-1m", Values::Blocks { bytes: MIB }, Side::Importer),
    stream("w3-1m-bytes", Values::Bytes { bytes: MIB }, Side::Importer),
    Work { name: "w4-ping-pong", link: Link::Tcp, load: Load::PingPong },
    many("w5-1000-channels", 1, 1000, 256),
    Work { name: "w6-asks-64", link: Link::Tcp, load: Load::Asks { in_flight: 64 } },
    many("w7-100-connections", 100, 1, 4096),
    Work { name: "w8-stalled", link: Link::Tcp, load: Load::Stalled { bytes: KIB, window: 4096 } },
];

impl Work {
    /// The same over another link.
    #[must_use]
    pub fn over(self, link: Link) -> Work {
        Work { link, ..self }
    }

    /// The work with this [full name](Work::full_name).
    #[must_use]
    pub fn find(full_name: &str) -> Option<Work> {
        let all =
            Link::ALL.into_iter().flat_map(|link| WORKS.iter().map(move |work| work.over(link)));
        all.into_iter().find(|work| work.full_name() == full_name)
    }

    /// Its name with that of its link, such as `w1-ticks/tcp`.
    #[must_use]
    pub fn full_name(&self) -> String {
        format!("{}/{}", self.name, self.link.name())
    }

    /// The consumer that reads nothing that it is about, if it is.
    #[must_use]
    pub fn stall(&self, run: Duration) -> Option<Stall> {
        match self.load {
            Load::Stalled { bytes, window } => Some(Stall { link: self.link, bytes, window, run }),
            _ => None,
        }
    }

    /// The stream of values that it is, if it is one.
    #[must_use]
    pub fn plan(&self, run: Duration) -> Option<Plan> {
        let Load::Stream { values, sender, connections, channels, window } = self.load else {
            return None;
        };
        let bytes = match values {
            Values::Ticks => 0,
            Values::Blocks { bytes } | Values::Bytes { bytes } => bytes,
        };
        Some(Plan { link: self.link, sender, connections, channels, window, bytes, run })
    }
}
