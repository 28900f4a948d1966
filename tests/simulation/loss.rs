//! Sessions that end before their channels do: what comes back, and what goes on in the next one.

use netchan::id::ChannelId;
use netchan::prefix;
use netchan::session::{Remains, Role, Session};

use crate::both::ROLES;
use crate::side::Over;
use crate::values::value;
use crate::world::World;

impl World {
    /// The session is over for a side.
    pub(crate) fn session_over(&mut self, role: Role, over: Over) {
        if self.sides[role].over.is_some() {
            return;
        }
        self.say(|| format!("the session is over for the {role:?}: {over:?}"));
        let is_orphan = role == Role::Exporter
            && self.sides.importer.session.is_none()
            && self.sides.importer.over.is_none();
        if over == Over::Expired && !is_orphan {
            self.count_expiry(role);
        }
        self.sides[role].over = Some(over);
        if let Some(id) = self.lines[role].take() {
            self.drop_end(id, role);
        }
        if role == Role::Exporter {
            self.listener.forget(over == Over::Closed);
        }
        self.statistics.waits_broken += self.sides[role].waits.len() as u64;
        self.sides[role].waits.clear();
        if is_orphan {
            self.bury_orphan();
        }
    }

    /// Deals with a session of the exporter of which the importer has never heard. There may be
    /// channels in it that the exporter has asked for.
    fn bury_orphan(&mut self) {
        let returned = self.take_remains(Role::Exporter);
        for (channel, returned) in returned.iter().enumerate() {
            if self.model[channel].id.is_some() {
                self.go_on_or_end(channel, returned, false);
            }
        }
        self.sides.exporter.over = None;
    }

    /// Takes a side's session. Returns the lengths of the values that came back, by channel.
    fn take_remains(&mut self, role: Role) -> Vec<Vec<u32>> {
        let mut returned = vec![Vec::new(); self.model.len()];
        let session = self.sides[role].session.take();
        // The other side may give the same numbers before this one has another session.
        self.sides[role].inlets.clear();
        let lives = self.sides[role].over != Some(Over::Died);
        for (id, remains) in session.filter(|_| lives).into_iter().flat_map(Session::into_remains) {
            let channel = self.sides[role].queues.names[&id];
            returned[channel] = self.check_remains(role, id, &remains);
        }
        returned
    }

    fn count_expiry(&mut self, role: Role) {
        match role {
            Role::Importer => self.statistics.importers_expired += 1,
            Role::Exporter => {
                self.statistics.exporters_expired += 1;
                assert!(
                    self.sides.importer.over.is_some(),
                    "an exporter keeps a session longer than its importer"
                );
            }
        }
    }

    /// When the session is over for both sides, deals with what is left of it.
    pub(crate) fn bury_sessions(&mut self) -> bool {
        let is_buried = ROLES.iter().all(|role| self.sides[*role].session.is_none());
        if is_buried || ROLES.iter().any(|role| self.sides[*role].over.is_none()) {
            return false;
        }
        let was_closed = ROLES.iter().any(|role| self.sides[*role].has_said_goodbye);
        self.take_what_has_come();
        let returned = ROLES.map(|role| self.take_remains(role));
        for channel in 0..self.model.len() {
            // A channel has one sender, to which values come back.
            let returned = returned.iter().map(|of_side| &of_side[channel]);
            let returned = returned.max_by_key(|values| values.len()).expect("two sides");
            self.go_on_or_end(channel, returned, was_closed);
        }
        self.listener.forget(was_closed);
        self.dialler.ticket = None;
        if !was_closed {
            for role in ROLES {
                self.sides[role].over = None;
            }
            self.dialler.dials_at = Some(self.now);
        }
        // Nobody asks again for a session that was closed.
        !was_closed
    }

    /// Some users take what has come before the session was lost, and some do not.
    fn take_what_has_come(&mut self) {
        for channel in 0..self.model.len() {
            let receiver = self.model[channel].receiver();
            let died = self.sides[receiver].over == Some(Over::Died);
            let id = self.model[channel].id;
            let inlet = id.and_then(|id| self.sides[receiver].inlets.get(&id));
            let waits = inlet.is_some_and(|inlet| inlet.waiting() > 0);
            if waits && !died && (self.users_take || self.dice.one_in(2)) {
                // There is nothing left that a value could end.
                while self.take(channel, usize::MAX) > 0 {}
            } else if waits {
                self.model[channel].receiver_died = true;
            }
        }
    }

    /// Compares what is left of a sending channel with what is known of it, and returns the lengths
    /// of the values that came back.
    fn check_remains(&mut self, role: Role, id: ChannelId, remains: &Remains) -> Vec<u32> {
        let channel = self.sides[role].queues.names[&id];
        let record = &self.model[channel];
        let queue = &self.sides[role].queues.by_channel[&channel];
        let Remains { taken_values, unconfirmed_values, ref returned, discarded_values } = *remains;
        let given = queue.given();
        let sent = taken_values + unconfirmed_values;
        let returned_values = u64::from(returned.values);
        assert!(taken_values <= record.leading, "channel {channel}: {remains:?}");
        assert!((record.received..=given).contains(&sent), "channel {channel}: {remains:?}");
        assert_eq!(taken_values + discarded_values + returned_values, given, "channel {channel}");
        if record.redelivers {
            assert_eq!(discarded_values, 0, "channel {channel}: nothing is discarded");
            let repeated = record.taken - taken_values;
            assert!(repeated <= unconfirmed_values, "channel {channel}: {repeated} repeated");
        } else {
            assert!(returned_values <= given - sent, "channel {channel}: nothing is repeated");
        }
        let lengths = &record.lengths[(queue.next - returned_values) as usize..queue.next as usize];
        let mut rest = &returned.bytes[..];
        for (number, length) in (queue.next - returned_values..).zip(lengths) {
            let (width, found) = prefix::read(rest).expect("a value is behind its length");
            assert_eq!(found, *length as usize, "channel {channel}: value {number} comes back");
            let bytes = &rest[width..width + found];
            assert!(bytes == value(channel, number, found), "channel {channel}: value {number}");
            rest = &rest[width + found..];
        }
        assert!(rest.is_empty(), "channel {channel}: nothing else comes back");
        if record.goes_on() {
            self.statistics.values_returned += returned_values;
            self.statistics.values_discarded += discarded_values;
            let repeated = (record.taken + returned_values).saturating_sub(given);
            self.statistics.values_repeated += repeated;
        }
        lengths.to_vec()
    }

    fn go_on_or_end(&mut self, channel: usize, returned: &[u32], was_closed: bool) {
        let record = &mut self.model[channel];
        if record.is_over {
            return;
        }
        let side = &mut self.sides[record.sender];
        let sender_died = side.over == Some(Over::Died);
        let queue = side.queues.of(channel);
        if record.goes_on() && !sender_died && !was_closed {
            queue.start_again(returned);
            record.start_again(queue.first);
            return;
        }
        if record.lost[record.sender].is_some() {
            record.audit(channel, queue.given());
        }
        record.is_over = true;
        record.id = None;
    }
}
