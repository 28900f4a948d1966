//! What travels: small records, and blocks of bytes.
//!
//! Each value carries a number that names its source and its place among the values of that
//! source, so that whoever receives it can check that nothing is missing, doubled or swapped.

use bytes::{Buf, Bytes, BytesMut};
use netchan::channel::{Bincode, Codec, Raw};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::Failure;
use crate::raw::BLOCK_BYTES;

/// Where a number names the channel. The bits below count its values.
const CHANNEL_SHIFT: u32 = 40;

/// Where a number names the connection.
const CONNECTION_SHIFT: u32 = 52;

/// The highest number of a channel or connection.
const SOURCES_MAX: u64 = 0xfff;

/// A value of a work.
pub(crate) trait Item: Sized + Send + Sync + 'static {
    /// How netchan writes it.
    type Codec: Codec<Self>;

    /// The value with this number. `bytes` is the length of its payload, if that varies.
    fn new(number: u64, bytes: usize) -> Self;

    /// The number with which it was made.
    fn number(&self) -> u64;

    /// Appends the value to the buffer of a baseline.
    fn put(&self, buffer: &mut Vec<u8>) -> Result<(), Failure>;

    /// What a baseline writes from where it is, instead.
    fn payload(&self) -> Option<&Bytes> {
        None
    }

    /// Takes the value that ends at `end` from what a baseline has read.
    fn take(input: &mut BytesMut, start: usize, end: usize) -> Result<Self, Failure>;
}

fn put<V: Serialize>(value: &V, buffer: &mut Vec<u8>) -> Result<(), Failure> {
    bincode::serde::encode_into_std_write(value, buffer, bincode::config::standard())?;
    Ok(())
}

fn take<V: DeserializeOwned>(input: &mut BytesMut, start: usize, end: usize) -> Result<V, Failure> {
    let standard = bincode::config::standard();
    let (value, _) = bincode::serde::decode_from_slice(&input[start..end], standard)?;
    input.advance(end);
    Ok(value)
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
    type Codec = Bincode;

    fn new(number: u64, _bytes: usize) -> Tick {
        Tick { number, price: 101.25, quantity: 300, symbol: "ACTX".to_owned() }
    }

    fn number(&self) -> u64 {
        self.number
    }

    fn put(&self, buffer: &mut Vec<u8>) -> Result<(), Failure> {
        put(self, buffer)
    }

    fn take(input: &mut BytesMut, start: usize, end: usize) -> Result<Self, Failure> {
        take(input, start, end)
    }
}

/// A block of bytes. With `serde_bytes`, because a plain `Vec<u8>` goes through serde byte by byte.
#[derive(Serialize, Deserialize)]
pub(crate) struct Block {
    number: u64,
    bytes: serde_bytes::ByteBuf,
}

impl Item for Block {
    type Codec = Bincode;

    fn new(number: u64, bytes: usize) -> Block {
        Block { number, bytes: serde_bytes::ByteBuf::from(vec![7; bytes]) }
    }

    fn number(&self) -> u64 {
        self.number
    }

    fn put(&self, buffer: &mut Vec<u8>) -> Result<(), Failure> {
        put(self, buffer)
    }

    fn take(input: &mut BytesMut, start: usize, end: usize) -> Result<Self, Failure> {
        take(input, start, end)
    }
}

/// A block of bytes as it is, which starts with its number.
impl Item for Bytes {
    type Codec = Raw;

    fn new(number: u64, bytes: usize) -> Bytes {
        let mut block = vec![7; bytes.max(size_of::<u64>())];
        block[..size_of::<u64>()].copy_from_slice(&number.to_le_bytes());
        block.into()
    }

    fn number(&self) -> u64 {
        self.first_chunk().map_or(u64::MAX, |number| u64::from_le_bytes(*number))
    }

    fn put(&self, buffer: &mut Vec<u8>) -> Result<(), Failure> {
        buffer.extend_from_slice(self);
        Ok(())
    }

    fn payload(&self) -> Option<&Bytes> {
        (self.len() >= BLOCK_BYTES / 4).then_some(self)
    }

    fn take(input: &mut BytesMut, start: usize, end: usize) -> Result<Self, Failure> {
        let mut value = input.split_to(end);
        value.advance(start);
        Ok(value.freeze())
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
