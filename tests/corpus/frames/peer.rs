//! The peer of the session under test: frames from instructions. Most are what a peer may say at that
//! point, so that what comes after them counts; any part of them may be anything.

use bytes::{Bytes, BytesMut};
use netchan::dir::Dir;
use netchan::id::ChannelId;
use netchan::limits::WINDOW_BYTES_MIN;
use netchan::session::Role;
use netchan::wire::{Code, Content, Data, Frame, Open, Partial, Piece, Spent, Subject, encode};

use super::shell::Shell;
use crate::program::Program;

/// A peer that always wants its windows to grow.
const WAITING: Spent = Spent { values: true, bytes: true };

/// What the peer knows.
#[derive(Debug)]
pub(super) struct Peer {
    next_channel: ChannelId,
    /// Counted frames that it has sent.
    sent: u64,
    /// The channel on which a value has begun, and how many bytes of it are to come.
    begun: Option<(ChannelId, u32)>,
}

impl Peer {
    /// The peer of a side.
    pub(super) fn of(role: Role) -> Peer {
        let next_channel = match role {
            Role::Importer => ChannelId::FIRST_OF_EXPORTER,
            Role::Exporter => ChannelId::FIRST_OF_IMPORTER,
        };
        Peer { next_channel, sent: 0, begun: None }
    }

    /// The bytes of the next frame.
    pub(super) fn say(&mut self, program: &mut Program<'_>, shell: &Shell) -> BytesMut {
        let frame = self.frame(program, shell);
        let mut sequence = 0;
        if frame.is_counted() {
            self.sent += 1;
            sequence = self.sent as u32;
        }
        let mut bytes = BytesMut::new();
        encode(&frame, sequence, &mut bytes);
        bytes
    }

    /// The peer has lost the link, and goes on behind the frames that have come.
    pub(super) fn resume(&mut self, received: u64) {
        self.sent = received;
    }

    fn frame(&mut self, program: &mut Program<'_>, shell: &Shell) -> Frame {
        let kind = program.byte() % 16;
        match kind {
            0 => Frame::Ack { received: shell.listener.received },
            1 => Frame::Ack { received: program.number() },
            2 => Frame::Ping { token: program.number() },
            3 => grant(program, shell),
            4 | 5 => Frame::Open(self.open(program)),
            6 => Frame::Accept {
                channel: channel(program, shell),
                content: content(program),
                window_values: program.number() as u32,
                window_bytes: window_bytes(program),
                clock_ms: program.number(),
                identity: [0; 16],
            },
            7 => {
                let channel = channel(program, shell);
                Frame::Refuse { channel, code: Code::Busy, text: "no".into() }
            }
            8 | 9 => {
                let channel = open_channel(program, shell, true);
                Frame::Data(self.values(program, channel))
            }
            10 => {
                let channel = open_channel(program, shell, true);
                Frame::Data(self.piece(program, channel))
            }
            11 => {
                let channel = open_channel(program, shell, true);
                Frame::End { channel, values: values_of(program, shell, channel) }
            }
            12 => {
                let code = Code::from_number(program.number() as u16);
                let channel = channel(program, shell);
                let values = values_of(program, shell, channel);
                Frame::Hangup { channel, code, values, text: String::new() }
            }
            13 => {
                let channel = open_channel(program, shell, true);
                Frame::Cancel { channel, request: program.number() }
            }
            14 => {
                let channel = open_channel(program, shell, true);
                Frame::Skipped { channel, values: program.number() }
            }
            _ => self.rare(program, shell),
        }
    }

    fn rare(&mut self, program: &mut Program<'_>, shell: &Shell) -> Frame {
        match program.byte() {
            0..8 => Frame::Goodbye { code: Code::Closed, text: "bye".into() },
            8..0x40 => {
                let channel = open_channel(program, shell, false);
                let (position, values) = (program.number(), program.number());
                Frame::Rejected { channel, position, values, text: "odd".into() }
            }
            0x40..0x80 => {
                let length = usize::from(program.byte()).max(1);
                Frame::Document(Piece {
                    channel: channel(program, shell),
                    subject: program.pick(&[Subject::Values, Subject::Answers]),
                    is_last: program.flag(),
                    older_types: program.byte().into(),
                    bytes: Bytes::from(vec![7; length]),
                })
            }
            0x80..0xa0 => Frame::List { token: program.number(), after: "name".into() },
            0xa0..0xd0 => {
                let length = usize::from(program.byte()).max(1);
                let (token, is_last) = (program.number(), program.flag());
                Frame::Listing { token, is_last, piece: Bytes::from(vec![7; length]) }
            }
            _ => Frame::Pong { token: program.number() },
        }
    }

