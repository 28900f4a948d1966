//! Both sides, the links between them, and the time, which moves from event to event.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use netchan::limits::{DEAD_AFTER, FRAME_BYTES_MAX, HEARTBEAT_AFTER, SESSION_EXPIRY};
use netchan::session::{Heartbeat, Role, Session};

use crate::admitting::Listener;
use crate::both::{Both, ROLES};
use crate::dialling::Dialler;
use crate::dice::Dice;
use crate::link::{Link, LinkId};
use crate::model::Record;
use crate::side::Side;
use crate::statistics::Statistics;
use crate::weather::Weather;

/// Turns at one moment. Bytes may move in pieces of one byte.
const TURNS_MAX: u32 = 1_000_000;

/// What the two programs have configured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) expiry: Duration,
    pub(crate) frame_bytes_max: Both<usize>,
    pub(crate) heartbeat: Heartbeat,
    /// Bytes by which all windows of a session may grow.
    pub(crate) growth_bytes_max: u64,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            expiry: SESSION_EXPIRY,
            frame_bytes_max: Both { importer: FRAME_BYTES_MAX, exporter: FRAME_BYTES_MAX },
            heartbeat: Heartbeat { ask_after: HEARTBEAT_AFTER, dead_after: DEAD_AFTER },
            growth_bytes_max: 0,
        }
    }
}

/// All that there is.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) now: Instant,
    began_at: Instant,
    pub(crate) dice: Dice,
    pub(crate) settings: Settings,
    /// Bytes move in pieces of any length, and not as many at once as there are.
    is_choppy: bool,
    pub(crate) sides: Both<Side>,
    pub(crate) model: Vec<Record>,
    pub(crate) links: BTreeMap<LinkId, Link>,
    last_link: LinkId,
    /// The link that a side uses. The importer's may be in its handshake.
    pub(crate) lines: Both<Option<LinkId>>,
    pub(crate) dialler: Dialler,
    pub(crate) listener: Listener,
    pub(crate) weather: Weather,
    /// Users take what comes and answer what is asked, as soon as they can.
    pub(crate) users_take: bool,
    /// Users send no more.
    pub(crate) users_finish: bool,
    /// Requests are answered as they come.
    pub(crate) answers_at_once: bool,
    /// Channels are opened by both sides.
    pub(crate) exporter_opens: bool,
    /// The windows of most channels may grow.
    pub(crate) windows_grow: bool,
    /// Whoever says goodbye waits until the peer has heard it.
    pub(crate) is_patient: bool,
    pub(crate) statistics: Statistics,
    is_traced: bool,
}

impl World {
    /// A world in which the network does what it should, and nothing has happened.
    pub(crate) fn calm(settings: Settings) -> World {
        let now = Instant::now();
        World {
            now,
            began_at: now,
            dice: Dice::seeded(1),
            settings,
            is_choppy: false,
            sides: Both::new(Side::new),
            model: Vec::new(),
            links: BTreeMap::new(),
            last_link: 0,
            lines: Both::default(),
            dialler: Dialler::new(now),
            listener: Listener::default(),
            weather: Weather::calm(),
            users_take: false,
            users_finish: false,
            answers_at_once: true,
            exporter_opens: false,
            windows_grow: false,
            is_patient: true,
            statistics: Statistics::default(),
            is_traced: false,
        }
    }

    /// A world as the dice make it.
    pub(crate) fn stormy(mut dice: Dice, is_traced: bool) -> World {
        let mut frame_bytes_max = || dice.pick(&[1024, 2000, 5000, FRAME_BYTES_MAX]);
        let frame_bytes_max = Both { importer: frame_bytes_max(), exporter: frame_bytes_max() };
        let expiry = Duration::from_secs(dice.pick(&[2, 20, 60]));
        World {
            // Less than all channels want.
            settings: Settings {
                expiry,
                frame_bytes_max,
                growth_bytes_max: 100_000,
                ..Settings::default()
            },
            windows_grow: true,
            is_choppy: true,
            weather: Weather::stormy(&mut dice),
            answers_at_once: dice.one_in(2),
            is_patient: dice.one_in(2),
            dice,
            is_traced,
            ..World::calm(Settings::default())
        }
    }

