//! One side of a pair: a session and the shell around it, as plain as a shell can be.

use std::collections::BTreeMap;
use std::io::IoSlice;
use std::time::Instant;

use bytes::{Bytes, BytesMut};
use netchan::dir::Dir;
use netchan::id::ChannelId;
use netchan::limits::{
    CHANNELS_MAX, COMPOSED_BYTES_MAX, DEAD_AFTER, FRAME_BYTES_MAX, GROWTH_BYTES_MAX,
    HEARTBEAT_AFTER, SESSION_EXPIRY,
};
use netchan::session::{Document, Event, Heartbeat, Parameters, Role, Session};
use netchan::wire::{Code, Open};

use crate::inlet::Inlet;
use crate::queues::Queues;

/// Control frames that may be composed beside values and one frame, in bytes. A pair of the tests
/// has few channels and few commands at a time.
const CONTROL_BYTES: usize = 8 * 1024;

/// What a session has told, except for runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Note {
    OpenRequested(ChannelId),
    Accepted(ChannelId),
    Refused(ChannelId, Code, String),
    /// Behind a refusal, or right before it.
    Shown(ChannelId, Document),
    Taken(ChannelId, u64),
    WindowGrown(ChannelId, u32, u64),
    Cancelled(ChannelId, u64),
    Skipped(ChannelId, u64),
    Rejected(ChannelId, u64, u64),
    LimitReached(ChannelId),
    Ended(ChannelId),
    HungUp(ChannelId, Code, String),
    Closed(ChannelId, u64),
    /// The peer wants to know the channels behind a name.
    Questioned(String),
    /// What the peer has answered to that.
    Listed(Bytes),
    Goodbye(Code, String),
}

/// How an exporter answers requests.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// At once, with this window if it receives.
    Accept(u32, u64),
    Refuse(Code, String),
    /// With what this side has instead.
    Show(Code, Document),
    /// Not before it is told to.
    Wait,
}

/// A session, its channels, and what it has told.
#[derive(Debug)]
pub(crate) struct Side {
    pub(crate) session: Session,
    pub(crate) queues: Queues,
    pub(crate) inlets: BTreeMap<ChannelId, Inlet>,
    pub(crate) notes: Vec<Note>,
    pub(crate) answer: Answer,
    /// The answer to whoever asks which channels there are.
    pub(crate) page: Bytes,
    /// Requests that wait for an answer.
    pub(crate) requests: Vec<Open>,
    pub(crate) input: BytesMut,
    pub(crate) written_bytes: u64,
    /// What a new link repeats may be more than is composed ahead otherwise, in bytes.
    repeated_bytes: usize,
}

/// The parameters that a handshake between two like sides settles.
pub(crate) fn parameters(role: Role) -> Parameters {
    Parameters {
        role,
        frame_bytes_max: FRAME_BYTES_MAX,
        peer_frame_bytes_max: FRAME_BYTES_MAX,
        channels_max: CHANNELS_MAX,
        expiry: SESSION_EXPIRY,
        heartbeat: Heartbeat { ask_after: HEARTBEAT_AFTER, dead_after: DEAD_AFTER },
        growth_bytes_max: GROWTH_BYTES_MAX,
    }
}

impl Side {
    pub(crate) fn new(parameters: Parameters, now: Instant) -> Side {
        Side {
            session: Session::new(parameters, now),
            queues: Queues::default(),
            inlets: BTreeMap::new(),
            notes: Vec::new(),
            answer: Answer::Accept(u32::MAX, 1 << 20),
            page: Bytes::new(),
            requests: Vec::new(),
            input: BytesMut::new(),
            written_bytes: 0,
            repeated_bytes: 0,
        }
    }

    /// Does what the contract of a session asks for after each event and command.
    pub(crate) fn poll(&mut self, now: Instant) {
        if now >= self.session.next_timeout() {
            self.session.handle_timeout(now).expect("the link of a pair is never silent for long");
        }
        self.drain_events();
        if let Some(question) = self.session.poll_question() {
            self.session.answer_list(&question, &self.page);
            self.notes.push(Note::Questioned(question.after));
        }
        let has_output = self.session.poll_transmit(now, &mut self.queues);
        self.drain_events();
        let unwritten_bytes = self.session.unwritten_bytes();
        assert_eq!(has_output, unwritten_bytes > 0);
        let composed_bytes_max = COMPOSED_BYTES_MAX + FRAME_BYTES_MAX;
        self.repeated_bytes = self.repeated_bytes.min(unwritten_bytes);
        assert!(
            unwritten_bytes <= composed_bytes_max.max(self.repeated_bytes) + CONTROL_BYTES,
            "{unwritten_bytes} bytes are composed ahead"
        );
    }

    /// Another link carries the session on.
    pub(crate) fn resume(&mut self, now: Instant, peer_received: u64) {
        self.session
            .handle_resume(now, peer_received)
            .expect("what the peer has received was sent");
        self.drain_events();
        self.repeated_bytes = self.session.unwritten_bytes();
    }

