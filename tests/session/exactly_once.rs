//! Whatever the users and the network do, and in whichever pieces bytes come: each value arrives
//! once and in order, or is reported as lost by a hangup; and in the end nothing is left.

use std::time::Duration;

use netchan::dir::Dir;
use netchan::id::ChannelId;
use netchan::session::Role;
use netchan::wire::Code;
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

use crate::pair::{Ask, BOTH, Pair};

/// Something that a user or the network does. A number stands for one of the open channels.
#[derive(Clone, Debug)]
enum Deed {
    Open(Role, Dir, Ask),
    Send(usize, Vec<usize>),
    Finish(usize),
    Take(usize, usize),
    Hangup(usize, Role),
    Flush(Role, bool),
    Run(usize),
    RunOneWay(Role, usize),
    Wait(u64),
    CutAndResume,
}

fn length() -> impl Strategy<Value = usize> {
    prop_oneof![
        8 => 0..200_usize,
        2 => prop::sample::select(vec![0, 1, 62, 63, 64, 65, 16_378, 16_380, 16_382, 16_383,
            16_384, 16_385, 65_510, 65_520, 65_524, 65_536, 65_540]),
        1 => 200..150_000_usize,
    ]
}

fn ask() -> impl Strategy<Value = Ask> {
    let window_values = prop_oneof![Just(1), Just(2), 1..300_u32];
    let window_bytes = prop_oneof![Just(16 * 1024), 16 * 1024..200_000_u64];
    let limit = prop::option::weighted(0.3, 1..30_u64);
    (window_values, window_bytes, limit).prop_map(|(window_values, window_bytes, limit)| Ask {
        window_values,
        window_bytes,
        limit,
    })
}

fn role() -> impl Strategy<Value = Role> {
    prop::sample::select(BOTH.to_vec())
}

fn deed(hangups: u32, cuts: u32) -> impl Strategy<Value = Deed> {
    let dir = prop::sample::select(vec![Dir::Recv, Dir::Send]);
    prop_oneof![
        2 => (role(), dir, ask()).prop_map(|(role, dir, ask)| Deed::Open(role, dir, ask)),
        6 => (any::<usize>(), prop::collection::vec(length(), 0..20))
            .prop_map(|(which, lengths)| Deed::Send(which, lengths)),
        1 => any::<usize>().prop_map(Deed::Finish),
        5 => (any::<usize>(), 0..40_usize).prop_map(|(which, count)| Deed::Take(which, count)),
        hangups => (any::<usize>(), role()).prop_map(|(which, role)| Deed::Hangup(which, role)),
        1 => (role(), any::<bool>()).prop_map(|(role, is_on)| Deed::Flush(role, is_on)),
        6 => (1..20_usize).prop_map(Deed::Run),
        2 => (role(), 1..20_usize).prop_map(|(role, turns)| Deed::RunOneWay(role, turns)),
        1 => (0..100_u64).prop_map(Deed::Wait),
        cuts => Just(Deed::CutAndResume),
    ]
}

/// A pair and what its users still mean to do.
struct World {
    pair: Pair,
    channels: Vec<ChannelId>,
    finished: Vec<bool>,
    hung_up: Vec<bool>,
    limits: Vec<Option<u64>>,
}

impl World {
    fn new(seed: u64) -> World {
        let mut pair = Pair::seeded(seed);
        for role in BOTH {
            pair[role].answer = crate::side::Answer::Accept(100, 70_000);
        }
        World {
            pair,
            channels: Vec::new(),
            finished: Vec::new(),
            hung_up: Vec::new(),
            limits: Vec::new(),
        }
    }

    fn pick(&self, which: usize) -> Option<usize> {
        (!self.channels.is_empty()).then(|| which % self.channels.len())
    }

    fn act(&mut self, deed: Deed) {
        match deed {
            Deed::Open(opener, dir, ask) => {
                if self.channels.len() < 6 {
                    self.channels.push(self.pair.open_by(opener, dir, ask));
                    self.finished.push(false);
                    self.hung_up.push(false);
                    self.limits.push(ask.limit);
                }
            }
            Deed::Send(which, lengths) => {
                if let Some(at) = self.pick(which)
                    && !self.finished[at]
                {
                    self.pair.send(self.channels[at], lengths);
                }
            }
            Deed::Finish(which) => {
                if let Some(at) = self.pick(which) {
                    self.finish(at);
                }
            }
            Deed::Take(which, count) => {
                if let Some(at) = self.pick(which) {
                    self.pair.take(self.channels[at], count);
                }
            }
            Deed::Hangup(which, role) => {
                if let Some(at) = self.pick(which)
                    && self.pair.is_known_to(role, self.channels[at])
                {
                    self.hung_up[at] = true;
                    self.pair.hangup(role, self.channels[at]);
                }
            }
            Deed::Flush(role, is_on) => self.pair[role].session.set_flushing(is_on),
            Deed::Run(turns) => {
                for _ in 0..turns {
                    self.pair.turn_both();
                    self.check();
                }
            }
            Deed::RunOneWay(role, turns) => {
                for _ in 0..turns {
                    self.pair.turn(role);
                    self.check();
                }
            }
            Deed::Wait(delay_ms) => self.pair.advance(Duration::from_millis(delay_ms)),
            Deed::CutAndResume => {
                self.pair.cut_link();
                self.pair.resume();
            }
        }
    }

