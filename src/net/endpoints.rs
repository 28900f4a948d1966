//! The queues that are attached to a session, by channel number.

use std::sync::Arc;

use tokio::sync::oneshot;

use crate::channel::{
    Aftermath, Answering, Answers, Closed, ConsumerKey, Form, Incoming, LaneKey, LaneReport,
};
use crate::channel::{LaneWindow, Offering, Origin, Outgoing, ReadySet, Reason, Receipts};
use crate::clock;
use crate::dir::Dir;
use crate::id::{ChannelId, IdMap};
use crate::net::ImportError;
use crate::net::command::{Import, ImportEnd};
use crate::net::desk::Desk;
use crate::net::mismatch::{Agreed, Types};
use crate::net::offers::Claim;
use crate::net::registry::ExportEnd;
use crate::session::{Chunk, OpenRequest, Rejection, Remains, Supply, ValueSource};

/// The attached queues of one session.
pub(super) struct Endpoints {
    by_channel: IdMap<ChannelId, Endpoint>,
    desk: Arc<Desk>,
    pub(super) ready: Arc<ReadySet>,
}

/// An attached queue.
pub(super) struct Endpoint {
    /// Empty for the end of a channel that travelled in a message.
    pub(super) name: String,
    pub(super) queue: Queue,
    /// What this side asked for, if it imported the channel. Then the queue ends with it.
    pub(super) import: Option<Wanted>,
    /// Values that an import's queue had given to lost sessions for good.
    pub(super) base_values: u64,
    /// Values that waited for the channel when it ended, and were dropped.
    pub(super) discarded_values: u64,
    /// How the channel ended, as far as its users were told.
    pub(super) closed: Option<Closed>,
    /// Who waits for the peer's answer to the import.
    pub(super) opening: Option<oneshot::Sender<Result<(), ImportError>>>,
    /// The peer has accepted the import.
    pub(super) is_open: bool,
    /// It carries the answers to another channel's requests.
    pub(super) is_for_answers: bool,
    /// If it sends answers: what must hear of those that have left.
    receipts: Option<Arc<Receipts>>,
    /// The last value that the peer could not decode.
    pub(super) rejection: Option<Rejection>,
    /// What the peer has claimed.
    claim: Option<Claim>,
    /// What this side has claimed.
    held: Option<Held>,
}

/// A claim of this side. Dropped, it counts no more.
struct Held(Arc<Desk>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.release();
    }
}

/// What an import asked for, to ask for it again.
pub(super) struct Wanted {
    pub(super) request: OpenRequest,
    /// What this side means by the values; nothing if it is the end of a channel in a message, which
    /// has no other than its own.
    pub(super) types: Option<Types>,
    pub(super) is_lasting: bool,
    /// It was open in an earlier session.
    pub(super) is_again: bool,
}

/// The queue of a channel.
pub(super) enum Queue {
    Out(Arc<Outgoing>, ConsumerKey),
    In(Arc<Incoming>, LaneKey),
}

impl Endpoints {
    pub(super) fn new(desk: Arc<Desk>) -> Endpoints {
        Endpoints { by_channel: IdMap::default(), desk, ready: Arc::default() }
    }

    /// Attaches an imported queue; `is_again` if it was open in an earlier session.
    pub(super) fn attach_import(&mut self, channel: ChannelId, import: Import, is_again: bool) {
        let Import { request, types, end, is_lasting, reply } = import;
        let (queue, base_values) = match end {
            ImportEnd::Out(queue) => {
                let base_values = queue.dispatched_values();
                (self.attach_out(channel, queue), base_values)
            }
            ImportEnd::In(queue, window) => (self.attach_in(channel, queue, window), 0),
        };
        let mut endpoint = Endpoint::new(request.name.clone(), queue);
        endpoint.import = Some(Wanted { request, types: Some(types), is_lasting, is_again });
        endpoint.base_values = base_values;
        endpoint.opening = reply;
        self.by_channel.insert(channel, endpoint);
    }

