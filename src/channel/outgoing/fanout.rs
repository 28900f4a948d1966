//! Values that go to every importer: one log, and a place in it for each of them.

use std::collections::BTreeSet;

use bytes::Bytes;

use crate::channel::CodecError;
use crate::channel::consumers::ConsumerKey;
use crate::channel::outgoing::OutgoingBounds;
use crate::channel::outgoing::log::{Log, Place};
use crate::channel::{Shape, Slow};
use crate::id::{IdMap, IdSet};
use crate::session::Chunk;

/// How far a session has read.
#[derive(Debug)]
struct Reader {
    /// It may be before the start of the log: what is between was dropped before it was read.
    place: Place,
    missed_values: u64,
}

/// The values of a broadcast, or the newest one, and who has read how much.
#[derive(Debug)]
pub(super) struct Fanout {
    kind: Kind,
    log: Log,
    readers: IdMap<ConsumerKey, Reader>,
    /// The same readers by their place, the slowest first.
    by_place: BTreeSet<(u64, ConsumerKey)>,
    /// Readers that were too slow and do not know it yet.
    cut_off: IdSet<ConsumerKey>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Broadcast(Slow),
    Latest,
}

impl Fanout {
    /// What a shape needs; nothing for a queue.
    pub(super) fn new(shape: Shape) -> Option<Fanout> {
        let kind = match shape {
            Shape::Queue => return None,
            Shape::Broadcast(slow) => Kind::Broadcast(slow),
            Shape::Latest => Kind::Latest,
        };
        Some(Fanout {
            kind,
            log: Log::default(),
            readers: IdMap::default(),
            by_place: BTreeSet::new(),
            cut_off: IdSet::default(),
        })
    }

    /// Whether senders wait when it is full.
    pub(super) fn can_fill(&self) -> bool {
        self.kind == Kind::Broadcast(Slow::Wait)
    }

    /// Whether a reader gets its next value only when it has taken the one before.
    pub(super) fn gives_one_by_one(&self) -> bool {
        self.kind == Kind::Latest
    }

    /// Encoded bytes of its values.
    pub(super) fn bytes(&self) -> usize {
        self.log.bytes()
    }

    /// Values that all readers have, or will not get, since the beginning.
    pub(super) fn settled_values(&self) -> u64 {
        match self.by_place.first() {
            Some((slowest, _)) => self.log.start().values.max(*slowest),
            None => self.log.end().values,
        }
    }

    /// Whether it has a value for readers that are still to come.
    pub(super) fn keeps_value(&self) -> bool {
        self.kind == Kind::Latest && self.log.values() > 0
    }

    pub(super) fn attach(&mut self, key: ConsumerKey) {
        // Of the newest value, every reader gets what is there.
        let place = if self.keeps_value() { self.log.start() } else { self.log.end() };
        self.readers.insert(key, Reader { place, missed_values: 0 });
        self.by_place.insert((place.values, key));
    }

    /// A reader reads no more.
    pub(super) fn remove(&mut self, key: ConsumerKey) {
        if let Some(reader) = self.readers.remove(&key) {
            self.by_place.remove(&(reader.place.values, key));
        }
        self.cut_off.remove(&key);
        self.trim();
    }

    /// Encodes a value for all readers; returns its length. Not in line, so that the code of a queue,
    /// which is beside it, stays short.
    #[inline(never)]
    pub(super) fn append(
        &mut self,
        encode: impl FnOnce(&mut Vec<u8>) -> Result<(), CodecError>,
    ) -> Result<usize, CodecError> {
        self.log.append(encode)
    }

    /// Appends a value that was encoded elsewhere.
    pub(super) fn append_encoded(&mut self, bytes: Vec<u8>) {
        self.log.append_encoded(bytes);
    }

    /// Appends a large value, which stays where it is.
    pub(super) fn append_shared(&mut self, payload: Bytes) {
        self.log.append_shared(payload);
    }

