//! Two sessions joined by two pipes, on a clock that only the test moves.
//!
//! ```text
//! let mut pair = Pair::new();
//! let numbers = pair.open(Dir::Recv, Ask::default());
//! pair.send(numbers, [8; 100]);
//! pair.finish(numbers);
//! pair.run_and_take_all();
//! pair.assert_all_arrived(numbers);
//! ```

use std::ops::{Index, IndexMut};
use std::time::{Duration, Instant};

use bytes::BytesMut;
use netchan::dir::Dir;
use netchan::id::ChannelId;
use netchan::limits::ACK_DELAY;
use netchan::session::{Growth, OpenRequest, Parameters, Role};
use netchan::wire::{Code, Content};

use crate::dice::{Dice, Pieces};
use crate::inlet::Inlet;
use crate::queues::Receipt;
use crate::side::{Note, Side, parameters};

/// What an import asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ask {
    pub(crate) window_values: u32,
    pub(crate) window_bytes: u64,
    pub(crate) limit: Option<u64>,
}

impl Default for Ask {
    fn default() -> Ask {
        Ask { window_values: 256, window_bytes: 1 << 20, limit: None }
    }
}

/// Both sides, the pipes between them, and the time.
#[derive(Debug)]
pub(crate) struct Pair {
    pub(crate) now: Instant,
    pub(crate) importer: Side,
    pub(crate) exporter: Side,
    to_importer: BytesMut,
    to_exporter: BytesMut,
    pub(crate) pieces: Pieces,
    /// What a pipe holds at most, in bytes, as the buffers of a socket do.
    pub(crate) pipe_bytes_max: usize,
    /// Which side sends on each channel, and all channels in the order of their opening.
    senders: Vec<(ChannelId, Role)>,
}

impl Index<Role> for Pair {
    type Output = Side;

    fn index(&self, role: Role) -> &Side {
        match role {
            Role::Importer => &self.importer,
            Role::Exporter => &self.exporter,
        }
    }
}

impl IndexMut<Role> for Pair {
    fn index_mut(&mut self, role: Role) -> &mut Side {
        match role {
            Role::Importer => &mut self.importer,
            Role::Exporter => &mut self.exporter,
        }
    }
}

pub(crate) const BOTH: [Role; 2] = [Role::Importer, Role::Exporter];

pub(crate) fn opposite(role: Role) -> Role {
    match role {
        Role::Importer => Role::Exporter,
        Role::Exporter => Role::Importer,
    }
}

impl Pair {
    /// A pair whose bytes move in whole.
    pub(crate) fn new() -> Pair {
        Pair::with(|_| {})
    }

    /// A pair whose bytes move in pieces that depend on a seed.
    pub(crate) fn seeded(seed: u64) -> Pair {
        Pair { pieces: Pieces::Any(Dice::seeded(seed)), ..Pair::new() }
    }

    /// A pair whose handshake settled something else.
    pub(crate) fn with(change: impl Fn(&mut Parameters)) -> Pair {
        let now = Instant::now();
        let side = |role| {
            let mut parameters = parameters(role);
            change(&mut parameters);
            Side::new(parameters, now)
        };
        Pair {
            now,
            importer: side(Role::Importer),
            exporter: side(Role::Exporter),
            to_importer: BytesMut::new(),
            to_exporter: BytesMut::new(),
            pieces: Pieces::Whole,
            pipe_bytes_max: 256 * 1024,
            senders: Vec::new(),
        }
    }

    // What the users do.

    /// The importer asks for a channel.
    pub(crate) fn open(&mut self, dir: Dir, ask: Ask) -> ChannelId {
        self.open_by(Role::Importer, dir, ask)
    }

    pub(crate) fn open_by(&mut self, opener: Role, dir: Dir, ask: Ask) -> ChannelId {
        let request = OpenRequest {
            dir,
            name: format!("channel {}", self.senders.len() + 1),
            codec: "bytes".into(),
            identity: [0; 16],
            answer_identity: [0; 16],
            also_accepts: Vec::new(),
            content: Content::Values,
            clock_ms: 0,
            window_values: ask.window_values,
            window_bytes: ask.window_bytes,
            limit: ask.limit,
            redelivers: true,
            growth: Growth::NONE,
        };
        let channel =
            self[opener].session.open(request).expect("there is room for another channel");
        let sender = if dir == Dir::Send { opener } else { opposite(opener) };
        self.senders.push((channel, sender));
        if dir == Dir::Recv {
            let inlet = Inlet::new(ask.window_values, ask.window_bytes);
            self[opener].inlets.insert(channel, inlet);
        }
        channel
    }

    /// An open channel: asked for and accepted.
    pub(crate) fn opened(&mut self, dir: Dir, ask: Ask) -> ChannelId {
        let channel = self.open(dir, ask);
        self.run_until_idle();
        channel
    }

    pub(crate) fn sending_role(&self, channel: ChannelId) -> Role {
        let found = self.senders.iter().find(|(id, _)| *id == channel);
        found.expect("a channel of this pair").1
    }

    pub(crate) fn sender(&mut self, channel: ChannelId) -> &mut Side {
        let role = self.sending_role(channel);
        &mut self[role]
    }

    pub(crate) fn receiver(&mut self, channel: ChannelId) -> &mut Side {
        let role = opposite(self.sending_role(channel));
        &mut self[role]
    }

    /// Queues values of these lengths.
    pub(crate) fn send(&mut self, channel: ChannelId, lengths: impl IntoIterator<Item = usize>) {
        let sender = self.sender(channel);
        for length in lengths {
            sender.queues.push(channel, length);
        }
        sender.session.ready(channel);
    }

