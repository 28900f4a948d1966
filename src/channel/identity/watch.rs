//! Ends of channels that are met while a type is traced.
//!
//! The end of a channel is more to the receiver than its bytes, so a channel must know whether its
//! values have any inside. Such an end tells so by itself when it is deserialized, and learns that
//! its value is an invented one.

use std::cell::Cell;

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