    /// Attaches the queue of an end that came in a message. It ends with its session.
    pub(super) fn attach_claim(
        &mut self,
        channel: ChannelId,
        queue: Arc<Outgoing>,
        request: OpenRequest,
    ) {
        let queue = self.attach_out(channel, queue);
        let mut endpoint = Endpoint::new(String::new(), queue);
        let (types, is_lasting, is_again) = (None, false, false);
        endpoint.import = Some(Wanted { request, types, is_lasting, is_again });
        endpoint.held = Some(Held(self.desk.clone()));
        self.by_channel.insert(channel, endpoint);
    }

    /// Attaches the queue of an exported channel, or of an end that the peer has claimed.
    pub(super) fn attach_export(
        &mut self,
        channel: ChannelId,
        name: String,
        end: ExportEnd,
        form: Form,
        claim: Option<Claim>,
    ) {
        let queue = match end {
            ExportEnd::Out(queue) => self.attach_out(channel, queue),
            ExportEnd::In(queue, window) => self.attach_in(channel, queue, window),
        };
        let mut endpoint = Endpoint::new(name, queue);
        endpoint.expect_form(form);
        endpoint.is_open = true;
        endpoint.claim = claim;
        self.by_channel.insert(channel, endpoint);
    }

    /// The channel carries requests: attaches what their answers take. `peer_clock_ms` is what the
    /// peer's clock shows now, `window` what this side grants to whoever sends, and `form` that of the
    /// answers, if they come here.
    pub(super) fn attach_answers(
        &mut self,
        channel: ChannelId,
        peer_clock_ms: u64,
        window: LaneWindow,
        form: Form,
    ) {
        let Some(Endpoint { name, queue, .. }) = self.by_channel.get(&channel) else { return };
        let mut endpoint = match queue {
            Queue::Out(queue, key) => {
                let Some(asks) = queue.asks() else { return };
                let answers = asks.answers().clone();
                let ready = self.ready.clone();
                let lane = answers.attach(ready, channel.answers(), window, &self.desk);
                answers.expect_form(lane, form);
                asks.link(lane, *key);
                Endpoint::new(name.clone(), Queue::In(answers, lane))
            }
            Queue::In(queue, lane) => {
                let offering = || self.desk.offers.clone() as Arc<dyn Offering>;
                let offering = queue.answers_carry_ends().then(offering);
                let answers = Answers::new(queue.clone(), offering);
                let (out, receipts) = answers.ends();
                let answering = Answering::new(answers, peer_clock_ms, window.values);
                queue.expect_requests(*lane, answering);
                let key = out.attach(self.ready.clone(), channel.answers());
                let mut endpoint = Endpoint::new(name.clone(), Queue::Out(out, key));
                endpoint.receipts = Some(receipts);
                endpoint
            }
        };
        endpoint.is_open = true;
        endpoint.is_for_answers = true;
        self.by_channel.insert(channel.answers(), endpoint);
    }

    fn attach_out(&self, channel: ChannelId, queue: Arc<Outgoing>) -> Queue {
        let key = queue.attach(self.ready.clone(), channel);
        Queue::Out(queue, key)
    }

    fn attach_in(&self, channel: ChannelId, queue: Arc<Incoming>, window: LaneWindow) -> Queue {
        let key = queue.attach(self.ready.clone(), channel, window, &self.desk);
        Queue::In(queue, key)
    }

    pub(super) fn find(&self, channel: ChannelId) -> Option<&Endpoint> {
        self.by_channel.get(&channel)
    }

    pub(super) fn find_mut(&mut self, channel: ChannelId) -> Option<&mut Endpoint> {
        self.by_channel.get_mut(&channel)
    }

    pub(super) fn named(&self, name: &str) -> Vec<ChannelId> {
        let is_named = |endpoint: &Endpoint| !name.is_empty() && endpoint.name == name;
        let same = self.by_channel.iter().filter(|(_, endpoint)| is_named(endpoint));
        same.map(|(channel, _)| *channel).collect()
    }

