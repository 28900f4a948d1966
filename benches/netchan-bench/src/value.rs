//! What travels: small records, and blocks of bytes.
//!
//! Each value carries a [number](crate::number()) that names its source and its place among the
//! values of that source, so that whoever receives it can check that nothing is missing, doubled or
//! swapped.

use bytes::{Buf, Bytes};
use netchan::channel::{Bincode, Codec, Raw};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::Failure;

/// Payloads of at least this length are written by a baseline from where they are, and taken as
/// slices of what it has read, in bytes. To copy shorter ones costs less.
const SHARED_BYTES: usize = 16 * 1024;

/// A value of a work.
pub trait Item: Sized + Send + Sync + 'static {
    /// How netchan writes it, unless the work is about codecs.
    type Codec: Codec<Self>;

    /// The value with this number. `bytes` is the length of its payload, if that varies.
    fn new(number: u64, bytes: usize) -> Self;

    /// The number with which it was made.
    fn number(&self) -> u64;

    /// Appends the value to the buffer of a baseline.
    ///
    /// # Errors
    ///
    /// When it cannot be encoded.
    fn put(&self, buffer: &mut Vec<u8>) -> Result<(), Failure>;

    /// What a baseline writes from where it is, instead.
    fn payload(&self) -> Option<&Bytes> {
        None
    }

    /// Reads what [`put`](Item::put) has written.
    ///
    /// # Errors
    ///
    /// When it is not such a value.
    fn get(input: &[u8]) -> Result<Self, Failure>;

    /// Whether a value of so many bytes is better taken out of the buffer than copied from it.
    fn is_shared(_bytes: usize) -> bool {
        false
    }

    /// The same for a value that is taken out of the buffer.
    ///
    /// # Errors
    ///
    /// When it is not such a value.
    fn share(input: Bytes) -> Result<Self, Failure> {
        Self::get(&input)
    }
}

fn put<V: Serialize>(value: &V, buffer: &mut Vec<u8>) -> Result<(), Failure> {
    bincode::serde::encode_into_std_write(value, buffer, bincode::config::standard())?;
    Ok(())
}

fn get<V: DeserializeOwned>(input: &[u8]) -> Result<V, Failure> {
    Ok(bincode::serde::decode_from_slice(input, bincode::config::standard())?.0)
}

/// A record of the kind that programs send by the million.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tick {
    /// Its place among all.
    pub number: u64,
    /// Always the same.
    pub price: f64,
    /// Always the same.
    pub quantity: u32,
    /// Four letters.
    pub symbol: String,
}

impl Item for Tick {
    type Codec = Bincode;

    #[inline]
    fn new(number: u64, _bytes: usize) -> Tick {
        Tick { number, price: 101.25, quantity: 300, symbol: "ACTX".to_owned() }
    }

    #[inline]
    fn number(&self) -> u64 {
        self.number
    }

    #[inline]
    fn put(&self, buffer: &mut Vec<u8>) -> Result<(), Failure> {
        put(self, buffer)
    }

    #[inline]
    fn get(input: &[u8]) -> Result<Tick, Failure> {
        get(input)
    }
}

/// A block of bytes. With `serde_bytes`, because a plain `Vec<u8>` goes through serde byte by byte.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Block {
    /// Its place among all.
    pub number: u64,
    /// The payload.
    pub bytes: serde_bytes::ByteBuf,
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

    fn get(input: &[u8]) -> Result<Block, Failure> {
        get(input)
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
        buffer.extend_from_slice(self.chunk());
        Ok(())
    }

    fn payload(&self) -> Option<&Bytes> {
        (self.len() >= SHARED_BYTES).then_some(self)
    }

    fn get(input: &[u8]) -> Result<Bytes, Failure> {
        Ok(Bytes::copy_from_slice(input))
    }

    fn is_shared(bytes: usize) -> bool {
        bytes >= SHARED_BYTES
    }

    fn share(input: Bytes) -> Result<Bytes, Failure> {
        Ok(input)
    }
}
