//! A side's turn: it reads, lets the session act, and writes.

use netchan::session::{Role, SessionError};

use crate::side::Over;
use crate::world::World;

impl World {
    /// Lets a side act once; says whether anything moved.
    pub(crate) fn turn(&mut self, role: Role) -> bool {
        let mut moved = self.read(role);
        moved |= self.attend(role);
        moved |= self.poll(role);
        self.statistics.windows_grown += std::mem::take(&mut self.sides[role].windows_grown);
        self.keep_promises(role);
        moved |= self.write(role);
        moved
    }

    fn read(&mut self, role: Role) -> bool {
        let bytes_max = self.piece();
        let now = self.now;
        let Some(id) = self.lines[role] else {
            return false;
        };
        let link = self.links.get_mut(&id).expect("a line is a link");
        let input = &mut link.ends[role].input;
        let before = input.len();
        if link.pipes[role].read(now, bytes_max, input) == 0 {
            return false;
        }
        if link.ends[role].is_greeted {
            self.hear(role, before);
        } else {
            self.hear_welcome(id);
        }
        true
    }

    /// Gives the session what came on its link. The first `known_bytes` of it were there before.
    pub(crate) fn hear(&mut self, role: Role, known_bytes: usize) {
        let World { sides, model, lines, links, statistics, now, .. } = self;
        let side = &mut sides[role];
        let Some(link) = lines[role].and_then(|id| links.get_mut(&id)) else {
            return;
        };
        let end = &mut link.ends[role];
        let tap = end.tap.as_mut().expect("a link that carries a session is tapped");
        tap.see(&end.input[known_bytes..], statistics);
        let session = side.live().expect("only a session that is not over reads");
        session
            .handle_input(*now, &mut end.input)
            .unwrap_or_else(|error| panic!("{role:?} finds fault: {error}"));
        side.drain_events(model);
        if side.has_heard_goodbye {
            self.statistics.goodbyes_heard += 1;
            self.session_over(role, Over::Closed);
        }
    }

    /// Lets the session act; says whether that has cost it its link or its life.
    fn poll(&mut self, role: Role) -> bool {
        let (now, World { sides, model, .. }) = (self.now, &mut *self);
        match sides[role].poll(now, model) {
            Ok(()) => return self.end_farewell(role),
            Err(SessionError::Silent { .. }) => {
                self.statistics.links_silent += 1;
                self.lose_line(role, "nothing comes");
            }
            Err(SessionError::Expired { .. }) => self.session_over(role, Over::Expired),
            Err(error) => panic!("{role:?} fails: {error}"),
        }
        true
    }

    fn write(&mut self, role: Role) -> bool {
        let bytes_max = self.piece();
        let now = self.now;
        let World { sides, lines, links, .. } = self;
        let Some(link) = lines[role].and_then(|id| links.get_mut(&id)) else {
            return false;
        };
        let pipe = &mut link.pipes[crate::both::opposite(role)];
        let end = &mut link.ends[role];
        if !end.greeting.is_empty() {
            let count = pipe.write(now, &end.greeting[..end.greeting.len().min(bytes_max)]);
            let _written = end.greeting.split_to(count);
            return count > 0;
        }
        end.is_greeted && sides[role].write(now, bytes_max, pipe) > 0
    }

    // Losses.

    /// Tells the ends of broken links what they have to know now.
    pub(crate) fn notice_losses(&mut self) -> bool {
        self.follow_plans();
        let now = self.now;
        let mut told = Vec::new();
        for (id, link) in &self.links {
            for role in crate::both::ROLES {
                let end = &link.ends[role];
                let is_told = end.told_at.is_some_and(|at| at <= now);
                // An exporter does not wait for a Hello for ever; the dialler has its own patience.
                let gives_up = role == Role::Exporter
                    && link.gives_up_at().is_some_and(|gives_up_at| gives_up_at <= now);
                if !end.is_dropped && (is_told || gives_up) {
                    told.push((*id, role));
                }
            }
        }
        for (id, role) in &told {
            if self.lines[*role] == Some(*id) {
                self.lose_line(*role, "the link is broken");
            } else {
                self.drop_end(*id, *role);
            }
        }
        !told.is_empty()
    }

    /// A side gives its link up.
    pub(crate) fn lose_line(&mut self, role: Role, why: &str) {
        let Some(id) = self.lines[role].take() else {
            return;
        };
        self.say(|| format!("{role:?} loses link {id}: {why}"));
        let is_greeted = self.links[&id].ends[role].is_greeted;
        self.drop_end(id, role);
        if role == Role::Importer {
            self.dial_later(is_greeted);
        }
        let now = self.now;
        if is_greeted && let Some(session) = self.sides[role].live() {
            let result = session.handle_link_lost(now);
            assert!(session.is_away() && session.unwritten_bytes() == 0);
            if result.is_err() {
                self.session_over(role, Over::Expired);
            }
        }
    }

    /// A side lets go of an end; the other end may learn of it.
    pub(crate) fn drop_end(&mut self, id: crate::link::LinkId, role: Role) {
        let told_at = self.weather.when_told(self.now, &mut self.dice);
        let link = self.links.get_mut(&id).expect("a link is dropped once");
        link.drop_end(role);
        let other = crate::both::opposite(role);
        if !link.ends[other].is_dropped && link.ends[other].told_at.is_none() {
            // What was written comes before.
            link.ends[other].told_at = told_at;
        }
        link.pipes[other].release_by(self.now + crate::weather::HELD_MAX);
        if role == Role::Importer
            && !link.is_echo
            && link.ends.exporter.is_greeted
            && !link.ends.importer.is_greeted
        {
            self.statistics.welcomes_lost += 1;
        }
    }

    /// Ends the session of a side that has said goodbye and does not wait for who hears it.
    fn end_farewell(&mut self, role: Role) -> bool {
        let side = &self.sides[role];
        if self.is_patient || !side.has_said_goodbye || !side.is_live() || !self.is_linked(role) {
            return false;
        }
        let session = side.session.as_ref().expect("it is live");
        let link = self.lines[role].map(|id| &self.links[&id]);
        let is_greeted = link.is_some_and(|link| link.ends[role].greeting.is_empty());
        let is_written = is_greeted && session.unwritten_bytes() == 0;
        if is_written {
            self.session_over(role, Over::Closed);
        }
        is_written
    }
}
