//! The works: what is sent, over what, by whom.

use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::links::Link;
use crate::values::{Block, Tick};
use crate::{Failure, asks, channels, raw};

/// One thing to measure.
pub(crate) struct Work {
    pub(crate) name: &'static str,
    link: Link,
    load: Load,
}

enum Load {
    /// As many values as will go.
    Stream { values: Values, sender: Side, connections: usize, channels: usize, window: u32 },
    /// One record there and back at a time.
    PingPong,
    /// Requests that are answered, so many at a time.
    Asks { in_flight: usize },
}

enum Values {
    Ticks,
    Blocks {
        bytes: usize,
    },
    /// The same without a type.
    Blobs {
        bytes: usize,
    },
}

/// What netchan is compared with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rival {
    /// The baseline that is written by hand.
    Raw,
    /// netchan, with sessions that end with their link, and nothing kept for that case.
    NoResume,
}

impl Rival {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Rival::Raw => "raw",
            Rival::NoResume => "without resume",
        }
    }
}

/// A side of a connection.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Importer,
    Exporter,
}

/// A stream of values, without their type.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) link: Link,
    pub(crate) sender: Side,
    pub(crate) connections: usize,
    /// Channels of each connection.
    pub(crate) channels: usize,
    /// The size of each channel, in values.
    pub(crate) window: u32,
    /// The payload of each value.
    pub(crate) bytes: usize,
    pub(crate) run: Duration,
    /// Sessions can be resumed.
    pub(crate) resumes: bool,
}

impl Plan {
    /// Values of each source of a connection that are sent between two looks at the clock.
    pub(crate) fn burst(&self) -> u64 {
        let values = (64 * 1024 / self.bytes.max(1)).clamp(1, 64);
        values.div_ceil(self.channels) as u64
    }
}

/// What was sent, and when that began.
pub(crate) struct Sent {
    pub(crate) values: u64,
    pub(crate) began: Instant,
}

/// What was received, and when that was done.
pub(crate) struct Received {
    pub(crate) values: u64,
    pub(crate) done: Instant,
}

/// One measured number.
pub(crate) struct Figure {
    pub(crate) unit: &'static str,
    pub(crate) value: f64,
}

const fn ticks(name: &'static str, link: Link, sender: Side) -> Work {
    let values = Values::Ticks;
    Work {
        name,
        link,
        load: Load::Stream { values, sender, connections: 1, channels: 1, window: 4096 },
    }
}

const fn blocks(name: &'static str, values: Values) -> Work {
    let sender = Side::Importer;
    let load = Load::Stream { values, sender, connections: 1, channels: 1, window: 4096 };
    Work { name, link: Link::Tcp, load }
}

/// All works. `in` means into the exporter, `out` means out of it.
pub(crate) const WORKS: &[Work] = &[
    ticks("tick-tcp-in", Link::Tcp, Side::Importer),
    ticks("tick-tcp-out", Link::Tcp, Side::Exporter),
    ticks("tick-unix-in", Link::Unix, Side::Importer),
    ticks("tick-memory-in", Link::Memory, Side::Importer),
    blocks("block-1k", Values::Blocks { bytes: 1 << 10 }),
    blocks("block-64k", Values::Blocks { bytes: 64 << 10 }),
    blocks("block-1m", Values::Blocks { bytes: 1 << 20 }),
    blocks("blob-1k", Values::Blobs { bytes: 1 << 10 }),
    blocks("blob-4k", Values::Blobs { bytes: 4 << 10 }),
    blocks("blob-8k", Values::Blobs { bytes: 8 << 10 }),
    blocks("blob-16k", Values::Blobs { bytes: 16 << 10 }),
    blocks("blob-32k", Values::Blobs { bytes: 32 << 10 }),
    blocks("blob-64k", Values::Blobs { bytes: 64 << 10 }),
    blocks("blob-1m", Values::Blobs { bytes: 1 << 20 }),
    Work {
        name: "channels-1000",
        link: Link::Tcp,
        load: Load::Stream {
            values: Values::Ticks,
            sender: Side::Importer,
            connections: 1,
            channels: 1000,
            window: 256,
        },
    },
    Work {
        name: "connections-8",
        link: Link::Tcp,
        load: Load::Stream {
            values: Values::Ticks,
            sender: Side::Importer,
            connections: 8,
            channels: 1,
            window: 4096,
        },
    },
    Work { name: "ping-pong", link: Link::Tcp, load: Load::PingPong },
    Work { name: "asks-1", link: Link::Tcp, load: Load::Asks { in_flight: 1 } },
    Work { name: "asks-64", link: Link::Tcp, load: Load::Asks { in_flight: 64 } },
    Work { name: "asks-64-memory", link: Link::Memory, load: Load::Asks { in_flight: 64 } },
];

