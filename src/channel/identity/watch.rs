//! Ends of channels that are met while a type is traced.
//!
//! The end of a channel is more to the receiver than its bytes, so a channel must know whether its
//! values have any inside. Such an end tells so by itself when it is deserialized, and learns that
//! its value is an invented one.

use std::cell::Cell;

use super::shape::Field;

/// What the sending end of a channel consists of. No field of a user has such a name.
pub(crate) const SENDER_FIELDS: &[&str] = &["token of a RemoteSender", "value of a RemoteSender"];

/// What the asking end of a channel consists of.
pub(crate) const CALLER_FIELDS: &[&str] =
    &["token of a RemoteCaller", "message of a RemoteCaller", "answer of a RemoteCaller"];

/// The fields that values have on the wire. Of the end of a channel that is its token alone: the others
/// tell what travels on the channel.
pub(super) fn on_the_wire(fields: &[Field]) -> &[Field] {
    match fields {
        [token, ..] if [SENDER_FIELDS[0], CALLER_FIELDS[0]].contains(&token.name.as_str()) => {
            std::slice::from_ref(token)
        }
        _ => fields,
    }
}

/// What is traced on a thread.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tracing {
    Nothing,
    /// A type in which no end was met.
    Type,
    TypeWithEnd,
}

thread_local! {
    static TRACING: Cell<Tracing> = const { Cell::new(Tracing::Nothing) };
}

/// For the end of a channel that is deserialized: `true` if that is done to trace its type.
pub(crate) fn note_end() -> bool {
    let is_traced = TRACING.get() != Tracing::Nothing;
    if is_traced {
        TRACING.set(Tracing::TypeWithEnd);
    }
    is_traced
}

/// While this lives, what is deserialized on this thread is invented. User code that is traced may
/// have another type traced.
pub(super) struct Watch {
    around: Tracing,
}

impl Watch {
    pub(super) fn begin() -> Watch {
        Watch { around: TRACING.replace(Tracing::Type) }
    }

    /// Whether an end was met since it began.
    pub(super) fn has_met_end(&self) -> bool {
        TRACING.get() == Tracing::TypeWithEnd
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        TRACING.set(self.around);
    }
}
