//! Bytes as a receiver reads them, without a channel.

use crate::channel::{Codec, CodecError, Value};

/// What becomes of `bytes` at the receiving end of a channel of `T`: the same decoding, with the same
/// bounds, but without a peer that sends them. For programs that try their own types with bytes that
/// nobody planned.
///
/// # Errors
///
/// [`CodecError`] when the bytes are no value of `T`, or one that exceeds a bound, or when `T` cannot be
/// sent.
///
/// # Panics
///
/// Never by itself; code of `T` may.
///
/// # Example
///
/// ```
/// use netchan::channel::{Bincode, CodecError};
/// use netchan::testing::decode;
///
/// assert_eq!(decode::<Option<u8>, Bincode>(&[1, 7]), Ok(Some(7)));
/// // Nine bytes that claim 2^40 units.
/// let claim = [0xfd, 0, 0, 0, 0, 0, 1, 0, 0];
/// let refused = decode::<Vec<()>, Bincode>(&claim);
/// assert!(matches!(refused, Err(CodecError::TooManyElements { .. })));
/// ```
pub fn decode<T: Value, C: Codec<T>>(bytes: &[u8]) -> Result<T, CodecError> {
    let description = C::describe().map_err(|error| CodecError::Refused(error.to_string()))?;
    if description.needs_guard() { C::decode_guarded(bytes) } else { C::decode(bytes) }
}