impl Work {
    pub(crate) fn run_rival(&self, rival: Rival, run: Duration) -> Result<Vec<Figure>, Failure> {
        match rival {
            Rival::Raw => self.run_raw(run),
            Rival::NoResume => self.run_netchan(run, false),
        }
    }

    pub(crate) fn run_netchan(&self, run: Duration, resumes: bool) -> Result<Vec<Figure>, Failure> {
        match (self.plan(run, resumes), &self.load) {
            (Some(plan), Load::Stream { values: Values::Ticks, .. }) => {
                rate(0, channels::stream::<Tick>(plan)?)
            }
            (Some(plan), Load::Stream { values: Values::Blobs { .. }, .. }) => {
                rate(plan.bytes, channels::stream::<Bytes>(plan)?)
            }
            (Some(plan), _) => rate(plan.bytes, channels::stream::<Block>(plan)?),
            (None, Load::Asks { in_flight }) => {
                rate(0, asks::netchan::<Tick>(self.link, *in_flight, run, resumes)?)
            }
            (None, _) => Ok(latency(channels::ping_pong::<Tick>(self.link, run, resumes)?)),
        }
    }

    fn run_raw(&self, run: Duration) -> Result<Vec<Figure>, Failure> {
        match (self.plan(run, false), &self.load) {
            (Some(plan), Load::Stream { values: Values::Ticks, .. }) => {
                rate(0, raw::stream::<Tick>(plan)?)
            }
            (Some(plan), Load::Stream { values: Values::Blobs { .. }, .. }) => {
                rate(plan.bytes, raw::stream::<Bytes>(plan)?)
            }
            (Some(plan), _) => rate(plan.bytes, raw::stream::<Block>(plan)?),
            (None, Load::Asks { in_flight }) => {
                rate(0, asks::raw::<Tick>(self.link, *in_flight, run)?)
            }
            (None, _) => Ok(latency(raw::ping_pong::<Tick>(self.link, run)?)),
        }
    }

    fn plan(&self, run: Duration, resumes: bool) -> Option<Plan> {
        match self.load {
            Load::PingPong | Load::Asks { .. } => None,
            Load::Stream { ref values, sender, connections, channels, window } => {
                let bytes = match values {
                    Values::Ticks => 0,
                    Values::Blocks { bytes } | Values::Blobs { bytes } => *bytes,
                };
                let link = self.link;
                Some(Plan { link, sender, connections, channels, window, bytes, run, resumes })
            }
        }
    }
}

/// Values, or bytes of payload, in a second.
fn rate(bytes: usize, (sent, received): (Sent, Received)) -> Result<Vec<Figure>, Failure> {
    if sent.values != received.values {
        return Err(format!("{} were sent, {} came", sent.values, received.values).into());
    }
    let rate = received.values as f64 / (received.done - sent.began).as_secs_f64();
    Ok(vec![match bytes {
        0 => Figure { unit: "M values/s", value: rate / 1e6 },
        bytes => Figure { unit: "MiB/s", value: rate * bytes as f64 / f64::from(1 << 20) },
    }])
}

/// How long half of the values took at most, and nearly all of them.
fn latency(mut times: Vec<Duration>) -> Vec<Figure> {
    times.sort_unstable();
    let at = |percent: usize| {
        let time = times.get(times.len() * percent / 100).copied().unwrap_or_default();
        time.as_secs_f64() * 1e6
    };
    vec![Figure { unit: "us, p50", value: at(50) }, Figure { unit: "us, p99", value: at(99) }]
}
