//! How a run ends: everything that was begun is over, within some time.

use std::time::Duration;

use netchan::limits::{DEAD_AFTER, HANDSHAKE_TIMEOUT, SESSION_EXPIRY, SESSION_EXPIRY_MARGIN};

use crate::both::ROLES;
use crate::world::World;

/// Within this time all that was begun is over when the weather is fine: links that are dead are
/// noticed, sessions that cannot go on expire, and a second session does the rest. Three times,
/// because what is noticed late delays what comes after it.
fn winding_up_max() -> Duration {
    (DEAD_AFTER + HANDSHAKE_TIMEOUT + SESSION_EXPIRY + SESSION_EXPIRY_MARGIN) * 3
}

impl World {
    /// Lets the users take all that comes, and then finish what they have begun; compares what comes
    /// of it with what has to come of it.
    pub(crate) fn wind_up(&mut self) {
        self.users_take = true;
        if !self.is_closing() {
            ROLES.iter().for_each(|role| self.drain(*role));
            // An end of its channel must not be what lets somebody wait no longer.
            self.run_to_the_end(World::is_drained);
        }
        self.users_finish = true;
        self.run_to_the_end(World::is_over);
        self.conclude();
    }

    fn run_to_the_end(&mut self, is_there: fn(&World) -> bool) {
        let deadline = self.now + winding_up_max();
        if !self.run_until(deadline, is_there) {
            let model = &self.model;
            panic!("something never ends: {model:#?}, {:#?}, {:#?}", self.lines, self.dialler);
        }
    }

    fn is_closing(&self) -> bool {
        ROLES.iter().any(|role| self.sides[*role].has_said_goodbye)
    }

    /// Whether all that was sent has been received, and all that was asked answered, and both sides know
    /// it.
    fn is_drained(&self) -> bool {
        ROLES.iter().all(|role| {
            let side = &self.sides[*role];
            let session = side.session.as_ref().filter(|_| side.is_live());
            let mut queues = side.queues.by_channel.iter();
            session.is_some_and(|session| session.outstanding_values() == 0)
                && side.wanted.is_none()
                && side.waits.is_empty()
                && queues.all(|(channel, queue)| {
                    let record = &self.model[*channel];
                    queue.is_over || record.is_over || queue.waiting.is_empty()
                })
        })
    }

    /// Whether all that was begun has come to its end.
    fn is_over(&self) -> bool {
        if self.is_closing() {
            return ROLES.iter().all(|role| self.sides[*role].session.is_none());
        }
        let channels_are_over = self.model.iter().all(|record| {
            let are_told = ROLES.iter().all(|role| record.lost[*role].is_some());
            record.is_over || record.is_refused && record.showing.is_over() || are_told
        });
        channels_are_over
            && ROLES.iter().all(|role| {
                let side = &self.sides[*role];
                let is_idle = side.session.as_ref().is_some_and(|session| {
                    session.channels() == 0
                        && session.outstanding_values() == 0
                        && session.unwritten_bytes() == 0
                });
                is_idle && side.is_live() && side.waits.is_empty()
            })
    }

    fn conclude(&mut self) {
        for (channel, record) in self.model.iter().enumerate() {
            if record.is_over {
                continue;
            }
            let given = self.sides[record.sender].queues.by_channel[&channel].given();
            record.audit(channel, given);
            self.assert_answered(channel, given);
            self.statistics.rejections_told_with_others += record.rejections.told_with_others;
            self.statistics.documents_answered += u64::from(record.showing.is_mutual());
            if record.is_hung_up {
                self.statistics.values_lost_by_hangups += given - record.taken;
            } else if !record.is_refused {
                self.statistics.channels_completed += 1;
            }
        }
    }
}