    /// Whether an import of this name is in use.
    pub(super) fn is_imported(&self, name: &str) -> bool {
        self.by_channel.values().any(|endpoint| {
            endpoint.name == name && !endpoint.is_for_answers && !endpoint.is_done()
        })
    }

    /// The queues of the imported channels that send.
    pub(super) fn import_queues(&self) -> Vec<Arc<Outgoing>> {
        let queues = self.by_channel.values().filter_map(|endpoint| match &endpoint.queue {
            Queue::Out(queue, _) if endpoint.import.is_some() => Some(queue.clone()),
            _ => None,
        });
        queues.collect()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (ChannelId, &Endpoint)> {
        self.by_channel.iter().map(|(channel, endpoint)| (*channel, endpoint))
    }

    /// Lets other importers have the values of exported channels.
    pub(super) fn pass_on(&self) {
        self.by_channel.values().for_each(Endpoint::pass_on);
    }

    pub(super) fn len(&self) -> usize {
        self.by_channel.len()
    }

    pub(super) fn remove(&mut self, channel: ChannelId) -> Option<Endpoint> {
        self.by_channel.remove(&channel)
    }

    pub(super) fn insert(&mut self, channel: ChannelId, endpoint: Endpoint) {
        self.by_channel.insert(channel, endpoint);
    }

    /// Takes a queue whose channel is over off the session.
    pub(super) fn detach(&mut self, channel: ChannelId) -> Option<Endpoint> {
        let mut endpoint = self.by_channel.remove(&channel)?;
        if let Queue::In(queue, key) = &endpoint.queue {
            // A channel that ended without a word from the peer was ended here.
            queue.close_lane(*key, Closed::new(Origin::Local, Reason::HungUp));
        }
        endpoint.detach();
        let closed = endpoint.closed.clone();
        endpoint.complete_claim(&closed.unwrap_or(Closed::new(Origin::Local, Reason::HungUp)));
        Some(endpoint)
    }

    /// All queues, in the order in which they were attached, because their session is gone.
    pub(super) fn take_all(&mut self) -> Vec<(ChannelId, Endpoint)> {
        // What rang for the session that is gone must not be taken for the next one.
        self.ready = Arc::default();
        let mut all: Vec<_> = self.by_channel.drain().collect();
        all.sort_by_key(|(channel, _)| *channel);
        all
    }
}

impl Endpoint {
    fn new(name: String, queue: Queue) -> Endpoint {
        Endpoint {
            name,
            queue,
            import: None,
            base_values: 0,
            discarded_values: 0,
            closed: None,
            opening: None,
            is_open: false,
            is_for_answers: false,
            receipts: None,
            rejection: None,
            claim: None,
            held: None,
        }
    }

    /// Takes the queue off its session.
    pub(super) fn detach(&self) {
        match &self.queue {
            Queue::Out(queue, key) => queue.detach(*key),
            Queue::In(queue, key) => queue.detach(*key),
        }
        if let (Queue::Out(queue, _), Some(receipts)) = (&self.queue, &self.receipts) {
            let reason = || Closed::new(Origin::Local, Reason::HungUp);
            receipts.end(queue, self.closed.clone().unwrap_or_else(reason));
        }
    }

    /// Tells the users of the queue that the peer is gone. The first word counts.
    pub(super) fn close(&mut self, closed: Closed) {
        let closed = self.closed.get_or_insert(closed).clone();
        match &self.queue {
            Queue::Out(queue, _) if self.import.is_some() => {
                self.discarded_values += queue.end(closed);
            }
            // Other importers go on.
            Queue::Out(..) => {}
            Queue::In(queue, key) => queue.close_lane(*key, closed),
        }
    }

    /// Values that come have this form.
    pub(super) fn expect_form(&self, form: Form) {
        if let Queue::In(queue, key) = &self.queue {
            queue.expect_form(*key, form);
        }
    }

    /// What this side means by the values of an import.
    pub(super) fn wanted_types(&self) -> Option<&Types> {
        self.import.as_ref()?.types.as_ref()
    }

