//! Counted frames, acknowledgements, and what would have to be sent again.
//!
//! A session outlives its links. Frames that change its state are numbered from 1 on either side
//! and kept until the peer has acknowledged them; what is still kept when the next link comes is
//! written again. What is not counted (acknowledgements, grants, pings) can be lost with a link.

use std::collections::VecDeque;
use std::io::IoSlice;

use bytes::{Buf, Bytes, BytesMut};

use crate::id::ChannelId;
use crate::limits::{
    ACK_BYTES, ACK_FRAMES, COMPOSED_BYTES_MAX, CONTROL_BODY_BYTES_MAX, REPLAY_BYTES_MAX,
    REPLAY_FRAMES_MAX, SCHEMA_BACKLOG_BYTES_MAX,
};
use crate::session::SessionError;
use crate::session::buffers::Buffers;
use crate::session::untaken::Run;
use crate::wire::{
    Frame, HEADER_BYTES, PARTIAL_PREFIX_BYTES, Partial, Spent, encode, encode_data_head,
};

/// Room for the longest frame that is not data.
const CONTROL_FRAME_BYTES: usize = HEADER_BYTES + CONTROL_BODY_BYTES_MAX;

/// Room for what stands before the run of a data frame.
const HEAD_BYTES: usize = HEADER_BYTES + PARTIAL_PREFIX_BYTES;

/// A frame that was composed and not yet acknowledged.
#[derive(Debug)]
struct Kept {
    what: Content,
    /// Header and body, or what of the body stands before `payload`. Empty when the frame is not kept.
    head: Bytes,
    /// The end of the run, or all of it, where its owner has it. Empty for most frames.
    payload: Bytes,
    bytes: usize,
}

/// What must be known of a frame when it is acknowledged or sent again.
#[derive(Clone, Copy, Debug, Default)]
struct Content {
    channel: ChannelId,
    /// Values that end in it.
    values: u32,
    /// Bytes that are still to come of its last value.
    rest: u32,
    /// Where in the frame its run starts; zero on frames without one.
    run_at: usize,
    /// Its run may be wanted again after a new link has carried it.
    is_retained: bool,
}

impl Kept {
    /// The values that it carries.
    fn delivery(&self) -> Option<Delivery> {
        let Content { channel, values, rest, run_at, is_retained } = self.what;
        if run_at == 0 {
            return None;
        }
        let run = is_retained.then(|| {
            let (bytes, payload) = (self.head.slice(run_at..), self.payload.clone());
            Run { values, rest, is_shared: !bytes.is_empty(), bytes, payload }
        });
        Some(Delivery { channel, values, run })
    }
}

/// A frame in the composing buffer: where it stands, and what is known of it.
#[derive(Debug)]
struct Composed {
    what: Content,
    start: usize,
    end: usize,
    payload: Bytes,
}

/// Values that a frame carried to the peer.
#[derive(Debug)]
pub(super) struct Delivery {
    pub(super) channel: ChannelId,
    /// Values that end in it.
    pub(super) values: u32,
    /// The run, if it is kept until its values are taken.
    pub(super) run: Option<Run>,
}

/// A data frame to compose, without its run.
#[derive(Clone, Copy, Debug)]
pub(super) struct DataHead {
    pub(super) channel: ChannelId,
    pub(super) values: u32,
    pub(super) partial: Option<Partial>,
    pub(super) spent: Spent,
    /// The run is kept until its values are taken.
    pub(super) is_retained: bool,
}

/// Both directions of the frame stream.
#[derive(Debug)]
pub(super) struct Link {
    keeps_frames: bool,
    sent: u64,
    acknowledged: u64,
    kept: VecDeque<Kept>,
    kept_bytes: usize,
    composing: BytesMut,
    composed: Vec<Composed>,
    buffers: Buffers,
    /// What the socket has not taken yet, in order.
    unwritten: VecDeque<Bytes>,
    unwritten_bytes: usize,
    received: u64,
    told_received: u64,
    bytes_since_ack: usize,
}

impl Link {
    pub(super) fn new(keeps_frames: bool) -> Link {
        Link {
            keeps_frames,
            sent: 0,
            acknowledged: 0,
            kept: VecDeque::new(),
            kept_bytes: 0,
            composing: BytesMut::new(),
            composed: Vec::new(),
            buffers: Buffers::default(),
            unwritten: VecDeque::new(),
            unwritten_bytes: 0,
            received: 0,
            told_received: 0,
            bytes_since_ack: 0,
        }
    }

