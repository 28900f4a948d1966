//! Where codecs write: the end of a buffer, up to a bound.

use std::fmt;

use crate::channel::CodecError;
use crate::limits::VALUE_BYTES_MAX;

/// Appends one value of at most [`VALUE_BYTES_MAX`] bytes, so that a longer one is noticed before it
/// fills the memory: when the buffer must grow, or else at the end.
pub(super) struct BoundedBuffer<'a> {
    output: &'a mut Vec<u8>,
    /// What the buffer may have in it with the longest value.
    bytes_max: usize,
    has_overflowed: bool,
}

/// The value is too long.
pub(super) struct Overflow;

impl<'a> BoundedBuffer<'a> {
    #[inline]
    pub(super) fn new(output: &'a mut Vec<u8>) -> BoundedBuffer<'a> {
        let bytes_max = output.len() + VALUE_BYTES_MAX;
        BoundedBuffer { output, bytes_max, has_overflowed: false }
    }

    #[inline]
    pub(super) fn append(&mut self, bytes: &[u8]) -> Result<(), Overflow> {
        if bytes.len() > self.output.capacity() - self.output.len() {
            self.grow(bytes.len())?;
        }
        self.output.extend_from_slice(bytes);
        Ok(())
    }

    #[inline]
    pub(super) fn push(&mut self, byte: u8) -> Result<(), Overflow> {
        if self.output.len() == self.output.capacity() {
            self.grow(1)?;
        }
        self.output.push(byte);
        Ok(())
    }

    /// Makes room for so many bytes more, if they may come.
    #[cold]
    fn grow(&mut self, bytes: usize) -> Result<(), Overflow> {
        if bytes > self.bytes_max.saturating_sub(self.output.len()) {
            self.has_overflowed = true;
            return Err(Overflow);
        }
        self.output.reserve(bytes);
        Ok(())
    }

    /// What became of the value. That it is too long is known here, whatever the codec and the value's
    /// own code have made of the error.
    #[inline]
    pub(super) fn finish<E: fmt::Display>(self, result: Result<(), E>) -> Result<(), CodecError> {
        if self.has_overflowed || self.output.len() > self.bytes_max {
            return Err(CodecError::TooLong { bytes_max: VALUE_BYTES_MAX });
        }
        result.map_err(|error| CodecError::Refused(error.to_string()))
    }
}