    /// No more values follow.
    pub(crate) fn finish(&mut self, channel: ChannelId) {
        let sender = self.sender(channel);
        sender.queues.finish(channel);
        sender.session.ready(channel);
    }

    /// Takes up to so many values at the receiving end; says whether there were any.
    pub(crate) fn take(&mut self, channel: ChannelId, values_max: usize) -> bool {
        let now = self.now;
        self.receiver(channel).take(now, channel, values_max)
    }

    /// Whether a side has heard of a channel, so that its user can do something with it.
    pub(crate) fn is_known_to(&self, role: Role, channel: ChannelId) -> bool {
        let has_opened = channel.is_of_exporter() == (role == Role::Exporter);
        has_opened || self[role].notes.contains(&Note::OpenRequested(channel))
    }

    pub(crate) fn hangup(&mut self, role: Role, channel: ChannelId) {
        let now = self.now;
        self[role].hangup(now, channel, Code::HungUp, "enough");
    }

    // What the world does.

    pub(crate) fn advance(&mut self, by: Duration) {
        self.now += by;
    }

    /// Lets one side compose, write and read once, and says whether bytes moved.
    pub(crate) fn turn(&mut self, role: Role) -> bool {
        let (write_max, read_max) = (self.pieces.next(), self.pieces.next());
        let written = self.write(role, write_max);
        let read = self.read(role, read_max);
        written + read > 0
    }

    /// Lets each side compose, write and read once, and says whether bytes moved.
    pub(crate) fn turn_both(&mut self) -> bool {
        let moved = BOTH.map(|role| self.turn(role));
        moved.contains(&true)
    }

    /// Moves up to so many bytes from a side into its pipe.
    pub(crate) fn write(&mut self, role: Role, bytes_max: usize) -> usize {
        let now = self.now;
        let (side, pipe) = match role {
            Role::Importer => (&mut self.importer, &mut self.to_exporter),
            Role::Exporter => (&mut self.exporter, &mut self.to_importer),
        };
        side.poll(now);
        let free = self.pipe_bytes_max.saturating_sub(pipe.len());
        side.write(bytes_max.min(free), pipe)
    }

    /// Moves up to so many bytes from the other side's pipe into a side.
    pub(crate) fn read(&mut self, role: Role, bytes_max: usize) -> usize {
        let now = self.now;
        let (side, pipe) = match role {
            Role::Importer => (&mut self.importer, &mut self.to_importer),
            Role::Exporter => (&mut self.exporter, &mut self.to_exporter),
        };
        let bytes = bytes_max.min(pipe.len());
        if bytes > 0 {
            side.drain_events();
            side.input.extend_from_slice(&pipe.split_to(bytes));
            side.session
                .handle_input(now, &mut side.input)
                .unwrap_or_else(|error| panic!("{role:?} finds fault: {error}"));
            side.drain_events();
            side.poll(now);
        }
        bytes
    }

    /// What is on its way to a side.
    pub(crate) fn in_flight_bytes(&self, role: Role) -> &[u8] {
        match role {
            Role::Importer => &self.to_importer,
            Role::Exporter => &self.to_exporter,
        }
    }

    /// Lets bytes move until none do, even after what waits for other traffic has waited enough.
    pub(crate) fn run_until_idle(&mut self) {
        let mut idle_rounds = 0;
        while idle_rounds < 3 {
            if self.turn_both() {
                idle_rounds = 0;
            } else {
                idle_rounds += 1;
                self.advance(ACK_DELAY);
            }
        }
    }

    /// Lets bytes move and takes all values until there are no more.
    pub(crate) fn run_and_take_all(&mut self) {
        loop {
            self.run_until_idle();
            let mut is_any = false;
            for at in 0..self.senders.len() {
                is_any |= self.take(self.senders[at].0, usize::MAX);
            }
            if !is_any {
                break;
            }
        }
    }

    /// The link breaks, and what is on its way is lost.
    pub(crate) fn cut_link(&mut self) {
        self.to_importer.clear();
        self.to_exporter.clear();
        self.importer.input.clear();
        self.exporter.input.clear();
    }

    /// Another link carries the session on.
    pub(crate) fn resume(&mut self) {
        let now = self.now;
        let importer_received = self.importer.session.received_frames();
        let exporter_received = self.exporter.session.received_frames();
        self.importer.resume(now, exporter_received);
        self.exporter.resume(now, importer_received);
    }

    // What must have come of it.

    pub(crate) fn given(&mut self, channel: ChannelId) -> Vec<Receipt> {
        let queue = self.sender(channel).queues.by_channel.get(&channel);
        queue.map_or_else(Vec::new, |queue| queue.given.clone())
    }

    pub(crate) fn taken(&mut self, channel: ChannelId) -> Vec<Receipt> {
        let inlet = self.receiver(channel).inlets.get(&channel);
        inlet.map_or_else(Vec::new, |inlet| inlet.taken.clone())
    }

    pub(crate) fn assert_all_arrived(&mut self, channel: ChannelId) {
        let waiting = self.sender(channel).queues.by_channel[&channel].waiting();
        assert_eq!(waiting, 0, "all values of channel {channel} were sent");
        let given = self.given(channel);
        assert_eq!(self.taken(channel), given, "on channel {channel}");
    }

    /// Nothing of any channel is left, and nothing is owed.
    pub(crate) fn assert_all_over(&self) {
        for side in [&self.importer, &self.exporter] {
            assert_eq!(side.session.channels(), 0);
            assert_eq!(side.session.outstanding_values(), 0);
            assert_eq!(side.session.unwritten_bytes(), 0);
        }
    }
}
