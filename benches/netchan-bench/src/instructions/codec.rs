//! Encoding and decoding alone, as a baseline does it.

use std::hint::black_box;

use super::counted::count;
use crate::{Failure, Item};

/// A number as long as those of values that have been sent for a while.
const NUMBER: u64 = 1_000_000;

/// Encodes so many values.
pub(super) fn encode<V: Item>(values: usize, bytes: usize) -> Result<(), Failure> {
    let value = V::new(NUMBER, bytes);
    let mut output = Vec::with_capacity(2 * bytes + 64);
    count(|| {
        for _ in 0..values {
            output.clear();
            black_box(&value).put(black_box(&mut output))?;
        }
        Ok(())
    })
}

/// Decodes so many values.
pub(super) fn decode<V: Item>(values: usize, bytes: usize) -> Result<(), Failure> {
    let mut encoded = Vec::new();
    V::new(NUMBER, bytes).put(&mut encoded)?;
    count(|| {
        for _ in 0..values {
            black_box(V::get(black_box(&encoded))?);
        }
        Ok(())
    })
}
