//! One side: a session and the shell around it, as plain as a shell can be.

use std::collections::BTreeMap;
use std::io::IoSlice;
use std::time::Instant;

use bytes::Bytes;
use netchan::id::ChannelId;
use netchan::limits::{COMPOSED_BYTES_MAX, FRAME_BYTES_MAX, REPLAY_BYTES_MAX, REPLAY_FRAMES_MAX};
use netchan::session::{Document, Event, Role, Session, SessionError};
use netchan::wire::{Code, Content, Open};

use crate::inlet::Inlet;
use crate::model::Record;
use crate::pipe::Pipe;
use crate::queues::Queues;
use crate::values::LONGEST_BYTES;
use crate::waits::Wait;

/// Control frames that may be composed beside values and one frame, in bytes. A run has few
/// channels and few commands at a time.
const CONTROL_BYTES: usize = 16 * 1024;

/// Control frames that may be kept beside those with values.
const CONTROL_FRAMES: usize = 1000;

/// What a session has told of a channel, except for values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Note {
    OpenRequested,
    Accepted,
    Refused(Code),
    /// So many values had come, and so many were left out.
    Skipped(u64, u64),
    LimitReached,
    Ended,
    HungUp(Code, String),
    Closed(u64),
    Cancelled(u64),
    Listed,
    Shown,
    Rejected(u64, u64),
    Goodbye,
}

/// What an exporter says of the channels behind that of a number: a page of another length for each.
fn page_behind(channel: usize) -> Bytes {
    (0..channel * 997 % 3000).map(|at| (at + channel) as u8).collect()
}

/// How the session ended for a side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Over {
    /// There was no link for too long.
    Expired,
    /// The peer does not know the session.
    Unknown,
    /// This side or the peer closed it.
    Closed,
    /// The peer has begun another one.
    Replaced,
    /// This side is gone, and its users with it.
    Died,
}

/// A session, its channels, and what its users wait for.
#[derive(Debug)]
pub(crate) struct Side {
    pub(crate) role: Role,
    pub(crate) session: Option<Session>,
    pub(crate) over: Option<Over>,
    pub(crate) queues: Queues,
    pub(crate) inlets: BTreeMap<ChannelId, Inlet>,
    /// Requests that wait for an answer.
    pub(crate) requests: Vec<Open>,
    pub(crate) waits: Vec<Wait>,
    /// Whoever wants to know which channels are behind that of this number.
    pub(crate) wanted: Option<usize>,
    /// What was told, and of which channel.
    pub(crate) notes: Vec<(usize, Note)>,
    pub(crate) has_said_goodbye: bool,
    pub(crate) has_heard_goodbye: bool,
    /// The longest body of a data frame that it accepts in this session, in bytes.
    frame_bytes_max: usize,
    /// What a new link repeats may be more than is composed ahead otherwise, in bytes.
    repeated_bytes: usize,
    /// Schemas that may be composed beside values, in bytes.
    shown_bytes: usize,
    /// How often a window has grown, and nobody has counted it.
    pub(crate) windows_grown: u64,
}

impl Side {
    pub(crate) fn new(role: Role) -> Side {
        Side {
            role,
            session: None,
            over: None,
            queues: Queues::default(),
            inlets: BTreeMap::new(),
            requests: Vec::new(),
            waits: Vec::new(),
            wanted: None,
            notes: Vec::new(),
            has_said_goodbye: false,
            has_heard_goodbye: false,
            frame_bytes_max: FRAME_BYTES_MAX,
            repeated_bytes: 0,
            shown_bytes: 0,
            windows_grown: 0,
        }
    }

    /// A new session: nothing of the last one counts.
    pub(crate) fn begin(&mut self, session: Session, frame_bytes_max: usize) {
        self.session = Some(session);
        self.over = None;
        self.queues.names.clear();
        self.inlets.clear();
        self.requests.clear();
        self.wanted = None;
        self.frame_bytes_max = frame_bytes_max;
        self.repeated_bytes = 0;
        self.shown_bytes = 0;
    }

    /// The channel for the answers to the requests of `id` is open.
    pub(crate) fn begin_answers(&mut self, id: ChannelId, model: &mut [Record]) {
        let name = self.queues.names[&id];
        let answers = model[name].asked().answers.expect("the exporter has accepted it");
        self.queues.names.insert(id.answers(), answers);
        let asks = model[answers].receiver() == self.role;
        if asks {
            self.open_inlet(id.answers(), answers, &model[answers]);
            model[name].asked_mut().can_cancel = true;
        }
    }

    /// Values of a channel can come.
    pub(crate) fn open_inlet(&mut self, id: ChannelId, channel: usize, record: &Record) {
        let (values, bytes) = (record.window_values, record.window_bytes);
        self.inlets.insert(id, Inlet::new(channel, values, bytes, self.frame_bytes_max));
    }

