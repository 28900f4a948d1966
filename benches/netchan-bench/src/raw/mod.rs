//! The works as one would write them by hand, each value behind its length.
//!
//! Values are encoded into one buffer, many leave with one write, and big blocks are read. There
//! is no window, no acknowledgement, no check of lengths, and nothing behind the socket but the
//! code that wants the values: what is measured is the least that can be done. Blocks that are bytes
//! already are written from where they are, and taken as slices of what was read.

mod asks;
mod ping_pong;
mod stream;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

pub use self::asks::asks;
pub use self::ping_pong::ping_pong;
pub use self::stream::stream;
pub(crate) use self::stream::{receive, send};
use crate::{Failure, Item};

/// What is gathered before it is written, and what is read at once, in bytes.
pub(crate) const BLOCK_BYTES: usize = 64 * 1024;

/// The length before each value, in bytes.
const LENGTH_BYTES: usize = 4;

/// Appends a value behind its length.
#[inline]
pub(crate) fn put<V: Item>(value: &V, buffer: &mut Vec<u8>) -> Result<(), Failure> {
    let start = buffer.len();
    buffer.extend_from_slice(&[0; LENGTH_BYTES]);
    value.put(buffer)?;
    let length = (buffer.len() - start - LENGTH_BYTES) as u32;
    buffer[start..start + LENGTH_BYTES].copy_from_slice(&length.to_le_bytes());
    Ok(())
}

/// Takes all values that are there as a whole, and makes room for what is read next.
#[inline]
pub(crate) fn take_all<V: Item>(
    input: &mut BytesMut,
    mut each: impl FnMut(V) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut taken = 0;
    let missing = loop {
        let rest = &input[taken..];
        let Some((length, rest)) = rest.split_first_chunk::<LENGTH_BYTES>() else { break 0 };
        let bytes = u32::from_le_bytes(*length) as usize;
        if rest.len() < bytes {
            break bytes - rest.len();
        }
        if V::is_shared(bytes) {
            input.advance(taken + LENGTH_BYTES);
            taken = 0;
            each(V::share(input.split_to(bytes).freeze())?)?;
        } else {
            each(V::get(&rest[..bytes])?)?;
            taken += LENGTH_BYTES + bytes;
        }
    };
    input.advance(taken);
    input.reserve(missing.max(BLOCK_BYTES));
    Ok(())
}

/// Sends what comes back, all that one read brings with one write.
async fn echo<V: Item>(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> Result<(), Failure> {
    let (mut input, mut output) = (BytesMut::with_capacity(BLOCK_BYTES), Vec::new());
    while stream.read_buf(&mut input).await? > 0 {
        output.clear();
        take_all::<V>(&mut input, |value| put(&value, &mut output))?;
        stream.write_all(&output).await?;
    }
    Ok(())
}
