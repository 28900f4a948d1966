//! Values that claim more elements than they have bytes.

use std::collections::HashMap;
use std::marker::PhantomData;

use netchan::channel::CodecError;
use netchan::limits::ZERO_LENGTH_ELEMENTS_MAX;

use crate::far::{Hostile, bytes_of, received, run};
use crate::types::*;

/// The length of a sequence of 2^40 elements.
const CLAIM: [u8; 9] = [0xfd, 0, 0, 0, 0, 0, 1, 0, 0];

fn too_many<T>() -> Result<T, CodecError> {
    let elements_max = ZERO_LENGTH_ELEMENTS_MAX;
    Err(CodecError::TooManyElements { elements_max })
}

#[test]
fn the_channel_goes_on_after_2_to_the_40_units() {
    run(async {
        let mut hostile = Hostile::<Vec<()>>::channel().await;
        for _ in 0..3 {
            assert_eq!(hostile.send(CLAIM.to_vec()).await, too_many());
            assert_eq!(hostile.send(bytes_of(&vec![(); 1000])).await, Ok(vec![(); 1000]));
        }
    });
}

#[test]
fn as_many_units_as_allowed_are_decoded_and_one_more_is_not() {
    let most = vec![(); ZERO_LENGTH_ELEMENTS_MAX];
    assert_eq!(received(bytes_of(&most)), Ok(most));
    let more = vec![(); ZERO_LENGTH_ELEMENTS_MAX + 1];
    assert_eq!(received::<Vec<()>>(bytes_of(&more)), too_many());
}

#[test]
fn the_bound_is_for_all_collections_of_a_value_together() {
    let half = || vec![(); ZERO_LENGTH_ELEMENTS_MAX / 2];
    let most = vec![half(), half()];
    assert_eq!(received(bytes_of(&most)), Ok(most));
    let more = vec![half(), half(), vec![()]];
    assert_eq!(received::<Vec<Vec<()>>>(bytes_of(&more)), too_many());
}

#[test]
fn units_in_disguise_are_elements_without_bytes() {
    assert_eq!(received::<Vec<PhantomData<u8>>>(CLAIM.to_vec()), too_many());
    assert_eq!(received::<Vec<[((), PhantomData<u8>); 3]>>(CLAIM.to_vec()), too_many());
    assert_eq!(received::<HashMap<(), [u8; 0]>>(CLAIM.to_vec()), too_many());
    assert_eq!(received::<(u8, Option<Vec<()>>)>([&[7, 1], &CLAIM[..]].concat()), too_many());
}

#[test]
fn elements_with_bytes_are_not_counted() {
    let numbers: Vec<u16> = (0..10_000).collect();
    let child = Hollow {
        marks: vec![PhantomData; ZERO_LENGTH_ELEMENTS_MAX - 1],
        units: HashMap::from([((), [(); 2])]),
        numbers: numbers.clone(),
        children: vec![],
    };
    let value = Hollow { marks: vec![], units: HashMap::new(), numbers, children: vec![child] };
    let bytes = bytes_of(&value);
    assert_eq!(received(bytes), Ok(value));
    let options = vec![Some(()); 10 * ZERO_LENGTH_ELEMENTS_MAX];
    assert_eq!(received(bytes_of(&options)), Ok(options));
}

#[test]
fn a_claim_takes_no_memory_at_any_depth() {
    // Each of a hundred sequences, one in the other, claims 2^40 elements.
    let claims = CLAIM.repeat(100);
    let length = claims.len();
    // The first channel of a type traces it, which must not be on this test's account.
    let leaf = BareTree { children: vec![] };
    assert_eq!(received(bytes_of(&leaf)), Ok(Believer { believed: 0 }));
    BELIEVED.set(0);
    let refused = received::<Believer>(claims);
    assert!(matches!(refused, Err(CodecError::Refused(_))));
    assert!(BELIEVED.get() <= length, "{} elements", BELIEVED.get());
}

#[test]
fn a_true_claim_is_believed() {
    let leaf = || BareTree { children: vec![] };
    let branch = || BareTree { children: (0..50).map(|_| leaf()).collect() };
    let tree = BareTree { children: (0..20).map(|_| branch()).collect() };
    let believed = 20 + 20 * 50;
    assert_eq!(received(bytes_of(&tree)), Ok(Believer { believed }));
}