    /// A value was appended: makes room as the shape says. Returns the readers that are cut off by
    /// that.
    pub(super) fn make_room(&mut self, bounds: OutgoingBounds) -> Vec<ConsumerKey> {
        self.trim();
        let mut cut_off = Vec::new();
        match self.kind {
            Kind::Broadcast(Slow::Wait) => {}
            Kind::Broadcast(Slow::DropOldest) => {
                while self.is_beyond(bounds) {
                    self.log.drop_oldest();
                }
            }
            Kind::Broadcast(Slow::Disconnect) => {
                while self.is_beyond(bounds)
                    && let Some((_, key)) = self.by_place.pop_first()
                {
                    self.readers.remove(&key);
                    self.cut_off.insert(key);
                    cut_off.push(key);
                    self.trim();
                }
            }
            Kind::Latest => {
                while self.log.values() > 1 {
                    self.log.drop_oldest();
                }
            }
        }
        cut_off
    }

    /// Whether there is more than there may be. One value may always be.
    fn is_beyond(&self, bounds: OutgoingBounds) -> bool {
        let values = self.log.values();
        values > u64::from(bounds.capacity_values)
            || (values > 1 && self.log.bytes() > bounds.queue_bytes)
    }

    /// Drops what all readers have.
    fn trim(&mut self) {
        if self.kind == Kind::Latest {
            return;
        }
        let place = match self.by_place.first() {
            None => self.log.end(),
            Some((_, slowest)) => self.readers[slowest].place,
        };
        if place.values > self.log.start().values {
            self.log.drop_before(place);
        }
    }

    /// Copies the next values of a reader; returns how many. What it has missed is said with them,
    /// unless missing is what the shape is for.
    pub(super) fn read(
        &mut self,
        key: ConsumerKey,
        values_max: u64,
        bytes_wanted: usize,
        chunk: &mut Chunk,
    ) -> u64 {
        let Some(reader) = self.readers.get_mut(&key) else { return 0 };
        if values_max == 0 {
            return 0;
        }
        let before = reader.place.values;
        let start = self.log.start();
        if before < start.values {
            reader.missed_values += start.values - before;
            reader.place = start;
        }
        if matches!(self.kind, Kind::Broadcast(_)) {
            chunk.skipped_values = reader.missed_values;
        }
        let from = reader.place;
        reader.place = self.log.copy(from, values_max, bytes_wanted, chunk);
        let place = reader.place;
        if place.values != before {
            self.by_place.remove(&(before, key));
            self.by_place.insert((place.values, key));
            self.trim();
        }
        place.values - from.values
    }

    /// Whether there are values that a reader does not have. `None`: it reads no more.
    pub(super) fn has_more(&self, key: ConsumerKey) -> Option<bool> {
        self.readers.get(&key).map(|reader| reader.place.values < self.log.end().values)
    }

    /// Values that a reader has missed.
    pub(super) fn missed_values(&self, key: ConsumerKey) -> u64 {
        let Some(reader) = self.readers.get(&key) else { return 0 };
        reader.missed_values + self.log.start().values.saturating_sub(reader.place.values)
    }

    pub(super) fn was_cut_off(&self, key: ConsumerKey) -> bool {
        self.cut_off.contains(&key)
    }

