//! What it costs two sessions to carry runs of values, without types, sockets and tasks: credit,
//! turns, frames, acknowledgements.
//!
//! `cargo bench -p netchan-bench --bench session`

use std::io::IoSlice;
use std::time::Instant;

use bytes::BytesMut;
use criterion::{BenchmarkId, Criterion, Throughput};
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

/// The window of each channel, in values.
const WINDOW_VALUES: u32 = 4096;

/// Values of each channel in an iteration: more than a window, so that grants are part of it.
const VALUES: u64 = 16 * 1024;

/// Slices of one write.
const SLICES: usize = 64;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    sessions(&mut criterion);
    criterion.final_summary();
}

fn sessions(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("runs");
    for (channels, value_bytes) in [(1, 20), (1, 1024), (100, 20)] {
        let values = VALUES / channels as u64;
        group.throughput(Throughput::Elements(values * channels as u64));
        let name = BenchmarkId::new(format!("channels-{channels}"), format!("{value_bytes}-bytes"));
        group.bench_function(name, |bencher| {
            let mut pair = Pair::new(channels, value_bytes);
            bencher.iter(|| pair.carry(values));
        });
    }
    group.finish();
}

/// Values that are all the same: copying them is what a queue does at least.
struct Values {
    one: Vec<u8>,
    /// What is left to be sent, by the place of the channel.
    left: Vec<u64>,
    channels: Vec<ChannelId>,
}

impl Values {
    /// An importer numbers its channels one after the other.
    fn place(&self, channel: ChannelId) -> usize {
        (channel.0 - self.channels[0].0) as usize
    }
}

impl ValueSource for Values {
    fn refill(
        &mut self,
        channel: ChannelId,
        values_max: u64,
        bytes_wanted: usize,
        chunk: &mut Chunk,
    ) -> Supply {
        let place = self.place(channel);
        let wanted = bytes_wanted.div_ceil(self.one.len()) as u64;
        let count = self.left[place].min(values_max).min(wanted);
        for _ in 0..count {
            chunk.bytes.extend_from_slice(&self.one);
        }
        chunk.values = count as u32;
        self.left[place] -= count;
        if self.left[place] == 0 { Supply::Empty } else { Supply::More }
    }
}

/// An importer that sends, and an exporter that takes all at once.
struct Pair {
    now: Instant,
    importer: Session,
    exporter: Session,
    values: Values,
    to_importer: BytesMut,
    to_exporter: BytesMut,
    /// Values and bytes that have come, by the place of the channel.
    taken: Vec<(u64, u64)>,
}

impl Pair {
    fn new(channels: usize, value_bytes: usize) -> Pair {
        let now = Instant::now();
        let mut importer = Session::new(parameters(Role::Importer), now);
        let open = |place| importer.open(request(place)).expect("there is room for the channel");
        let channels: Vec<ChannelId> = (0..channels).map(open).collect();
        let mut one = Vec::new();
        let put = |output: &mut Vec<u8>| {
            output.resize(output.len() + value_bytes, 7);
            Ok::<(), ()>(())
        };
        Encoder::default().append(&mut one, put).expect("a value encodes");
        let (left, taken) = (vec![0; channels.len()], vec![(0, 0); channels.len()]);
        let mut pair = Pair {
            now,
            importer,
            exporter: Session::new(parameters(Role::Exporter), now),
            values: Values { one, left, channels },
            to_importer: BytesMut::new(),
            to_exporter: BytesMut::new(),
            taken,
        };
        while pair.turn() {}
        pair
    }

    /// Carries so many values over each channel.
    fn carry(&mut self, values: u64) {
        let before: u64 = self.taken.iter().map(|(values, _)| values).sum();
        for place in 0..self.values.left.len() {
            self.values.left[place] = values;
            self.importer.ready(self.values.channels[place]);
        }
        while self.turn() {}
        let after: u64 = self.taken.iter().map(|(values, _)| values).sum();
        assert_eq!(after - before, values * self.taken.len() as u64, "all have come");
    }

    /// Lets both sides do what they can, and says whether there was something.
    fn turn(&mut self) -> bool {
        let sent = transmit(&mut self.importer, self.now, &mut self.values, &mut self.to_exporter);
        self.exporter.handle_input(self.now, &mut self.to_exporter).expect("the input is good");
        self.take();
        let answered =
            transmit(&mut self.exporter, self.now, &mut self.values, &mut self.to_importer);
        self.importer.handle_input(self.now, &mut self.to_importer).expect("the input is good");
        while self.importer.poll_event().is_some() {}
        sent || answered
    }

    fn take(&mut self) {
        while let Some(event) = self.exporter.poll_event() {
            match event {
                Event::OpenRequested(open) => {
                    self.exporter.accept(&open, WINDOW_VALUES, WINDOW_BYTES_DEFAULT, true);
                }
                Event::Run { channel, values, bytes, .. } => {
                    let taken = &mut self.taken[self.values.place(channel)];
                    // Of a value that is cut, the bytes are taken with its end.
                    *taken = (taken.0 + u64::from(values), 0);
                    let whole_bytes = taken.0 * self.values.one.len() as u64;
                    self.exporter.taken(self.now, channel, taken.0, whole_bytes);
                    drop(bytes);
                }
                _ => {}
            }
        }
    }
}

/// Writes all that a session wants to write, and says whether that was something.
fn transmit(
    session: &mut Session,
    now: Instant,
    values: &mut Values,
    output: &mut BytesMut,
) -> bool {
    let mut is_any = false;
    while session.poll_transmit(now, values) {
        let mut slices = [IoSlice::new(&[]); SLICES];
        let filled = session.unwritten(&mut slices);
        let bytes = slices[..filled].iter().map(|slice| slice.len()).sum();
        slices[..filled].iter().for_each(|slice| output.extend_from_slice(slice));
        session.handle_written(bytes);
        is_any = true;
    }
    is_any
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

fn request(place: usize) -> OpenRequest {
    OpenRequest {
        dir: Dir::Send,
        content: Content::Values,
        name: format!("channel-{place}"),
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
