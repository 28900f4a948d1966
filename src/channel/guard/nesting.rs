//! How deep a recursion over a value is, and how deep it may go.

use crate::limits::{VALUE_DEPTH_MAX, VALUE_STACK_BYTES_MAX};

/// How many values with parts are around the one that is being looked at.
#[derive(Clone, Copy)]
pub(in crate::channel) struct Nesting {
    depth: usize,
    /// About where the stack was when the recursion began.
    stack_address: usize,
}

impl Nesting {
    /// The whole value.
    pub(in crate::channel) fn begin() -> Nesting {
        Nesting { depth: 0, stack_address: stack_address() }
    }

    /// The parts of a value that is here, or `None` if that is too deep.
    pub(in crate::channel) fn deeper(self) -> Option<Nesting> {
        let stack_bytes = stack_address().abs_diff(self.stack_address);
        let may_go = self.depth < VALUE_DEPTH_MAX && stack_bytes <= VALUE_STACK_BYTES_MAX;
        may_go.then(|| Nesting { depth: self.depth + 1, ..self })
    }

    /// In levels.
    pub(in crate::channel) fn depth(self) -> usize {
        self.depth
    }
}

/// Where the stack is now, to the accuracy of a few frames.
fn stack_address() -> usize {
    let here = 0_u8;
    std::ptr::from_ref(&here).addr()
}