    /// What the exporter's values or answers are decoded as, when it says that they are of the type
    /// `identity`. Nothing if this side does not accept that.
    pub(super) fn agree(&self, identity: [u8; 16]) -> Option<Agreed> {
        let Some(types) = self.wanted_types() else { return Some(Agreed::EQUAL) };
        Some(match (&self.queue, &types.answers) {
            (Queue::In(..), _) => {
                Agreed { values: types.values.form_of(identity)?, ..Agreed::EQUAL }
            }
            (Queue::Out(..), Some(answers)) => {
                Agreed { answers: answers.form_of(identity)?, ..Agreed::EQUAL }
            }
            (Queue::Out(..), None) => Agreed::EQUAL,
        })
    }

    /// Whether it is the end of a channel that came in a message.
    pub(super) fn is_claim(&self) -> bool {
        self.held.is_some()
    }

    /// The channel of a claim has come to its end on the peer's side.
    pub(super) fn complete_claim(&mut self, closed: &Closed) {
        if let Some(claim) = self.claim.take() {
            claim.complete(closed.clone());
        }
    }

    /// The session of a claim is lost.
    pub(super) fn lose_claim(&mut self, closed: &Closed) {
        if let Some(claim) = self.claim.take() {
            claim.lose(closed.clone());
        }
    }

    /// Ends the channel at once from this side. Returns the queued values that are dropped by that.
    pub(super) fn end(&mut self, closed: Closed) -> u64 {
        self.closed.get_or_insert_with(|| closed.clone());
        match &self.queue {
            Queue::Out(queue, _) if self.import.is_some() => {
                let discarded_values = queue.end(closed);
                self.discarded_values += discarded_values;
                return discarded_values;
            }
            // It takes no more, and nobody waits for it.
            Queue::Out(queue, key) => queue.retire(*key),
            Queue::In(queue, _) if self.import.is_some() => queue.end(closed),
            // Other importers go on.
            Queue::In(queue, key) => queue.end_lane(*key, closed),
        }
        0
    }

    /// Takes back what a lost session leaves of a sending channel.
    pub(super) fn take_back(&self, remains: Remains) -> Aftermath {
        match &self.queue {
            Queue::Out(queue, key) => queue.give_back(*key, remains),
            Queue::In(..) => Aftermath::default(),
        }
    }

    /// Whether it is an import that is not imported again when its session is lost.
    pub(super) fn ends_with_session(&self) -> bool {
        let is_passing = |wanted: &Wanted| !wanted.is_lasting && self.opening.is_none();
        self.import.as_ref().is_some_and(is_passing)
    }

    /// The session of an import is lost: takes its queue off and gives what is to be imported again,
    /// if anything is. `came` is the number of values that came in that session.
    pub(super) fn into_import(self, came: u64, closed: &Closed) -> Result<Import, Box<Endpoint>> {
        let Some(Wanted { request, types: Some(types), is_lasting, .. }) = &self.import else {
            return Err(Box::new(self));
        };
        let (end, gone_values) = match &self.queue {
            Queue::Out(queue, _) => {
                let gone_values = queue.dispatched_values().saturating_sub(self.base_values);
                (ImportEnd::Out(queue.clone()), gone_values)
            }
            Queue::In(queue, _) => (ImportEnd::In(queue.clone(), LaneWindow::of(request)), came),
        };
        let limit = request.limit.map(|limit| limit.saturating_sub(gone_values));
        let is_wanted = *is_lasting || self.opening.is_some();
        if limit == Some(0) {
            // All that was asked for has come, or was taken. Only the last word was lost.
            let mut complete = self;
            complete.complete();
            return Err(Box::new(complete));
        }
        if !is_wanted || end.has_ended() {
            return Err(Box::new(self));
        }
        if let Queue::In(queue, key) = &self.queue {
            queue.suspend_lane(*key, closed.clone());
        }
        self.detach();
        let request = OpenRequest { limit, clock_ms: clock::now_ms(), ..request.clone() };
        let (types, is_lasting) = (types.clone(), *is_lasting);
        Ok(Import { request, types, end, is_lasting, reply: self.opening })
    }

