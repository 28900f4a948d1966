//! What the network does to links: how they are, when they break, and who is told.

use std::time::{Duration, Instant};

use netchan::limits::HANDSHAKE_TIMEOUT;
use netchan::session::Role;

use crate::both::{Both, ROLES, opposite};
use crate::dice::Dice;
use crate::link::{Link, LinkId};
use crate::pipe::Quality;
use crate::world::World;

/// How long bytes are held back at most. Less than an exporter keeps a session longer than its
/// importer, so that whatever happens, it is the importer that gives the session up first.
pub(crate) const HELD_MAX: Duration = Duration::from_secs(2);

/// Links break within so many bytes when they break early: in the handshake, or just behind it.
const EARLY_BYTES: u64 = 400;

/// A cut that a test wants.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) link: LinkId,
    pub(crate) reader: Role,
    /// So many bytes arrive.
    pub(crate) place: u64,
    /// Both ends learn of it when they have. Otherwise silence tells them.
    pub(crate) is_told: bool,
    /// The reader has read all that arrives.
    pub(crate) is_reached: bool,
}

/// The state of the network.
#[derive(Debug)]
pub(crate) struct Weather {
    is_calm: bool,
    /// What links are like in calm weather.
    pub(crate) quality: Quality,
    pub(crate) plans: Vec<Plan>,
    latency_ms_max: u64,
    /// What sides state of received frames is never out of date.
    states_exactly: bool,
    /// Links that are dialled before lead nowhere.
    drought_until: Option<Instant>,
}

impl Weather {
    pub(crate) fn calm() -> Weather {
        let (quality, plans) = (Quality::default(), Vec::new());
        Weather {
            is_calm: true,
            quality,
            plans,
            latency_ms_max: 1,
            states_exactly: true,
            drought_until: None,
        }
    }

    pub(crate) fn stormy(dice: &mut Dice) -> Weather {
        let latency_ms_max = dice.pick(&[1, 5, 50, 300]);
        Weather { is_calm: false, latency_ms_max, states_exactly: false, ..Weather::calm() }
    }

    /// When the other end learns that an end was dropped, or that the link is cut. `None`: never.
    pub(crate) fn when_told(&self, now: Instant, dice: &mut Dice) -> Option<Instant> {
        if self.is_calm {
            return Some(now + Duration::from_millis(10));
        }
        let millis = dice.pick(&[Some(1), Some(50), Some(2000), None]);
        millis.map(|millis| now + dice.millis(millis))
    }

    /// How long the importer waits between two attempts.
    pub(crate) fn backoff(&self, dice: &mut Dice) -> Duration {
        if self.is_calm { Duration::from_millis(10) } else { dice.millis(300) }
    }

    /// How long the importer waits for a Welcome. When it waits less than bytes travel, an attempt
    /// is behind it on its way while it makes the next.
    pub(crate) fn patience(&self, dice: &mut Dice) -> Duration {
        if self.is_calm {
            return HANDSHAKE_TIMEOUT;
        }
        dice.pick(&[
            Duration::from_millis(3),
            Duration::from_millis(200),
            Duration::from_secs(1),
            HANDSHAKE_TIMEOUT,
        ])
    }

    /// The number of received frames that a side states. It may be out of date.
    pub(crate) fn stated(&self, received: u64, dice: &mut Dice) -> u64 {
        let is_exact = self.states_exactly || dice.one_in(2);
        received - if is_exact { 0 } else { dice.below(4).min(received) }
    }

    pub(crate) fn qualities(&self, dice: &mut Dice) -> Both<Quality> {
        if self.is_calm {
            return Both { importer: self.quality, exporter: self.quality };
        }
        let mut quality = || {
            let latency = dice.millis(self.latency_ms_max + 1);
            let capacity_bytes = dice.pick(&[600, 10_000, 256 * 1024]);
            // A pipe that is long and narrow would take minutes for a long value.
            let is_long = latency > Duration::from_millis(20);
            let capacity_bytes = capacity_bytes.max(if is_long { 10_000 } else { 0 });
            Quality { latency, capacity_bytes }
        };
        Both { importer: quality(), exporter: quality() }
    }

