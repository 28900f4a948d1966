//! The exporter's end of the handshake: which links it admits.

use bytes::BytesMut;
use netchan::id::{Incarnation, NodeId, SessionId, SessionToken};
use netchan::limits::{CHANNELS_MAX, SESSION_EXPIRY_MARGIN};
use netchan::session::{Keyring, Parameters, Refusal, Role, Session};
use netchan::wire::{
    Code, Hello, Opening, PREAMBLE, Reject, Resume, VERSION, Welcome, check_preamble,
};

use crate::link::{Link, LinkId};
use crate::side::Over;
use crate::tap::Tap;
use crate::world::World;

/// What the exporter knows of its importer.
#[derive(Debug, Default)]
pub(crate) struct Listener {
    keyring: Option<Keyring>,
    session: u64,
    tokens: u64,
    pub(crate) incarnation: u8,
    /// The link that began the session.
    first_link: LinkId,
    newest_epoch: u64,
    /// The last Hello that was understood, for whoever repeats it.
    last_hello: Vec<u8>,
    /// The peer has closed the session, or this side has.
    was_closed: bool,
}

impl Listener {
    fn fresh_token(&mut self) -> SessionToken {
        self.tokens += 1;
        let mut token = [0xa5; 16];
        token[..8].copy_from_slice(&self.tokens.to_le_bytes());
        SessionToken(token)
    }

    fn session_id(&self) -> SessionId {
        SessionId([self.session as u8; 16])
    }

    /// The session is over: nobody can continue it.
    pub(crate) fn forget(&mut self, was_closed: bool) {
        self.keyring = None;
        self.was_closed = was_closed;
    }
}

impl World {
    /// Reads what came on links that are in their handshake.
    pub(crate) fn listen(&mut self) -> bool {
        let is_new =
            |link: &&Link| !link.ends.exporter.is_greeted && !link.ends.exporter.is_dropped;
        let new: Vec<LinkId> =
            self.links.iter().filter(|(_, link)| is_new(link)).map(|(id, _)| *id).collect();
        let mut moved = false;
        for id in new {
            let bytes_max = self.piece();
            // A link may have ended meanwhile, by the Hello of another one.
            let Some(link) = self.links.get_mut(&id) else { continue };
            if link.ends.exporter.is_dropped {
                continue;
            }
            let count =
                link.pipes.exporter.read(self.now, bytes_max, &mut link.ends.exporter.input);
            if count > 0 {
                moved = true;
                self.hear_hello(id);
            }
        }
        moved
    }

    fn hear_hello(&mut self, id: LinkId) {
        let end = &mut self.links.get_mut(&id).expect("it is heard").ends.exporter;
        if !end.has_preamble {
            end.has_preamble = check_preamble(&mut end.input).expect("the importer greets");
        }
        if !end.has_preamble {
            return;
        }
        let Some(hello) = Hello::decode(&mut end.input).expect("the importer asks") else {
            return;
        };
        assert!(end.input.is_empty(), "the importer says nothing before it is welcome");
        let mut bytes = BytesMut::from(&PREAMBLE[..]);
        hello.encode(&mut bytes);
        if let Some(resume) = &hello.resume {
            self.listener.last_hello = bytes.to_vec();
            self.welcome_back(id, &hello, resume);
        } else {
            self.welcome_new(id, &hello);
        }
    }

    fn welcome_new(&mut self, id: LinkId, hello: &Hello) {
        if id < self.listener.first_link {
            // A session of its own that nobody asks for any more. It would expire.
            self.drop_end(id, Role::Exporter);
            return;
        }
        if self.sides.exporter.session.is_some() {
            self.session_over(Role::Exporter, Over::Replaced);
            self.statistics.sessions_replaced += u64::from(self.sides.importer.over.is_some());
            self.bury_sessions();
        }
        let now = self.now;
        let token = self.listener.fresh_token();
        let listener = &mut self.listener;
        listener.keyring = Some(Keyring::new(token));
        listener.session += 1;
        listener.first_link = id;
        listener.newest_epoch = Keyring::FIRST_EPOCH;
        listener.was_closed = false;
        let parameters = Parameters {
            role: Role::Exporter,
            frame_bytes_max: self.settings.frame_bytes_max.exporter,
            peer_frame_bytes_max: hello.frame_bytes_max as usize,
            channels_max: CHANNELS_MAX,
            expiry: self.settings.expiry + SESSION_EXPIRY_MARGIN,
            heartbeat: self.settings.heartbeat,
            growth_bytes_max: self.settings.growth_bytes_max,
        };
        self.say(|| format!("the exporter begins a session on link {id}"));
        self.sides.exporter.begin(Session::new(parameters, now), parameters.frame_bytes_max);
        self.welcome(id, token, Keyring::FIRST_EPOCH, 0, 0);
    }