    /// How much all windows of the session have grown.
    pub(crate) fn grown_bytes(&self) -> u64 {
        self.inlets.values().map(|inlet| inlet.grown_bytes).sum()
    }

    /// The session, unless it is over for this side.
    pub(crate) fn live(&mut self) -> Option<&mut Session> {
        if self.over.is_some() { None } else { self.session.as_mut() }
    }

    pub(crate) fn is_live(&self) -> bool {
        self.over.is_none() && self.session.is_some()
    }

    /// Does what the contract of a session asks for after each event and command.
    pub(crate) fn poll(&mut self, now: Instant, model: &mut [Record]) -> Result<(), SessionError> {
        let Some(session) = self.live() else {
            return Ok(());
        };
        let mut result = Ok(());
        if now >= session.next_timeout() {
            result = session.handle_timeout(now);
        }
        self.drain_events(model);
        let Side { session: Some(session), queues, .. } = self else {
            return result;
        };
        if let Some(question) = session.poll_question() {
            let after = question.after.parse().expect("channels are named by numbers");
            session.answer_list(&question, &page_behind(after));
        }
        let has_output = session.poll_transmit(now, queues);
        let unwritten_bytes = session.unwritten_bytes();
        assert!(!has_output || unwritten_bytes > 0 && !session.is_away());
        assert!(
            result.is_err() || session.next_timeout() > now,
            "{:?} wants to be called again at once",
            self.role
        );
        self.drain_events(model);
        self.check_memory(unwritten_bytes);
        result
    }

    fn check_memory(&mut self, unwritten_bytes: usize) {
        let composed_bytes_max = COMPOSED_BYTES_MAX + FRAME_BYTES_MAX;
        self.repeated_bytes = self.repeated_bytes.min(unwritten_bytes);
        if self.session.as_ref().is_some_and(|session| !session.is_away()) {
            self.shown_bytes = self.shown_bytes.min(unwritten_bytes);
        }
        let control_bytes = CONTROL_BYTES + self.shown_bytes;
        assert!(
            unwritten_bytes <= composed_bytes_max.max(self.repeated_bytes) + control_bytes,
            "{unwritten_bytes} bytes are composed ahead"
        );
        let session = self.session.as_ref().expect("a session is polled");
        let mut kept_bytes = 0;
        for (id, name) in &self.queues.names {
            let Some(queue) = self.queues.by_channel.get_mut(name) else { continue };
            let progress = session.progress(*id);
            queue.outstanding(progress.map_or(0, |progress| {
                assert_eq!(progress.accepted_values, queue.next - queue.first);
                progress.accepted_values - progress.acknowledged_values
            }));
            kept_bytes += queue.unacknowledged_bytes;
        }
        // Each channel may have taken as much from its queue as one turn sends, and one value.
        let staged_bytes_max = self.queues.names.len() * (FRAME_BYTES_MAX + LONGEST_BYTES);
        assert!(
            kept_bytes <= REPLAY_BYTES_MAX + composed_bytes_max + staged_bytes_max,
            "{kept_bytes} bytes are kept"
        );
    }

    /// Another link carries the session on. Says how many frames are repeated.
    pub(crate) fn resume(
        &mut self,
        now: Instant,
        peer_received: u64,
        model: &mut [Record],
    ) -> usize {
        let session = self.live().expect("a session that is not over is resumed");
        let resumed =
            session.handle_resume(now, peer_received).expect("what the peer has received was sent");
        assert!(!session.is_away());
        assert!(resumed.repeated_frames <= REPLAY_FRAMES_MAX + CONTROL_FRAMES);
        self.repeated_bytes = session.unwritten_bytes();
        assert!(self.repeated_bytes <= REPLAY_BYTES_MAX + COMPOSED_BYTES_MAX + FRAME_BYTES_MAX);
        self.drain_events(model);
        resumed.repeated_frames
    }

    /// Takes note of all that the session tells.
    pub(crate) fn drain_events(&mut self, model: &mut [Record]) {
        while let Some(event) = self.session.as_mut().and_then(Session::poll_event) {
            self.take_note(event, model);
        }
    }

