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
    /// Lets the users finish what they have begun, and compares what comes of it with what has to
    /// come of it.
    pub(crate) fn wind_up(&mut self) {
        self.is_winding_up = true;
        let deadline = self.now + winding_up_max();
        if !self.run_until(deadline, World::is_over) {
            let model = &self.model;
            panic!("something never ends: {model:#?}, {:#?}, {:#?}", self.lines, self.dialler);
        }
        self.conclude();
    }

    /// Whether all that was begun has come to its end.
    fn is_over(&self) -> bool {
        if ROLES.iter().any(|role| self.sides[*role].has_said_goodbye) {
            return ROLES.iter().all(|role| self.sides[*role].session.is_none());
        }
        let channels_are_over = self.model.iter().all(|record| {
            let are_told = ROLES.iter().all(|role| record.lost[*role].is_some());
            record.is_over || record.is_refused || are_told
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
            if record.is_hung_up {
                self.statistics.values_lost_by_hangups += given - record.taken;
            } else if !record.is_refused {
                self.statistics.channels_completed += 1;
            }
        }
    }
}
