//! What the process holds.

use std::fs;

use crate::Failure;

/// The file in which Linux says it.
const STATUS: &str = "/proc/self/status";

/// Whether the operating system tells.
#[must_use]
pub fn is_known() -> bool {
    fs::exists(STATUS).unwrap_or(false)
}

/// Bytes of the process that are in memory now, without those of files, such as its own code.
///
/// # Errors
///
/// When the operating system does not tell.
pub fn held_bytes() -> Result<u64, Failure> {
    field("RssAnon:")
}

fn field(name: &str) -> Result<u64, Failure> {
    let status = fs::read_to_string(STATUS)?;
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
    let kibibytes: u64 = kibibytes.ok_or_else(|| format!("{STATUS} has no {name}"))?.parse()?;
    Ok(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_shows() {
        if !is_known() {
            return;
        }
        let before = held_bytes().unwrap();
        // Touched, because memory that was never written is not there.
        let block = vec![1_u8; 32 << 20];
        let after = held_bytes().unwrap();
        assert!(block.iter().all(|byte| *byte == 1));
        assert!(after >= before + (30 << 20), "{before} {after}");
    }
}
