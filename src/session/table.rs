//! The channels of a session by number.

use crate::id::{ChannelId, IdMap, IdSet};
use crate::session::Role;
use crate::session::channel::{Channel, Flow, Outbound};
use crate::session::link::Delivery;

/// The channels of a session, and which numbers were used.
#[derive(Debug, Default)]
pub(super) struct Table {
    channels: IdMap<ChannelId, Channel>,
    /// How many numbers each side has used.
    used_by_importer: u32,
    used_by_exporter: u32,
    /// Channels that have kept runs in the buffers of frames.
    unsettled: IdSet<ChannelId>,
}

impl Table {
    /// The next unused number of a side; `None` when there is none.
    pub(super) fn unused(&self, opener: Role) -> Option<ChannelId> {
        let (first, used) = match opener {
            Role::Importer => (ChannelId::FIRST_OF_IMPORTER, self.used_by_importer),
            Role::Exporter => (ChannelId::FIRST_OF_EXPORTER, self.used_by_exporter),
        };
        let next = first.0.checked_add(used).map(ChannelId)?;
        (!next.is_for_answers()).then_some(next)
    }

    /// Whether a channel had this number once, or has it now.
    pub(super) fn was_used(&self, id: ChannelId) -> bool {
        let id = id.opened();
        if id.is_of_exporter() {
            id.0 - ChannelId::FIRST_OF_EXPORTER.0 < self.used_by_exporter
        } else {
            id.0 <= self.used_by_importer
        }
    }

    /// Marks the next unused number of a side as used, with or without a channel.
    pub(super) fn use_up(&mut self, id: ChannelId) {
        debug_assert!(!self.was_used(id), "numbers are used once, in turn");
        if id.is_of_exporter() {
            self.used_by_exporter += 1;
        } else {
            self.used_by_importer += 1;
        }
    }

    pub(super) fn insert(&mut self, channel: Channel) {
        // The channel for answers comes with its requests.
        if !channel.id.is_for_answers() {
            self.use_up(channel.id);
        }
        self.channels.insert(channel.id, channel);
    }

    pub(super) fn find(&self, id: ChannelId) -> Option<&Channel> {
        self.channels.get(&id)
    }

    pub(super) fn find_mut(&mut self, id: ChannelId) -> Option<&mut Channel> {
        self.channels.get_mut(&id)
    }

    pub(super) fn remove(&mut self, id: ChannelId) -> Option<Channel> {
        self.unsettled.remove(&id);
        self.channels.remove(&id)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Channel> {
        self.channels.values()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Channel> {
        self.channels.values_mut()
    }

    pub(super) fn into_channels(self) -> impl Iterator<Item = Channel> {
        self.channels.into_values()
    }

    fn find_outbound(&mut self, id: ChannelId) -> Option<&mut Outbound> {
        match self.channels.get_mut(&id) {
            Some(Channel { flow: Flow::Out(outbound), .. }) => Some(outbound),
            _ => None,
        }
    }

    /// Counts values that the peer has received.
    pub(super) fn acknowledge(&mut self, delivery: Delivery) {
        if let Some(outbound) = self.find_outbound(delivery.channel) {
            outbound.acknowledged_values += u64::from(delivery.values);
        }
        self.keep_run(delivery);
    }

    /// Keeps values until they are taken, if their channel redelivers.
    pub(super) fn keep_run(&mut self, delivery: Delivery) {
        if let Some(outbound) = self.find_outbound(delivery.channel)
            && let (Some(untaken), Some(run)) = (&mut outbound.untaken, delivery.run)
            && untaken.push(run)
        {
            self.unsettled.insert(delivery.channel);
        }
    }

    /// Counts values that are sent again.
    pub(super) fn repeat(&mut self, delivery: &Delivery) {
        if let Some(outbound) = self.find_outbound(delivery.channel) {
            outbound.repeated_values += u64::from(delivery.values);
        }
    }

    /// Lets kept values go of buffers that they share.
    pub(super) fn settle(&mut self) {
        for id in std::mem::take(&mut self.unsettled) {
            if let Some(Outbound { untaken: Some(untaken), .. }) = self.find_outbound(id) {
                untaken.settle();
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.channels.len()
    }
}
