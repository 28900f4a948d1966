//! Bytes that nobody planned, for a dozen types. They are refused or they are a value; nothing
//! panics, overflows a stack, or believes in more elements than there are bytes.

use std::cell::RefCell;
use std::collections::HashMap;
use std::marker::PhantomData;

use netchan::channel::Value;
use proptest::prelude::*;
use proptest::test_runner::{FileFailurePersistence, TestRunner};

use crate::far::{Hostile, bytes_of, runtime};
use crate::types::*;

/// Cases in a usual run. For more, set `NETCHAN_HOSTILE_CASES`.
const CASES: u32 = 500;

fn config() -> ProptestConfig {
    let cases = std::env::var("NETCHAN_HOSTILE_CASES").ok().and_then(|cases| cases.parse().ok());
    let file = "tests/hostile_values/any_bytes.proptest-regressions";
    ProptestConfig {
        cases: cases.unwrap_or(CASES),
        max_shrink_iters: 10_000,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(file))),
        ..ProptestConfig::default()
    }
}

/// Bytes of which some are lengths that promise much, and many are the same for long.
fn any_bytes() -> impl Strategy<Value = Vec<u8>> {
    let claim = |width: u8| {
        any::<[u8; 8]>().prop_map(move |number| {
            let tag = 0xfb + width;
            [&[tag], &number[..1 << width]].concat()
        })
    };
    let piece = prop_oneof![
        4 => prop::collection::vec(any::<u8>(), 0..20),
        4 => prop::collection::vec(0_u8..4, 0..40),
        2 => prop_oneof![claim(1), claim(2), claim(3)],
        1 => (prop::collection::vec(0_u8..4, 1..4), 0_usize..600)
            .prop_map(|(some, times)| some.repeat(times)),
    ];
    prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

/// Sends any bytes as values of a type.
fn throw_at<T: Value>() {
    let runtime = runtime();
    let hostile = RefCell::new(runtime.block_on(Hostile::<T>::channel()));
    let result = TestRunner::new(config()).run(&any_bytes(), |bytes| {
        BELIEVED.set(0);
        let received = runtime.block_on(hostile.borrow_mut().send(bytes.clone()));
        if let Ok(value) = received {
            // It is no more than what came, which may have been said in more words.
            prop_assert!(bytes_of(&value).len() <= bytes.len());
        }
        prop_assert!(BELIEVED.get() <= bytes.len(), "{} elements believed", BELIEVED.get());
        Ok(())
    });
    if let Err(error) = result {
        panic!("{} did not survive: {error}", std::any::type_name::<T>());
    }
}

#[test]
fn recursive_types_survive_any_bytes() {
    throw_at::<Node>();
    throw_at::<Tree>();
    throw_at::<BareTree>();
    throw_at::<Options>();
    throw_at::<Lists>();
    throw_at::<Maps>();
    throw_at::<Expression>();
    throw_at::<Statement>();
    throw_at::<Broad>();
    throw_at::<Believer>();
}

#[test]
fn elements_without_bytes_survive_any_bytes() {
    throw_at::<Vec<()>>();
    throw_at::<Vec<Vec<PhantomData<u8>>>>();
    throw_at::<HashMap<(), [(); 2]>>();
    throw_at::<Hollow>();
}

#[test]
fn types_without_a_guard_survive_any_bytes() {
    throw_at::<u64>();
    throw_at::<String>();
    throw_at::<Vec<u64>>();
    throw_at::<Vec<Vec<Option<String>>>>();
    throw_at::<HashMap<u8, (i128, char, Vec<bool>)>>();
}
