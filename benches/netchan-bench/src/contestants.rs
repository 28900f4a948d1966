//! Those who take part: the baseline, and netchan in its variants.

use std::time::Duration;

use bytes::Bytes;
use netchan::channel::{Bincode, Codec, MessagePack, Postcard};

use crate::alone::alone;
use crate::plain::{self, Resume};
use crate::stalled::{self, Stall};
use crate::{Block, Contestant, Failure, Figure, Item, Load, Side, Tick, Values, Work};
use crate::{latency, memory, rate, raw, recipient};

const VALUES: &str = "values/s";
const REQUESTS: &str = "requests/s";

/// The baseline that is written by hand.
#[derive(Clone, Copy, Debug)]
pub struct Raw;

/// netchan.
#[derive(Clone, Copy, Debug)]
pub enum Netchan {
    /// Plain channels, as they are by default.
    Plain,
    /// Plain channels of sessions that end with their link.
    NoResume,
    /// Plain channels with another codec.
    Postcard,
    /// Plain channels with another codec.
    MessagePack,
    /// Requests by a `Caller`, also where others send without asking.
    Ask,
    /// A `Recipient` of actix, to a handler of an actor on the other side.
    Recipient,
}

/// The baseline, and all variants of netchan.
#[must_use]
pub fn contestants() -> Vec<&'static dyn Contestant> {
    static ALL: [Netchan; Netchan::ALL.len()] = Netchan::ALL;
    let mut contestants: Vec<&dyn Contestant> = vec![&Raw];
    contestants.extend(ALL.iter().map(|variant| variant as &dyn Contestant));
    contestants
}

impl Netchan {
    /// All variants.
    pub const ALL: [Netchan; 6] = [
        Netchan::Plain,
        Netchan::NoResume,
        Netchan::Ask,
        Netchan::Recipient,
        Netchan::Postcard,
        Netchan::MessagePack,
    ];
}

impl Contestant for Raw {
    fn name(&self) -> String {
        "raw".to_owned()
    }

    fn run(&self, work: &Work, run: Duration) -> Result<Option<Vec<Figure>>, Failure> {
        match (work.plan(run), work.load) {
            (Some(plan), Load::Stream { values, .. }) => {
                let (sent, received) = match values {
                    Values::Ticks => raw::stream::<Tick>(plan)?,
                    Values::Blocks { .. } => raw::stream::<Block>(plan)?,
                    Values::Bytes { .. } => raw::stream::<Bytes>(plan)?,
                };
                rate(VALUES, sent, received).map(Some)
            }
            (_, Load::PingPong) => Ok(Some(latency(raw::ping_pong::<Tick>(work.link, run)?))),
            (_, Load::Asks { in_flight }) => {
                let (sent, received) = raw::asks::<Tick>(work.link, in_flight, run)?;
                rate(REQUESTS, sent, received).map(Some)
            }
            (_, Load::Stalled { .. }) => stalled(self, work, run, stalled::raw, |_| None),
            _ => Ok(None),
        }
    }
}

impl Contestant for Netchan {
    fn name(&self) -> String {
        let name = match self {
            Netchan::Plain => "netchan",
            Netchan::NoResume => "netchan-no-resume",
            Netchan::Postcard => "netchan-postcard",
            Netchan::MessagePack => "netchan-messagepack",
            Netchan::Ask => "netchan-ask",
            Netchan::Recipient => "netchan-recipient",
        };
        name.to_owned()
    }