    /// Before anything was sent: whether frames are kept until they are acknowledged.
    pub(super) fn set_keeping(&mut self, keeps_frames: bool) {
        self.keeps_frames = keeps_frames;
    }

    // Sending.

    /// Composes a frame that is not counted.
    pub(super) fn push_uncounted(&mut self, frame: &Frame) {
        self.make_space(CONTROL_FRAME_BYTES);
        encode(frame, 0, &mut self.composing);
    }

    /// Composes a counted frame without values.
    pub(super) fn push(&mut self, frame: &Frame) {
        self.make_space(CONTROL_FRAME_BYTES);
        let start = self.composing.len();
        let sequence = self.next_sequence();
        encode(frame, sequence, &mut self.composing);
        let what = Content { channel: frame.channel(), ..Content::default() };
        self.note(what, start, Bytes::new());
    }

    /// Composes a data frame: its run is copied, but for a payload at its end, which is written from
    /// where it is.
    pub(super) fn push_run(&mut self, head: DataHead, run: &[u8], payload: Bytes) {
        self.make_space(HEAD_BYTES + run.len());
        let start = self.composing.len();
        let what = self.push_head(head, run.len() + payload.len());
        self.composing.extend_from_slice(run);
        if payload.is_empty() {
            return self.note(what, start, payload);
        }
        self.note(what, start, payload.clone());
        self.seal();
        self.unwritten_bytes += payload.len();
        self.unwritten.push_back(payload);
    }

    /// Goes on with another buffer if this one has no room for a frame of so many bytes.
    fn make_space(&mut self, bytes: usize) {
        if self.composing.capacity() - self.composing.len() < bytes {
            self.seal();
            // First the rest of the old one, which would keep it from coming round.
            self.composing = BytesMut::new();
            self.composing = self.buffers.next(bytes);
        }
    }

    fn push_head(&mut self, head: DataHead, run_bytes: usize) -> Content {
        let DataHead { channel, values, partial, spent, is_retained } = head;
        let start = self.composing.len();
        let sequence = self.next_sequence();
        encode_data_head(channel, sequence, values, partial, spent, run_bytes, &mut self.composing);
        let run_at = self.composing.len() - start;
        Content {
            channel,
            values,
            rest: partial.map_or(0, |partial| partial.rest),
            run_at,
            is_retained,
        }
    }

    fn next_sequence(&mut self) -> u32 {
        self.sent += 1;
        self.sent as u32
    }

    fn note(&mut self, what: Content, start: usize, payload: Bytes) {
        let end = self.composing.len();
        self.composed.push(Composed { what, start, end, payload });
    }

    /// Hands what was composed to the writer.
    pub(super) fn seal(&mut self) {
        if self.composing.is_empty() {
            return;
        }
        let chunk = self.composing.split().freeze();
        self.buffers.note(&chunk);
        for Composed { what, start, end, payload } in self.composed.drain(..) {
            let bytes = end - start + payload.len();
            self.kept_bytes += bytes;
            let (head, payload) = if self.keeps_frames || what.is_retained {
                (chunk.slice(start..end), payload)
            } else {
                (Bytes::new(), Bytes::new())
            };
            self.kept.push_back(Kept { what, head, payload, bytes });
        }
        self.unwritten_bytes += chunk.len();
        self.unwritten.push_back(chunk);
    }

    /// Bytes that are composed and not written.
    pub(super) fn unwritten_bytes(&self) -> usize {
        self.unwritten_bytes + self.composing.len()
    }

    /// Whether so much is composed that the socket must take some of it first.
    pub(super) fn is_stuffed(&self) -> bool {
        self.unwritten_bytes() >= COMPOSED_BYTES_MAX
    }

    /// Whether more values can be taken on, or the peer must acknowledge first.
    pub(super) fn has_room(&self) -> bool {
        self.kept_bytes < REPLAY_BYTES_MAX && self.frames_kept() < REPLAY_FRAMES_MAX
    }

    /// Whether a frame can be kept that the peer can do without. They leave as much room for the others
    /// as a peer may need to be believed that it acknowledges.
    pub(super) fn has_room_for_courtesy(&self) -> bool {
        self.frames_kept() < REPLAY_FRAMES_MAX + REPLAY_FRAMES_MAX / 2
    }

    /// Whether a refusal can go with a schema.
    pub(super) fn has_room_for_documents(&self) -> bool {
        self.has_room_for_courtesy()
            && self.kept_bytes + self.composing.len() < SCHEMA_BACKLOG_BYTES_MAX
    }

    /// Whether values that wait for their reader must get buffers of their own.
    pub(super) fn is_crowded(&self) -> bool {
        self.buffers.are_crowded()
    }