    fn welcome_back(&mut self, id: LinkId, hello: &Hello, resume: &Resume) {
        let is_known = self.sides.exporter.is_live()
            && resume.session == self.listener.session_id()
            && self.listener.keyring.is_some();
        if !is_known {
            let code = if self.listener.was_closed { Code::Closed } else { Code::UnknownSession };
            self.refuse_link(id, code);
            return;
        }
        let is_newest = id == self.dialler.newest;
        let fresh = self.listener.fresh_token();
        let keyring = self.listener.keyring.as_mut().expect("the session is known");
        if let Err(refusal) = keyring.admit(resume, fresh) {
            assert!(!is_newest, "the newest attempt is admitted: {refusal}");
            match refusal {
                Refusal::WrongToken => self.statistics.tokens_refused += 1,
                Refusal::Superseded => self.statistics.resumes_superseded += 1,
            }
            self.refuse_link(id, refusal.code());
            return;
        }
        assert!(!self.links[&id].is_echo, "a Hello that was heard before is not admitted again");
        assert!(
            resume.epoch > self.listener.newest_epoch,
            "only a link that is newer than all others is admitted"
        );
        self.listener.newest_epoch = resume.epoch;
        if self.is_linked(Role::Exporter) {
            self.statistics.resumes_over_living_links += 1;
        }
        if let Some(older) = self.lines.exporter.take() {
            self.drop_end(older, Role::Exporter);
        }
        let received = self.sides.exporter.session.as_ref().map_or(0, Session::received_frames);
        let stated = self.weather.stated(received, &mut self.dice);
        self.welcome(id, fresh, resume.epoch, received, stated);
        let (now, World { sides, model, .. }) = (self.now, &mut *self);
        let repeated = sides.exporter.resume(now, hello.received, model);
        self.statistics.resumes += 1;
        // The importer has gone on to another attempt.
        self.statistics.welcomes_lost += u64::from(self.links[&id].ends.importer.is_dropped);
        self.statistics.frames_repeated += repeated as u64;
        self.say(|| format!("the exporter admits link {id} and repeats {repeated} frames"));
    }

    fn welcome(&mut self, id: LinkId, token: SessionToken, epoch: u64, received: u64, stated: u64) {
        let welcome = Opening::Welcome(Welcome {
            version: VERSION,
            node: NodeId([2; 16]),
            incarnation: Incarnation([self.listener.incarnation; 16]),
            session: self.listener.session_id(),
            token,
            epoch,
            received: stated,
            frame_bytes_max: self.settings.frame_bytes_max.exporter as u32,
            channels_max: CHANNELS_MAX as u32,
            expiry_ms: self.settings.expiry.as_millis() as u32,
            features: 0,
        });
        let end = &mut self.links.get_mut(&id).expect("it is welcome").ends.exporter;
        end.greeting.extend_from_slice(&PREAMBLE);
        welcome.encode(&mut end.greeting);
        end.is_greeted = true;
        end.tap = Some(Tap::new(received, received - stated));
        self.lines.exporter = Some(id);
    }

    fn refuse_link(&mut self, id: LinkId, code: Code) {
        self.say(|| format!("the exporter refuses link {id}: {code}"));
        let mut answer = BytesMut::from(&PREAMBLE[..]);
        Opening::Reject(Reject { code, text: code.to_string() }).encode(&mut answer);
        let link = self.links.get_mut(&id).expect("it is refused");
        link.pipes.importer.write(self.now, &answer);
        self.drop_end(id, Role::Exporter);
    }

    /// Somebody sends again, on a link of its own, a Hello that the exporter has heard.
    pub(crate) fn echo_hello(&mut self) {
        if self.listener.last_hello.is_empty() {
            return;
        }
        let mut link = Link::new(self.now, self.weather.qualities(&mut self.dice));
        link.is_echo = true;
        link.ends.importer.is_dropped = true;
        link.pipes.exporter.write(self.now, &self.listener.last_hello);
        let id = self.next_link();
        self.links.insert(id, link);
        self.statistics.hellos_echoed += 1;
        self.say(|| format!("somebody says an old Hello on link {id}"));
    }
}
