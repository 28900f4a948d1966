//! What the program asks of a connection, and when it is answered.

use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::sync::oneshot;

use crate::channel::{Closed, Origin, Outgoing, Reason};
use crate::id::ChannelId;
use crate::net::command::{Command, Import, ImportEnd};
use crate::net::driver::channels::report_taken;
use crate::net::driver::{Driver, Uplink, now};
use crate::net::endpoints::{Endpoint, Queue};
use crate::net::status::{ChannelStatus, Status};
use crate::net::{ConnectionEnd, FlushError, HangupError, HangupReport, ImportError};
use crate::session::Counters;
use crate::wire::Code;

/// Somebody waits until values have been received.
pub(super) struct Flush {
    targets: Vec<Target>,
    /// Values that will not be received, because their channels have ended.
    discarded_values: u64,
    reply: oneshot::Sender<Result<u64, FlushError>>,
}

/// How many of a channel's values must have been received, and how many have been.
struct Target {
    place: Place,
    values: u64,
    acknowledged_values: u64,
}

/// Where the values are that somebody waits for.
enum Place {
    /// On a channel of the session. Numbers count since it was opened.
    Channel(ChannelId),
    /// In the queue of an import that waits to be asked for again. Numbers count over all time.
    Queue(Arc<Outgoing>),
}

impl Target {
    fn is_on(&self, channel: ChannelId) -> bool {
        matches!(self.place, Place::Channel(id) if id == channel)
    }

    fn is_in(&self, queue: &Arc<Outgoing>) -> bool {
        matches!(&self.place, Place::Queue(other) if Arc::ptr_eq(other, queue))
    }

    fn missing_values(&self) -> u64 {
        self.values - self.acknowledged_values
    }
}

/// Somebody waits until channels are over on both sides.
pub(super) struct Hangup {
    name: String,
    channels: Vec<ChannelId>,
    lost_values: u64,
    reply: oneshot::Sender<Result<HangupReport, HangupError>>,
}

impl Driver {
    pub(super) fn poll_commands(&mut self, cx: &mut Context<'_>) -> Result<bool, ConnectionEnd> {
        let mut is_busy = false;
        while self.has_handles
            && let Poll::Ready(command) = self.commands.poll_recv(cx)
        {
            is_busy = true;
            match command {
                None => self.has_handles = false,
                Some(command) => self.obey(command)?,
            }
        }
        if self.has_handles || self.is_used() {
            Ok(is_busy)
        } else {
            Err(ConnectionEnd::ClosedHere)
        }
    }

    /// Whether anybody needs the connection who has no handle to it.
    fn is_used(&self) -> bool {
        let offers = if self.registry.is_some() { 0 } else { self.desk.offers.len() };
        self.endpoints.len() + self.postponed.imports.len() + self.desk.claims() + offers > 0
    }

    fn obey(&mut self, command: Command) -> Result<(), ConnectionEnd> {
        match command {
            Command::Close => return Err(ConnectionEnd::ClosedHere),
            Command::Import(import) => self.import(*import),
            Command::Hangup { name, reply } => self.hang_up(name, reply),
            Command::GiveUpHangup { name, reply } => self.give_up_hangup(&name, reply),
            Command::Queues { reply } => {
                let _nobody_waits = reply.send(self.import_queues());
            }
            Command::Flush { reply } => self.begin_flush(reply),
            Command::List { after, reply } => self.list(after, reply),
            Command::Status { reply } => {
                let _nobody_waits = reply.send(self.status());
            }
            Command::Finish => {
                for queue in self.import_queues() {
                    queue.finish();
                }
            }
            Command::Yield { epoch, reply } => self.yield_link(epoch, reply),
            Command::Adopt { epoch, link, peer_received } => {
                self.adopt_announced(epoch, link, peer_received)?;
            }
            Command::MakePlace { reply } => self.make_place(reply)?,
            Command::PeerRestarted => {
                // A link that still carries something shows that it is not so; one that is half open
                // will be found out.
                let is_kept = matches!(self.uplink, Uplink::Peer { .. });
                if is_kept && self.link.is_none() {
                    return Err(ConnectionEnd::PeerRestarted);
                }
                self.is_orphaned = is_kept;
            }
        }
        Ok(())
    }

    /// The queues of the imported channels that send, also of those that wait to be asked for again.
    fn import_queues(&self) -> Vec<Arc<Outgoing>> {
        let mut queues = self.endpoints.import_queues();
        queues.extend(self.postponed.imports.iter().filter_map(|import| match &import.end {
            ImportEnd::Out(queue) => Some(queue.clone()),
            ImportEnd::In(..) => None,
        }));
        queues
    }

