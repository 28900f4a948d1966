//! One conversation in which every kind of frame is said, with its link cut at every byte, and the
//! link that continues it as well. What the users see is the same as without a cut.

use std::collections::BTreeSet;
use std::time::Duration;

use netchan::limits::FRAME_BYTES_MAX_FLOOR;
use netchan::session::Role;
use netchan::wire::{Content, Kind};

use crate::both::{Both, ROLES, opposite};
use crate::side::Note;
use crate::users::Ask;
use crate::weather::Plan;
use crate::world::{Settings, World};

/// Longer than anything in the conversation takes, also when a link dies unnoticed, twice.
const PATIENCE: Duration = Duration::from_secs(80);

/// From which the schemas of the refused channel follow. They are short.
const SCHEMAS: u64 = 8;

/// What the users see.
#[derive(Debug, PartialEq, Eq)]
struct Story {
    /// Values taken by channel.
    taken: Vec<u64>,
    /// What was told of each channel, by side and channel.
    notes: Vec<Vec<Note>>,
}

/// The channels of the conversation.
struct Talk {
    world: World,
    inward: usize,
    outward: usize,
    broken: usize,
    refused: usize,
    /// Channels of requests, by who asks.
    asked: Both<usize>,
}

impl Talk {
    fn begin(plans: &[Plan]) -> Talk {
        let frame_bytes_max =
            Both { importer: FRAME_BYTES_MAX_FLOOR, exporter: FRAME_BYTES_MAX_FLOOR };
        let mut world = World::calm(Settings { frame_bytes_max, ..Settings::default() });
        world.weather.plans = plans.to_vec();
        world.answers_at_once = false;
        let ask = Ask { window_values: 2, window_bytes: 16 * 1024, ..Ask::default() };
        let inward = world.open(Role::Exporter, ask);
        let outward = world.open(Role::Importer, Ask { limit: Some(2), ..ask });
        let broken = world.open(Role::Exporter, ask);
        let requests = Ask { content: Content::Requests, ..ask };
        let asked = Both {
            importer: world.open(Role::Importer, requests),
            exporter: world.open(Role::Exporter, requests),
        };
        let refused = world.open(Role::Importer, ask);
        // The fourth is longer than a frame.
        world.send(inward, &[5, 0, 70]);
        world.skip(inward, 7);
        world.send(inward, &[1100, 3]);
        world.send(outward, &[9, 9, 9]);
        world.send(broken, &[1]);
        world.finish(inward);
        for role in ROLES {
            // All of them want an answer.
            world.send(asked[role], &[3, 6, 2]);
            world.finish(asked[role]);
        }
        Talk { world, inward, outward, broken, refused, asked }
    }

    fn until(&mut self, holds: impl Fn(&World) -> bool) {
        let deadline = self.world.now + PATIENCE;
        assert!(self.world.run_until(deadline, holds), "the conversation goes on");
    }

    fn take_all(&mut self, channel: usize, values: u64) {
        while self.world.model[channel].taken < values {
            let before = self.world.model[channel].taken;
            self.until(|world| world.model[channel].received > before);
            self.world.take(channel, 1);
        }
    }

    /// The last of three requests is cancelled before it can be sent. The others are answered, the
    /// second one first.
    fn ask_and_answer(&mut self, asker: Role) {
        let requests = self.asked[asker];
        self.until(|world| world.model[requests].asked().can_cancel);
        self.world.cancel(requests, 2);
        self.until(|world| {
            let record = &world.model[requests];
            record.asked().is_cancelled(2) && record.received == 2
        });
        self.world.answer_request(requests, 1);
        self.world.answer_request(requests, 0);
        self.until(|world| world.model[requests].received == 3);
        self.world.answer_request(requests, 0);
        let answers = self.world.model[requests].asked().answers.expect("they are open");
        self.take_all(answers, 2);
    }

