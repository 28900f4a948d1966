//! What the sending end of a channel looks like to whoever finds out what a type is.
//!
//! On the wire it is a token, whatever travels on its channel. But two programs that differ in that
//! must not understand each other, so the type of its values is a part of it here. It is optional, so
//! that a type may carry an end for values of its own type.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use serde::{Deserialize, Serializer};

use crate::channel::codec::Value;
use crate::channel::identity::{CALLER_FIELDS, END_OF_CHANNEL, SENDER_FIELDS};
use crate::channel::offer::{RemoteCaller, RemoteSender};

pub(super) fn sender<'de, T: Value, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<RemoteSender<T>, D::Error> {
    deserializer.deserialize_struct("RemoteSender", SENDER_FIELDS, SenderVisitor(PhantomData))
}

pub(super) fn caller<'de, Q: Value, R: Value, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<RemoteCaller<Q, R>, D::Error> {
    deserializer.deserialize_struct("RemoteCaller", CALLER_FIELDS, CallerVisitor(PhantomData))
}

/// Makes no offer: the value is not sent, but held against what is read of its type.
pub(super) fn written<S: Serializer>(serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_newtype_struct(END_OF_CHANNEL, &())
}

struct SenderVisitor<T>(PhantomData<T>);

impl<'de, T: Value> Visitor<'de> for SenderVisitor<T> {
    type Value = RemoteSender<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the sending end of a channel")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<RemoteSender<T>, A::Error> {
        visit::<[u8; 16], A>(&mut parts)?;
        visit::<Option<T>, A>(&mut parts)?;
        Ok(RemoteSender::dead())
    }
}

struct CallerVisitor<Q, R>(PhantomData<(Q, R)>);

impl<'de, Q: Value, R: Value> Visitor<'de> for CallerVisitor<Q, R> {
    type Value = RemoteCaller<Q, R>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the asking end of a channel")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<RemoteCaller<Q, R>, A::Error> {
        visit::<[u8; 16], A>(&mut parts)?;
        visit::<Option<Q>, A>(&mut parts)?;
        visit::<Option<R>, A>(&mut parts)?;
        Ok(RemoteCaller::dead())
    }
}

fn visit<'de, T: Deserialize<'de>, A: SeqAccess<'de>>(parts: &mut A) -> Result<(), A::Error> {
    let part = parts.next_element::<T>()?;
    part.map(drop).ok_or_else(|| A::Error::custom("a part is missing"))
}
