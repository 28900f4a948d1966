//! Two sessions without types, sockets and tasks: an importer that sends, and an exporter that receives.

use std::io::IoSlice;
use std::time::Instant;

use bytes::BytesMut;
use netchan::dir::Dir;
use netchan::id::ChannelId;
use netchan::limits::{
    CHANNELS_MAX, DEAD_AFTER, FRAME_BYTES_MAX, GROWTH_BYTES_MAX, HEARTBEAT_AFTER, SESSION_EXPIRY,
    WINDOW_BYTES_DEFAULT,
};
use netchan::prefix::Encoder;
use netchan::session::{
    Chunk, Event, Growth, Heartbeat, OpenRequest, Parameters, Role, Session, Supply, ValueSource,
};
use netchan::wire::Content;

use super::counted::count;
use crate::{Failure, Item};

/// The window of the channel, in values.
const WINDOW_VALUES: u32 = 4096;

/// Values of a long run: they fit into one frame, also those of a kilobyte.
pub(super) const RUN: usize = 32;

/// Slices of one write.
const SLICES: usize = 64;

/// What of a run's way is counted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// The session takes the run and composes its frame, which is copied as if into a socket.
    Transmit,
    /// The other session reads the frame and hands the run on.
    Receive,
    /// It grants again what was taken, and the first session reads that.
    Grant,
}

/// Values that are all the same: copying them is what a queue does at least.
struct Values {
    one: Vec<u8>,
    left: usize,
}

impl ValueSource for Values {
    fn refill(
        &mut self,
        _channel: ChannelId,
        values_max: u64,
        bytes_wanted: usize,
        chunk: &mut Chunk,
    ) -> Supply {
        let wanted = bytes_wanted.div_ceil(self.one.len());
        let count = self.left.min(values_max as usize).min(wanted);
        for _ in 0..count {
            chunk.bytes.extend_from_slice(&self.one);
        }
        chunk.values = count as u32;
        self.left -= count;
        if self.left == 0 { Supply::Empty } else { Supply::More }
    }
}

struct Pair {
    now: Instant,
    importer: Session,
    exporter: Session,
    channel: ChannelId,
    values: Values,
    to_importer: BytesMut,
    to_exporter: BytesMut,
    /// Values that have come in all.
    taken: u64,
}

/// Carries so many runs of this many values, and counts only one part of it. A grant is one of a run.
pub(super) fn carry<V: Item>(
    runs: usize,
    run: usize,
    bytes: usize,
    part: Part,
) -> Result<(), Failure> {
    let mut pair = Pair::new::<V>(bytes)?;
    for _ in 0..runs {
        pair.values.left = run;
        part.run(Part::Transmit, || pair.send());
        part.run(Part::Receive, || pair.receive())?;
        part.run(Part::Grant, || pair.grant())?;
    }
    if pair.taken == (runs * run) as u64 { Ok(()) } else { Err("not all values came".into()) }
}

impl Part {
    fn run<T>(self, part: Part, work: impl FnOnce() -> T) -> T {
        if self == part { count(work) } else { work() }
    }
}

impl Pair {
    fn new<V: Item>(bytes: usize) -> Result<Pair, Failure> {
        let now = Instant::now();
        let mut importer = Session::new(parameters(Role::Importer), now);
        let channel = importer.open(request()).map_err(|_| "there is no room for a channel")?;
        let mut one = Vec::new();
        Encoder::default().append(&mut one, |output| V::new(0, bytes).put(output))?;
        let mut pair = Pair {
            now,
            importer,
            exporter: Session::new(parameters(Role::Exporter), now),
            channel,
            values: Values { one, left: 0 },
            to_importer: BytesMut::new(),
            to_exporter: BytesMut::new(),
            taken: 0,
        };
        pair.send();
        pair.receive()?;
        pair.grant()?;
        Ok(pair)
    }

    fn send(&mut self) {
        self.importer.ready(self.channel);
        transmit(&mut self.importer, self.now, &mut self.values, &mut self.to_exporter);
    }

    fn receive(&mut self) -> Result<(), Failure> {
        self.exporter.handle_input(self.now, &mut self.to_exporter)?;
        while let Some(event) = self.exporter.poll_event() {
            match event {
                Event::OpenRequested(open) => {
                    self.exporter.accept(&open, WINDOW_VALUES, WINDOW_BYTES_DEFAULT, true);
                }
                Event::Run { values, .. } => self.taken += u64::from(values),
                _ => {}
            }
        }
        Ok(())
    }

    fn grant(&mut self) -> Result<(), Failure> {
        let bytes = self.taken * self.values.one.len() as u64;
        self.exporter.taken(self.now, self.channel, self.taken, bytes);
        transmit(&mut self.exporter, self.now, &mut self.values, &mut self.to_importer);
        self.importer.handle_input(self.now, &mut self.to_importer)?;
        while self.importer.poll_event().is_some() {}
        Ok(())
    }
}

/// Writes all that a session wants to write.
fn transmit(session: &mut Session, now: Instant, values: &mut Values, output: &mut BytesMut) {
    while session.poll_transmit(now, values) {
        let mut slices = [IoSlice::new(&[]); SLICES];
        let filled = session.unwritten(&mut slices);
        let bytes = slices[..filled].iter().map(|slice| slice.len()).sum();
        slices[..filled].iter().for_each(|slice| output.extend_from_slice(slice));
        session.handle_written(bytes);
    }
}

fn parameters(role: Role) -> Parameters {
    Parameters {
        role,
        frame_bytes_max: FRAME_BYTES_MAX,
        peer_frame_bytes_max: FRAME_BYTES_MAX,
        channels_max: CHANNELS_MAX,
        growth_bytes_max: GROWTH_BYTES_MAX,
        expiry: SESSION_EXPIRY,
        heartbeat: Heartbeat { ask_after: HEARTBEAT_AFTER, dead_after: DEAD_AFTER },
    }
}

fn request() -> OpenRequest {
    OpenRequest {
        dir: Dir::Send,
        content: Content::Values,
        name: "values".to_owned(),
        codec: "bytes".to_owned(),
        identity: [0; 16],
        answer_identity: [0; 16],
        also_accepts: Vec::new(),
        window_values: WINDOW_VALUES,
        window_bytes: WINDOW_BYTES_DEFAULT,
        growth: Growth::NONE,
        limit: None,
        clock_ms: 0,
        redelivers: true,
    }
}
