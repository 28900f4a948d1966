//! What the kernel says of this process. Linux only.

use std::fs;

use crate::Failure;
use crate::growth::machine::field;

/// How often the threads of this process have waited and were woken, except the one that asks.
pub(super) fn wake_ups() -> Result<u64, Failure> {
    // The first thread asks, and its number is that of the process.
    let own = std::process::id().to_string();
    let mut sum = 0;
    for thread in fs::read_dir("/proc/self/task")? {
        let thread = thread?;
        if thread.file_name().to_string_lossy() == own {
            continue;
        }
        let status = thread.path().join("status");
        let count = field(&status.to_string_lossy(), "voluntary_ctxt_switches");
        // A thread may have ended since the list was made.
        sum += count.and_then(|count| count.parse::<u64>().ok()).unwrap_or(0);
    }
    Ok(sum)
}
