//! What stands behind the lock of a sending queue: its values and counts.

use std::sync::Arc;

use bytes::Bytes;

use crate::channel::backlog::Backlog;
use crate::channel::consumers::{ConsumerKey, Consumers};
use crate::channel::offer::Ticket;
use crate::channel::outgoing::carried::Carried;
use crate::channel::outgoing::fanout::Fanout;
use crate::channel::outgoing::{Aftermath, OutgoingBounds, PushError};
use crate::channel::ready::ReadySet;
use crate::channel::{Closed, CodecError, Origin, Reason};
use crate::limits::TURN_FRACTION;
use crate::session::Chunk;

#[derive(Debug)]
pub(super) struct State {
    pub(super) bounds: OutgoingBounds,
    /// The values of a queue.
    pub(super) backlog: Backlog,
    /// The values of another shape; nothing for a queue.
    pub(super) fanout: Option<Box<Fanout>>,
    /// Sessions that were marked because they are cut off, and are not rung yet.
    pub(super) cut_off: Vec<Arc<ReadySet>>,
    pub(super) consumers: Consumers,
    pub(super) accepted_values: u64,
    pub(super) dispatched_values: u64,
    pub(super) freed_slots: u64,
    pub(super) reserved_slots: u64,
    pub(super) senders: usize,
    pub(super) is_finished: bool,
    pub(super) ended: Option<Closed>,
    /// Values that waited when the channel was ended, and were dropped.
    pub(super) discarded_values: u64,
    /// What became of values in all sessions that were lost.
    pub(super) losses: Aftermath,
    /// Offers in values that wait.
    pub(super) carried: Carried,
}

impl State {
    pub(super) fn new(bounds: OutgoingBounds) -> State {
        State {
            bounds,
            backlog: Backlog::default(),
            fanout: Fanout::new(bounds.shape).map(Box::new),
            cut_off: Vec::new(),
            consumers: Consumers::default(),
            accepted_values: 0,
            dispatched_values: 0,
            freed_slots: 0,
            reserved_slots: 0,
            senders: 0,
            is_finished: false,
            ended: None,
            discarded_values: 0,
            losses: Aftermath::default(),
            carried: Carried::default(),
        }
    }

    pub(super) fn closed(&self) -> Option<Closed> {
        if let Some(closed) = &self.ended {
            return Some(closed.clone());
        }
        if self.bounds.limit.is_some_and(|limit| self.accepted_values >= limit) {
            return Some(Closed::new(Origin::Local, Reason::LimitReached));
        }
        self.is_finished.then(|| Closed::new(Origin::Local, Reason::Finished))
    }

    #[inline]
    pub(super) fn check_open(&mut self) -> Result<(), PushError> {
        if self.ended.is_none() && !self.is_finished && self.bounds.limit.is_none() {
            return Ok(());
        }
        self.closed().map_or(Ok(()), |closed| Err(PushError::Closed(closed)))
    }

    #[inline]
    pub(super) fn free_slots(&self) -> u64 {
        let used = self.accepted_values + self.reserved_slots - self.freed_slots;
        u64::from(self.bounds.capacity_values).saturating_sub(used)
    }

    /// Encoded bytes that wait.
    #[inline]
    fn waiting_bytes(&self) -> usize {
        match &self.fanout {
            None => self.backlog.bytes(),
            Some(fanout) => fanout.bytes(),
        }
    }

    /// The window of a peer has grown to so many values: makes slots for them. Returns how many are new.
    pub(super) fn make_slots(&mut self, window_values: u64) -> u64 {
        let bounds = &mut self.bounds;
        let before = bounds.capacity_values;
        let values = u32::try_from(window_values).unwrap_or(u32::MAX).min(bounds.capacity_max);
        bounds.capacity_values = values.max(before);
        u64::from(bounds.capacity_values - before)
    }

    /// Whether senders wait although there may be slots.
    #[inline]
    pub(super) fn is_stuffed(&self) -> bool {
        self.waiting_bytes() >= self.bounds.queue_bytes
    }

    /// Whether the value that was just queued, of so many bytes, makes up a [turn](crate::channel::turn).
    #[inline]
    pub(super) fn completes_turn(&self, value_bytes: usize) -> bool {
        let turn_bytes = self.bounds.queue_bytes / TURN_FRACTION;
        let waiting_values = self.accepted_values - self.dispatched_values;
        let waiting_bytes = self.waiting_bytes();
        waiting_values == self.bounds.turn_values()
            || (waiting_bytes >= turn_bytes && waiting_bytes - turn_bytes < value_bytes)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.accepted_values == self.dispatched_values
    }

    /// Whether a session that finds nothing may still find what others give back.
    pub(super) fn waits_for_others(&self, key: ConsumerKey) -> bool {
        self.bounds.redelivers && self.consumers.others_hold_values(key)
    }

    /// Marks who can go on when a session has left, or holds no more.
    pub(super) fn wake_for_rest(&mut self) -> Vec<Arc<ReadySet>> {
        if !self.is_empty() {
            self.consumers.wake_one().into_iter().collect()
        } else if self.is_finished && self.consumers.may_be_settled() {
            self.consumers.wake_all()
        } else {
            Vec::new()
        }
    }

    /// Encodes a value behind the others; returns its length.
    pub(super) fn append(
        &mut self,
        encode: impl FnOnce(&mut Vec<u8>) -> Result<(), CodecError>,
    ) -> Result<usize, CodecError> {
        if let Some(fanout) = &mut self.fanout {
            let length = fanout.append(encode)?;
            self.accept_into_log();
            return Ok(length);
        }
        let length = self.backlog.append(encode)?;
        self.accept();
        Ok(length)
    }

    /// Appends a value that was encoded elsewhere.
    pub(super) fn append_encoded(&mut self, bytes: Vec<u8>) {
        if let Some(fanout) = &mut self.fanout {
            fanout.append_encoded(bytes);
            return self.accept_into_log();
        }
        self.backlog.append_encoded(bytes);
        self.accept();
    }

    /// Appends a large value, which stays where it is.
    pub(super) fn append_shared(&mut self, payload: Bytes) {
        if let Some(fanout) = &mut self.fanout {
            fanout.append_shared(payload);
            return self.accept_into_log();
        }
        self.backlog.append_shared(payload);
        self.accept();
    }

    #[inline]
    pub(super) fn accept(&mut self) {
        self.accepted_values += 1;
        if self.bounds.limit == Some(self.accepted_values) {
            self.is_finished = true;
        }
    }

    /// The value that was just appended carries offers. What goes to everyone counts as sent at once,
    /// because it is read again by each session.
    pub(super) fn carry(&mut self, tickets: Vec<Ticket>) {
        if self.fanout.is_some() {
            tickets.into_iter().for_each(Ticket::sent);
        } else {
            self.carried.add(self.accepted_values, tickets);
        }
    }

    /// What one of several sessions may take, so that the others find some too.
    pub(super) fn share(&self, values_max: u64) -> u64 {
        let consumers = self.consumers.len().max(1) as u64;
        let queued = self.accepted_values - self.dispatched_values;
        values_max.min(queued.div_ceil(consumers).max(1))
    }

    /// Offers in values that were taken wait to be claimed.
    pub(super) fn carry_away(&mut self) {
        self.carried.sent(self.dispatched_values);
    }

    /// Moves values from the front; returns how many.
    pub(super) fn take(&mut self, values_max: u64, bytes_wanted: usize, chunk: &mut Chunk) -> u64 {
        let taken = self.backlog.take(values_max, bytes_wanted, chunk);
        self.dispatched_values += taken;
        taken
    }
}
