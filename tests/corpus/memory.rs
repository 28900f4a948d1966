//! A bound on the memory of one run. Beyond it there is none, which ends the process.

use std::alloc::System;
use std::sync::{Mutex, Once, PoisonError};

use cap::Cap;

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

/// Held by the run that is measured: the allocator counts the bytes of the whole process.
static ALONE: Mutex<()> = Mutex::new(());

/// What the test harness may take meanwhile, in bytes.
const OTHERS_BYTES: usize = 1024 * 1024;

static FIRST_RUN: Once = Once::new();

/// Lets `run` have so many bytes more than there are now.
pub(crate) fn within(bytes_max: usize, run: impl FnOnce()) {
    FIRST_RUN.call_once(let_panics_have_memory);
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    set_limit(ALLOCATOR.allocated() + bytes_max + OTHERS_BYTES);
    run();
    set_limit(usize::MAX);
}

/// Whoever says what has failed needs more than the run may have.
fn let_panics_have_memory() {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        set_limit(usize::MAX);
        report(panic);
    }));
}

fn set_limit(bytes: usize) {
    ALLOCATOR.set_limit(bytes).expect("less is allocated now");
}
