//! The values that travel: each is known from its channel, its number and its length, so that the
//! receiving end can tell whether the right one came without asking the sending end.

use std::sync::OnceLock;

/// The longest value of a run, in bytes: several frames.
pub(crate) const LONGEST_BYTES: usize = 160 * 1024;

const BANK_BYTES: usize = LONGEST_BYTES + 64 * 1024;

/// Values are pieces of it. To copy and to compare them is quick even without optimization.
static BANK: OnceLock<Vec<u8>> = OnceLock::new();

/// The bytes of a value.
pub(crate) fn value(channel: usize, number: u64, length: usize) -> &'static [u8] {
    let bank = BANK.get_or_init(|| {
        let mut dice = crate::dice::Dice::seeded(0);
        (0..BANK_BYTES).map(|_| dice.below(256) as u8).collect()
    });
    let place = number.wrapping_mul(1009).wrapping_add(channel as u64 * 7919);
    let start = (place % (64 * 1024)) as usize;
    &bank[start..start + length]
}
