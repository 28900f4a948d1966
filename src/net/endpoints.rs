//! The queues that are attached to a session, by channel number.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::oneshot;

use crate::channel::{Closed, ConsumerKey, Fault, Incoming, LaneKey, LaneWindow, Outgoing};
use crate::channel::{Origin, ReadySet, Reason};
use crate::dir::Dir;
use crate::id::ChannelId;
use crate::net::ImportError;
use crate::net::command::ImportEnd;
use crate::net::registry::ExportEnd;
use crate::session::{Chunk, Supply, ValueSource};

/// The attached queues of one session.
#[derive(Default)]
pub(super) struct Endpoints {
    by_channel: HashMap<ChannelId, Endpoint>,
    pub(super) ready: Arc<ReadySet>,
}

/// An attached queue.
pub(super) struct Endpoint {
    pub(super) name: String,
    pub(super) queue: Queue,
    /// This side imported the channel, so the queue ends with it.
    is_import: bool,
    /// Values that waited for the channel when it ended, and were dropped.
    pub(super) discarded_values: u64,
    /// Who waits for the peer's answer to the import.
    pub(super) opening: Option<oneshot::Sender<Result<(), ImportError>>>,
}

/// The queue of a channel.
pub(super) enum Queue {
    Out(Arc<Outgoing>, ConsumerKey),
    In(Arc<Incoming>, LaneKey),
}

impl Endpoints {
    pub(super) fn attach_import(
        &mut self,
        channel: ChannelId,
        name: String,
        end: ImportEnd,
        opening: oneshot::Sender<Result<(), ImportError>>,
    ) {
        let queue = match end {
            ImportEnd::Out(queue) => self.attach_out(channel, queue),
            ImportEnd::In(queue, window) => self.attach_in(channel, queue, window),
        };
        let endpoint =
            Endpoint { name, queue, is_import: true, discarded_values: 0, opening: Some(opening) };
        self.by_channel.insert(channel, endpoint);
    }

    pub(super) fn attach_export(&mut self, channel: ChannelId, name: String, end: ExportEnd) {
        let queue = match end {
            ExportEnd::Out(queue) => self.attach_out(channel, queue),
            ExportEnd::In(queue, window) => self.attach_in(channel, queue, window),
        };
        self.by_channel.insert(
            channel,
            Endpoint { name, queue, is_import: false, discarded_values: 0, opening: None },
        );
    }

    fn attach_out(&self, channel: ChannelId, queue: Arc<Outgoing>) -> Queue {
        let key = queue.attach(self.ready.clone(), channel);
        Queue::Out(queue, key)
    }

    fn attach_in(&self, channel: ChannelId, queue: Arc<Incoming>, window: LaneWindow) -> Queue {
        let key = queue.attach(self.ready.clone(), channel, window);
        Queue::In(queue, key)
    }

    pub(super) fn find(&self, channel: ChannelId) -> Option<&Endpoint> {
        self.by_channel.get(&channel)
    }

    pub(super) fn find_mut(&mut self, channel: ChannelId) -> Option<&mut Endpoint> {
        self.by_channel.get_mut(&channel)
    }

    pub(super) fn named(&self, name: &str) -> Vec<ChannelId> {
        let same = self.by_channel.iter().filter(|(_, endpoint)| endpoint.name == name);
        same.map(|(channel, _)| *channel).collect()
    }

    /// Whether an import of this name is in use.
    pub(super) fn is_imported(&self, name: &str) -> bool {
        self.by_channel.values().any(|endpoint| endpoint.name == name && !endpoint.is_done())
    }

    /// The queues of the imported channels that send.
    pub(super) fn import_queues(&self) -> Vec<Arc<Outgoing>> {
        let queues = self.by_channel.values().filter_map(|endpoint| match &endpoint.queue {
            Queue::Out(queue, _) if endpoint.is_import => Some(queue.clone()),
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

    /// Detaches a queue whose channel is over.
    pub(super) fn detach(&mut self, channel: ChannelId) -> Option<Endpoint> {
        let endpoint = self.by_channel.remove(&channel)?;
        match &endpoint.queue {
            Queue::Out(queue, key) => queue.detach(*key),
            Queue::In(queue, key) => {
                // A channel that ended without a word from the peer was ended here.
                queue.close_lane(*key, Closed::new(Origin::Local, Reason::HungUp));
                queue.detach(*key);
            }
        }
        Some(endpoint)
    }

    /// Detaches all queues, because the connection is gone. `closed` tells their users why.
    pub(super) fn detach_all(&mut self, closed: &Closed) {
        let channels: Vec<ChannelId> = self.by_channel.keys().copied().collect();
        for channel in channels {
            if let Some(endpoint) = self.find_mut(channel) {
                endpoint.close(closed.clone());
            }
            self.detach(channel);
        }
    }
}

impl Endpoint {
    /// Tells the users of the queue that the peer is gone.
    pub(super) fn close(&mut self, closed: Closed) {
        match &self.queue {
            Queue::Out(queue, _) if self.is_import => self.discarded_values += queue.end(closed),
            // Other importers go on.
            Queue::Out(..) => {}
            Queue::In(queue, key) => queue.close_lane(*key, closed),
        }
    }

    /// Ends the channel at once from this side. Returns the queued values that are dropped by that.
    pub(super) fn end(&mut self, closed: Closed) -> u64 {
        match &self.queue {
            Queue::Out(queue, _) if self.is_import => {
                let discarded_values = queue.end(closed);
                self.discarded_values += discarded_values;
                return discarded_values;
            }
            Queue::Out(..) => {}
            Queue::In(queue, _) if self.is_import => queue.end(closed),
            // Other importers go on.
            Queue::In(queue, key) => queue.end_lane(*key, closed),
        }
        0
    }

    /// Lets other importers have the values of an exported channel.
    pub(super) fn pass_on(&self) {
        if let Queue::Out(queue, _) = &self.queue
            && !self.is_import
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

    /// For a receiving channel: values and bytes taken in all, and whether to stop.
    pub(super) fn taken(&self) -> Option<(u64, u64, Option<Fault>)> {
        match &self.queue {
            Queue::In(queue, key) => {
                let (taken, fault) = queue.report(*key)?;
                Some((taken.values, taken.bytes, fault))
            }
            Queue::Out(..) => None,
        }
    }

    /// Values that were accepted from the program for this channel alone.
    pub(super) fn accepted_values(&self) -> Option<u64> {
        match &self.queue {
            Queue::Out(queue, _) if self.is_import => Some(queue.accepted_values()),
            _ => None,
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
        match self.find(channel).map(|endpoint| &endpoint.queue) {
            Some(Queue::Out(queue, key)) => queue.refill(*key, values_max, bytes_wanted, chunk),
            _ => Supply::Empty,
        }
    }
}
