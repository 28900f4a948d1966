//! Any bytes as a value: it is refused, or is one that survives being sent on.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Debug;
use std::marker::PhantomData;
use std::net::SocketAddr;
use std::num::{NonZeroI64, NonZeroU8};
use std::time::Duration;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use netchan::channel::identity::Schema;
use netchan::channel::{Bincode, Codec, Value};
use netchan::testing::decode;
use url::Url;
use uuid::Uuid;

use types::*;

#[path = "../../hostile_values/types.rs"]
#[allow(dead_code)] // Not all of them are the same after they were decoded.
mod types;

/// Memory of one run, in bytes. serde lets each open collection take 1 MiB before its elements come.
pub(crate) const BYTES_MAX: usize = 8 * 1024 * 1024;

/// What the first byte stands for. New types come last, so that the corpus keeps its meaning.
const TYPES: &[fn(&[u8])] = &[
    // Recursive, hence decoded under guard.
    receive::<Node, Bincode>,
    receive::<Tree, Bincode>,
    receive::<BareTree, Bincode>,
    receive::<Options, Bincode>,
    receive::<Lists, Bincode>,
    receive::<Maps, Bincode>,
    receive::<Expression, Bincode>,
    receive::<Statement, Bincode>,
    receive::<Broad, Bincode>,
    receive::<HashMap<String, Node>, Bincode>,
    receive::<(u8, Option<Box<Statement>>, [Node; 2]), Bincode>,
    // With elements that take no bytes.
    receive::<Vec<()>, Bincode>,
    receive::<Vec<Vec<()>>, Bincode>,
    receive::<Vec<Vec<PhantomData<u8>>>, Bincode>,
    receive::<HashMap<(), [(); 2]>, Bincode>,
    receive::<Hollow, Bincode>,
    receive::<BTreeMap<u8, Vec<[(); 3]>>, Bincode>,
    // Without a guard.
    receive::<u64, Bincode>,
    receive::<i128, Bincode>,
    receive::<(bool, char, f32, f64, u16, i8), Bincode>,
    receive::<String, Bincode>,
    receive::<Vec<u64>, Bincode>,
    receive::<serde_bytes::ByteBuf, Bincode>,
    receive::<Vec<Vec<Option<String>>>, Bincode>,
    receive::<HashMap<u8, (i128, char, Vec<bool>)>, Bincode>,
    receive::<[[u16; 7]; 3], Bincode>,
    receive::<Vec<[u64; 32]>, Bincode>,
    receive::<Result<HashSet<String>, Box<str>>, Bincode>,
    // With checks of their own.
    receive::<(NonZeroU8, NonZeroI64), Bincode>,
    receive::<Vec<Uuid>, Bincode>,
    receive::<Url, Bincode>,
    receive::<DateTime<Utc>, Bincode>,
    receive::<(NaiveDate, NaiveDateTime), Bincode>,
    receive::<(Duration, SocketAddr), Bincode>,
    // What peers say of their types.
    receive::<Schema, Bincode>,
];

pub(crate) fn run(data: &[u8]) {
    let Some((which, bytes)) = data.split_first() else { return };
    if let Some(receive) = TYPES.get(usize::from(*which)) {
        receive(bytes);
    }
}

fn receive<T: Value + PartialEq + Debug, C: Codec>(bytes: &[u8]) {
    let Ok(value) = decode::<T, C>(bytes) else { return };
    let sent_on = encoded::<T, C>(&value);
    let again = decode::<T, C>(&sent_on).expect("a value that was received can be sent on");
    // A number that is none is not equal to itself.
    assert!(again == value || encoded::<T, C>(&again) == sent_on, "{value:?} became {again:?}");
}

fn encoded<T: Value, C: Codec>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    C::encode(value, &mut bytes).expect("a value that was received can be encoded");
    bytes
}
