//! Bytes that nobody planned, for the codecs that are not the usual one: without a channel, on a thread
//! with a usual stack.

use std::collections::HashMap;
use std::marker::PhantomData;

use netchan::channel::{Codec, CodecError, MessagePack, Postcard, SerdeCodec, Value};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::types::*;

/// Cases for each type and codec.
const CASES: u32 = 100;

/// As a thread has it by default.
const STACK_BYTES: usize = 2 * 1024 * 1024;

/// Bytes that open arrays and maps, claim much, and are the same for long.
fn any_bytes() -> impl Strategy<Value = Vec<u8>> {
    let marker = prop_oneof![
        Just(0x80_u8),
        Just(0x81),
        Just(0x90),
        Just(0x91),
        Just(0x92),
        Just(0xc0),
        Just(0xc1),
        Just(0xc6),
        Just(0xd9),
        Just(0xdb),
        Just(0xdc),
        Just(0xdd),
        Just(0xde),
        Just(0xdf),
        Just(0),
        Just(1),
        Just(2),
    ];
    let piece = prop_oneof![
        4 => prop::collection::vec(any::<u8>(), 0..20),
        4 => prop::collection::vec(marker.clone(), 0..40),
        2 => Just(vec![0xff; 9]),
        2 => Just(b"\xa4next".to_vec()),
        2 => Just(b"\x81\xa7Newtype".to_vec()),
        1 => (prop::collection::vec(marker, 1..4), 0_usize..3_000)
            .prop_map(|(some, times)| some.repeat(times)),
    ];
    prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

/// Decodes any bytes as values of a type, with and without the guard if it can do without.
fn throw_at<T: Value, C: SerdeCodec>(is_guarded: bool) {
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(CASES) };
    let result = TestRunner::new(config).run(&any_bytes(), |bytes| {
        BELIEVED.set(0);
        let _either = <C as Codec<T>>::decode_guarded(&bytes);
        prop_assert!(BELIEVED.get() <= bytes.len(), "{} elements believed", BELIEVED.get());
        if !is_guarded {
            let _either = <C as Codec<T>>::decode(&bytes);
        }
        Ok(())
    });
    if let Err(error) = result {
        panic!(
            "{} did not survive with {}: {error}",
            std::any::type_name::<T>(),
            <C as SerdeCodec>::NAME
        );
    }
}

fn all_types_survive<C: SerdeCodec>() {
    let throw = || {
        throw_at::<Node, C>(true);
        throw_at::<Tree, C>(true);
        throw_at::<Lists, C>(true);
        throw_at::<Maps, C>(true);
        throw_at::<Expression, C>(true);
        throw_at::<Statement, C>(true);
        throw_at::<Broad, C>(true);
        throw_at::<Believer, C>(true);
        throw_at::<Vec<()>, C>(true);
        throw_at::<Vec<Vec<PhantomData<u8>>>, C>(true);
        throw_at::<Hollow, C>(true);
        throw_at::<String, C>(false);
        throw_at::<Vec<Vec<Option<String>>>, C>(false);
        throw_at::<HashMap<u8, (i128, char, Vec<bool>)>, C>(false);
        throw_at::<Result<(u8, Vec<u64>), String>, C>(false);
    };
    let thread = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(throw);
    thread.expect("a thread can be begun").join().expect("all types survive");
}

#[test]
fn all_types_survive_any_bytes_of_postcard() {
    all_types_survive::<Postcard>();
}

#[test]
fn all_types_survive_any_bytes_of_messagepack() {
    all_types_survive::<MessagePack>();
}

#[test]
fn messagepack_is_as_deep_as_the_guard_allows() {
    let nested = |depth: usize| [vec![0x91; depth], vec![0x90]].concat();
    // A tree is a newtype of an array: two levels each.
    let depth_max = netchan::limits::VALUE_DEPTH_MAX;
    assert!(<MessagePack as Codec<Tree>>::decode_guarded(&nested(depth_max / 2 - 1)).is_ok());
    let error = <MessagePack as Codec<Tree>>::decode_guarded(&nested(depth_max / 2)).err();
    assert_eq!(error, Some(CodecError::TooDeep { depth_max }));
    assert!(<MessagePack as Codec<BareTree>>::decode_guarded(&nested(depth_max - 1)).is_ok());
    let error = <MessagePack as Codec<BareTree>>::decode_guarded(&nested(depth_max)).err();
    assert_eq!(error, Some(CodecError::TooDeep { depth_max }));
}
