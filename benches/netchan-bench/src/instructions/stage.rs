//! What is counted, by name.

use super::{channel, codec, session, way};
use crate::{Block, Failure, Tick};

/// The payload of a block.
const BLOCK_BYTES: usize = 1024;

/// Channels of the stage with many.
const CHANNELS: usize = 1000;

/// What is done with a value.
#[derive(Clone, Copy)]
enum Step {
    Encode,
    Decode,
    Send,
    TransmitMany,
    TransmitOne,
    ReceiveMany,
    ReceiveOne,
    Take,
    Grant,
    Way,
    WayOfMany,
    Ask,
    Tell,
}

/// All of them, and what they are called.
const STEPS: [(Step, &str); 13] = [
    (Step::Encode, "raw encode"),
    (Step::Decode, "raw decode"),
    (Step::Send, "send"),
    (Step::TransmitMany, "transmit, 32 in a run"),
    (Step::TransmitOne, "transmit, 1 in a run"),
    (Step::ReceiveMany, "receive, 32 in a run"),
    (Step::ReceiveOne, "receive, 1 in a run"),
    (Step::Take, "take"),
    (Step::Grant, "grant, per frame"),
    (Step::Way, "whole way, 1 channel"),
    (Step::WayOfMany, "whole way, 1,000 channels"),
    (Step::Ask, "request and answer"),
    (Step::Tell, "recipient to handler"),
];

/// The values of a stage.
#[derive(Clone, Copy)]
enum Kind {
    Tick,
    Block,
}

/// A step with values of one kind.
#[derive(Clone, Copy)]
pub(super) struct Stage {
    step: Step,
    step_name: &'static str,
    kind: Kind,
}

impl Stage {
    pub(super) fn all() -> impl Iterator<Item = Stage> {
        let of = |kind| STEPS.map(|(step, step_name)| Stage { step, step_name, kind });
        of(Kind::Tick).into_iter().chain(of(Kind::Block))
    }

    pub(super) fn find(name: &str) -> Result<Stage, Failure> {
        let found = Stage::all().find(|stage| stage.name() == name);
        Ok(found.ok_or_else(|| format!("no stage is {name:?}"))?)
    }

    pub(super) fn name(self) -> String {
        let kind = match self.kind {
            Kind::Tick => "Tick",
            Kind::Block => "1 KiB",
        };
        format!("{kind}: {}", self.step_name)
    }

    /// With how many values it is run at least. They fill batches, runs and channels.
    pub(super) fn values(self, is_quick: bool) -> usize {
        match (self.step, is_quick) {
            (Step::WayOfMany, true) => CHANNELS,
            // Several windows of each channel.
            (Step::WayOfMany, false) => 30 * CHANNELS,
            (_, true) => channel::BATCH,
            // Enough for whatever happens once in a window or a chunk.
            (_, false) => 64 * channel::BATCH,
        }
    }

    /// Does it with so many values.
    pub(super) fn run(self, values: usize) -> Result<(), Failure> {
        use session::{Part, RUN};
        let bytes = BLOCK_BYTES;
        // Runs of one are as many as values, and so are grants.
        match (self.kind, self.step) {
            (Kind::Tick, Step::Encode) => codec::encode::<Tick>(values, 0),
            (Kind::Block, Step::Encode) => codec::encode::<Block>(values, bytes),
            (Kind::Tick, Step::Decode) => codec::decode::<Tick>(values, 0),
            (Kind::Block, Step::Decode) => codec::decode::<Block>(values, bytes),
            (Kind::Tick, Step::Send) => channel::carry::<Tick>(values, 0, channel::Part::Send),
            (Kind::Block, Step::Send) => {
                channel::carry::<Block>(values, bytes, channel::Part::Send)
            }
            (Kind::Tick, Step::Take) => channel::carry::<Tick>(values, 0, channel::Part::Take),
            (Kind::Block, Step::Take) => {
                channel::carry::<Block>(values, bytes, channel::Part::Take)
            }
            (_, Step::TransmitMany) => self.sessions(values / RUN, RUN, Part::Transmit),
            (_, Step::TransmitOne) => self.sessions(values, 1, Part::Transmit),
            (_, Step::ReceiveMany) => self.sessions(values / RUN, RUN, Part::Receive),
            (_, Step::ReceiveOne) => self.sessions(values, 1, Part::Receive),
            (_, Step::Grant) => self.sessions(values, RUN, Part::Grant),
            (Kind::Tick, Step::Way) => way::one::<Tick>(values, 0),
            (Kind::Block, Step::Way) => way::one::<Block>(values, bytes),
            (Kind::Tick, Step::WayOfMany) => way::many::<Tick>(values, 0, CHANNELS),
            (Kind::Block, Step::WayOfMany) => way::many::<Block>(values, bytes, CHANNELS),
            (Kind::Tick, Step::Ask) => way::ask::<Tick>(values, 0),
            (Kind::Block, Step::Ask) => way::ask::<Block>(values, bytes),
            (Kind::Tick, Step::Tell) => way::tell::<Tick>(values, 0),
            (Kind::Block, Step::Tell) => way::tell::<Block>(values, bytes),
        }
    }

    fn sessions(self, runs: usize, run: usize, part: session::Part) -> Result<(), Failure> {
        match self.kind {
            Kind::Tick => session::carry::<Tick>(runs, run, 0, part),
            Kind::Block => session::carry::<Block>(runs, run, BLOCK_BYTES, part),
        }
    }
}
