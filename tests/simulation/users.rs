//! What the users on both sides do.

use std::time::Instant;

use netchan::dir::Dir;
use netchan::id::ChannelId;
use netchan::limits::WINDOW_VALUES_MAX;
use netchan::session::{Growth, OpenRequest, Role, Session};
use netchan::wire::{Code, Content, Open};

use crate::both::ROLES;
use crate::model::Record;
use crate::requests::Requests;
use crate::showing::Showing;
use crate::side::Over;
use crate::waits::Wait;
use crate::world::World;

/// How far the windows grow that do.
const GROWTH: Growth = Growth { values_max: 50, bytes_max: 60_000 };

/// What somebody wants of a channel.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ask {
    pub(crate) window_values: u32,
    pub(crate) window_bytes: u64,
    pub(crate) limit: Option<u64>,
    pub(crate) redelivers: bool,
    pub(crate) content: Content,
}

impl Default for Ask {
    fn default() -> Ask {
        Ask {
            window_values: 256,
            window_bytes: 1 << 20,
            limit: None,
            redelivers: true,
            content: Content::Values,
        }
    }
}

impl World {
    /// The importer wants a channel on which `sender` sends. It is asked for as soon as there is a
    /// session.
    pub(crate) fn open(&mut self, sender: Role, ask: Ask) -> usize {
        self.open_by(Role::Importer, sender, ask)
    }

    /// The same, for either side.
    pub(crate) fn open_by(&mut self, opener: Role, sender: Role, ask: Ask) -> usize {
        self.statistics.channels_of_exporters += u64::from(opener == Role::Exporter);
        let grows = self.windows_grow && !self.model.len().is_multiple_of(4);
        let growth = if grows { GROWTH } else { Growth::NONE };
        self.model.push(Record {
            opener,
            growth,
            limit: ask.limit,
            redelivers: ask.redelivers,
            requests: (ask.content == Content::Requests).then(Requests::default),
            ..Record::new(sender, ask.window_values, ask.window_bytes)
        });
        let channel = self.model.len() - 1;
        self.sides[sender].queues.of(channel);
        self.statistics.channels_opened += 1;
        channel
    }

    /// A side asks for the channels that it wants and the session does not have yet.
    fn ask_for_channels(&mut self, opener: Role) {
        let World { model, sides, .. } = self;
        let side = &mut sides[opener];
        for (channel, record) in model.iter_mut().enumerate() {
            let is_wanted = record.opener == opener && record.answers.is_none();
            if !is_wanted || record.id.is_some() || record.is_over {
                continue;
            }
            let request = OpenRequest {
                dir: record.dir(),
                name: channel.to_string(),
                codec: "bytes".into(),
                identity: [0; 16],
                answer_identity: [0; 16],
                also_accepts: Vec::new(),
                content: record.content(),
                clock_ms: 0,
                window_values: record.window_values,
                window_bytes: record.window_bytes,
                limit: record.limit,
                redelivers: record.redelivers,
                growth: record.growth,
            };
            // A session that is closing opens no more.
            let Some(session) = side.live() else { return };
            let Ok(id) = session.open(request) else { continue };
            record.id = Some(id);
            if record.dir() == Dir::Send {
                session.ready(id);
            }
            side.queues.names.insert(id, channel);
            if record.dir() == Dir::Recv {
                side.open_inlet(id, channel, record);
            }
        }
    }

    /// A side says yes.
    fn accept(&mut self, role: Role, open: &Open) {
        let channel = self.sides[role].queues.names[&open.channel];
        if self.model[channel].requests.is_some() {
            self.accept_requests(role, open, channel);
        } else if let Some(session) = self.sides[role].live() {
            let record = &self.model[channel];
            session.accept(open, WINDOW_VALUES_MAX, record.window_bytes, record.redelivers);
            session.let_grow(open.channel, record.growth);
        }
        let World { model, sides, .. } = self;
        let side = &mut sides[role];
        if open.dir == Dir::Send {
            side.open_inlet(open.channel, channel, &model[channel]);
        } else if let Some(session) = side.live() {
            session.ready(open.channel);
        }
    }

