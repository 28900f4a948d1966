//! The importer's end of the handshake: attempts, one after another or one beside another.

use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use netchan::id::{Incarnation, NodeId, SessionToken};
use netchan::limits::{CHANNELS_MAX, HANDSHAKE_TIMEOUT};
use netchan::session::{Parameters, Role, Session, Ticket};
use netchan::wire::{Code, Hello, Opening, PREAMBLE, VERSION, Welcome, check_preamble};

use crate::link::{Link, LinkId};
use crate::side::Over;
use crate::tap::Tap;
use crate::world::World;

/// What the importer knows of its links.
#[derive(Debug)]
pub(crate) struct Dialler {
    /// The right to continue the present session.
    pub(crate) ticket: Option<Ticket>,
    pub(crate) incarnation: u8,
    /// When to dial, without a link.
    pub(crate) dials_at: Option<Instant>,
    /// When an attempt is given up.
    pub(crate) gives_up_at: Instant,
    /// How long the next attempts are waited for; `None`: it depends.
    pub(crate) patience: Option<Duration>,
    /// That of the last Welcome of the session.
    token: Option<SessionToken>,
    /// The newest attempt.
    pub(crate) newest: LinkId,
}

impl Dialler {
    pub(crate) fn new(now: Instant) -> Dialler {
        Dialler {
            ticket: None,
            incarnation: 1,
            dials_at: Some(now),
            gives_up_at: now,
            patience: None,
            token: None,
            newest: 0,
        }
    }
}

impl World {
    /// After an attempt that failed or a link that was lost.
    pub(crate) fn dial_later(&mut self, was_linked: bool) {
        let delay = if was_linked && self.dice.one_in(2) {
            Duration::ZERO
        } else {
            self.weather.backoff(&mut self.dice)
        };
        self.dialler.dials_at = Some(self.now + delay);
    }

    /// When the importer dials or gives an attempt up.
    pub(crate) fn dial_next_at(&self) -> Option<Instant> {
        match self.lines.importer {
            Some(id) if self.links[&id].ends.importer.is_greeted => None,
            Some(_) => Some(self.dialler.gives_up_at),
            None => self.dialler.dials_at.filter(|_| self.wants_link()),
        }
    }

    /// Whether the importer goes on with its session, or begins its first one, or its next life.
    fn wants_link(&self) -> bool {
        matches!(self.sides.importer.over, None | Some(Over::Died))
    }

    pub(crate) fn dial_if_due(&mut self) -> bool {
        let now = self.now;
        if let Some(id) = self.lines.importer {
            let is_late =
                !self.links[&id].ends.importer.is_greeted && self.dialler.gives_up_at <= now;
            if is_late {
                self.statistics.handshakes_given_up += 1;
                self.lose_line(Role::Importer, "no welcome comes");
            }
            return is_late;
        }
        if self.wants_link() && self.dialler.dials_at.is_some_and(|at| at <= now) {
            self.dial();
            return true;
        }
        false
    }

    /// Makes an attempt on a new link.
    pub(crate) fn dial(&mut self) -> LinkId {
        let id = self.next_link();
        self.dialler.newest = id;
        self.dialler.dials_at = None;
        let resume = self.dialler.ticket.as_mut().map(Ticket::attempt);
        let epoch = resume.as_ref().map_or(0, |resume| {
            assert_eq!(Some(resume.token), self.dialler.token, "the newest token is shown");
            resume.epoch
        });
        let received = self.sides.importer.live().map_or(0, |session| session.received_frames());
        let stated = self.weather.stated(received, &mut self.dice);
        let hello = Hello {
            version_min: VERSION,
            version_max: VERSION,
            node: NodeId([1; 16]),
            incarnation: Incarnation([self.dialler.incarnation; 16]),
            resume,
            received: stated,
            frame_bytes_max: self.settings.frame_bytes_max.importer as u32,
            expiry_ms: self.settings.expiry.as_millis() as u32,
            features: 0,
            credentials: Bytes::new(),
        };
        let mut greeting = BytesMut::from(&PREAMBLE[..]);
        hello.encode(&mut greeting);
        let mut link = Link::new(self.now, self.weather.qualities(&mut self.dice));
        link.ends.importer.greeting = greeting;
        link.ends.importer.tap = Some(Tap::new(received, received - stated));
        self.weather.strike(self.now, id, &mut link, &mut self.dice);
        self.links.insert(id, link);
        self.lines.importer = Some(id);
        let patience = self.dialler.patience;
        let patience = patience.unwrap_or_else(|| self.weather.patience(&mut self.dice));
        self.dialler.gives_up_at = self.now + patience.min(HANDSHAKE_TIMEOUT);
        self.statistics.links_dialled += 1;
        self.say(|| format!("the importer dials link {id}, epoch {epoch}, with {stated} received"));
        id
    }

    /// Understands the exporter's answer, if it is there as a whole.
    pub(crate) fn hear_welcome(&mut self, id: LinkId) {
        let end = &mut self.links.get_mut(&id).expect("a line is a link").ends.importer;
        if !end.has_preamble {
            end.has_preamble = check_preamble(&mut end.input).expect("the exporter greets");
        }
        if !end.has_preamble {
            return;
        }
        match Opening::decode(&mut end.input).expect("the exporter answers") {
            None => {}
            Some(Opening::Welcome(welcome)) => {
                self.links.get_mut(&id).expect("a line is a link").ends.importer.is_greeted = true;
                self.welcomed(&welcome);
                self.hear(Role::Importer, 0);
            }
            Some(Opening::Reject(reject)) => {
                self.say(|| format!("the importer is refused on link {id}: {}", reject.code));
                let over = match reject.code {
                    Code::Closed => Over::Closed,
                    Code::UnknownSession => Over::Unknown,
                    code => panic!("the newest attempt is refused: {code}"),
                };
                self.session_over(Role::Importer, over);
            }
        }
    }

    fn welcomed(&mut self, welcome: &Welcome) {
        let now = self.now;
        let received = welcome.received;
        self.dialler.token = Some(welcome.token);
        if let Some(ticket) = &mut self.dialler.ticket {
            ticket.welcomed(welcome).expect("it answers the newest attempt");
            let World { sides, model, .. } = self;
            let repeated = sides.importer.resume(now, received, model);
            self.statistics.frames_repeated += repeated as u64;
            self.say(|| format!("the importer is welcome and repeats {repeated} frames"));
            return;
        }
        self.dialler.ticket = Some(Ticket::new(welcome));
        let parameters = Parameters {
            role: Role::Importer,
            frame_bytes_max: self.settings.frame_bytes_max.importer,
            peer_frame_bytes_max: welcome.frame_bytes_max as usize,
            channels_max: CHANNELS_MAX,
            expiry: Duration::from_millis(u64::from(welcome.expiry_ms)),
            heartbeat: self.settings.heartbeat,
            growth_bytes_max: self.settings.growth_bytes_max,
        };
        self.sides.importer.begin(Session::new(parameters, now), parameters.frame_bytes_max);
        self.statistics.sessions_begun += 1;
        self.say(|| "the importer has a session".into());
    }
}
