//! What is counted.

use std::hint::black_box;

/// The function in which callgrind counts, as a pattern for its name.
pub(super) const PATTERN: &str = "*netchan_bench*instructions*counted*counted*";

/// Does something that is counted. Never in itself: callgrind would stop at the inner end.
#[inline(never)]
pub(super) fn counted(work: &mut dyn FnMut()) {
    work();
    // Or the call would be a jump, and this function left before it.
    black_box(());
}

/// The same for what has a result.
pub(super) fn count<T>(work: impl FnOnce() -> T) -> T {
    let (mut work, mut result) = (Some(work), None);
    counted(&mut || result = work.take().map(|work| work()));
    result.expect("the work is called once")
}