    /// Frames that the peer has not acknowledged.
    pub(super) fn frames_kept(&self) -> usize {
        self.kept.len() + self.composed.len()
    }

    /// Fills `slices` with what is to be written next and says how many it filled.
    pub(super) fn unwritten<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let mut count = 0;
        for (slice, chunk) in slices.iter_mut().zip(&self.unwritten) {
            *slice = IoSlice::new(chunk);
            count += 1;
        }
        count
    }

    /// Removes what was written.
    pub(super) fn written(&mut self, mut bytes: usize) {
        self.unwritten_bytes -= bytes;
        while let Some(first) = self.unwritten.front_mut() {
            if bytes < first.len() {
                first.advance(bytes);
                return;
            }
            bytes -= first.len();
            self.unwritten.pop_front();
        }
        assert!(bytes == 0, "no more is written than there is");
    }

    /// Takes an acknowledgement; `on_received` learns of the data frames that it covers.
    pub(super) fn acknowledge(
        &mut self,
        acknowledged: u64,
        mut on_received: impl FnMut(Delivery),
    ) -> Result<(), SessionError> {
        if acknowledged > self.sent {
            return Err(SessionError::AcknowledgedTooMuch { acknowledged, sent: self.sent });
        }
        while self.acknowledged < acknowledged {
            let Some(kept) = self.kept.pop_front() else {
                let sent = self.acknowledged;
                return Err(SessionError::AcknowledgedTooMuch { acknowledged, sent });
            };
            self.acknowledged += 1;
            self.kept_bytes -= kept.bytes;
            if let Some(delivery) = kept.delivery() {
                on_received(delivery);
            }
        }
        if self.kept.is_empty() {
            self.buffers.trim();
        }
        Ok(())
    }

    /// The link is lost: what was not written will not be.
    pub(super) fn lose(&mut self) {
        self.seal();
        self.unwritten.clear();
        self.unwritten_bytes = 0;
    }

    /// Starts anew on another link, after an acknowledgement: what the peer has not received will be
    /// written again. Returns the number of frames that are repeated; `on_repeated` learns of those
    /// with values.
    pub(super) fn resume(&mut self, mut on_repeated: impl FnMut(Delivery)) -> usize {
        self.lose();
        // What was received so far is told in the handshake.
        self.told_received = self.received;
        self.bytes_since_ack = 0;
        for kept in &self.kept {
            for part in [&kept.head, &kept.payload] {
                if !part.is_empty() {
                    self.unwritten_bytes += part.len();
                    self.unwritten.push_back(part.clone());
                }
            }
            if let Some(delivery) = kept.delivery() {
                on_repeated(delivery);
            }
        }
        self.kept.len()
    }

    /// Data frames that the peer is not known to have received, in order.
    pub(super) fn into_unreceived(mut self) -> impl Iterator<Item = Delivery> {
        self.seal();
        self.kept.into_iter().filter_map(|kept| kept.delivery())
    }

    // Receiving.

    /// Counts a frame that came. `false`: it was seen before and must be dropped.
    pub(super) fn receive(&mut self, sequence: u32) -> Result<bool, SessionError> {
        let expected = (self.received + 1) as u32;
        let ahead = sequence.wrapping_sub(expected) as i32;
        if ahead > 0 {
            return Err(SessionError::SequenceGap { expected, found: sequence });
        }
        if ahead < 0 {
            // Who repeats a frame does not know that it was received.
            self.told_received = self.told_received.min(self.received.saturating_sub(1));
            return Ok(false);
        }
        self.received += 1;
        Ok(true)
    }

    pub(super) fn count_input(&mut self, bytes: usize) {
        self.bytes_since_ack += bytes;
    }

    /// Counted frames that were received.
    pub(super) fn received(&self) -> u64 {
        self.received
    }

    /// Whether the peer does not know yet all that was received.
    pub(super) fn owes_ack(&self) -> bool {
        self.told_received < self.received
    }

    /// Whether an acknowledgement must not wait for other traffic.
    pub(super) fn ack_is_urgent(&self) -> bool {
        self.owes_ack()
            && (self.bytes_since_ack >= ACK_BYTES
                || self.received - self.told_received >= u64::from(ACK_FRAMES))
    }

    /// Composes an acknowledgement if one is owed.
    pub(super) fn push_ack(&mut self) {
        if self.owes_ack() {
            self.told_received = self.received;
            self.bytes_since_ack = 0;
            let received = self.received;
            self.push_uncounted(&Frame::Ack { received });
        }
    }
}