    /// Decides the fate of a new link.
    pub(crate) fn strike(&self, now: Instant, id: LinkId, link: &mut Link, dice: &mut Dice) {
        for plan in self.plans.iter().filter(|plan| plan.link == id) {
            link.pipes[plan.reader].cut_at(plan.place);
        }
        if self.drought_until.is_some_and(|until| now < until) {
            ROLES.iter().for_each(|role| link.pipes[*role].cut_at(0));
            link.ends.importer.told_at = self.when_told(now, dice);
        } else if !self.is_calm && dice.one_in(4) {
            let place = dice.below(EARLY_BYTES);
            let role = dice.pick(&ROLES);
            link.pipes[role].cut_at(place);
            if dice.one_in(2) {
                link.pipes[opposite(role)].cut_at(dice.below(EARLY_BYTES));
            }
            for role in ROLES {
                // Behind all that arrives.
                let told_at =
                    self.when_told(now + Duration::from_millis(self.latency_ms_max), dice);
                link.ends[role].told_at = told_at;
            }
        }
    }
}

impl World {
    /// Something happens to the network.
    pub(crate) fn change_weather(&mut self) {
        match self.dice.below(20) {
            0..=5 => self.cut_any(),
            6..=8 => self.cut_one_way(),
            9..=12 => self.hold_any(),
            13..=14 => self.leave_link(),
            15..=16 => self.echo_hello(),
            17..=18 => self.begin_drought(),
            _ => self.weather.latency_ms_max = self.dice.pick(&[0, 1, 10, 100, 600]),
        }
    }

    fn any_link(&mut self) -> Option<LinkId> {
        let ids: Vec<LinkId> = self.links.keys().copied().collect();
        if ids.is_empty() { None } else { Some(self.dice.pick(&ids)) }
    }

    /// Both directions break, each behind some byte that is on its way.
    fn cut_any(&mut self) {
        let Some(id) = self.any_link() else { return };
        let (now, World { links, dice, weather, .. }) = (self.now, &mut *self);
        let link = links.get_mut(&id).expect("it was picked");
        for role in ROLES {
            let in_flight = link.pipes[role].in_flight_bytes() as u64;
            link.pipes[role].cut_behind(dice.below(in_flight + 1) as usize);
            link.ends[role].told_at = weather.when_told(now, dice);
        }
        self.statistics.links_cut += 1;
        self.say(|| format!("link {id} is cut"));
    }

    /// One direction breaks, and nobody is told: silence tells it.
    fn cut_one_way(&mut self) {
        let Some(id) = self.any_link() else { return };
        let role = self.dice.pick(&ROLES);
        let in_flight = self.links[&id].pipes[role].in_flight_bytes() as u64;
        let kept = self.dice.below(in_flight + 1) as usize;
        let pipe = &mut self.links.get_mut(&id).expect("it was picked").pipes[role];
        pipe.cut_behind(kept);
        self.statistics.links_cut_one_way += 1;
        self.say(|| format!("link {id} is cut on the way to the {role:?}"));
    }

    fn hold_any(&mut self) {
        let Some(id) = self.any_link() else { return };
        let role = self.dice.pick(&ROLES);
        let end = self.dice.pick(&[50, 500, HELD_MAX.as_millis() as u64]);
        let until = self.now + self.dice.millis(end);
        self.links.get_mut(&id).expect("it was picked").pipes[role].hold_until(until);
        self.say(|| format!("link {id} stalls on the way to the {role:?}"));
    }

    /// The importer believes that its link is dead.
    pub(crate) fn leave_link(&mut self) {
        if self.is_linked(Role::Importer) {
            self.lose_line(Role::Importer, "it believes so");
        }
    }

    /// Tells the ends of links that have broken where a test wants it.
    pub(crate) fn follow_plans(&mut self) {
        let now = self.now;
        for plan in self.weather.plans.iter_mut().filter(|plan| !plan.is_reached) {
            let Some(link) = self.links.get_mut(&plan.link) else { continue };
            plan.is_reached = link.pipes[plan.reader].read_bytes() >= plan.place;
            if plan.is_reached && plan.is_told {
                ROLES.iter().for_each(|role| link.ends[*role].told_at = Some(now));
            }
        }
    }

    fn begin_drought(&mut self) {
        let seconds = self.dice.pick(&[1, 5, 30, 200]);
        self.let_no_link_lead_anywhere(seconds);
    }

    pub(crate) fn let_no_link_lead_anywhere(&mut self, seconds: u64) {
        self.weather.drought_until = Some(self.now + Duration::from_secs(seconds));
        self.say(|| format!("for {seconds} seconds no link leads anywhere"));
    }

    /// The network does what it should from now on. What is broken stays broken.
    pub(crate) fn clear_up(&mut self) {
        self.weather.is_calm = true;
        self.weather.drought_until = None;
        self.say(|| "the weather clears up".into());
    }
}
