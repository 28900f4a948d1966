//! Any bytes as a value: it is refused, or is one that survives being sent on.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Debug;
use std::marker::PhantomData;
use std::net::SocketAddr;
use std::num::{NonZeroI64, NonZeroU8};
use std::time::Duration;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use netchan::channel::identity::Schema;
use netchan::channel::{Bincode, MessagePack, Postcard, SerdeCodec, Value};
use netchan::testing::decode;
use url::Url;
use uuid::Uuid;

use types::*;

#[path = "../../hostile_values/types.rs"]
#[allow(dead_code)] // Not all of them are the same after they were decoded.
mod types;

/// Memory of one run, in bytes. serde lets each open collection take 1 MiB before its elements come.
pub(crate) const BYTES_MAX: usize = 8 * 1024 * 1024;

/// Takes any bytes as a value of one type.
type Receive = fn(&[u8]);

/// How many types there are.
const TYPES: usize = 35;

/// What the first byte stands for. New types come last, so that the corpus keeps its
/// meaning.
const fn types<C: SerdeCodec>() -> [Receive; TYPES] {
    [
        // Recursive, hence decoded under guard.
        receive::<Node, C>,
        receive::<Tree, C>,
        receive::<BareTree, C>,
        receive::<Options, C>,
        receive::<Lists, C>,
        receive::<Maps, C>,
        receive::<Expression, C>,
        receive::<Statement, C>,
        receive::<Broad, C>,
        receive::<HashMap<String, Node>, C>,
        receive::<(u8, Option<Box<Statement>>, [Node; 2]), C>,
        // With elements that take no bytes.
        receive::<Vec<()>, C>,
        receive::<Vec<Vec<()>>, C>,
        receive::<Vec<Vec<PhantomData<u8>>>, C>,
        receive::<HashMap<(), [(); 2]>, C>,
        receive::<Hollow, C>,
        receive::<BTreeMap<u8, Vec<[(); 3]>>, C>,
        // Without a guard.
        receive::<u64, C>,
        receive::<i128, C>,
        receive::<(bool, char, f32, f64, u16, i8), C>,
        receive::<String, C>,
        receive::<Vec<u64>, C>,
        receive::<serde_bytes::ByteBuf, C>,
        receive::<Vec<Vec<Option<String>>>, C>,
        receive::<HashMap<u8, (i128, char, Vec<bool>)>, C>,
        receive::<[[u16; 7]; 3], C>,
        receive::<Vec<[u64; 32]>, C>,
        receive::<Result<HashSet<String>, Box<str>>, C>,
        // With checks of their own.
        receive::<(NonZeroU8, NonZeroI64), C>,
        receive::<Vec<Uuid>, C>,
        receive::<Url, C>,
        receive::<DateTime<Utc>, C>,
        receive::<(NaiveDate, NaiveDateTime), C>,
        receive::<(Duration, SocketAddr), C>,
        // What peers say of their types.
        receive::<Schema, C>,
    ]
}

/// The same types with each codec, one codec behind the other.
const CODECS: [[Receive; TYPES]; 3] =
    [types::<Bincode>(), types::<Postcard>(), types::<MessagePack>()];

pub(crate) fn run(data: &[u8]) {
    let Some((which, bytes)) = data.split_first() else { return };
    let which = usize::from(*which);
    if let Some(types) = CODECS.get(which / TYPES) {
        types[which % TYPES](bytes);
    }
}

fn receive<T: Value + PartialEq + Debug, C: SerdeCodec>(bytes: &[u8]) {
    let Ok(value) = decode::<T, C>(bytes) else { return };
    let sent_on = encoded::<T, C>(&value);
    let again = decode::<T, C>(&sent_on).expect("a value that was received can be sent on");
    // A number that is none is not equal to itself.
    assert!(again == value || encoded::<T, C>(&again) == sent_on, "{value:?} became {again:?}");
}

fn encoded<T: Value, C: SerdeCodec>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    C::encode(value, &mut bytes).expect("a value that was received can be encoded");
    bytes
}
