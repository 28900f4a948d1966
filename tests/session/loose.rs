//! A shell that believes everything: it accepts each request, sends small values,
//! takes what comes without looking at it, and shrugs at errors.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use netchan::dir::Dir;
use netchan::id::ChannelId;
use netchan::limits::{COMPOSED_BYTES_MAX, FRAME_BYTES_MAX};
use netchan::session::{
    Chunk, Event, Growth, OpenRequest, RequestTerms, Role, Session, SessionError, Supply,
    ValueSource,
};
use netchan::wire::{Code, Content, HEADER_BYTES, Open};

use crate::side::parameters;

/// How far windows grow.
const GROWTH: Growth = Growth { values_max: u32::MAX, bytes_max: u64::MAX };

/// Control frames for as many channels as the tests open, in bytes.
const CONTROL_BYTES: usize = 64 * 1024;

/// A session and what it takes to keep it going.
#[derive(Debug)]
pub(crate) struct Loose {
    pub(crate) session: Session,
    now: Instant,
    input: BytesMut,
    received: BTreeMap<ChannelId, Received>,
    takes: bool,
    source: Dribble,
}

#[derive(Debug, Default)]
struct Received {
    values: u64,
    bytes: u64,
    unfinished_bytes: u64,
}

/// Gives one value at a time, so many in all.
#[derive(Debug)]
struct Dribble {
    values_left: u32,
}

impl ValueSource for Dribble {
    fn refill(
        &mut self,
        _channel: ChannelId,
        values_max: u64,
        _bytes_wanted: usize,
        chunk: &mut Chunk,
    ) -> Supply {
        if self.values_left == 0 {
            return Supply::Empty;
        }
        if values_max > 0 {
            self.values_left -= 1;
            chunk.bytes.extend_from_slice(&[4, 42]);
            chunk.values = 1;
        }
        Supply::More
    }
}

impl Loose {
    /// An importer has asked for four channels, two in each direction.
    pub(crate) fn new(role: Role, takes: bool) -> Loose {
        Loose::with(role, takes, Content::Values)
    }

    /// The same with channels of requests.
    pub(crate) fn asking(role: Role) -> Loose {
        Loose::with(role, true, Content::Requests)
    }

    fn with(role: Role, takes: bool, content: Content) -> Loose {
        let now = Instant::now();
        let mut loose = Loose {
            session: Session::new(parameters(role), now),
            now,
            input: BytesMut::new(),
            received: BTreeMap::new(),
            takes,
            source: Dribble { values_left: 100 },
        };
        if role == Role::Importer {
            for dir in [Dir::Recv, Dir::Send, Dir::Recv, Dir::Send] {
                let request = OpenRequest {
                    dir,
                    name: "lines".into(),
                    codec: "bytes".into(),
                    identity: [0; 16],
                    answer_identity: [0; 16],
                    also_accepts: Vec::new(),
                    content,
                    clock_ms: 0,
                    window_values: 20,
                    window_bytes: 20_000,
                    limit: None,
                    redelivers: true,
                    growth: GROWTH,
                };
                loose.session.open(request).expect("there is room for four channels");
            }
            loose.session.list("");
        }
        loose.poll();
        loose
    }

    /// Feeds bytes and does all that a shell does. Stops at the first error.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Result<(), SessionError> {
        self.input.extend_from_slice(bytes);
        let result = self.session.handle_input(self.now, &mut self.input);
        self.poll();
        assert!(
            result.is_err() || self.input.len() < HEADER_BYTES + FRAME_BYTES_MAX,
            "whole frames do not pile up"
        );
        result
    }

    /// Another link carries the session on.
    pub(crate) fn resume(&mut self, peer_received: u64) -> Result<usize, SessionError> {
        self.input.clear();
        let result = self.session.handle_resume(self.now, peer_received);
        self.poll();
        result.map(|resumed| resumed.repeated_frames)
    }

    fn poll(&mut self) {
        self.drain_events();
        if let Some(question) = self.session.poll_question() {
            self.session.answer_list(&question, &Bytes::from_static(b"a page"));
        }
        self.session.poll_transmit(self.now, &mut self.source);
        self.drain_events();
        let unwritten_bytes = self.session.unwritten_bytes();
        assert!(
            unwritten_bytes <= COMPOSED_BYTES_MAX + FRAME_BYTES_MAX + CONTROL_BYTES,
            "{unwritten_bytes} bytes are composed ahead"
        );
        self.session.handle_written(unwritten_bytes);
        self.now += Duration::from_millis(1);
        let _silence = self.session.handle_timeout(self.now);
    }

    fn drain_events(&mut self) {
        while let Some(event) = self.session.poll_event() {
            match event {
                Event::OpenRequested(open) => match open.channel.0 % 5 {
                    0 => self.session.refuse(open.channel, Code::UnknownName, "not today"),
                    _ => {
                        self.accept(&open);
                        self.session.ready(open.channel);
                    }
                },
                Event::Accepted { channel, .. } => {
                    self.session.ready(channel);
                    self.session.ready(channel.answers());
                }
                Event::Run { channel, values, tail_bytes, bytes } => {
                    self.receive(channel, values, tail_bytes, bytes.len())
                }
                Event::Refused { .. }
                | Event::Shown { .. }
                | Event::Taken { .. }
                | Event::WindowGrown { .. }
                | Event::Cancelled { .. }
                | Event::Skipped { .. }
                | Event::Rejected { .. }
                | Event::LimitReached { .. }
                | Event::Ended { .. }
                | Event::HungUp { .. }
                | Event::Closed { .. }
                | Event::Listed { .. }
                | Event::Goodbye { .. } => {}
            }
        }
    }

    fn accept(&mut self, open: &Open) {
        let (window_values, window_bytes) = (u32::MAX, u64::MAX);
        match open.content {
            Content::Values => {
                self.session.accept(open, window_values, window_bytes, true);
                self.session.let_grow(open.channel, GROWTH);
            }
            Content::Requests => {
                let terms = RequestTerms {
                    window_values,
                    window_bytes,
                    answers_bytes: u64::MAX,
                    redelivers: true,
                    clock_ms: u64::MAX,
                    identity: [0; 16],
                };
                self.session.accept_requests(open, terms);
                self.session.ready(open.channel.answers());
            }
        }
    }

    fn receive(&mut self, channel: ChannelId, values: u32, tail_bytes: usize, bytes: usize) {
        let received = self.received.entry(channel).or_default();
        received.values += u64::from(values);
        received.bytes += bytes as u64;
        if values > 0 {
            received.unfinished_bytes = 0;
        }
        received.unfinished_bytes += tail_bytes as u64;
        if self.takes {
            let taken_bytes = received.bytes - received.unfinished_bytes;
            self.session.taken(self.now, channel, received.values, taken_bytes);
        }
    }
}
