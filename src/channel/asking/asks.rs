//! The requests of one channel that wait for their answers.
//!
//! A request is *queued* until a session takes it; then that session *holds* it, and nobody else may
//! answer it. It leaves with its answer, when its asker gives up, or when the session that holds it is
//! gone and all that has come from it was read.

use std::collections::VecDeque;
use std::collections::hash_map::Entry;
use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::channel::asking::envelope::{self, Message, VOID_MESSAGE};
use crate::channel::consumers::ConsumerKey;
use crate::channel::forms::Form;
use crate::channel::incoming::{EndsWith, Incoming};
use crate::channel::lane::LaneKey;
use crate::channel::{AskError, Closed, Origin, Reason, Strictness};
use crate::id::IdMap;
use crate::limits::UNANSWERED_REQUESTS_MAX;
use crate::prefix;
use crate::session::{Chunk, Remains};

/// What waits for the answer to a request.
pub(in crate::channel) trait Settle: Send + Sync {
    /// Takes the answer and its form, or why there is none. Returns why the answer cannot be decoded.
    fn settle(&self, form: Form, outcome: Result<&[u8], AskError>) -> Option<String>;
}

/// The requests of one channel that wait for their answers, in a table of their own: at most
/// [`UNANSWERED_REQUESTS_MAX`].
pub(crate) struct Asks {
    state: Mutex<State>,
    /// Where the answers come in, from all peers.
    answers: Arc<Incoming>,
    /// Requests that are not known to be handled when a session is lost are sent again.
    redelivers: bool,
}

#[derive(Default)]
struct State {
    last_number: u64,
    waiting: IdMap<u64, Ask>,
    /// Those that no session has taken, in their order.
    queued: VecDeque<Queued>,
    /// Whose answers come on a lane.
    holders: IdMap<LaneKey, ConsumerKey>,
    /// Somebody was told that there are too many.
    has_refused: bool,
}

impl State {
    /// Whether there are too many. Whoever is told so is woken when there is room again.
    fn is_full(&mut self) -> bool {
        let is_full = self.waiting.len() >= UNANSWERED_REQUESTS_MAX;
        self.has_refused |= is_full;
        is_full
    }
}

struct Ask {
    /// The session that has taken it.
    holder: Option<ConsumerKey>,
    reply: Arc<dyn Settle>,
}

/// Where a request stands in the channel's queue.
struct Queued {
    /// How many values were accepted before it.
    ordinal: u64,
    number: u64,
}

impl Asks {
    pub(crate) fn new(redelivers: bool, answers_carry_ends: bool) -> Arc<Asks> {
        let answers = Incoming::new(Strictness::nameless(), EndsWith::Nobody, answers_carry_ends);
        answers.note_gone_lanes();
        // The reader of answers, which comes with the channel.
        answers.add_receiver();
        Arc::new(Asks { state: Mutex::default(), answers, redelivers })
    }

    pub(crate) fn answers(&self) -> &Arc<Incoming> {
        &self.answers
    }

    // For askers.

    /// Notes a request that is about to be queued; returns its number. `None`: there are too many.
    pub(in crate::channel) fn begin(&self, reply: Arc<dyn Settle>) -> Option<u64> {
        let mut state = self.state.lock();
        if state.is_full() {
            return None;
        }
        state.last_number += 1;
        let number = state.last_number;
        state.waiting.insert(number, Ask { holder: None, reply });
        Some(number)
    }

    /// The request was not queued.
    pub(in crate::channel) fn withdraw(&self, number: u64) {
        let withdrawn = self.state.lock().waiting.remove(&number);
        drop(withdrawn);
    }

    /// The request was queued behind `ordinal` values. Called with the queue locked.
    pub(in crate::channel) fn enqueue(&self, ordinal: u64, number: u64) {
        self.state.lock().queued.push_back(Queued { ordinal, number });
    }

    /// The asker gives up. Returns the session that must be told.
    pub(in crate::channel) fn give_up(&self, number: u64) -> Option<ConsumerKey> {
        let given_up = self.state.lock().waiting.remove(&number);
        let holder = given_up.as_ref()?.holder;
        self.poke();
        holder
    }

    // For the queue.

    /// A session has taken the values from `first_ordinal` on in `chunk`. Those that nobody wants any
    /// more are made void; their places in the chunk are returned. Called with the queue locked.
    pub(in crate::channel) fn dispatch(
        &self,
        key: ConsumerKey,
        first_ordinal: u64,
        chunk: &mut Chunk,
    ) -> Vec<u64> {
        let mut state = self.state.lock();
        let State { waiting, queued, .. } = &mut *state;
        let end = first_ordinal + u64::from(chunk.values);
        let mut unwanted = Vec::new();
        while let Some(Queued { ordinal, number }) = queued.front()
            && *ordinal < end
        {
            let (ordinal, number) = (*ordinal, *number);
            queued.pop_front();
            match waiting.get_mut(&number) {
                Some(ask) => ask.holder = Some(key),
                None => unwanted.push(ordinal - first_ordinal),
            }
        }
        drop(state);
        if !unwanted.is_empty() {
            make_void(chunk, &unwanted);
        }
        unwanted
    }