    /// A side says no. What both show each other then follows from `schemas`.
    pub(crate) fn refuse(&mut self, role: Role, open: &Open, schemas: u64) {
        let side = &mut self.sides[role];
        let channel = side.queues.names[&open.channel];
        if side.is_live() && self.model[channel].lost[role].is_none() {
            if channel.is_multiple_of(3) {
                let session = side.live().expect("it is not over");
                session.refuse(open.channel, Code::Busy, "not now");
            } else {
                let mut showing = Showing::from_seed(schemas);
                let own = showing.document(role);
                let (id, code) = (open.channel, Code::TypeMismatch);
                let is_shown =
                    side.show(|session| session.refuse_with(id, code, "another", &own), &own);
                showing.note_shown(role, is_shown);
                self.model[channel].showing = showing;
                self.statistics.documents_shown += u64::from(is_shown);
            }
            self.model[channel].is_refused = true;
            side.dissociate(open.channel);
            self.statistics.channels_refused += 1;
        }
    }

    pub(crate) fn answer(&mut self, role: Role) {
        for open in std::mem::take(&mut self.sides[role].requests) {
            self.accept(role, &open);
        }
    }

    /// The user queues values.
    pub(crate) fn send(&mut self, channel: usize, lengths: &[u32]) {
        let _can_be_sent = self.try_send(channel, lengths);
    }

    /// The user queues values; says whether they can still be sent.
    pub(crate) fn try_send(&mut self, channel: usize, lengths: &[u32]) -> bool {
        let record = &mut self.model[channel];
        let side = &mut self.sides[record.sender];
        let queue = side.queues.of(channel);
        if record.is_finished || record.is_over || queue.is_over || record.is_hung_up {
            return false;
        }
        record.lengths.extend_from_slice(lengths);
        queue.waiting.extend(lengths);
        self.statistics.values_sent += lengths.len() as u64;
        self.ready(channel);
        true
    }

    /// The user leaves values out before it queues the next one.
    pub(crate) fn skip(&mut self, channel: usize, values: u64) {
        let record = &mut self.model[channel];
        let queue = self.sides[record.sender].queues.of(channel);
        *record.skips.entry(record.sent()).or_default() += values;
        queue.skips = record.skips.clone();
        self.statistics.values_skipped += values;
    }

    /// No more values follow.
    pub(crate) fn finish(&mut self, channel: usize) {
        let record = &mut self.model[channel];
        if !record.is_finished && !record.is_over {
            record.is_finished = true;
            self.sides[record.sender].queues.of(channel).is_finished = true;
            self.ready(channel);
        }
    }

    fn ready(&mut self, channel: usize) {
        let record = &self.model[channel];
        let side = &mut self.sides[record.sender];
        if let Some(id) = record.id
            && side.queues.names.contains_key(&id)
            && let Some(session) = side.live()
        {
            session.ready(id);
        }
    }

    /// The receiver's user takes up to so many values; says how many there were.
    pub(crate) fn take(&mut self, channel: usize, values_max: usize) -> usize {
        if self.model[channel].requests.is_some() {
            return self.take_requests(channel, values_max);
        }
        let record = &mut self.model[channel];
        let role = record.receiver();
        let Some(id) = record.id else { return 0 };
        let Some(inlet) = self.sides[role].inlets.get_mut(&id) else { return 0 };
        let values_max = values_max.min(record.takes_until_end(channel));
        let count = inlet.take(record, values_max);
        let end = record.first + record.taken;
        let (values, bytes, leading) = (record.taken, inlet.taken_bytes, record.leading);
        let ended_by = (end - count as u64..end).find_map(|number| self.reject(channel, number));
        if let Some(text) = ended_by {
            self.end_channel(role, channel, |session, now, id| {
                session.end_with_rejected(now, id, (values, bytes, leading), text);
            });
        } else if count > 0
            && let Some(session) = self.sides[role].live()
        {
            session.taken(self.now, id, values, bytes);
            self.sides[role].drain_events(&mut self.model);
        }
        self.statistics.values_delivered += count as u64;
        self.hear_answers(channel);
        count
    }

    /// Somebody dissociates a channel.
    pub(crate) fn hang_up(&mut self, role: Role, channel: usize, text: &str) {
        self.end_channel(role, channel, |session, now, id| {
            session.hangup(now, id, Code::HungUp, text);
        });
    }

