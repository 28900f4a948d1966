//! What the program asks of a connection, and when it is answered.

use std::task::{Context, Poll};
use std::time::Instant;

use tokio::sync::oneshot;

use crate::channel::{Closed, Origin, Reason};
use crate::id::ChannelId;
use crate::net::command::{Command, Import};
use crate::net::driver::Driver;
use crate::net::driver::channels::report_taken;
use crate::net::{ConnectionEnd, ImportError, Status};
use crate::wire::Code;

/// Somebody waits until values have been received.
pub(super) struct Flush {
    /// Channels, and how many of their values must have been received.
    targets: Vec<(ChannelId, u64)>,
    reply: oneshot::Sender<()>,
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

    pub(super) fn import(&mut self, Import { request, end, reply }: Import) {
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

    pub(super) fn hang_up(&mut self, name: &str, reply: oneshot::Sender<Option<u64>>) {
        let now = Instant::now();
        let channels = self.endpoints.named(name);
        if channels.is_empty() {
            let _nobody_waits = reply.send(None);
            return;
        }
        let mut lost_values = 0;
        for channel in &channels {
            if let Some(endpoint) = self.endpoints.find(*channel) {
                lost_values += endpoint.end(Closed::new(Origin::Local, Reason::HungUp));
                report_taken(&mut self.session, now, *channel, endpoint);
            }
            self.session.hangup(now, *channel, Code::HungUp, "");
        }
        self.hangups.push(Hangup { channels, lost_values, reply });
    }

    pub(super) fn flush(&mut self, reply: oneshot::Sender<()>) {
        let targets = self.endpoints.iter().filter_map(|(channel, endpoint)| {
            let progress = self.session.progress(channel)?;
            // An import's queue has no other way out, so what waits in it counts, too.
            let target = endpoint.accepted_values().unwrap_or(progress.accepted_values);
            (progress.acknowledged_values < target).then_some((channel, target))
        });
        self.flushes.push(Flush { targets: targets.collect(), reply });
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

    pub(super) fn settle_flushes(&mut self) {
        if self.flushes.is_empty() {
            return;
        }
        let session = &self.session;
        for flush in &mut self.flushes {
            // A channel that is over has nothing more to wait for.
            flush.targets.retain(|(channel, target)| {
                session
                    .progress(*channel)
                    .is_some_and(|progress| progress.acknowledged_values < *target)
            });
        }
        for flush in self.flushes.extract_if(.., |flush| flush.targets.is_empty()) {
            let _nobody_waits = flush.reply.send(());
        }
        if self.flushes.is_empty() {
            self.session.set_flushing(false);
        }
    }
}