    fn import(&mut self, mut import: Import) {
        let name = &import.request.name;
        let is_postponed = self
            .postponed
            .imports
            .iter()
            .any(|other| other.request.name == *name && !other.end.is_over());
        let refusal = if self.registry.is_some() {
            ImportError::NotImporter { name: name.clone() }
        } else if is_postponed || self.endpoints.is_imported(name) {
            ImportError::AlreadyImported { name: name.clone() }
        } else {
            match self.session.open(import.request.clone()) {
                Ok(channel) => {
                    self.endpoints.attach_import(channel, import, false);
                    return;
                }
                Err(error) => ImportError::Session(error),
            }
        };
        if let Some(reply) = import.reply.take() {
            let _nobody_waits = reply.send(Err(refusal));
        }
    }

    fn hang_up(&mut self, name: String, reply: oneshot::Sender<Result<HangupReport, HangupError>>) {
        let now = now();
        let closed = Closed::new(Origin::Local, Reason::HungUp);
        let mut lost_values = 0;
        let postponed = &mut self.postponed.imports;
        let dropped: Vec<Import> =
            postponed.extract_if(.., |import| import.request.name == name).collect();
        for import in &dropped {
            self.give_up_postponed(import);
            lost_values += import.end.end(closed.clone());
        }
        let channels = self.endpoints.named(&name);
        if channels.is_empty() {
            let answer = if dropped.is_empty() {
                Err(HangupError::UnknownName { name })
            } else {
                Ok(HangupReport { discarded_values: lost_values })
            };
            let _nobody_waits = reply.send(answer);
            return;
        }
        for channel in &channels {
            if let Some(endpoint) = self.endpoints.find_mut(*channel) {
                lost_values += endpoint.end(closed.clone());
                report_taken(&mut self.session, now, *channel, endpoint);
            }
            self.session.hangup(now, *channel, Code::HungUp, "");
        }
        self.hangups.retain(|hangup| !hangup.reply.is_closed());
        self.hangups.push(Hangup { name, channels, lost_values, reply });
    }

    fn begin_flush(&mut self, reply: oneshot::Sender<Result<u64, FlushError>>) {
        // Those whose time is up have nobody who waits.
        self.flushes.retain(|flush| !flush.reply.is_closed());
        let targets = self.targets();
        self.flushes.push(Flush { targets, discarded_values: 0, reply });
        self.session.set_flushing(true);
        self.settle_flushes();
    }

    fn targets(&self) -> Vec<Target> {
        let open = self.endpoints.iter().filter_map(|(channel, endpoint)| {
            let progress = self.session.progress(channel)?;
            // An import's queue has no other way out, so what waits in it counts, too.
            let values = endpoint.accepted_values().unwrap_or(progress.accepted_values);
            let acknowledged_values = progress.acknowledged_values;
            Some(Target { place: Place::Channel(channel), values, acknowledged_values })
        });
        let postponed = self.postponed.imports.iter().filter_map(|import| {
            let ImportEnd::Out(queue) = &import.end else { return None };
            let (values, acknowledged_values) =
                (queue.accepted_values(), queue.dispatched_values());
            Some(Target { place: Place::Queue(queue.clone()), values, acknowledged_values })
        });
        open.chain(postponed).collect()
    }

    /// An import waits to be asked for again, and with it those who wait for its values.
    pub(super) fn postpone_flushes(&mut self, channel: ChannelId, import: &Import, base: u64) {
        let ImportEnd::Out(queue) = &import.end else { return };
        for target in self.flushes.iter_mut().flat_map(|flush| &mut flush.targets) {
            if target.is_on(channel) {
                target.place = Place::Queue(queue.clone());
                target.values += base;
                target.acknowledged_values += base;
            }
        }
    }

    /// An import is asked for again.
    pub(super) fn continue_flushes(&mut self, channel: ChannelId) {
        let Some(Endpoint { queue: Queue::Out(queue, _), base_values, .. }) =
            self.endpoints.find(channel)
        else {
            return;
        };
        for target in self.flushes.iter_mut().flat_map(|flush| &mut flush.targets) {
            if target.is_in(queue) {
                target.place = Place::Channel(channel);
                target.values = target.values.saturating_sub(*base_values);
                target.acknowledged_values = 0;
            }
        }
    }

    /// An import that waits to be asked for again is dropped, and its values with it.
    fn give_up_postponed(&mut self, import: &Import) {
        let ImportEnd::Out(queue) = &import.end else { return };
        for flush in &mut self.flushes {
            for target in flush.targets.extract_if(.., |target| target.is_in(queue)) {
                flush.discarded_values += target.missing_values();
            }
        }
    }

    /// The session is lost, and with it what they wait for.
    pub(super) fn fail_requests(&mut self, end: &ConnectionEnd) {
        self.session.set_flushing(false);
        self.give_up_schemas();
        for Flush { targets, reply, .. } in self.flushes.drain(..) {
            let outstanding_values = targets.iter().map(Target::missing_values).sum();
            let error = FlushError::Disconnected { outstanding_values, end: end.clone() };
            let _nobody_waits = reply.send(Err(error));
        }
        for hangup in std::mem::take(&mut self.hangups) {
            let unknown_values = self.unknown_values(&hangup);
            let Hangup { name, reply, .. } = hangup;
            let error = HangupError::SessionLost { name, unknown_values, end: end.clone() };
            let _nobody_waits = reply.send(Err(error));
        }
    }