    /// The channel has come to its regular end.
    fn complete(&mut self) {
        match &self.queue {
            // It has finished by itself.
            Queue::Out(..) => {
                self.closed.get_or_insert(Closed::new(Origin::Local, Reason::LimitReached));
            }
            Queue::In(..) => self.close(Closed::new(Origin::Peer, Reason::Finished)),
        }
    }

    /// Whether it is an import that was open in an earlier session.
    pub(super) fn is_imported_again(&self) -> bool {
        self.import.as_ref().is_some_and(|wanted| wanted.is_again)
    }

    /// Whether the channel has come to its end on this side. The peer may still have to be told.
    pub(super) fn is_over(&self) -> bool {
        match &self.queue {
            Queue::Out(queue, _) => queue.is_over(),
            Queue::In(queue, _) => queue.is_over(),
        }
    }

    /// Lets other importers have the values of an exported channel.
    pub(super) fn pass_on(&self) {
        if let Queue::Out(queue, _) = &self.queue
            && self.import.is_none()
        {
            queue.pass_on();
        }
    }

    /// Whether the program has done with an imported channel, or knows of its end. The peer may
    /// still have to be told.
    pub(super) fn is_done(&self) -> bool {
        match &self.queue {
            Queue::Out(queue, _) => queue.closed().is_some(),
            Queue::In(queue, _) => queue.is_over(),
        }
    }

    /// For a receiving channel: what was taken in all, what could not be, and whether to stop.
    pub(super) fn taken(&self) -> Option<LaneReport> {
        match &self.queue {
            Queue::In(queue, key) => queue.report(*key),
            Queue::Out(..) => None,
        }
    }

    /// The peer has taken values of this session, in all: in any order, and up to the first that it
    /// has not. Its window has `window_values`.
    pub(super) fn taken_by_peer(&self, freed_values: u64, leading_values: u64, window_values: u64) {
        if let Queue::Out(queue, key) = &self.queue {
            let freed_values = self.base_values + freed_values;
            queue.taken_by_peer(*key, freed_values, leading_values, window_values);
        }
    }

    /// Values that were accepted from the program for this channel alone, since it was attached.
    pub(super) fn accepted_values(&self) -> Option<u64> {
        match &self.queue {
            Queue::Out(queue, _) if self.import.is_some() => {
                Some(queue.accepted_values() - self.base_values)
            }
            _ => None,
        }
    }

    /// Values of this session that did not get through, because the importer is slow.
    pub(super) fn missed_values(&self) -> u64 {
        match &self.queue {
            Queue::Out(queue, key) => queue.missed_values(*key),
            Queue::In(queue, key) => queue.skipped_values(*key),
        }
    }

    /// The importer of a broadcast does not keep up, and was cut off.
    pub(super) fn was_cut_off(&self) -> bool {
        matches!(&self.queue, Queue::Out(queue, key) if queue.was_cut_off(*key))
    }

    /// What became of values in lost sessions.
    pub(super) fn losses(&self) -> Aftermath {
        match &self.queue {
            Queue::Out(queue, _) => queue.losses(),
            Queue::In(..) => Aftermath::default(),
        }
    }

    pub(super) fn dir(&self) -> Dir {
        match self.queue {
            Queue::Out(..) => Dir::Send,
            Queue::In(..) => Dir::Recv,
        }
    }
}

impl ValueSource for Endpoints {
    fn refill(
        &mut self,
        channel: ChannelId,
        values_max: u64,
        bytes_wanted: usize,
        chunk: &mut Chunk,
    ) -> Supply {
        let supply = match self.find(channel).map(|endpoint| &endpoint.queue) {
            Some(Queue::Out(queue, key)) => queue.refill(*key, values_max, bytes_wanted, chunk),
            _ => return Supply::Empty,
        };
        if let Some(Endpoint { receipts: Some(receipts), .. }) = self.find(channel) {
            receipts.dispatched(chunk.values);
        }
        supply
    }
}
