//! Reproducible chance: all that a run does follows from its seed, or from the bytes of a fuzzer.

use std::time::Duration;

/// A small generator of numbers (xorshift64*), the same for the same seed on every machine.
#[derive(Debug)]
pub(crate) struct Dice {
    state: u64,
    /// What decides before chance does.
    bytes: std::vec::IntoIter<u8>,
}

impl Dice {
    pub(crate) fn seeded(seed: u64) -> Dice {
        // Seeds that follow each other must not give runs that resemble each other.
        let mut state = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Dice { state: (state ^ (state >> 31)) | 1, bytes: Vec::new().into_iter() }
    }

    /// Dice that show what these bytes say, and then what follows from a seed that is always the same.
    pub(crate) fn loaded(bytes: &[u8]) -> Dice {
        Dice { bytes: Vec::from(bytes).into_iter(), ..Dice::seeded(1) }
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        if let Some(byte) = self.bytes.next() {
            // As many bytes as the largest number has.
            let number = |high: u64, byte: u8| high << 8 | u64::from(byte);
            let width = (u64::from(u64::BITS - (end - 1).leading_zeros())).div_ceil(8).max(1);
            let more = self.bytes.by_ref().take(width as usize - 1);
            return more.fold(u64::from(byte), number) % end;
        }
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        (self.state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) % end
    }

    pub(crate) fn index(&mut self, length: usize) -> usize {
        self.below(length as u64) as usize
    }

    /// True once in `many` times.
    pub(crate) fn one_in(&mut self, many: u64) -> bool {
        self.below(many) == 0
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.index(from.len())]
    }

    /// A time below so many milliseconds.
    pub(crate) fn millis(&mut self, end: u64) -> Duration {
        Duration::from_millis(self.below(end))
    }
}