    /// Somebody ends a channel by a word to the session.
    pub(crate) fn end_channel(
        &mut self,
        role: Role,
        channel: usize,
        say: impl FnOnce(&mut Session, Instant, ChannelId),
    ) {
        let (now, World { model, sides, .. }) = (self.now, &mut *self);
        let side = &mut sides[role];
        let Some(id) = model[channel].id.filter(|id| side.queues.names.contains_key(id)) else {
            return;
        };
        if !side.is_live() || model[channel].lost[role].is_some() || model[channel].is_refused {
            return;
        }
        let before = side.requests.len();
        side.requests.retain(|open| open.channel != id);
        // Instead of an answer it is a refusal.
        model[channel].is_refused = side.requests.len() < before;
        model[channel].is_hung_up = true;
        model[channel].can_cancel_no_more(role);
        side.dissociate(id);
        let session = side.live().expect("it is not over");
        say(session, now, id);
        side.drain_events(model);
        self.statistics.hangups += 1;
        self.say(|| format!("the {role:?} hangs up channel {channel}"));
    }

    pub(crate) fn wait(&mut self, role: Role, make: impl Fn(&World) -> Wait) {
        if self.sides[role].is_live() {
            let wait = make(self);
            self.say(|| format!("the {role:?} waits: {wait:?}"));
            let side = &mut self.sides[role];
            side.waits.push(wait);
            side.live().expect("it is not over").set_flushing(true);
        }
    }

    pub(crate) fn sync(&mut self, role: Role) {
        self.wait(role, |world| {
            let side = &world.sides[role];
            Wait::sync(side.session.as_ref().expect("it is live"), &side.queues)
        });
    }

    pub(crate) fn drain(&mut self, role: Role) {
        self.wait(role, |_| Wait::Drain);
    }

    /// The importer asks for the channels behind that of a number, over as many links as it takes.
    pub(crate) fn list(&mut self, channel: usize) {
        let importer = &mut self.sides.importer;
        if let Some(session) = importer.live() {
            session.list(channel.to_string());
            importer.wanted = Some(channel);
        }
    }

    /// A side ends the session.
    pub(crate) fn goodbye(&mut self, role: Role) {
        let are_live = ROLES.iter().all(|role| self.sides[*role].is_live());
        if let Some(session) = self.sides[role].live().filter(|_| are_live) {
            session.goodbye(Code::Closed, "going home");
            self.sides[role].has_said_goodbye = true;
            self.statistics.goodbyes_said += 1;
            self.say(|| format!("the {role:?} says goodbye"));
        }
    }

    /// A side dies and starts again, with users that know nothing.
    pub(crate) fn restart(&mut self, role: Role) {
        // What began its life just now has nothing to lose.
        if !ROLES.iter().all(|role| self.sides[*role].is_live()) {
            return;
        }
        self.say(|| format!("the {role:?} dies"));
        self.statistics.sides_died += 1;
        match role {
            Role::Importer => self.dialler.incarnation += 1,
            Role::Exporter => self.listener.incarnation += 1,
        }
        self.session_over(role, Over::Died);
        if role == Role::Importer {
            // Its next life asks for a session of its own, and so tells the exporter.
            self.dialler.ticket = None;
            self.dialler.dials_at = Some(self.now);
        }
    }

    /// Lets users do what they do whenever they can.
    pub(crate) fn attend(&mut self, role: Role) -> bool {
        self.ask_for_channels(role);
        if self.answers_at_once || self.users_take {
            self.answer(role);
        }
        self.finish_answers(role);
        if !self.users_take {
            return false;
        }
        let mut is_any = false;
        for channel in 0..self.model.len() {
            if self.model[channel].sender == role {
                if self.users_finish && self.model[channel].answers.is_none() {
                    self.finish(channel);
                }
            } else {
                is_any |= self.take(channel, usize::MAX) > 0;
            }
        }
        is_any
    }

    /// Tells those who wait for it that their peer has received what was sent.
    pub(crate) fn keep_promises(&mut self, role: Role) {
        let World { model, sides, statistics, .. } = self;
        let side = &mut sides[role];
        if side.waits.is_empty() || !side.is_live() {
            return;
        }
        let session = side.session.as_mut().expect("it is live");
        let queues = &side.queues;
        side.waits.retain(|wait| {
            let is_over = wait.is_over(session, queues);
            if is_over {
                wait.check(queues, model);
                match wait {
                    Wait::Sync(_) => statistics.syncs_kept += 1,
                    Wait::Drain => statistics.drains_kept += 1,
                }
            }
            !is_over
        });
        if side.waits.is_empty() {
            session.set_flushing(false);
        }
    }
}
