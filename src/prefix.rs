//! The length before each value in a run.
//!
//! One, two or four bytes; the two highest bits of the first say how many, as in QUIC's
//! variable-length integers (RFC 9000, section 16), but the number is little-endian here: shifted
//! left by two, with `00`, `01` or `10` as its lowest bits. A number may be written longer than it
//! must be. So a value can be encoded right behind a prefix whose width was guessed.
//!
//! This leaf knows neither frames nor types; sender, session and receiver share it.

/// The widest prefix, in bytes.
pub const WIDTH_MAX: usize = 4;

/// The length of the value at the start of `run`, its prefix included.
///
/// # Panics
///
/// When `run` does not start with a prefix that [`Encoder`] wrote: bytes from a peer go through
/// [`read`].
pub(crate) fn value_bytes(run: &[u8]) -> usize {
    // INVARIANT: only runs that this side encoded come here.
    let (width, length) = read(run).expect("a run starts with a prefix");
    width + length
}

/// Reads a prefix: its width and the length that it states, in bytes. `None` when `run` is too
/// short for it or the width is unknown.
#[inline]
#[must_use]
pub fn read(run: &[u8]) -> Option<(usize, usize)> {
    let first = *run.first()?;
    match first & 0b11 {
        0b00 => Some((1, usize::from(first >> 2))),
        0b01 => {
            let bytes = run.first_chunk::<2>()?;
            Some((2, usize::from(u16::from_le_bytes(*bytes) >> 2)))
        }
        0b10 => {
            let bytes = run.first_chunk::<4>()?;
            Some((4, (u32::from_le_bytes(*bytes) >> 2) as usize))
        }
        _ => None,
    }
}

/// The prefix of a value of so many bytes, as wide as a prefix can be.
///
/// # Panics
///
/// When the value is longer than 1 GiB, which
/// [`VALUE_BYTES_MAX`](crate::limits::VALUE_BYTES_MAX) forbids.
#[must_use]
pub(crate) fn wide(length: usize) -> [u8; WIDTH_MAX] {
    let mut prefix = [0; WIDTH_MAX];
    write(&mut prefix, WIDTH_MAX, length);
    prefix
}

/// Writes values behind their lengths and guesses each width from the value before.
#[derive(Debug, Default)]
pub struct Encoder {
    /// Width of the last prefix, in bytes; 0 stands for 1.
    width: usize,
}

impl Encoder {
    /// An encoder that expects a long value first.
    #[must_use]
    pub fn wide() -> Encoder {
        Encoder { width: WIDTH_MAX }
    }

    /// Appends a value, which `encode` appends to the buffer that it is given, and returns the
    /// value's length.
    ///
    /// # Errors
    ///
    /// The error of `encode`; then nothing is appended. The same when `encode` panics.
    ///
    /// # Panics
    ///
    /// When the value is longer than 1 GiB, which
    /// [`VALUE_BYTES_MAX`](crate::limits::VALUE_BYTES_MAX) forbids.
    pub fn append<E>(
        &mut self,
        buffer: &mut Vec<u8>,
        encode: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
    ) -> Result<usize, E> {
        let start = buffer.len();
        let guess = match self.width {
            0 | 1 => 1,
            2 => 2,
            _ => WIDTH_MAX,
        };
        let mut rollback = Rollback { length: start, buffer };
        // Known lengths are stored; an unknown one would be a call.
        match guess {
            1 => rollback.buffer.push(0),
            2 => rollback.buffer.extend_from_slice(&[0; 2]),
            _ => rollback.buffer.extend_from_slice(&[0; WIDTH_MAX]),
        }
        encode(rollback.buffer)?;
        rollback.length = usize::MAX;
        let buffer = &mut *rollback.buffer;
        let length = buffer.len() - start - guess;
        let needed = width_of(length);
        if needed > guess {
            let value_end = buffer.len();
            buffer.resize(value_end + needed - guess, 0);
            buffer.copy_within(start + guess..value_end, start + needed);
        }
        write(&mut buffer[start..], needed.max(guess), length);
        self.width = needed;
        Ok(length)
    }
}

/// Removes what a failed or panicking encoder left behind.
struct Rollback<'a> {
    buffer: &'a mut Vec<u8>,
    length: usize,
}

impl Drop for Rollback<'_> {
    fn drop(&mut self) {
        self.buffer.truncate(self.length);
    }
}

#[inline]
fn width_of(length: usize) -> usize {
    match length {
        0..0x40 => 1,
        0x40..0x4000 => 2,
        _ => 4,
    }
}

#[inline]
fn write(at: &mut [u8], width: usize, length: usize) {
    match width {
        1 => at[0] = (length as u8) << 2,
        2 => at[..2].copy_from_slice(&((length as u16) << 2 | 0b01).to_le_bytes()),
        _ => {
            assert!(length < 1 << 30, "a value's length fits its prefix");
            at[..4].copy_from_slice(&((length as u32) << 2 | 0b10).to_le_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn append(encoder: &mut Encoder, buffer: &mut Vec<u8>, value: &[u8]) {
        let encode = |buffer: &mut Vec<u8>| {
            buffer.extend_from_slice(value);
            Ok::<(), ()>(())
        };
        assert_eq!(encoder.append(buffer, encode), Ok(value.len()));
    }

    #[test]
    fn values_of_all_lengths_survive_in_any_order() {
        let lengths = [0, 1, 0x3f, 0x40, 0x41, 0x3fff, 0x4000, 70_000, 3, 0x40, 0x3f, 0];
        let mut encoder = Encoder::default();
        let mut buffer = Vec::new();
        for (number, length) in lengths.iter().enumerate() {
            append(&mut encoder, &mut buffer, &vec![number as u8; *length]);
        }
        let mut rest = &buffer[..];
        for (number, expected) in lengths.iter().enumerate() {
            let (width, length) = read(rest).unwrap();
            assert_eq!(length, *expected);
            assert!(rest[width..width + length].iter().all(|byte| *byte == number as u8));
            rest = &rest[width + length..];
        }
        assert!(rest.is_empty());
    }

    #[test]
    fn an_encoder_that_fails_leaves_nothing() {
        let mut encoder = Encoder::default();
        let mut buffer = Vec::new();
        append(&mut encoder, &mut buffer, b"good");
        let before = buffer.clone();
        let failing = |buffer: &mut Vec<u8>| {
            buffer.extend_from_slice(b"half");
            Err("no")
        };
        assert_eq!(encoder.append(&mut buffer, failing), Err("no"));
        assert_eq!(buffer, before);
    }

    #[test]
    fn a_prefix_that_is_cut_or_unknown_is_not_read() {
        assert_eq!(read(&[]), None);
        assert_eq!(read(&[0b01]), None);
        assert_eq!(read(&[0b10, 0, 0]), None);
        assert_eq!(read(&[0b11, 0, 0, 0]), None);
    }
}