    fn open(&mut self, program: &mut Program<'_>) -> Open {
        let channel = self.next_channel;
        self.next_channel = ChannelId(channel.0 + 1);
        Open {
            channel,
            dir: program.pick(&[Dir::Recv, Dir::Send]),
            content: content(program),
            name: "name".into(),
            codec: "bytes".into(),
            identity: [0; 16],
            answer_identity: [0; 16],
            also_accepts: vec![[1; 16]; usize::from(program.byte() / 64)],
            window_values: program.number() as u32,
            window_bytes: window_bytes(program),
            limit: program.flag().then(|| program.number()),
            clock_ms: 0,
        }
    }

    /// Whole values, and perhaps the end of one that has begun before them.
    fn values(&mut self, program: &mut Program<'_>, channel: ChannelId) -> Data {
        let count = program.number().min(300) as u32;
        let length = program.byte() & 0x3f;
        let mut run = Vec::new();
        let mut on = channel;
        let mut values = count;
        if let Some((begun_on, rest)) = self.begun.take() {
            on = begun_on;
            run.resize(rest.min(60_000) as usize, 7);
            values += 1;
        }
        for _ in 0..count {
            run.push(length << 2);
            run.resize(run.len() + usize::from(length), 7);
        }
        run.truncate(60_000);
        Data { channel: on, values, partial: None, spent: WAITING, run: run.into() }
    }

    /// A piece of a value that does not end in it.
    fn piece(&mut self, program: &mut Program<'_>, channel: ChannelId) -> Data {
        let tail = 1 + program.number().min(30_000) as u32;
        let rest = match self.begun {
            Some((_, rest)) if rest > tail => rest - tail,
            _ => 1 + program.number().min(1 << 30) as u32,
        };
        let on = self.begun.map_or(channel, |(begun_on, _)| begun_on);
        let mut run = vec![7; tail as usize];
        if self.begun.is_none() && tail > 4 {
            let length = (tail - 4).wrapping_add(rest);
            run[..4].copy_from_slice(&(length << 2 | 0b10).to_le_bytes());
        }
        self.begun = Some((on, rest));
        Data {
            channel: on,
            values: 0,
            partial: Some(Partial { tail, rest }),
            spent: WAITING,
            run: Bytes::from(run),
        }
    }
}

/// A channel that there was, mostly.
pub(super) fn channel(program: &mut Program<'_>, shell: &Shell) -> ChannelId {
    let which = usize::from(program.byte());
    match shell.channels.len() {
        0 => ChannelId(which as u32),
        count if which < 0xf0 => shell.channels[which % count],
        _ => ChannelId(program.number() as u32),
    }
}

/// A channel on which the peer may send, or the session, mostly.
fn open_channel(program: &mut Program<'_>, shell: &Shell, is_incoming: bool) -> ChannelId {
    let open = shell.open_channels(is_incoming);
    match program.byte() {
        which @ 0..0xf0 if !open.is_empty() => open[usize::from(which) % open.len()],
        _ => channel(program, shell),
    }
}

/// More credit than there was, mostly.
fn grant(program: &mut Program<'_>, shell: &Shell) -> Frame {
    let channel = open_channel(program, shell, false);
    let [values, bytes, taken] = [(); 3].map(|()| program.number());
    if program.byte() >= 0xe0 {
        let freed = taken.saturating_add(bytes % 3);
        return Frame::Grant { channel, values, bytes, taken, freed };
    }
    let counters = shell.counters(channel);
    let taken = counters.sent_values - taken.min(counters.sent_values);
    let values = counters.sent_values.saturating_add(values);
    let bytes = counters.sent_bytes.saturating_add(bytes.saturating_mul(100));
    let freed = taken.midpoint(counters.sent_values);
    Frame::Grant { channel, values, bytes, taken, freed }
}

/// As many as have come, or went, mostly.
fn values_of(program: &mut Program<'_>, shell: &Shell, channel: ChannelId) -> u64 {
    if program.byte() < 0xe0 { shell.counters(channel).sent_values } else { program.number() }
}

fn window_bytes(program: &mut Program<'_>) -> u64 {
    let number = program.number();
    if number < 0xc0 { WINDOW_BYTES_MIN + 1000 * number } else { number }
}

fn content(program: &mut Program<'_>) -> Content {
    program.pick(&[Content::Values, Content::Requests])
}