    fn go_on(&mut self) {
        self.until(|world| world.sides.exporter.requests.len() == 6);
        let refused = self.world.sides.exporter.requests.pop().expect("there are six");
        assert_eq!(self.world.sides.exporter.queues.names[&refused.channel], self.refused);
        self.world.refuse(Role::Exporter, &refused, SCHEMAS);
        self.world.answer(Role::Exporter);
        for role in ROLES {
            self.world.sync(role);
        }
        // Its page has 40 bytes.
        self.world.list(2320);
        let broken = self.broken;
        self.until(|world| world.model[broken].received == 1);
        self.world.hang_up(Role::Importer, broken, "enough");
        self.take_all(self.inward, 5);
        self.take_all(self.outward, 2);
        ROLES.iter().for_each(|role| self.ask_and_answer(*role));
        let refused = self.refused;
        self.until(|world| {
            let is_idle = |role: &Role| {
                let side = &world.sides[*role];
                let session = side.session.as_ref().expect("the session is kept");
                session.channels() == 0 && side.waits.is_empty()
            };
            let has_heard = world.sides.importer.wanted.is_none();
            has_heard && world.model[refused].showing.is_mutual() && ROLES.iter().all(is_idle)
        });
        self.world.goodbye(Role::Exporter);
        self.until(|world| world.sides.importer.has_heard_goodbye);
    }

    fn story(&self) -> Story {
        let World { model, sides, .. } = &self.world;
        let channels = (0..model.len()).chain([usize::MAX]);
        let of = |role: Role, channel: usize| {
            let notes = sides[role].notes.iter().filter(|(name, _)| *name == channel);
            notes.map(|(_, note)| note.clone()).collect()
        };
        let notes = ROLES.iter().flat_map(|role| channels.clone().map(|name| of(*role, name)));
        Story { taken: model.iter().map(|record| record.taken).collect(), notes: notes.collect() }
    }
}

/// Has the conversation; says what the users see, and which plans were carried out.
fn talk(plans: &[Plan]) -> (Story, World) {
    let mut talk = Talk::begin(plans);
    talk.go_on();
    (talk.story(), talk.world)
}

fn plan(link: u64, reader: Role, place: u64, is_told: bool) -> Plan {
    Plan { link, reader, place, is_told, is_reached: false }
}

#[test]
fn the_conversation_uses_every_kind_of_frame() {
    let (story, world) = talk(&[]);
    assert_eq!(story.taken, [5, 2, 0, 3, 3, 0, 2, 2]);
    for asked in [3, 4] {
        let answerer = world.model[asked].receiver();
        let heard =
            world.sides[answerer].notes.iter().filter(|note| **note == (asked, Note::Cancelled(2)));
        assert_eq!(heard.count(), 1);
    }
    assert_eq!(world.statistics.requests_passed_over, 2);
    let read: BTreeSet<u8> = world.statistics.kinds.keys().copied().collect();
    let handshake = [Kind::Hello, Kind::Welcome, Kind::Reject].map(|kind| kind as u8);
    let all = Kind::ALL.iter().map(|kind| *kind as u8);
    assert_eq!(read, all.filter(|kind| !handshake.contains(kind)).collect());
}

#[test]
fn a_link_can_break_at_every_byte_of_a_conversation() {
    let (expected, _) = talk(&[]);
    for (reader, is_told) in [(0, true), (1, true), (0, false), (1, false)] {
        let reader = ROLES[reader];
        let mut place = 0;
        loop {
            let (story, world) = talk(&[plan(1, reader, place, is_told)]);
            assert_eq!(story, expected, "cut behind byte {place} to the {reader:?}");
            if !world.weather.plans[0].is_reached {
                break;
            }
            place += 1;
        }
        assert!(place > 600, "{place} bytes were said to the {reader:?}");
    }
}

#[test]
fn the_link_that_continues_can_break_at_every_byte_as_well() {
    let (expected, _) = talk(&[]);
    for first in [300, 600, 900] {
        for (reader, is_told) in [(0, true), (1, true), (0, false), (1, false)] {
            let reader = ROLES[reader];
            let mut place = 0;
            loop {
                let plans = [
                    plan(1, Role::Importer, first, true),
                    plan(2, reader, place, is_told),
                    // A later link loses the Welcome as well, or the Hello.
                    plan(3, opposite(reader), 100, true),
                ];
                let (story, world) = talk(&plans);
                assert_eq!(story, expected, "{first}, then {place} to the {reader:?}");
                if !world.weather.plans[1].is_reached {
                    break;
                }
                place += 1;
            }
            assert!(place > 126, "{place} bytes were said to the {reader:?}");
        }
    }
}