    /// A session is lost. Takes those requests out of what it leaves that must not be sent again, and
    /// notes where the others stand: the first value comes to `first_ordinal`. Called with the queue
    /// locked. `sent_values` at the front may have been handled.
    pub(in crate::channel) fn take_back(
        &self,
        mut remains: Remains,
        sent_values: u64,
        first_ordinal: impl FnOnce(u64) -> u64,
    ) -> Remains {
        let mut state = self.state.lock();
        let returned = std::mem::take(&mut remains.returned);
        let mut kept = Chunk::default();
        let mut asks = Vec::new();
        for (place, value) in values(&returned.bytes).enumerate() {
            let may_be_handled = (place as u64) < sent_values;
            let is_kept = match message(value) {
                Message::Tell(_) => true,
                Message::Void => false,
                Message::Ask { number, .. } => match state.waiting.get_mut(&number) {
                    None => false,
                    // Its fate is unknown. It waits on for an answer that may have come.
                    Some(_) if may_be_handled && !self.redelivers => false,
                    Some(ask) => {
                        ask.holder = None;
                        asks.push((u64::from(kept.values), number));
                        true
                    }
                },
            };
            if is_kept {
                kept.bytes.extend_from_slice(value);
                kept.values += 1;
            } else if may_be_handled {
                remains.discarded_values += 1;
            }
        }
        let first_ordinal = first_ordinal(u64::from(kept.values));
        for (place, number) in asks.into_iter().rev() {
            state.queued.push_front(Queued { ordinal: first_ordinal + place, number });
        }
        remains.returned = kept;
        remains
    }

    /// The channel has ended: what was not sent will not be.
    pub(in crate::channel) fn end(&self, closed: &Closed) {
        let mut state = self.state.lock();
        state.queued.clear();
        let unsent: Vec<Ask> =
            state.waiting.extract_if(|_, ask| ask.holder.is_none()).map(|(_, ask)| ask).collect();
        drop(state);
        for Ask { reply, .. } in unsent {
            let _nothing_to_decode =
                reply.settle(Form::OWN, Err(AskError::NotSent(closed.clone())));
        }
        self.poke();
    }

    /// Wakes whoever reads the answers.
    pub(in crate::channel) fn poke(&self) {
        self.answers.poke();
    }

    // For sessions.

    /// The answers to what a session holds come on this lane.
    pub(crate) fn link(&self, lane: LaneKey, holder: ConsumerKey) {
        self.state.lock().holders.insert(lane, holder);
    }

    // For the reader of answers.

    /// Gives an answer that came on a lane to its asker. One that nobody waits for, or that another
    /// session must give, has no effect. Returns why it cannot be decoded.
    pub(in crate::channel) fn answer(
        &self,
        lane: LaneKey,
        form: Form,
        bytes: &[u8],
    ) -> Option<String> {
        let (number, outcome) = envelope::read_answer(bytes)?;
        let mut state = self.state.lock();
        let holder = state.holders.get(&lane).copied()?;
        let ask = match state.waiting.entry(number) {
            Entry::Occupied(ask) if ask.get().holder == Some(holder) => ask.remove(),
            _ => return None,
        };
        drop(state);
        ask.reply.settle(form, outcome)
    }

    /// No more answers come on a lane: what its session holds has an unknown fate.
    pub(in crate::channel) fn lane_gone(&self, lane: LaneKey, closed: Option<Closed>) {
        let mut state = self.state.lock();
        let Some(holder) = state.holders.remove(&lane) else { return };
        let is_its = |_: &u64, ask: &mut Ask| ask.holder == Some(holder);
        let lost: Vec<Ask> = state.waiting.extract_if(is_its).map(|(_, ask)| ask).collect();
        drop(state);
        let closed = closed.unwrap_or_else(|| Closed::new(Origin::Peer, Reason::HungUp));
        for Ask { reply, .. } in lost {
            let _nothing_to_decode =
                reply.settle(Form::OWN, Err(AskError::UnknownFate(closed.clone())));
        }
    }

    /// Whether there are so many that no more may be asked for now.
    pub(in crate::channel) fn is_full(&self) -> bool {
        self.state.lock().is_full()
    }

    /// Whether there is room again for those who were told that there are too many.
    pub(in crate::channel) fn take_relief(&self) -> bool {
        let mut state = self.state.lock();
        let has_room = state.waiting.len() < UNANSWERED_REQUESTS_MAX;
        has_room && std::mem::take(&mut state.has_refused)
    }

    /// Requests that wait for their answers.
    pub(crate) fn waiting(&self) -> usize {
        self.state.lock().waiting.len()
    }

    /// Whether answers may still come.
    pub(in crate::channel) fn has_holders(&self) -> bool {
        !self.state.lock().holders.is_empty()
    }
}

impl fmt::Debug for Asks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asks").field("waiting", &self.waiting()).finish_non_exhaustive()
    }
}

/// The values of a run, each with its prefix.
fn values(mut run: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let length = if run.is_empty() { return None } else { prefix::value_bytes(run) };
        let (value, rest) = run.split_at(length);
        run = rest;
        Some(value)
    })
}

/// The message in a value of this side's making.
fn message(value: &[u8]) -> Message<'_> {
    let width = prefix::read(value).map_or(0, |(width, _)| width);
    // INVARIANT: this side has encoded it.
    envelope::read_message(&value[width..]).expect("a message of this side")
}

/// Replaces the values at these places, in their order, by void ones.
fn make_void(chunk: &mut Chunk, places: &[u64]) {
    let mut bytes = Vec::with_capacity(chunk.bytes.len());
    let mut encoder = prefix::Encoder::default();
    let mut unwanted = places.iter().copied().peekable();
    for (place, value) in values(&chunk.bytes).enumerate() {
        if unwanted.next_if_eq(&(place as u64)).is_some() {
            let void = |bytes: &mut Vec<u8>| {
                bytes.extend_from_slice(&VOID_MESSAGE);
                Ok::<(), std::convert::Infallible>(())
            };
            match encoder.append(&mut bytes, void) {
                Ok(_) => {}
                Err(never) => match never {},
            }
        } else {
            bytes.extend_from_slice(value);
        }
    }
    chunk.bytes = bytes;
}
