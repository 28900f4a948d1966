//! What the program asks of a connection, and when it is answered.

use std::task::{Context, Poll};

use tokio::sync::oneshot;

use crate::channel::{Closed, Origin, Reason};
use crate::id::ChannelId;
use crate::net::command::{Command, Import};
use crate::net::driver::channels::report_taken;
use crate::net::driver::{Driver, now};
use crate::net::{ConnectionEnd, ImportError, Status};
use crate::wire::Code;

/// Somebody waits until values have been received.
pub(super) struct Flush {
    targets: Vec<Target>,
    /// Values that will not be received, because their channels have ended.
    discarded_values: u64,
    reply: oneshot::Sender<u64>,
}

/// How many of a channel's values must have been received, and how many have been.
struct Target {
    channel: ChannelId,
    values: u64,
    acknowledged_values: u64,
}

/// Somebody waits until channels are over on both sides.
pub(super) struct Hangup {
    channels: Vec<ChannelId>,
    lost_values: u64,
    reply: oneshot::Sender<Option<u64>>,
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
                Some(Command::Close) => return Err(ConnectionEnd::ClosedHere),
                Some(Command::Import(import)) => self.import(import),
                Some(Command::Hangup { name, reply }) => self.hang_up(&name, reply),
                Some(Command::Queues { reply }) => {
                    let _nobody_waits = reply.send(self.endpoints.import_queues());
                }
                Some(Command::Flush { reply }) => self.flush(reply),
                Some(Command::Status { reply }) => {
                    let _nobody_waits = reply.send(self.status());
                }
            }
        }
        if self.has_handles || self.endpoints.len() > 0 {
            Ok(is_busy)
        } else {
            Err(ConnectionEnd::ClosedHere)
        }
    }

    fn import(&mut self, Import { request, end, reply }: Import) {
        let name = request.name.clone();
        let refusal = if self.endpoints.is_imported(&name) {
            ImportError::AlreadyImported { name }
        } else {
            match self.session.open(request) {
                Ok(channel) => {
                    self.endpoints.attach_import(channel, name, end, reply);
                    return;
                }
                Err(error) => ImportError::Session(error),
            }
        };
        let _nobody_waits = reply.send(Err(refusal));
    }

    fn hang_up(&mut self, name: &str, reply: oneshot::Sender<Option<u64>>) {
        let now = now();
        let channels = self.endpoints.named(name);
        if channels.is_empty() {
            let _nobody_waits = reply.send(None);
            return;
        }
        let mut lost_values = 0;
        for channel in &channels {
            if let Some(endpoint) = self.endpoints.find_mut(*channel) {
                lost_values += endpoint.end(Closed::new(Origin::Local, Reason::HungUp));
                report_taken(&mut self.session, now, *channel, endpoint);
            }
            self.session.hangup(now, *channel, Code::HungUp, "");
        }
        self.hangups.push(Hangup { channels, lost_values, reply });
    }

    fn flush(&mut self, reply: oneshot::Sender<u64>) {
        let targets = self.endpoints.iter().filter_map(|(channel, endpoint)| {
            let progress = self.session.progress(channel)?;
            // An import's queue has no other way out, so what waits in it counts, too.
            let values = endpoint.accepted_values().unwrap_or(progress.accepted_values);
            let acknowledged_values = progress.acknowledged_values;
            Some(Target { channel, values, acknowledged_values })
        });
        self.flushes.push(Flush { targets: targets.collect(), discarded_values: 0, reply });
        self.session.set_flushing(true);
        self.settle_flushes();
    }

    pub(super) fn status(&self) -> Status {
        let queued = self.endpoints.iter().map(|(channel, endpoint)| {
            let Some(progress) = self.session.progress(channel) else { return 0 };
            let accepted = endpoint.accepted_values().unwrap_or(progress.accepted_values);
            accepted - progress.acknowledged_values
        });
        Status { channels: self.endpoints.len(), outstanding_values: queued.sum() }
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
            let _nobody_waits = hangup.reply.send(Some(hangup.lost_values));
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
        for flush in self.flushes.extract_if(.., |flush| flush.targets.is_empty()) {
            let _nobody_waits = flush.reply.send(flush.discarded_values);
        }
        if self.flushes.is_empty() {
            self.session.set_flushing(false);
        }
    }
}