    pub(crate) fn drain_events(&mut self) {
        while let Some(event) = self.session.poll_event() {
            let note = match event {
                Event::OpenRequested(open) => {
                    let channel = open.channel;
                    self.requests.push(open);
                    self.answer_requests();
                    Note::OpenRequested(channel)
                }
                Event::Run { channel, values, tail_bytes, bytes } => {
                    self.inlets
                        .get_mut(&channel)
                        .expect("values come on receiving channels")
                        .receive(&bytes, values, tail_bytes);
                    continue;
                }
                Event::Accepted { channel, .. } => Note::Accepted(channel),
                Event::Refused { channel, code, text, document } => {
                    let shown = document.map(|document| Note::Shown(channel, document));
                    self.notes.extend(shown);
                    self.dissociate(channel);
                    Note::Refused(channel, code, text)
                }
                Event::Shown { channel, document } => Note::Shown(channel, document),
                Event::Taken { channel, values, .. } => Note::Taken(channel, values),
                Event::WindowGrown { channel, window_values, window_bytes } => {
                    if let Some(inlet) = self.inlets.get_mut(&channel) {
                        inlet.grow(window_values, window_bytes);
                    }
                    Note::WindowGrown(channel, window_values, window_bytes)
                }
                Event::Cancelled { channel, request } => Note::Cancelled(channel, request),
                Event::Skipped { channel, values } => Note::Skipped(channel, values),
                Event::Rejected { channel, position, values, .. } => {
                    Note::Rejected(channel, position, values)
                }
                Event::LimitReached { channel } => {
                    self.queues.end(channel);
                    Note::LimitReached(channel)
                }
                Event::Ended { channel } => Note::Ended(channel),
                Event::HungUp { channel, code, text } => {
                    // What has come can still be taken.
                    self.queues.end(channel);
                    Note::HungUp(channel, code, text)
                }
                Event::Closed { channel, lost_values } => {
                    self.queues.end(channel);
                    Note::Closed(channel, lost_values)
                }
                Event::Listed { page } => Note::Listed(page),
                Event::Goodbye { code, text } => Note::Goodbye(code, text),
            };
            self.notes.push(note);
        }
    }

    /// Answers what was requested, as `answer` says.
    pub(crate) fn answer_requests(&mut self) {
        if matches!(self.answer, Answer::Wait) {
            return;
        }
        for open in std::mem::take(&mut self.requests) {
            match self.answer.clone() {
                Answer::Wait => {}
                Answer::Refuse(code, text) => self.session.refuse(open.channel, code, text),
                Answer::Show(code, document) => {
                    self.session.refuse_with(open.channel, code, "", &document);
                }
                Answer::Accept(window_values, window_bytes) => {
                    if open.dir == Dir::Send {
                        let values = window_values.min(open.window_values);
                        self.inlets.insert(open.channel, Inlet::new(values, window_bytes));
                    }
                    self.session.accept(&open, window_values, window_bytes, true);
                    self.session.ready(open.channel);
                }
            }
        }
    }

    fn dissociate(&mut self, channel: ChannelId) {
        self.queues.end(channel);
        if let Some(inlet) = self.inlets.get_mut(&channel) {
            inlet.is_over = true;
        }
    }

    pub(crate) fn take(&mut self, now: Instant, channel: ChannelId, values_max: usize) -> bool {
        let Some(inlet) = self.inlets.get_mut(&channel) else {
            return false;
        };
        let is_any = inlet.take(values_max);
        let (values, bytes) = (inlet.taken_values, inlet.taken_bytes);
        self.session.taken(now, channel, values, bytes);
        self.drain_events();
        is_any
    }

    pub(crate) fn hangup(&mut self, now: Instant, channel: ChannelId, code: Code, text: &str) {
        // When the channel is over already, what has come can still be taken.
        if self.lost(channel).is_none() {
            self.dissociate(channel);
        }
        self.session.hangup(now, channel, code, text);
        self.drain_events();
    }

    /// Moves up to `bytes_max` composed bytes to `pipe`; says how many.
    pub(crate) fn write(&mut self, bytes_max: usize, pipe: &mut BytesMut) -> usize {
        let mut written = 0;
        let mut slices = [IoSlice::new(&[]); 64];
        let count = self.session.unwritten(&mut slices);
        for slice in &slices[..count] {
            let part = slice.len().min(bytes_max - written);
            pipe.extend_from_slice(&slice[..part]);
            written += part;
        }
        self.session.handle_written(written);
        self.written_bytes += written as u64;
        written
    }

    /// What was noted about one channel.
    pub(crate) fn story(&self, channel: ChannelId) -> Vec<Note> {
        let concerns = |note: &&Note| match note {
            Note::OpenRequested(id)
            | Note::Accepted(id)
            | Note::Refused(id, ..)
            | Note::Shown(id, _)
            | Note::Taken(id, _)
            | Note::WindowGrown(id, ..)
            | Note::Cancelled(id, _)
            | Note::Skipped(id, _)
            | Note::Rejected(id, ..)
            | Note::LimitReached(id)
            | Note::Ended(id)
            | Note::HungUp(id, ..)
            | Note::Closed(id, _) => *id == channel,
            Note::Questioned(_) | Note::Listed(_) | Note::Goodbye(..) => false,
        };
        self.notes.iter().filter(concerns).cloned().collect()
    }

    /// How many values were reported lost when a channel was closed; `None` before.
    pub(crate) fn lost(&self, channel: ChannelId) -> Option<u64> {
        self.notes.iter().find_map(|note| match note {
            Note::Closed(id, lost) if *id == channel => Some(*lost),
            _ => None,
        })
    }
}