    fn take_note(&mut self, event: Event, model: &mut [Record]) {
        let role = self.role;
        let names = &self.queues.names;
        let (name, note) = match event {
            Event::OpenRequested(open) => {
                let name = open.name.parse().expect("channels are named by numbers");
                self.queues.names.insert(open.channel, name);
                self.requests.push(open);
                (name, Note::OpenRequested)
            }
            Event::Run { channel, values, tail_bytes, bytes } => {
                let name = names[&channel];
                let inlet = self.inlets.get_mut(&channel);
                let inlet = inlet.expect("values come on receiving channels");
                inlet.receive(&mut model[name], &bytes, values, tail_bytes);
                return;
            }
            Event::Skipped { channel, values } => {
                let name = names[&channel];
                let inlet = self.inlets.get_mut(&channel);
                inlet
                    .expect("values are left out on receiving channels")
                    .skip(&model[name], values);
                (name, Note::Skipped(model[name].received, values))
            }
            Event::Rejected { channel, position, values, text } => {
                let name = names[&channel];
                model[name].rejections.hear(name, position, values, &text);
                (name, Note::Rejected(position, values))
            }
            Event::WindowGrown { channel, window_values, window_bytes } => {
                let inlet = self.inlets.get_mut(&channel).expect("it is one that receives");
                inlet.widen(&mut model[names[&channel]], window_values, window_bytes);
                self.windows_grown += 1;
                return;
            }
            Event::Taken { channel, values, freed_values, window_values } => {
                let record = &model[names[&channel]];
                assert!(window_values <= record.window_now, "the window is as told");
                assert!(values <= record.leading, "what is told to be taken was taken");
                assert!(freed_values <= record.taken, "what is told to be free is free");
                assert!(values <= freed_values, "what was taken is free");
                return;
            }
            Event::Accepted { channel, content, .. } => {
                let name = names[&channel];
                assert_eq!(content == Content::Requests, model[name].requests.is_some());
                if content == Content::Requests {
                    self.begin_answers(channel, model);
                }
                (name, Note::Accepted)
            }
            Event::Refused { channel, code, document: shown, .. } => {
                let name = names[&channel];
                assert!(model[name].is_refused, "channel {name}: somebody refused it");
                let showing = &mut model[name].showing;
                showing.come_with_refusal(name, role, shown.as_ref());
                if shown.is_some() {
                    let own = showing.document(role);
                    showing
                        .note_shown(role, self.show(|session| session.show(channel, &own), &own));
                }
                self.dissociate(channel);
                (name, Note::Refused(code))
            }
            Event::Shown { channel, document: shown } => {
                let name = names[&channel];
                model[name].showing.come(name, role, &shown);
                (name, Note::Shown)
            }
            Event::Cancelled { channel, request } => {
                let name = names[&channel];
                model[name].asked_mut().hear(name, request);
                (name, Note::Cancelled(request))
            }
            Event::LimitReached { channel } => {
                let name = names[&channel];
                self.queues.end(channel);
                (name, Note::LimitReached)
            }
            Event::Ended { channel } => (names[&channel], Note::Ended),
            Event::HungUp { channel, code, text } => {
                let name = names[&channel];
                assert!(model[name].is_hung_up, "channel {name}: somebody hung up");
                if code == Code::Undecodable {
                    model[name].rejections.hear_end(name, &text);
                }
                // What has come can still be taken.
                self.queues.end(channel);
                (name, Note::HungUp(code, text))
            }
            Event::Closed { channel, lost_values } => {
                let name = names[&channel];
                self.queues.end(channel);
                if let Some(inlet) = self.inlets.get_mut(&channel) {
                    inlet.grown_bytes = 0;
                }
                assert_eq!(model[name].lost[role], None, "channel {name}: closed once");
                model[name].lost[role] = Some(lost_values);
                model[name].can_cancel_no_more(role);
                (name, Note::Closed(lost_values))
            }
            Event::Listed { page } => {
                let wanted = self.wanted.take().expect("a question is answered once");
                assert_eq!(page, page_behind(wanted));
                (usize::MAX, Note::Listed)
            }
            Event::Goodbye { .. } => {
                self.has_heard_goodbye = true;
                (usize::MAX, Note::Goodbye)
            }
        };
        self.notes.push((name, note));
    }

    /// Lets the session show a schema; says whether it does.
    pub(crate) fn show(
        &mut self,
        say: impl FnOnce(&mut Session) -> bool,
        document: &Document,
    ) -> bool {
        let is_shown = self.live().is_some_and(say);
        if is_shown {
            // With the headers of its frames, each of which has nearly as much as it may.
            self.shown_bytes += document.bytes.len() + document.bytes.len() / 32 + 32;
        }
        is_shown
    }

    /// Nothing more is sent or taken on a channel.
    pub(crate) fn dissociate(&mut self, id: ChannelId) {
        self.queues.end(id);
        if let Some(inlet) = self.inlets.get_mut(&id) {
            inlet.is_over = true;
        }
    }

    /// Moves up to `bytes_max` composed bytes into a pipe and says how many.
    pub(crate) fn write(&mut self, now: Instant, bytes_max: usize, pipe: &mut Pipe) -> usize {
        let Some(session) = self.session.as_mut() else {
            return 0;
        };
        let mut written = 0;
        let mut slices = [IoSlice::new(&[]); 16];
        let count = session.unwritten(&mut slices);
        for slice in &slices[..count] {
            let part = slice.len().min(bytes_max - written);
            let taken = pipe.write(now, &slice[..part]);
            written += taken;
            if taken < slice.len() {
                break;
            }
        }
        session.handle_written(written);
        written
    }
}