    fn run(&self, work: &Work, run: Duration) -> Result<Option<Vec<Figure>>, Failure> {
        if let Load::Stalled { .. } = work.load {
            return match self {
                Netchan::Plain => {
                    stalled(self, work, run, stalled::plain, |_| Some(stalled::stated_of_channel()))
                }
                Netchan::Recipient => stalled(self, work, run, stalled::recipient, |stall| {
                    Some(stalled::stated_of_recipient(stall.bytes))
                }),
                _ => Ok(None),
            };
        }
        match self {
            Netchan::Plain => plain::<Bincode>(work, run, Resume::On),
            Netchan::NoResume => plain::<Bincode>(work, run, Resume::Off),
            Netchan::Postcard if is_of_ticks(work) => plain::<Postcard>(work, run, Resume::On),
            Netchan::MessagePack if is_of_ticks(work) => {
                plain::<MessagePack>(work, run, Resume::On)
            }
            Netchan::Postcard | Netchan::MessagePack => Ok(None),
            Netchan::Ask => ask(work, run),
            Netchan::Recipient => recipient(work, run),
        }
    }
}

/// Codecs differ in records; blocks are the same bytes with each.
fn is_of_ticks(work: &Work) -> bool {
    matches!(work.load, Load::Stream { values: Values::Ticks, connections: 1, channels: 1, .. })
}

fn plain<C: Codec<Tick> + Codec<Block>>(
    work: &Work,
    run: Duration,
    resume: Resume,
) -> Result<Option<Vec<Figure>>, Failure> {
    match (work.plan(run), work.load) {
        (Some(plan), Load::Stream { values, .. }) => {
            let (sent, received) = match values {
                Values::Ticks => plain::stream::<Tick, C>(plan, resume)?,
                Values::Blocks { .. } => plain::stream::<Block, C>(plan, resume)?,
                Values::Bytes { .. } => {
                    plain::stream::<Bytes, <Bytes as Item>::Codec>(plan, resume)?
                }
            };
            rate(VALUES, sent, received).map(Some)
        }
        (_, Load::PingPong) => Ok(Some(latency(plain::ping_pong::<Tick>(work.link, run, resume)?))),
        _ => Ok(None),
    }
}

fn ask(work: &Work, run: Duration) -> Result<Option<Vec<Figure>>, Failure> {
    match work.load {
        Load::PingPong => {
            let asked = plain::asks::<Tick>(work.link, 1, run, Resume::On)?;
            Ok(Some(latency(asked.times)))
        }
        Load::Asks { in_flight } => {
            let asked = plain::asks::<Tick>(work.link, in_flight, run, Resume::On)?;
            rate(REQUESTS, asked.sent, asked.received).map(Some)
        }
        _ => Ok(None),
    }
}

fn recipient(work: &Work, run: Duration) -> Result<Option<Vec<Figure>>, Failure> {
    match (work.plan(run), work.load) {
        (Some(plan), Load::Stream { values, sender: Side::Importer, .. }) => {
            let (sent, received) = match values {
                Values::Ticks => recipient::stream::<Tick>(plan)?,
                Values::Blocks { .. } => recipient::stream::<Block>(plan)?,
                // A message needs a type of its own.
                Values::Bytes { .. } => return Ok(None),
            };
            rate(VALUES, sent, received).map(Some)
        }
        (_, Load::PingPong) => {
            let asked = recipient::asks::<Tick>(work.link, 1, run)?;
            Ok(Some(latency(asked.times)))
        }
        (_, Load::Asks { in_flight }) => {
            let asked = recipient::asks::<Tick>(work.link, in_flight, run)?;
            rate(REQUESTS, asked.sent, asked.received).map(Some)
        }
        _ => Ok(None),
    }
}

/// In a process of its own, because memory that was once used shows for as long as a process lasts.
fn stalled(
    contestant: &dyn Contestant,
    work: &Work,
    run: Duration,
    measure: fn(Stall) -> Result<f64, Failure>,
    stated: fn(Stall) -> Option<f64>,
) -> Result<Option<Vec<Figure>>, Failure> {
    let Some(stall) = work.stall(run).filter(|_| memory::is_known()) else { return Ok(None) };
    let held = alone(contestant, work, run, || measure(stall))?;
    Ok(Some(stalled::figures(held, stated(stall))))
}
