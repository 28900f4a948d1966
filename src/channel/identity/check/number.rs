//! Which numbers can be read as which: what bincode writes for one and reads for the other.
//!
//! Integers of one byte are written as they are. Wider ones take as few bytes as they need, behind a
//! first byte that says how many, unless they are at most [`ONE_BYTE_MAX`] and stand for themselves;
//! signed ones are folded before. So the width does not matter where the number fits, and the sign
//! does.

use crate::channel::identity::shape::Primitive;

/// The largest wide integer that takes one byte.
const ONE_BYTE_MAX: u128 = 250;

/// A number as a value writes it, and everything that is written as one.
#[derive(Debug, Clone, Copy)]
pub(super) enum Number {
    /// One byte that stands for itself: `bool`, `u8`, the tag of an option.
    Byte(u8),
    I8(i8),
    Unsigned(u128),
    Signed(i128),
    F32,
    F64,
    Char(char),
}

impl Number {
    /// The byte that is all that is written for it.
    pub(super) fn byte(self) -> Option<u8> {
        match self {
            Number::Byte(byte) => Some(byte),
            Number::I8(number) => Some(number.cast_unsigned()),
            Number::Unsigned(number) if number <= ONE_BYTE_MAX => u8::try_from(number).ok(),
            Number::Signed(0) => Some(0),
            Number::Char(character) if character.is_ascii() => u8::try_from(character).ok(),
            _ => None,
        }
    }

    /// The wide unsigned integer that is read where this was written.
    pub(super) fn unsigned(self) -> Option<u128> {
        match self {
            Number::Unsigned(number) => Some(number),
            number => number.byte().map(u128::from).filter(|byte| *byte <= ONE_BYTE_MAX),
        }
    }

    /// The wide signed integer that is read where this was written, if it is the same.
    fn signed(self) -> Option<i128> {
        match self {
            Number::Signed(number) => Some(number),
            number => (number.byte() == Some(0)).then_some(0),
        }
    }

    /// Whether it can be read as a type, and is the same number there.
    pub(super) fn fits(self, expected: Primitive) -> bool {
        let within = |max: u128| self.unsigned().is_some_and(|number| number <= max);
        let between = |min: i128, max: i128| {
            self.signed().is_some_and(|number| (min..=max).contains(&number))
        };
        match expected {
            Primitive::Bool => self.byte().is_some_and(|byte| byte <= 1),
            Primitive::U8 | Primitive::I8 => self.byte().is_some(),
            Primitive::U16 => within(u16::MAX.into()),
            Primitive::U32 => within(u32::MAX.into()),
            Primitive::U64 => within(u64::MAX.into()),
            Primitive::U128 => within(u128::MAX),
            Primitive::I16 => between(i16::MIN.into(), i16::MAX.into()),
            Primitive::I32 => between(i32::MIN.into(), i32::MAX.into()),
            Primitive::I64 => between(i64::MIN.into(), i64::MAX.into()),
            Primitive::I128 => between(i128::MIN, i128::MAX),
            Primitive::F32 => matches!(self, Number::F32),
            Primitive::F64 => matches!(self, Number::F64),
            Primitive::Char => {
                matches!(self, Number::Char(_)) || self.byte().is_some_and(|byte| byte.is_ascii())
            }
            Primitive::Unit | Primitive::String | Primitive::Bytes => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use ::bincode::config::standard;
    use bincode::serde::{decode_from_slice, encode_to_vec};
    use serde::Serialize;
    use serde::de::DeserializeOwned;

    use super::*;

    /// Whether bincode reads all that it has written, as a type.
    fn reads<R: DeserializeOwned>(bytes: &[u8]) -> bool {
        decode_from_slice::<R, _>(bytes, standard()).is_ok_and(|(_, used)| used == bytes.len())
    }

    fn assert_like_bincode(number: Number, value: impl Serialize + std::fmt::Debug) {
        let bytes = encode_to_vec(&value, standard()).unwrap();
        let unsigned = [
            (Primitive::Bool, reads::<bool>(&bytes)),
            (Primitive::U8, reads::<u8>(&bytes)),
            (Primitive::U16, reads::<u16>(&bytes)),
            (Primitive::U32, reads::<u32>(&bytes)),
            (Primitive::U64, reads::<u64>(&bytes)),
            (Primitive::U128, reads::<u128>(&bytes)),
            (Primitive::Char, reads::<char>(&bytes)),
        ];
        if !matches!(number, Number::Signed(_) | Number::F32 | Number::F64) {
            for (expected, is_read) in unsigned {
                assert_eq!(number.fits(expected), is_read, "{value:?} as {expected:?}");
            }
        }
        let signed = [
            (Primitive::I16, reads::<i16>(&bytes)),
            (Primitive::I32, reads::<i32>(&bytes)),
            (Primitive::I64, reads::<i64>(&bytes)),
            (Primitive::I128, reads::<i128>(&bytes)),
        ];
        if let Number::Signed(_) = number {
            for (expected, is_read) in signed {
                assert_eq!(number.fits(expected), is_read, "{value:?} as {expected:?}");
            }
        }
    }

    #[test]
    fn a_number_fits_where_bincode_reads_it() {
        for value in [0, 1, 2, 127, 128, 250, 251, 255, 256, 65_535, 65_536, 1 << 32, 1 << 63] {
            if let Ok(byte) = u8::try_from(value) {
                assert_like_bincode(Number::Byte(byte), byte);
            }
            assert_like_bincode(Number::Unsigned(value), value);
            assert_like_bincode(Number::Unsigned(value << 60), value << 60);
            let signed = i128::try_from(value).unwrap();
            for signed in [signed, -signed, signed << 60] {
                assert_like_bincode(Number::Signed(signed), signed);
            }
        }
        assert_like_bincode(Number::Byte(1), true);
        for character in ['a', '\u{7f}'] {
            assert_like_bincode(Number::Char(character), character);
        }
    }

    #[test]
    fn another_sign_or_kind_does_not_fit() {
        assert!(!Number::Signed(5).fits(Primitive::U32));
        assert!(!Number::Unsigned(5).fits(Primitive::I32));
        assert!(!Number::F32.fits(Primitive::F64));
        assert!(!Number::Unsigned(5).fits(Primitive::F32));
        assert!(!Number::Unsigned(5).fits(Primitive::String));
        assert!(Number::I8(-1).fits(Primitive::I8));
    }
}
