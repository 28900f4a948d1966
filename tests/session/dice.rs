//! Reproducible chance: the sizes of the pieces in which a pipe takes and gives its bytes.

/// A small generator of numbers (xorshift64*), the same for the same seed on every machine.
#[derive(Debug)]
pub(crate) struct Dice {
    state: u64,
}

impl Dice {
    pub(crate) fn seeded(seed: u64) -> Dice {
        Dice { state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1 }
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        self.state.wrapping_mul(0x2545_f491_4f6c_dd1d) % end
    }
}

/// In which pieces bytes move.
#[derive(Debug)]
pub(crate) enum Pieces {
    /// As many as there are.
    Whole,
    /// One at a time.
    Single,
    /// From one byte to tens of thousands.
    Any(Dice),
}

impl Pieces {
    /// The length of the next piece, in bytes.
    pub(crate) fn next(&mut self) -> usize {
        match self {
            Pieces::Whole => usize::MAX,
            Pieces::Single => 1,
            Pieces::Any(dice) => {
                let end = [8, 64, 1500, 70_000][dice.below(4) as usize];
                1 + dice.below(end) as usize
            }
        }
    }
}
