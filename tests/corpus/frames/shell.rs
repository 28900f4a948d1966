//! A session and a shell around it that keeps the contract, whatever comes.

use std::collections::{BTreeMap, BTreeSet};
use std::io::IoSlice;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use netchan::id::ChannelId;
use netchan::limits::{
    COMPOSED_BYTES_MAX, DEAD_AFTER, FRAME_BYTES_MAX, GROWTH_BYTES_MAX, HEARTBEAT_AFTER,
    SESSION_EXPIRY,
};
use netchan::session::{
    Counters, Event, Heartbeat, OpenRequest, Parameters, RequestTerms, Role, Session, SessionError,
};
use netchan::wire::{Content, HEADER_BYTES, Open};

use super::GROWTH;
use super::listener::Listener;
use super::source::Source;

/// Control frames that a few hundred instructions may bring, in bytes.
const CONTROL_BYTES: usize = 1024 * 1024;

/// A session under test.
#[derive(Debug)]
pub(super) struct Shell {
    session: Session,
    now: Instant,
    input: BytesMut,
    pub(super) source: Source,
    pub(super) listener: Listener,
    /// The session outlives its links.
    is_kept: bool,
    /// The link takes what is written.
    pub(super) writes: bool,
    /// What a new link repeats may be more than is composed ahead otherwise, in bytes.
    repeated_bytes: usize,
    /// Asked for by the peer, and not answered.
    pub(super) requests: Vec<Open>,
    /// What the peer has refused, and was not shown anything about.
    pub(super) refused: Vec<ChannelId>,
    received: BTreeMap<ChannelId, Received>,
    /// Every channel that there was, in the order in which they came.
    pub(super) channels: Vec<ChannelId>,
    /// Those that were accepted.
    accepted: BTreeSet<ChannelId>,
    counters: BTreeMap<ChannelId, Counters>,
    received_frames: u64,
}

/// What has come on a channel.
#[derive(Debug, Default)]
struct Received {
    values: u64,
    bytes: u64,
    unfinished_bytes: u64,
}

impl Shell {
    pub(super) fn new(role: Role, is_kept: bool, channels_max: usize) -> Shell {
        let now = Instant::now();
        let expiry = if is_kept { SESSION_EXPIRY } else { Duration::ZERO };
        let heartbeat = Heartbeat { ask_after: HEARTBEAT_AFTER, dead_after: DEAD_AFTER };
        let parameters = Parameters {
            role,
            frame_bytes_max: FRAME_BYTES_MAX,
            peer_frame_bytes_max: FRAME_BYTES_MAX,
            channels_max,
            expiry,
            heartbeat,
            growth_bytes_max: GROWTH_BYTES_MAX,
        };
        Shell {
            session: Session::new(parameters, now),
            now,
            input: BytesMut::new(),
            source: Source::default(),
            listener: Listener::default(),
            is_kept,
            writes: true,
            repeated_bytes: 0,
            requests: Vec::new(),
            refused: Vec::new(),
            received: BTreeMap::new(),
            channels: Vec::new(),
            accepted: BTreeSet::new(),
            counters: BTreeMap::new(),
            received_frames: 0,
        }
    }

    pub(super) fn is_away(&self) -> bool {
        self.session.is_away()
    }

    /// The channels on which values come, or go.
    pub(super) fn open_channels(&self, is_incoming: bool) -> Vec<ChannelId> {
        let is_open = |channel: &&ChannelId| {
            self.session.counters(**channel).is_some()
                && self.session.progress(**channel).is_none() == is_incoming
        };
        self.accepted.iter().filter(is_open).copied().collect()
    }

    pub(super) fn counters(&self, channel: ChannelId) -> Counters {
        self.session.counters(channel).unwrap_or_default()
    }

    // What the peer and the network do.

    /// Bytes come, if there is a link.
    pub(super) fn hear(&mut self, bytes: &[u8]) -> Result<(), SessionError> {
        if self.is_away() {
            return Ok(());
        }
        self.input.extend_from_slice(bytes);
        let result = self.session.handle_input(self.now, &mut self.input);
        self.poll();
        assert!(
            result.is_err() || self.input.len() < HEADER_BYTES + FRAME_BYTES_MAX,
            "whole frames do not pile up"
        );
        result
    }

    pub(super) fn lose_link(&mut self) -> Result<(), SessionError> {
        self.session.handle_link_lost(self.now)?;
        assert!(self.is_away() && self.session.unwritten_bytes() == 0);
        self.poll();
        Ok(())
    }

    /// Another link comes, on which the peer says how much it has received.
    pub(super) fn resume(&mut self, peer_received: u64) -> Result<(), SessionError> {
        if !self.is_kept {
            return Ok(());
        }
        self.input.clear();
        self.session.handle_resume(self.now, peer_received)?;
        self.listener.begin_link(peer_received);
        self.repeated_bytes = self.session.unwritten_bytes();
        self.poll();
        Ok(())
    }

    /// Time passes. A link that was silent for too long is lost.
    pub(super) fn wait(&mut self, period: Duration) -> Result<(), SessionError> {
        self.now += period;
        if self.now >= self.session.next_timeout() {
            match self.session.handle_timeout(self.now) {
                Err(SessionError::Silent { .. }) => self.lose_link()?,
                result => result?,
            }
        }
        self.poll();
        Ok(())
    }

    /// The shell goes on with this session no more.
    pub(super) fn end(self) {
        let sent: BTreeMap<ChannelId, u64> = self
            .channels
            .iter()
            .filter_map(|id| Some((*id, self.session.counters(*id)?.sent_values)))
            .collect();
        for (id, remains) in self.session.into_remains() {
            let unconfirmed = sent.get(&id).map(|sent| sent - remains.taken_values);
            assert_eq!(unconfirmed, Some(remains.unconfirmed_values), "{id}: {remains:?}");
        }
    }

