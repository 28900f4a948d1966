//! What the sending end of a channel looks like to whoever finds out what a type is.
//!
//! On the wire it is a token, whatever travels on its channel. But two programs that differ in that
//! must not understand each other, so the type of its values is a part of it here. It is optional, so
//! that a type may carry an end for values of its own type.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserializer, Error, SeqAccess, Visitor};

use crate::channel::codec::{Bincode, Codec, Value};
use crate::channel::incoming::{EndsWith, Incoming};
use crate::channel::lane::LaneWindow;
use crate::channel::offer::{End, Offered, RemoteSender};

/// No field of a user has such a name.
const FIELDS: &[&str] = &["token of a RemoteSender", "value of a RemoteSender"];

pub(super) fn deserialize<'de, T: Value, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<RemoteSender<T>, D::Error> {
    deserializer.deserialize_struct("RemoteSender", FIELDS, TracedVisitor(PhantomData))
}

struct TracedVisitor<T>(PhantomData<T>);

impl<'de, T: Value> Visitor<'de> for TracedVisitor<T> {
    type Value = RemoteSender<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the sending end of a channel")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<RemoteSender<T>, A::Error> {
        let missing = || A::Error::custom("a part is missing");
        parts.next_element::<[u8; 16]>()?.ok_or_else(missing)?;
        parts.next_element::<Option<T>>()?.ok_or_else(missing)?;
        // Nobody sends to it.
        let queue = Incoming::new(EndsWith::Release, false);
        let window = LaneWindow { values: 1, bytes: 0 };
        let offered = Offered::new(queue, window, [0; 16], Bincode::NAME);
        Ok(RemoteSender { end: End::Here(offered) })
    }
}
