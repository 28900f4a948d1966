//! Where codecs write: the end of a buffer, up to a bound.

use std::fmt;

use crate::channel::CodecError;
use crate::limits::VALUE_BYTES_MAX;

/// Appends one value of at most [`VALUE_BYTES_MAX`] bytes, so that a longer one is noticed before it
/// fills the memory.
pub(super) struct BoundedBuffer<'a> {
    output: &'a mut Vec<u8>,
    bytes_left: usize,
    has_overflowed: bool,
}

/// The value is too long.
pub(super) struct Overflow;

impl<'a> BoundedBuffer<'a> {
    pub(super) fn new(output: &'a mut Vec<u8>) -> BoundedBuffer<'a> {
        BoundedBuffer { output, bytes_left: VALUE_BYTES_MAX, has_overflowed: false }
    }

    #[inline]
    pub(super) fn append(&mut self, bytes: &[u8]) -> Result<(), Overflow> {
        if bytes.len() > self.bytes_left {
            self.has_overflowed = true;
            return Err(Overflow);
        }
        self.bytes_left -= bytes.len();
        self.output.extend_from_slice(bytes);
        Ok(())
    }

    /// What became of the value. That it is too long is known here, whatever the codec and the value's
    /// own code have made of the error.
    #[inline]
    pub(super) fn finish<E: fmt::Display>(self, result: Result<(), E>) -> Result<(), CodecError> {
        if self.has_overflowed {
            return Err(CodecError::TooLong { bytes_max: VALUE_BYTES_MAX });
        }
        result.map_err(|error| CodecError::Refused(error.to_string()))
    }
}
