//! The types that one end of a channel understands: its own, and older ones that become its own.
//!
//! A sender sends its own type. A receiver may accept older ones, so each peer's values come in one of
//! the [forms](Form) that it knows, and the form picks the decoder. It is settled when the channel is
//! accepted, and stands by the lane of the peer.

use std::fmt::Display;
use std::sync::Arc;

use crate::channel::CodecError;
use crate::channel::codec::Codec;
use crate::channel::format::Decode;
use crate::channel::identity::{Description, TypeIdentity};

/// Which of the types that are understood a peer sends. Valid for one channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Form(u8);

impl Form {
    /// The channel's own type.
    pub(crate) const OWN: Form = Form(0);

    fn older(position: usize) -> Form {
        // INVARIANT: there are at most `OLDER_TYPES_MAX`.
        Form(u8::try_from(position + 1).unwrap_or(u8::MAX))
    }
}

/// Reads values, whichever form they have.
#[derive(Debug)]
pub(crate) struct Decoder<T> {
    own: Decode<T>,
    /// Nothing for nearly all channels.
    older: Option<Arc<[Decode<T>]>>,
}

impl<T> Decoder<T> {
    pub(crate) fn new(own: Decode<T>, older: &[Decode<T>]) -> Decoder<T> {
        Decoder { own, older: (!older.is_empty()).then(|| older.into()) }
    }

    /// What reads values of a form.
    #[inline]
    pub(crate) fn of(&self, form: Form) -> Decode<T> {
        if form == Form::OWN { self.own } else { self.of_older(form) }
    }

    #[cold]
    fn of_older(&self, Form(number): Form) -> Decode<T> {
        let position = usize::from(number) - 1;
        let older = self.older.as_ref().and_then(|older| older.get(position));
        // INVARIANT: the form was picked from the list that came with the decoders.
        *older.expect("each accepted form has its decoder")
    }
}

impl<T> Clone for Decoder<T> {
    fn clone(&self) -> Decoder<T> {
        Decoder { own: self.own, older: self.older.clone() }
    }
}

/// Reads an older type and makes a newer one of it.
pub(super) fn decode_older<Old, T, C>(bytes: &[u8]) -> Result<T, CodecError>
where
    T: TryFrom<Old, Error: Display>,
    C: Codec<Old>,
{
    convert(C::decode(bytes)?)
}

/// The same under guards.
pub(super) fn decode_older_guarded<Old, T, C>(bytes: &[u8]) -> Result<T, CodecError>
where
    T: TryFrom<Old, Error: Display>,
    C: Codec<Old>,
{
    convert(C::decode_guarded(bytes)?)
}

fn convert<Old, T: TryFrom<Old, Error: Display>>(old: Old) -> Result<T, CodecError> {
    T::try_from(old).map_err(|error| CodecError::Refused(error.to_string()))
}

/// The types that one end of a channel understands, without the types.
#[derive(Clone, Debug)]
pub(crate) struct Accepted {
    /// The channel's own type, which it sends.
    pub(crate) description: Description,
    pub(crate) type_name: &'static str,
    /// Older ones, in the order of their decoders.
    pub(crate) older: Arc<[Description]>,
}

impl Accepted {
    /// The form of values of the type with this identity. If it is not stated, nothing is compared.
    pub(crate) fn form_of(&self, identity: [u8; 16]) -> Option<Form> {
        let identity = TypeIdentity(identity);
        if identity == NOT_STATED || identity == self.description.identity() {
            return Some(Form::OWN);
        }
        let position = self.older.iter().position(|older| older.identity() == identity);
        position.map(Form::older)
    }

    /// Whether values of this type can go to a peer with the type `identity`, which also understands the
    /// types of the list.
    pub(crate) fn suits(&self, identity: [u8; 16], also_accepts: &[[u8; 16]]) -> bool {
        let own = self.description.identity().0;
        identity == NOT_STATED.0 || identity == own || also_accepts.contains(&own)
    }

    /// The identities of the older types.
    pub(crate) fn older_identities(&self) -> Vec<[u8; 16]> {
        self.older.iter().map(|older| older.identity().0).collect()
    }

    /// Whether values that come may have ends of channels inside, whatever their form.
    pub(crate) fn carries_ends(&self) -> bool {
        self.description.carries_ends() || self.older.iter().any(Description::carries_ends)
    }
}

/// What stands for the identity of a type that is not stated.
const NOT_STATED: TypeIdentity = TypeIdentity([0; 16]);
