//! Decoding that stays bounded, for the types whose values could ask for more than they take.
//!
//! Two kinds of types need it. A recursive one is decoded by recursion, so a long value that is all
//! nesting would overflow the stack, which ends the process. One with elements that take no bytes
//! can claim 2^64 of them in nine bytes, and decoding would not come back. A [`Watch`] goes along
//! with the decoding of one value and stops it; all other types are decoded without one.
//!
//! This room knows serde's data model and nothing of the codec: it stands between the codec's
//! deserializer and the type's own code, and hands every call through. That is two files:
//! [`deserializer`] for what a type may ask, [`access`] for what it is answered. [`nesting`] is the
//! bound on recursion, which is not only for decoding.
//!
//! # How it is known that an element took no bytes
//!
//! Each number, string, length, option and variant takes at least one byte, as in
//! [`Schema::has_zero_length_elements`]. Units, structs, tuples and arrays are no more than their
//! parts. So an element took none if nothing of the first kind was asked for meanwhile.

mod access;
mod deserializer;
mod nesting;

use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeOwned, DeserializeSeed};

use crate::channel::CodecError;
use crate::channel::codec::SerdeCodec;
use crate::limits::ZERO_LENGTH_ELEMENTS_MAX;

pub(super) use nesting::Nesting;

/// Decodes a value under guard.
pub(super) fn decode<T: DeserializeOwned, C: SerdeCodec>(input: &[u8]) -> Result<T, CodecError> {
    decode_seed::<_, C>(PhantomData::<T>, input)
}

/// Decodes what a seed stands for under guard.
pub(super) fn decode_seed<'de, S: DeserializeSeed<'de>, C: SerdeCodec>(
    seed: S,
    input: &'de [u8],
) -> Result<S::Value, CodecError> {
    let watch = Watch::new(input.len());
    let level = Level { watch: &watch, nesting: Nesting::begin() };
    let result = C::decode_seed(Guarded { inner: seed, level }, input);
    // An error passes through user code and the codec as a text, or not at all: the watch knows.
    match watch.exceeded.get() {
        Some(bound) => Err(bound.into()),
        None => result,
    }
}

/// A seed, deserializer or variant of the codec or of a type, under guard.
struct Guarded<'w, I> {
    inner: I,
    level: Level<'w>,
}

/// What is counted while one value is decoded.
struct Watch {
    /// Requests so far that take at least a byte each.
    reads: Cell<u64>,
    zero_length_elements: Cell<usize>,
    /// Elements for which collections may still take memory before the elements come. All of them
    /// take a byte, so a value never has more than its length, at whatever depth they are. Without
    /// this, each open collection could take what serde allows to a single one, 1 MiB.
    elements_expected: Cell<usize>,
    exceeded: Cell<Option<Bound>>,
}

/// Where in the value.
#[derive(Clone, Copy)]
struct Level<'w> {
    watch: &'w Watch,
    nesting: Nesting,
}

/// A bound that a value exceeds.
#[derive(Clone, Copy)]
enum Bound {
    /// And how deep it may be.
    Depth(usize),
    ZeroLengthElements,
}

impl From<Bound> for CodecError {
    fn from(bound: Bound) -> CodecError {
        match bound {
            Bound::Depth(depth_max) => CodecError::TooDeep { depth_max },
            Bound::ZeroLengthElements => {
                CodecError::TooManyElements { elements_max: ZERO_LENGTH_ELEMENTS_MAX }
            }
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        CodecError::from(*self).fmt(f)
    }
}

impl Watch {
    fn new(input_bytes: usize) -> Watch {
        Watch {
            reads: Cell::new(0),
            zero_length_elements: Cell::new(0),
            elements_expected: Cell::new(input_bytes),
            exceeded: Cell::new(None),
        }
    }

    /// Notes that the type's code asks for something that takes at least a byte.
    fn note_read(&self) {
        self.reads.set(self.reads.get() + 1);
    }

    fn count_zero_length_element<E: serde::de::Error>(&self) -> Result<(), E> {
        let count = self.zero_length_elements.get() + 1;
        if count > ZERO_LENGTH_ELEMENTS_MAX {
            return Err(self.refuse(Bound::ZeroLengthElements));
        }
        self.zero_length_elements.set(count);
        Ok(())
    }

    /// How much of a claimed number of elements may be believed before they come.
    fn expect_elements(&self, claimed: usize) -> usize {
        let believed = claimed.min(self.elements_expected.get());
        self.elements_expected.set(self.elements_expected.get() - believed);
        believed
    }

    fn refuse<E: serde::de::Error>(&self, bound: Bound) -> E {
        self.exceeded.set(Some(bound));
        E::custom(bound)
    }
}

impl<'w> Level<'w> {
    fn deeper<E: serde::de::Error>(self) -> Result<Level<'w>, E> {
        match self.nesting.deeper() {
            Some(nesting) => Ok(Level { nesting, ..self }),
            None => Err(self.watch.refuse(Bound::Depth(self.nesting.depth()))),
        }
    }

    fn guard<I>(self, inner: I) -> Guarded<'w, I> {
        Guarded { inner, level: self }
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use super::*;
    use crate::channel::Bincode;
    use crate::limits::VALUE_DEPTH_MAX;

    #[derive(Serialize, Deserialize)]
    struct Node {
        next: Option<Box<Node>>,
    }

    #[test]
    fn all_collections_together_believe_no_more_than_the_length() {
        let watch = Watch::new(10);
        assert_eq!(watch.expect_elements(7), 7);
        assert_eq!(watch.expect_elements(usize::MAX), 3);
        assert_eq!(watch.expect_elements(1), 0);
    }

    #[test]
    fn the_bound_is_told_and_not_its_text() {
        let elements_max = ZERO_LENGTH_ELEMENTS_MAX;
        let claim = [0xfd, 0, 0, 0, 0, 0, 1, 0, 0];
        let error = decode::<Vec<()>, Bincode>(&claim);
        assert_eq!(error, Err(CodecError::TooManyElements { elements_max }));
        let depth_max = VALUE_DEPTH_MAX;
        let error = decode::<Node, Bincode>(&[1; 1000]).err();
        assert_eq!(error, Some(CodecError::TooDeep { depth_max }));
    }
}
