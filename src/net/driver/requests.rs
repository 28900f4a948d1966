//! What the program asks of a connection, and when it is answered.

use std::task::{Context, Poll};

use tokio::sync::oneshot;

use crate::channel::{Closed, Origin, Reason};
use crate::id::ChannelId;
use crate::net::command::{Command, Import};
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
    /// It has not begun, because imports wait to be asked for again.
    is_postponed: bool,
    reply: oneshot::Sender<Result<u64, FlushError>>,
}

/// How many of a channel's values must have been received, and how many have been.
struct Target {
    channel: ChannelId,
    values: u64,
    acknowledged_values: u64,
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
        let is_used = self.endpoints.len() + self.postponed.imports.len() > 0;
        if self.has_handles || is_used { Ok(is_busy) } else { Err(ConnectionEnd::ClosedHere) }
    }

    fn obey(&mut self, command: Command) -> Result<(), ConnectionEnd> {
        match command {
            Command::Close => return Err(ConnectionEnd::ClosedHere),
            Command::Import(import) => self.import(import),
            Command::Hangup { name, reply } => self.hang_up(name, reply),
            Command::Queues { reply } => {
                let _nobody_waits = reply.send(self.endpoints.import_queues());
            }
            Command::Flush { reply } => self.begin_flush(0, reply),
            Command::Status { reply } => {
                let _nobody_waits = reply.send(self.status());
            }
            Command::Finish => {
                for queue in self.endpoints.import_queues() {
                    queue.finish();
                }
            }
            Command::Yield { epoch, reply } => self.yield_link(epoch, reply),
            Command::Adopt { epoch, link, peer_received } => {
                self.adopt_announced(epoch, link, peer_received)?;
            }
            Command::PeerRestarted => {
                // A link that still carries something would show that it is not so. But one may only
                // look alive: its peer has lost its power, and silence takes time to be noticed.
                if let Uplink::Peer { is_left, .. } = &mut self.uplink {
                    *is_left = true;
                    if self.link.is_none() {
                        return Err(ConnectionEnd::PeerRestarted);
                    }
                }
            }
        }
        Ok(())
    }

    fn import(&mut self, mut import: Import) {
        let name = &import.request.name;
        let is_postponed = self.postponed.imports.iter().any(|other| other.request.name == *name);
        let refusal = if is_postponed || self.endpoints.is_imported(name) {
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
        self.hangups.push(Hangup { name, channels, lost_values, reply });
    }

    fn begin_flush(
        &mut self,
        discarded_values: u64,
        reply: oneshot::Sender<Result<u64, FlushError>>,
    ) {
        let is_postponed = !self.postponed.imports.is_empty();
        let targets = if is_postponed { Vec::new() } else { self.targets() };
        self.flushes.push(Flush { targets, discarded_values, is_postponed, reply });
        self.session.set_flushing(true);
        self.settle_flushes();
    }

    fn targets(&self) -> Vec<Target> {
        let targets = self.endpoints.iter().filter_map(|(channel, endpoint)| {
            let progress = self.session.progress(channel)?;
            // An import's queue has no other way out, so what waits in it counts, too.
            let values = endpoint.accepted_values().unwrap_or(progress.accepted_values);
            let acknowledged_values = progress.acknowledged_values;
            Some(Target { channel, values, acknowledged_values })
        });
        targets.collect()
    }

    /// Flushes that came while imports waited to be asked for again.
    pub(super) fn begin_postponed_flushes(&mut self) {
        if !self.postponed.imports.is_empty()
            || self.flushes.iter().all(|flush| !flush.is_postponed)
        {
            return;
        }
        for flush in self.flushes.extract_if(.., |flush| flush.is_postponed).collect::<Vec<_>>() {
            self.begin_flush(flush.discarded_values, flush.reply);
        }
    }

    /// A channel that they wait for is asked for again: they begin again with it.
    pub(super) fn restart_flushes(&mut self, channel: ChannelId) {
        for flush in &mut self.flushes {
            let before = flush.targets.len();
            flush.targets.retain(|target| target.channel != channel);
            flush.is_postponed |= flush.targets.len() < before;
        }
    }

    /// The session is lost, and with it what they wait for.
    pub(super) fn fail_requests(&mut self, end: &ConnectionEnd) {
        self.session.set_flushing(false);
        for Flush { targets, reply, .. } in self.flushes.drain(..) {
            let missing = targets.iter().map(|target| target.values - target.acknowledged_values);
            let outstanding_values = missing.sum();
            let error = FlushError::Disconnected { outstanding_values, end: end.clone() };
            let _nobody_waits = reply.send(Err(error));
        }
        for Hangup { name, channels, lost_values, reply } in self.hangups.drain(..) {
            let unknown = channels.iter().filter_map(|channel| {
                let counters = self.session.counters(*channel)?;
                let is_out = matches!(self.endpoints.find(*channel)?.queue, Queue::Out(..));
                is_out.then(|| counters.sent_values - counters.taken_values)
            });
            let unknown_values = lost_values + unknown.sum::<u64>();
            let error = HangupError::SessionLost { name, unknown_values, end: end.clone() };
            let _nobody_waits = reply.send(Err(error));
        }
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
        let channels = self.endpoints.iter().map(|(id, endpoint)| {
            let Counters {
                sent_values,
                sent_bytes,
                received_values,
                taken_values,
                repeated_values,
            } = self.session.counters(id).unwrap_or_default();
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
                redelivered_values: endpoint.redelivered_values,
                discarded_values: endpoint.lost_values(),
            }
        });
        Status {
            peer: self.shared.peer.clone(),
            session: self.session_id,
            is_linked: self.link.is_some(),
            resumes: self.resumes,
            repeated_frames: self.repeated_frames,
            lost_sessions: self.lost_sessions,
            channels: channels.collect(),
            outstanding_values: self.outstanding_values(),
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
            for target in flush.targets.extract_if(.., |target| target.channel == channel) {
                let missing = target.values - target.acknowledged_values;
                flush.discarded_values += missing.min(lost_values);
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
                let Some(progress) = session.progress(target.channel) else { return false };
                target.acknowledged_values = progress.acknowledged_values.min(target.values);
                target.acknowledged_values < target.values
            });
        }
        let is_settled = |flush: &mut Flush| !flush.is_postponed && flush.targets.is_empty();
        for flush in self.flushes.extract_if(.., is_settled) {
            let _nobody_waits = flush.reply.send(Ok(flush.discarded_values));
        }
        if self.flushes.is_empty() {
            self.session.set_flushing(false);
        }
    }
}