    /// Drops all values: no reader gets more.
    pub(super) fn clear(&mut self) {
        let end = self.log.end();
        self.log.drop_before(end);
        self.by_place = self.readers.keys().map(|key| (end.values, *key)).collect();
        self.readers.values_mut().for_each(|reader| reader.place = end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::Slots;

    const ONE: ConsumerKey = ConsumerKey(1);
    const TWO: ConsumerKey = ConsumerKey(2);

    /// A fan-out with two readers and room for three values of eight bytes.
    fn fanout(shape: Shape) -> (Fanout, OutgoingBounds) {
        let bounds = OutgoingBounds {
            capacity_values: 3,
            capacity_max: 3,
            queue_bytes: 1000,
            slots: Slots::UntilDispatched,
            limit: None,
            redelivers: false,
            shape,
        };
        let mut fanout = Fanout::new(shape).unwrap();
        fanout.attach(ONE);
        fanout.attach(TWO);
        (fanout, bounds)
    }

    /// Appends a value of so many bytes; says who is cut off.
    fn append(fanout: &mut Fanout, bounds: OutgoingBounds, length: usize) -> Vec<ConsumerKey> {
        let encode = |bytes: &mut Vec<u8>| {
            bytes.resize(bytes.len() + length, 7);
            Ok(())
        };
        fanout.append(encode).unwrap();
        fanout.make_room(bounds)
    }

    /// Reads what there is; says how much, and how much the peer is told to have missed.
    fn read(fanout: &mut Fanout, key: ConsumerKey) -> (u64, u64) {
        let mut chunk = Chunk::default();
        (fanout.read(key, u64::MAX, 1000, &mut chunk), chunk.skipped_values)
    }

    #[test]
    fn values_are_kept_until_the_slowest_has_them_or_has_left() {
        let (mut fanout, bounds) = fanout(Shape::Broadcast(Slow::Wait));
        (0..3).for_each(|_| assert!(append(&mut fanout, bounds, 8).is_empty()));
        assert_eq!(read(&mut fanout, ONE), (3, 0));
        assert_eq!((fanout.settled_values(), fanout.bytes()), (0, 27));
        assert_eq!((fanout.has_more(ONE), fanout.has_more(TWO)), (Some(false), Some(true)));
        fanout.remove(TWO);
        assert_eq!((fanout.settled_values(), fanout.bytes()), (3, 0));
        assert_eq!(fanout.has_more(TWO), None);
        fanout.remove(ONE);
        append(&mut fanout, bounds, 8);
        assert_eq!((fanout.settled_values(), fanout.bytes()), (4, 0));
    }

    #[test]
    fn the_oldest_are_dropped_by_number_and_by_bytes_and_counted_when_they_are_missed() {
        let (mut fanout, bounds) = fanout(Shape::Broadcast(Slow::DropOldest));
        for _ in 0..10 {
            append(&mut fanout, bounds, 8);
            read(&mut fanout, ONE);
        }
        assert_eq!((fanout.missed_values(ONE), fanout.missed_values(TWO)), (0, 7));
        assert_eq!(fanout.settled_values(), 7);
        assert_eq!(fanout.read(TWO, 0, 1000, &mut Chunk::default()), 0, "no credit");
        assert_eq!(read(&mut fanout, TWO), (3, 7));
        assert_eq!(read(&mut fanout, TWO), (0, 7));
        for _ in 0..2 {
            append(&mut fanout, bounds, 900);
        }
        assert_eq!(fanout.bytes(), 902, "one of them has room");
        append(&mut fanout, bounds, 2000);
        assert_eq!(fanout.bytes(), 2002, "one may always be");
        assert_eq!(read(&mut fanout, ONE), (1, 2));
        assert_eq!(read(&mut fanout, TWO), (1, 9));
    }

    #[test]
    fn those_at_the_oldest_value_are_cut_off_and_no_others() {
        let (mut fanout, bounds) = fanout(Shape::Broadcast(Slow::Disconnect));
        fanout.attach(ConsumerKey(3));
        append(&mut fanout, bounds, 8);
        read(&mut fanout, ONE);
        (0..2).for_each(|_| assert!(append(&mut fanout, bounds, 8).is_empty()));
        assert_eq!(append(&mut fanout, bounds, 8), [TWO, ConsumerKey(3)]);
        assert!(fanout.was_cut_off(TWO) && !fanout.was_cut_off(ONE));
        assert_eq!(read(&mut fanout, TWO), (0, 0));
        assert_eq!(read(&mut fanout, ONE), (3, 0));
        fanout.remove(TWO);
        assert!(!fanout.was_cut_off(TWO));
    }

    #[test]
    fn the_newest_value_is_kept_for_those_who_come() {
        let (mut fanout, bounds) = fanout(Shape::Latest);
        assert!(!fanout.keeps_value());
        (0..5).for_each(|_| assert!(append(&mut fanout, bounds, 8).is_empty()));
        assert_eq!(read(&mut fanout, ONE), (1, 0));
        assert_eq!((fanout.settled_values(), fanout.missed_values(ONE)), (4, 4));
        assert_eq!(read(&mut fanout, TWO), (1, 0));
        assert_eq!((fanout.settled_values(), fanout.bytes()), (5, 9));
        fanout.attach(ConsumerKey(3));
        assert_eq!((fanout.settled_values(), fanout.missed_values(ConsumerKey(3))), (4, 0));
        assert_eq!(read(&mut fanout, ConsumerKey(3)), (1, 0));
        fanout.clear();
        assert!(!fanout.keeps_value());
        assert_eq!((fanout.settled_values(), fanout.has_more(ONE)), (5, Some(false)));
    }
}