    /// Nobody waits for a hangup of this name any more. Says how many values have an unknown fate.
    fn give_up_hangup(&mut self, name: &str, reply: oneshot::Sender<u64>) {
        let is_given_up = |hangup: &mut Hangup| hangup.name == name && hangup.reply.is_closed();
        let given_up: Vec<Hangup> = self.hangups.extract_if(.., is_given_up).collect();
        let unknown = given_up.iter().map(|hangup| self.unknown_values(hangup));
        let _nobody_waits = reply.send(unknown.sum());
    }

    /// Values that a hangup has dropped here, or that were sent and are not known to have been taken.
    fn unknown_values(&self, hangup: &Hangup) -> u64 {
        let unknown = hangup.channels.iter().filter_map(|channel| {
            let counters = self.session.counters(*channel)?;
            let is_out = matches!(self.endpoints.find(*channel)?.queue, Queue::Out(..));
            is_out.then(|| counters.sent_values + counters.staged_values - counters.taken_values)
        });
        hangup.lost_values + unknown.sum::<u64>()
    }

    pub(super) fn outstanding_values(&self) -> u64 {
        let open = self.endpoints.iter().map(|(id, endpoint)| self.outstanding_of(id, endpoint));
        let postponed = self.postponed.imports.iter().map(Import::queued_values);
        open.chain(postponed).sum()
    }

    fn outstanding_of(&self, channel: ChannelId, endpoint: &Endpoint) -> u64 {
        let Some(progress) = self.session.progress(channel) else { return 0 };
        let accepted = endpoint.accepted_values().unwrap_or(progress.accepted_values);
        accepted.saturating_sub(progress.acknowledged_values)
    }

    fn status(&self) -> Status {
        let named = self.endpoints.iter().filter(|(_, endpoint)| !endpoint.is_for_answers);
        let open = named.map(|(id, endpoint)| {
            let Counters {
                sent_values,
                sent_bytes,
                received_values,
                taken_values,
                repeated_values,
                rejected_values,
                ..
            } = self.session.counters(id).unwrap_or_default();
            let losses = endpoint.losses();
            ChannelStatus {
                name: endpoint.name.clone(),
                dir: endpoint.dir(),
                is_open: endpoint.is_open,
                sent_values,
                sent_bytes,
                received_values,
                taken_values,
                outstanding_values: self.outstanding_of(id, endpoint),
                repeated_values,
                missed_values: endpoint.missed_values(),
                rejected_values,
                redelivered_values: losses.redelivered_values,
                discarded_values: losses.discarded_values,
            }
        });
        let postponed = self.postponed.imports.iter().map(Import::status);
        Status {
            peer: self.shared.peer.clone(),
            session: self.session_id,
            is_linked: self.link.is_some(),
            resumes: self.resumes,
            repeated_frames: self.repeated_frames,
            lost_sessions: self.lost_sessions,
            channels: open.chain(postponed).collect(),
            outstanding_values: self.outstanding_values(),
            offers: self.desk.offers.len(),
            claims: self.desk.claims(),
        }
    }

    pub(super) fn settle_hangups(&mut self, channel: ChannelId, lost_values: u64) {
        for hangup in &mut self.hangups {
            let before = hangup.channels.len();
            hangup.channels.retain(|waiting| *waiting != channel);
            if hangup.channels.len() < before {
                hangup.lost_values += lost_values;
            }
        }
        for hangup in self.hangups.extract_if(.., |hangup| hangup.channels.is_empty()) {
            let report = HangupReport { discarded_values: hangup.lost_values };
            let _nobody_waits = hangup.reply.send(Ok(report));
        }
    }

    /// A channel is over, and values that were sent on it did not reach their user. Those of them
    /// that somebody waits for, and that are not known to have been received, never will be.
    pub(super) fn give_up_flushes(&mut self, channel: ChannelId, lost_values: u64) {
        for flush in &mut self.flushes {
            for target in flush.targets.extract_if(.., |target| target.is_on(channel)) {
                flush.discarded_values += target.missing_values().min(lost_values);
            }
        }
    }

    pub(super) fn settle_flushes(&mut self) {
        if self.flushes.is_empty() {
            return;
        }
        let session = &self.session;
        for flush in &mut self.flushes {
            flush.targets.retain_mut(|target| {
                let channel = match &target.place {
                    Place::Channel(channel) => *channel,
                    Place::Queue(_) => return target.missing_values() > 0,
                };
                let Some(progress) = session.progress(channel) else { return false };
                target.acknowledged_values = progress.acknowledged_values.min(target.values);
                target.acknowledged_values < target.values
            });
        }
        for flush in self.flushes.extract_if(.., |flush| flush.targets.is_empty()) {
            let _nobody_waits = flush.reply.send(Ok(flush.discarded_values));
        }
        if self.flushes.is_empty() {
            self.session.set_flushing(false);
        }
    }
}
