//! What travels: small records, and blocks of bytes.
//!
//! Each value carries a number that names its source and its place among the values of that
//! source, so that whoever receives it can check that nothing is missing, doubled or swapped.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::Failure;

/// Where a number names the channel. The bits below count its values.
const CHANNEL_SHIFT: u32 = 40;

/// Where a number names the connection.
const CONNECTION_SHIFT: u32 = 52;

/// The highest number of a channel or connection.
const SOURCES_MAX: u64 = 0xfff;

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

/// The number of a value: its connection, its channel there, and its place in that channel.
pub(crate) fn number(connection: usize, channel: usize, count: u64) -> u64 {
    (connection as u64) << CONNECTION_SHIFT | (channel as u64) << CHANNEL_SHIFT | count
}

/// Checks that values come once and in order, where several sources may merge.
pub(crate) struct Checker {
    /// Where a number says which of the sources it is from.
    shift: u32,
    /// What all numbers have in common.
    common: u64,
    next: Vec<u64>,
}

impl Checker {
    /// For all that comes on one channel, from several connections.
    pub(crate) fn of_channel(channel: usize, connections: usize) -> Checker {
        let common = number(0, channel, 0);
        Checker { shift: CONNECTION_SHIFT, common, next: vec![0; connections] }
    }

    /// For all that comes over one connection, on several channels.
    pub(crate) fn of_connection(connection: usize, channels: usize) -> Checker {
        let common = number(connection, 0, 0);
        Checker { shift: CHANNEL_SHIFT, common, next: vec![0; channels] }
    }

    #[inline]
    pub(crate) fn check(&mut self, number: u64) -> Result<(), Failure> {
        let source = number >> self.shift & SOURCES_MAX;
        match self.next.get_mut(source as usize) {
            Some(next) if number == (self.common | source << self.shift | *next) => {
                *next += 1;
                Ok(())
            }
            next => Err(format!("number {number:#x} came, but {next:?} was next").into()),
        }
    }

    /// Values that came in all.
    pub(crate) fn values(&self) -> u64 {
        self.next.iter().sum()
    }
}