    /// Says what happens to whoever replays a run.
    pub(crate) fn say(&self, what: impl FnOnce() -> String) {
        if self.is_traced {
            println!("{:>12.6} {}", (self.now - self.began_at).as_secs_f64(), what());
        }
    }

    /// The length of the next piece that a side reads or writes, in bytes.
    pub(crate) fn piece(&mut self) -> usize {
        if !self.is_choppy {
            return usize::MAX;
        }
        let end = self.dice.pick(&[8, 60, 60, 1500, 1500, 70_000, 70_000, 70_000]);
        1 + self.dice.below(end) as usize
    }

    pub(crate) fn next_link(&mut self) -> LinkId {
        self.last_link += 1;
        self.last_link
    }

    // Time.

    /// Lets so much time pass.
    pub(crate) fn run_for(&mut self, period: Duration) {
        let deadline = self.now + period;
        self.run_until(deadline, |_| false);
    }

    /// Lets time pass until something holds, or no later than `deadline`. Says whether it holds.
    pub(crate) fn run_until(&mut self, deadline: Instant, holds: impl Fn(&World) -> bool) -> bool {
        loop {
            self.settle();
            if holds(self) {
                return true;
            }
            if self.now >= deadline {
                return false;
            }
            let next = self.next_at().map_or(deadline, |at| at.min(deadline));
            assert!(next > self.now, "who wants to act at once has just had the chance");
            self.now = next;
        }
    }

    /// Lets happen what happens now, until nothing more does.
    pub(crate) fn settle(&mut self) {
        let mut turns = 0;
        while self.turn_all() {
            turns += 1;
            assert!(turns < TURNS_MAX, "the sides never come to rest");
        }
        self.check();
    }

    /// Lets each side act once; says whether anything moved.
    fn turn_all(&mut self) -> bool {
        let mut moved = self.notice_losses();
        moved |= self.dial_if_due();
        moved |= self.listen();
        let first = self.dice.index(2);
        for role in [ROLES[first], ROLES[1 - first]] {
            moved |= self.turn(role);
        }
        moved |= self.bury_sessions();
        self.links.retain(|_, link| !link.is_gone());
        moved
    }

    fn next_at(&self) -> Option<Instant> {
        let of_links = self.links.values().filter_map(Link::next_at);
        let of_sides = ROLES.into_iter().filter_map(|role| {
            let side = &self.sides[role];
            let session = side.session.as_ref().filter(|_| side.is_live())?;
            Some(session.next_timeout())
        });
        let of_dialler = self.dial_next_at();
        let of_handshakes = self.links.values().filter_map(Link::gives_up_at);
        of_links.chain(of_sides).chain(of_handshakes).chain(of_dialler).min()
    }

    /// What holds at every moment, beside what sides and inlets check themselves.
    fn check(&self) {
        for role in ROLES {
            let grown_bytes = self.sides[role].grown_bytes();
            assert!(grown_bytes <= self.settings.growth_bytes_max, "{role:?}: {grown_bytes}");
        }
        for (channel, record) in self.model.iter().enumerate() {
            let Some(id) = record.id else { continue };
            assert!(record.taken <= record.received, "channel {channel}");
            let progress_of = |session: &Session| session.progress(id);
            let sender = self.sides[record.sender].session.as_ref();
            let Some(progress) = sender.and_then(progress_of) else { continue };
            // After its hangup a receiver counts what comes and drops it.
            let receiver = self.sides[record.receiver()].session.as_ref();
            let counters = receiver.and_then(|session| session.counters(id));
            let received = counters.map_or(0, |counters| counters.received_values);
            assert!(
                progress.acknowledged_values <= received.max(record.received)
                    || record.is_hung_up && counters.is_none(),
                "channel {channel}: what is acknowledged has been received"
            );
            assert!(progress.accepted_values <= record.sent() - record.first);
        }
    }

    /// Whether the session is linked for this side.
    pub(crate) fn is_linked(&self, role: Role) -> bool {
        self.lines[role].is_some_and(|id| self.links[&id].ends[role].is_greeted)
    }

    pub(crate) fn are_linked(&self) -> bool {
        self.lines.importer == self.lines.exporter && ROLES.iter().all(|role| self.is_linked(*role))
    }
}