    // What the user does.

    pub(super) fn open(&mut self, request: OpenRequest) {
        if let Ok(channel) = self.session.open(request) {
            self.note(channel);
        }
        self.poll();
    }

    pub(super) fn accept(
        &mut self,
        open: &Open,
        window_values: u32,
        window_bytes: u64,
        keeps: bool,
    ) {
        match open.content {
            Content::Values => {
                self.session.accept(open, window_values, window_bytes, keeps);
                self.session.let_grow(open.channel, GROWTH);
            }
            Content::Requests => {
                let terms = RequestTerms {
                    window_values,
                    window_bytes,
                    answers_bytes: window_bytes,
                    redelivers: keeps,
                    clock_ms: 0,
                    identity: [0; 16],
                };
                self.session.accept_requests(open, terms);
                self.note(open.channel.answers());
                self.accepted.insert(open.channel.answers());
            }
        }
        self.accepted.insert(open.channel);
        self.ready();
    }

    /// Whatever has values can go on.
    pub(super) fn ready(&mut self) {
        self.channels.iter().for_each(|channel| self.session.ready(*channel));
        self.poll();
    }

    /// Takes all whole values of a channel; those up to `leading` came first.
    pub(super) fn take(&mut self, channel: ChannelId, leading: u64) {
        if let Some(received) = self.received.get(&channel) {
            let bytes = received.bytes - received.unfinished_bytes;
            let leading = received.values.saturating_sub(leading);
            self.session.taken_in_any_order(self.now, channel, received.values, bytes, leading);
        }
        self.poll();
    }

    /// Does something with the session, and then what its contract asks for.
    pub(super) fn command(&mut self, command: impl FnOnce(&mut Session, Instant)) {
        command(&mut self.session, self.now);
        self.poll();
    }

    // What the contract asks for.

    fn poll(&mut self) {
        self.drain_events();
        loop {
            let has_output = self.session.poll_transmit(self.now, &mut self.source);
            self.drain_events();
            let unwritten_bytes = self.session.unwritten_bytes();
            assert_eq!(has_output, unwritten_bytes > 0 && !self.is_away());
            self.repeated_bytes = self.repeated_bytes.min(unwritten_bytes);
            assert!(
                unwritten_bytes
                    <= (COMPOSED_BYTES_MAX + FRAME_BYTES_MAX).max(self.repeated_bytes)
                        + CONTROL_BYTES,
                "{unwritten_bytes} bytes are composed ahead"
            );
            if !self.writes || !has_output {
                break;
            }
            self.write();
        }
        self.check();
    }

    fn write(&mut self) {
        let mut slices = [IoSlice::new(&[]); 64];
        let count = self.session.unwritten(&mut slices);
        let written = slices[..count].iter().map(|slice| slice.len()).sum();
        slices[..count].iter().for_each(|slice| self.listener.hear(slice));
        self.session.handle_written(written);
    }

    /// Answers what the peer has asked for, if there is room for it.
    pub(super) fn answer_list(&mut self, page_bytes: usize) {
        if let Some(question) = self.session.poll_question() {
            self.session.answer_list(&question, &Bytes::from(vec![7; page_bytes]));
        }
        self.ready();
    }

    fn drain_events(&mut self) {
        while let Some(event) = self.session.poll_event() {
            match event {
                Event::OpenRequested(open) => {
                    self.note(open.channel);
                    self.requests.push(open);
                }
                Event::Accepted { channel, content, .. } => {
                    self.accepted.insert(channel);
                    if content == Content::Requests {
                        self.note(channel.answers());
                        self.accepted.insert(channel.answers());
                    }
                    self.session.ready(channel);
                    self.session.ready(channel.answers());
                }
                Event::Run { channel, values, tail_bytes, bytes } => {
                    assert!(tail_bytes <= bytes.len());
                    let received = self.received.entry(channel).or_default();
                    received.values += u64::from(values);
                    received.bytes += bytes.len() as u64;
                    if values > 0 {
                        received.unfinished_bytes = 0;
                    }
                    received.unfinished_bytes += tail_bytes as u64;
                }
                Event::Refused { channel, .. } => self.refused.push(channel),
                Event::Shown { .. }
                | Event::Rejected { .. }
                | Event::Listed { .. }
                | Event::Taken { .. }
                | Event::WindowGrown { .. }
                | Event::Cancelled { .. }
                | Event::Skipped { .. }
                | Event::LimitReached { .. }
                | Event::Ended { .. }
                | Event::HungUp { .. }
                | Event::Closed { .. }
                | Event::Goodbye { .. } => {}
            }
        }
    }

    fn note(&mut self, channel: ChannelId) {
        self.channels.push(channel);
    }

    /// Nothing that is counted goes backwards.
    fn check(&mut self) {
        let received_frames = self.session.received_frames();
        assert!(received_frames >= self.received_frames);
        self.received_frames = received_frames;
        for channel in &self.channels {
            let Some(counters) = self.session.counters(*channel) else { continue };
            let before = self.counters.insert(*channel, counters).unwrap_or_default();
            assert!(
                counters.sent_values >= before.sent_values
                    && counters.sent_bytes >= before.sent_bytes
                    && counters.received_values >= before.received_values
                    && counters.taken_values >= before.taken_values
                    && counters.repeated_values >= before.repeated_values,
                "channel {channel}: {counters:?} after {before:?}"
            );
            assert!(
                counters.received_values <= counters.sent_values
                    && counters.taken_values <= counters.sent_values,
                "channel {channel}: {counters:?}"
            );
            if let Some(progress) = self.session.progress(*channel) {
                assert!(progress.acknowledged_values <= progress.accepted_values);
            }
        }
    }
}
