//! What travels: small records, and blocks of bytes.
//!
//! Each value carries a number that names its source and its place among the values of that
//! source, so that whoever receives it can check that nothing is missing, doubled or swapped.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::Failure;

/// Bits of a number that count; those above name the source.
const COUNT_BITS: u32 = 40;

/// A value of a work.
pub(crate) trait Item: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The value with this number. `bytes` is the length of its payload, if that varies.
    fn new(number: u64, bytes: usize) -> Self;

    /// The number with which it was made.
    fn number(&self) -> u64;
}

/// A record of the kind that programs send by the million.
#[derive(Serialize, Deserialize)]
pub(crate) struct Tick {
    number: u64,
    price: f64,
    quantity: u32,
    symbol: String,
}

impl Item for Tick {
    fn new(number: u64, _bytes: usize) -> Tick {
        Tick { number, price: 101.25, quantity: 300, symbol: "ACTX".to_owned() }
    }

    fn number(&self) -> u64 {
        self.number
    }
}

/// A block of bytes. With `serde_bytes`, because a plain `Vec<u8>` goes through serde byte by byte.
#[derive(Serialize, Deserialize)]
pub(crate) struct Block {
    number: u64,
    bytes: serde_bytes::ByteBuf,
}

impl Item for Block {
    fn new(number: u64, bytes: usize) -> Block {
        Block { number, bytes: serde_bytes::ByteBuf::from(vec![7; bytes]) }
    }

    fn number(&self) -> u64 {
        self.number
    }
}

/// The number of a source's value.
pub(crate) fn number(source: usize, count: u64) -> u64 {
    (source as u64) << COUNT_BITS | count
}

/// Checks that each source's values come once and in order.
pub(crate) struct Checker {
    next: Vec<u64>,
}

impl Checker {
    pub(crate) fn new(sources: usize) -> Checker {
        Checker { next: vec![0; sources] }
    }

    #[inline]
    pub(crate) fn check(&mut self, number: u64) -> Result<(), Failure> {
        let (source, count) = ((number >> COUNT_BITS) as usize, number & ((1 << COUNT_BITS) - 1));
        match self.next.get_mut(source) {
            Some(next) if *next == count => {
                *next += 1;
                Ok(())
            }
            next => Err(format!("value {count} of source {source} came, not {next:?}").into()),
        }
    }

    /// Values that came in all.
    pub(crate) fn values(&self) -> u64 {
        self.next.iter().sum()
    }
}