    fn finish(&mut self, at: usize) {
        if !self.finished[at] {
            self.finished[at] = true;
            self.pair.finish(self.channels[at]);
        }
    }

    /// What holds at every moment, beside what sides and inlets check themselves.
    fn check(&self) {
        for side in [&self.pair.importer, &self.pair.exporter] {
            let mut outstanding = 0;
            for channel in &self.channels {
                if let Some(progress) = side.session.progress(*channel) {
                    let queue = side.queues.by_channel.get(channel);
                    let given = queue.map_or(0, |queue| queue.given.len() as u64);
                    assert_eq!(progress.accepted_values, given);
                    assert!(progress.acknowledged_values <= given);
                    outstanding += given - progress.acknowledged_values;
                }
            }
            assert_eq!(side.session.outstanding_values(), outstanding);
        }
    }

    /// Everything that was begun comes to its end.
    fn conclude(mut self) {
        for at in 0..self.channels.len() {
            self.finish(at);
        }
        self.pair.run_and_take_all();
        self.check();
        self.pair.assert_all_over();
        for (at, channel) in self.channels.clone().into_iter().enumerate() {
            let given = self.pair.given(channel);
            let taken = self.pair.taken(channel);
            if let Some(limit) = self.limits[at] {
                assert!(given.len() as u64 <= limit, "a limit is kept");
            }
            if self.hung_up[at] {
                assert_eq!(taken, given[..taken.len()], "what arrived is in order");
            } else {
                assert_eq!(taken, given, "all that was sent arrived once and in order");
                let waiting = self.pair.sender(channel).queues.by_channel[&channel].waiting();
                let is_at_limit = self.limits[at] == Some(given.len() as u64);
                assert!(waiting == 0 || is_at_limit, "nothing waits for ever");
            }
            let lost = (given.len() - taken.len()) as u64;
            assert_eq!(self.pair.sender(channel).lost(channel), Some(lost));
            let lost_at_receiver = self.pair.receiver(channel).lost(channel);
            assert!(lost_at_receiver <= Some(lost), "{lost_at_receiver:?}");
        }
    }
}

fn config(name: &'static str, cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(name))),
        max_shrink_iters: 2000,
        ..ProptestConfig::default()
    }
}

fn deeds(hangups: u32, cuts: u32) -> impl Strategy<Value = Vec<Deed>> {
    let open = ask().prop_map(|ask| Deed::Open(Role::Importer, Dir::Recv, ask));
    (open, prop::collection::vec(deed(hangups, cuts), 1..60)).prop_map(|(open, mut deeds)| {
        deeds.insert(0, open);
        deeds
    })
}

fn run(seed: u64, deeds: Vec<Deed>) {
    let mut world = World::new(seed);
    for deed in deeds {
        world.act(deed);
        world.check();
    }
    world.conclude();
}

proptest! {
    #![proptest_config(config("tests/session/calm.proptest-regressions", 250))]

    #[test]
    fn every_value_arrives_once_and_in_order(seed: u64, deeds in deeds(0, 0)) {
        run(seed, deeds);
    }
}

proptest! {
    #![proptest_config(config("tests/session/hangups.proptest-regressions", 250))]

    #[test]
    fn hangups_at_any_moment_lose_only_what_they_report(seed: u64, deeds in deeds(2, 0)) {
        run(seed, deeds);
    }
}

proptest! {
    #![proptest_config(config("tests/session/cuts.proptest-regressions", 250))]

    #[test]
    fn links_that_break_at_any_moment_lose_nothing(seed: u64, deeds in deeds(1, 3)) {
        run(seed, deeds);
    }
}

#[test]
fn a_hangup_code_is_told_to_the_other_side() {
    let mut pair = Pair::new();
    let channel = pair.opened(Dir::Recv, Ask::default());
    let now = pair.now;
    pair.exporter.hangup(now, channel, Code::Undecodable, "cannot read it");
    pair.run_until_idle();
    let told = crate::side::Note::HungUp(channel, Code::Undecodable, "cannot read it".into());
    assert!(pair.importer.story(channel).contains(&told));
}
