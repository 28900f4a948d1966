//! How bad a network is, and what that means for each of its links.

use std::time::Duration;

use crate::dice::Dice;

/// How a link ends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum End {
    /// In good manners, at any byte: FIN.
    Cut,
    /// At once, and what is on its way is lost: RST.
    Reset,
    /// It swallows what it is given. Nobody is told; the peers' heartbeats notice.
    Silence,
    /// The same in one direction. The other one still carries, to somebody who hears pings.
    HalfSilence,
}

/// What may happen to links.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Weather {
    pub(crate) ends: &'static [End],
    /// How long a link lasts, in milliseconds, from and to.
    pub(crate) life_ms: (usize, usize),
    /// One link in so many ends before it has lasted long enough for a handshake.
    pub(crate) stillborn_one_in: Option<usize>,
    /// One link in so many carries nothing for a while, and then all that was held up.
    pub(crate) stalls_one_in: Option<usize>,
    /// Bytes are carried in pieces of at most this length.
    pub(crate) piece_bytes_max: Option<usize>,
    /// What a direction of a link carries.
    pub(crate) bytes_per_second: Option<usize>,
}

/// What happens to one link.
#[derive(Clone, Debug)]
pub(crate) struct Fate {
    pub(crate) calm: Duration,
    pub(crate) stall: Duration,
    /// How long it lasts after that.
    pub(crate) rest: Duration,
    pub(crate) end: End,
    /// How bytes are carried there, and back.
    pub(crate) manners: [Manner; 2],
}

/// How bytes are carried in one direction.
#[derive(Clone, Debug)]
pub(crate) struct Manner {
    dice: Dice,
    piece_bytes_max: Option<usize>,
    bytes_per_second: Option<usize>,
}

impl Weather {
    /// Nothing happens by itself.
    pub(crate) const fn fair() -> Weather {
        Weather { life_ms: (usize::MAX / 2, usize::MAX / 2), ..Weather::ending(&[End::Cut]) }
    }

    /// Links last for 100 to 300 ms and end so.
    pub(crate) const fn ending(ends: &'static [End]) -> Weather {
        Weather {
            ends,
            life_ms: (100, 300),
            stillborn_one_in: None,
            stalls_one_in: None,
            piece_bytes_max: None,
            bytes_per_second: None,
        }
    }

    pub(crate) fn fate(&self, dice: &mut Dice) -> Fate {
        let ms = |ms: usize| Duration::from_millis(ms as u64);
        let (least, most) = self.life_ms;
        let is_stillborn = self.stillborn_one_in.is_some_and(|chances| dice.one_in(chances));
        let life = if is_stillborn { dice.below(5) } else { least + dice.below(most - least + 1) };
        let calm = dice.below(life + 1);
        let stalls = self.stalls_one_in.is_some_and(|chances| dice.one_in(chances));
        Fate {
            calm: ms(calm),
            stall: if stalls { ms(50 + dice.below(200)) } else { Duration::ZERO },
            rest: ms(life - calm),
            end: self.ends[dice.below(self.ends.len())],
            manners: [self.manner(dice), self.manner(dice)],
        }
    }

    fn manner(&self, dice: &mut Dice) -> Manner {
        let Weather { piece_bytes_max, bytes_per_second, .. } = *self;
        Manner { dice: dice.split(), piece_bytes_max, bytes_per_second }
    }
}

impl Manner {
    /// How many of the bytes that wait are carried next.
    pub(crate) fn piece_bytes(&mut self, waiting: usize) -> usize {
        match self.piece_bytes_max {
            Some(most) => waiting.min(1 + self.dice.below(most)),
            None => waiting,
        }
    }

    /// How long it takes to carry them, beyond what the machine needs.
    pub(crate) fn delay(&self, bytes: usize) -> Option<Duration> {
        let bytes_per_second = self.bytes_per_second?;
        Some(Duration::from_secs_f64(bytes as f64 / bytes_per_second as f64))
    }
}
