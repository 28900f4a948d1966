//! How the sending ends of one channel encode values: the first ones not without a look at them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::channel::CodecError;
use crate::channel::format::Encode;
use crate::channel::identity::Schema;
use crate::limits::VALUES_CHECKED;

/// Says whether a value is as a schema says.
pub(crate) type Check<T> = fn(&T, &Schema) -> Result<(), CodecError>;

/// Encodes the values of one channel.
#[derive(Debug)]
pub(crate) struct Encoder<T> {
    encode: Encode<T>,
    inspection: Arc<Inspection<T>>,
}

#[derive(Debug)]
struct Inspection<T> {
    check: Check<T>,
    /// `None`: there is nothing to hold a value against.
    schema: Option<Arc<Schema>>,
    /// Values that are still to be checked.
    left: AtomicU32,
}

impl<T> Encoder<T> {
    pub(crate) fn new(encode: Encode<T>, check: Check<T>, schema: Arc<Schema>) -> Encoder<T> {
        let (schema, left) = (Some(schema), AtomicU32::new(VALUES_CHECKED));
        Encoder { encode, inspection: Arc::new(Inspection { check, schema, left }) }
    }

    /// One that checks nothing.
    pub(crate) fn trusting(encode: Encode<T>) -> Encoder<T> {
        let inspection = Inspection { check: |_, _| Ok(()), schema: None, left: AtomicU32::new(0) };
        Encoder { encode, inspection: Arc::new(inspection) }
    }

    /// Appends a value to a buffer. Nothing is appended if it was checked and does not fit.
    #[inline]
    pub(crate) fn encode(&self, value: &T, output: &mut Vec<u8>) -> Result<(), CodecError> {
        // Relaxed: a value more or less is checked when several threads begin at the same time.
        if self.inspection.left.load(Ordering::Relaxed) > 0 {
            self.inspection.check(value)?;
        }
        (self.encode)(value, output)
    }
}

impl<T> Inspection<T> {
    #[cold]
    fn check(&self, value: &T) -> Result<(), CodecError> {
        if let Some(schema) = &self.schema {
            (self.check)(value, schema)?;
        }
        let _none_left = self
            .left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        Ok(())
    }
}

impl<T> Clone for Encoder<T> {
    fn clone(&self) -> Encoder<T> {
        Encoder { encode: self.encode, inspection: self.inspection.clone() }
    }
}
