//! A session that talks to a peer whose every frame the test writes: a dialogue.

use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use netchan::dir::Dir;
use netchan::id::ChannelId;
use netchan::limits::FRAME_BYTES_MAX;
use netchan::session::{Growth, OpenRequest, Role, SessionError};
use netchan::wire::{Content, Data, Frame, Open, Partial, Spent, decode, encode};

use crate::inlet::Inlet;
use crate::side::{Side, parameters};

/// The session under test, and what its peer has said and heard.
#[derive(Debug)]
pub(crate) struct Script {
    pub(crate) now: Instant,
    pub(crate) side: Side,
    /// Counted frames that the peer has sent.
    pub(crate) sequence: u32,
    heard: BytesMut,
}

impl Script {
    /// The session under test imports; the script is its exporter.
    pub(crate) fn importer() -> Script {
        Script::with(Role::Importer)
    }

    /// The session under test exports; the script is its importer.
    pub(crate) fn exporter() -> Script {
        Script::with(Role::Exporter)
    }

    pub(crate) fn with(role: Role) -> Script {
        let now = Instant::now();
        Script { now, side: Side::new(parameters(role), now), sequence: 0, heard: BytesMut::new() }
    }

    /// An exporter with one open channel, number 1, on which the peer sends.
    pub(crate) fn receiving(window_values: u32, window_bytes: u64) -> Script {
        let mut script = Script::exporter();
        script.side.answer = crate::side::Answer::Accept(window_values, window_bytes);
        script.send(open(1, Dir::Send, window_values));
        script.expect(Frame::Accept {
            channel: ChannelId(1),
            window_values,
            window_bytes,
            content: Content::Values,
            clock_ms: 0,
            identity: [0; 16],
        });
        script.expect_nothing();
        script
    }

    /// An exporter with one open channel, number 1, on which it sends.
    pub(crate) fn sending(window_values: u32, window_bytes: u64) -> Script {
        let mut script = Script::exporter();
        let mut request = open(1, Dir::Recv, window_values);
        if let Frame::Open(open) = &mut request {
            open.window_bytes = window_bytes;
        }
        script.send(request);
        script.expect(Frame::Accept {
            channel: ChannelId(1),
            window_values: 0,
            window_bytes: 0,
            content: Content::Values,
            clock_ms: 0,
            identity: [0; 16],
        });
        script.expect_nothing();
        script
    }

    // What the peer says.

    /// The peer sends a frame, and there is nothing wrong with it.
    pub(crate) fn send(&mut self, frame: Frame) {
        let said = format!("{frame:?}");
        if let Err(error) = self.say(frame) {
            panic!("{said} is refused: {error}");
        }
    }

    /// The peer sends a frame that must not be.
    pub(crate) fn send_wrong(&mut self, frame: Frame) -> SessionError {
        let said = format!("{frame:?}");
        match self.say(frame) {
            Ok(()) => panic!("{said} is not refused"),
            Err(error) => error,
        }
    }

    /// The peer sends a frame; the session thinks what it likes.
    pub(crate) fn say(&mut self, frame: Frame) -> Result<(), SessionError> {
        self.sequence += u32::from(frame.is_counted());
        let sequence = self.sequence;
        self.say_numbered(frame, sequence)
    }

    /// The peer sends a frame with a sequence number of its choice.
    pub(crate) fn say_numbered(&mut self, frame: Frame, sequence: u32) -> Result<(), SessionError> {
        let mut bytes = BytesMut::new();
        encode(&frame, sequence, &mut bytes);
        self.say_bytes(&bytes)
    }

    /// The peer sends bytes.
    pub(crate) fn say_bytes(&mut self, bytes: &[u8]) -> Result<(), SessionError> {
        self.side.input.extend_from_slice(bytes);
        let result = self.side.session.handle_input(self.now, &mut self.side.input);
        self.side.drain_events();
        result
    }

    // What the peer hears.

    /// The next frame that the session writes, if it has anything to say.
    pub(crate) fn hear(&mut self) -> Option<Frame> {
        self.side.poll(self.now);
        while self.side.write(usize::MAX, &mut self.heard) > 0 {
            self.side.poll(self.now);
        }
        let next = decode(&mut self.heard, FRAME_BYTES_MAX).expect("a session writes frames");
        next.map(|sequenced| sequenced.frame)
    }

    /// The session answers this next, acknowledgements aside.
    pub(crate) fn expect(&mut self, expected: Frame) {
        assert_eq!(self.hear_past_acks(), Some(expected));
    }

    /// The next frame that the session writes which is not an acknowledgement.
    pub(crate) fn hear_past_acks(&mut self) -> Option<Frame> {
        loop {
            match self.hear() {
                Some(Frame::Ack { .. }) => {}
                heard => return heard,
            }
        }
    }

    /// The session has nothing to say, acknowledgements aside.
    pub(crate) fn expect_nothing(&mut self) {
        assert_eq!(self.hear_past_acks(), None);
    }

    pub(crate) fn advance(&mut self, by: Duration) {
        self.now += by;
    }

    // What the user does.

    /// The session under test asks for a channel.
    pub(crate) fn open(&mut self, dir: Dir, window_values: u32, window_bytes: u64) -> ChannelId {
        let request = OpenRequest {
            dir,
            name: "lines".into(),
            codec: "bytes".into(),
            identity: [0; 16],
            answer_identity: [0; 16],
            also_accepts: Vec::new(),
            content: Content::Values,
            clock_ms: 0,
            window_values,
            window_bytes,
            limit: None,
            redelivers: true,
            growth: Growth::NONE,
        };
        let channel = self.side.session.open(request).expect("there is room for another channel");
        if dir == Dir::Recv {
            let inlet = Inlet::new(window_values, window_bytes);
            self.side.inlets.insert(channel, inlet);
        }
        channel
    }
}

/// A request for a channel.
pub(crate) fn open(channel: u32, dir: Dir, window_values: u32) -> Frame {
    Frame::Open(Open {
        channel: ChannelId(channel),
        dir,
        name: "lines".into(),
        codec: "bytes".into(),
        identity: [0; 16],
        answer_identity: [0; 16],
        also_accepts: Vec::new(),
        content: Content::Values,
        clock_ms: 0,
        window_values,
        window_bytes: 1 << 20,
        limit: None,
    })
}

/// Whole values of a length up to 63 bytes.
pub(crate) fn values(channel: u32, count: u32, length: u8) -> Frame {
    let value = [vec![length << 2], vec![7; usize::from(length)]].concat();
    Frame::Data(Data {
        channel: ChannelId(channel),
        values: count,
        partial: None,
        spent: Spent::default(),
        run: Bytes::from(value.repeat(count as usize)),
    })
}

/// A run as it is, with whatever is stated about it.
pub(crate) fn data(channel: u32, values: u32, partial: Option<(u32, u32)>, run: &[u8]) -> Frame {
    Frame::Data(Data {
        channel: ChannelId(channel),
        values,
        partial: partial.map(|(tail, rest)| Partial { tail, rest }),
        spent: Spent::default(),
        run: Bytes::copy_from_slice(run),
    })
}
