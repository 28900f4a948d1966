//! Bytes read as a program: what to do, and with which numbers. Behind its end are zeros.

/// What is left of a program.
#[derive(Debug)]
pub(crate) struct Program<'a> {
    rest: &'a [u8],
}

impl<'a> Program<'a> {
    pub(crate) fn new(rest: &'a [u8]) -> Program<'a> {
        Program { rest }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.rest.split_first() else { return 0 };
        self.rest = rest;
        *first
    }

    pub(crate) fn flag(&mut self) -> bool {
        self.byte() & 1 == 1
    }

    /// One of a few things.
    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[usize::from(self.byte()) % from.len()]
    }

    pub(crate) fn bytes(&mut self, count: usize) -> &'a [u8] {
        let (bytes, rest) = self.rest.split_at(count.min(self.rest.len()));
        self.rest = rest;
        bytes
    }

    /// All that is left.
    pub(crate) fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.rest)
    }

    /// A number that is mostly small, or next to where numbers end.
    pub(crate) fn number(&mut self) -> u64 {
        match self.byte() {
            small @ 0..=0xbf => u64::from(small),
            0xc0..=0xcf => u64::from(self.byte()) << 8 | u64::from(self.byte()),
            power @ 0xd0..=0xdf => (1 << (4 * (power & 0xf))) + u64::from(self.byte() & 3) - 1,
            0xe0..=0xef => u64::MAX - u64::from(self.byte()),
            0xf0..=0xf7 => u64::from(u32::MAX) - u64::from(self.byte()),
            _ => self.bytes(8).iter().fold(0, |number, byte| number << 8 | u64::from(*byte)),
        }
    }
}
