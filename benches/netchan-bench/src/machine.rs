//! What it was measured on.

use std::fs;
use std::thread;

use serde::Serialize;

/// What it was measured on.
#[derive(Clone, Debug, Serialize)]
pub struct Machine {
    /// Threads that run at the same time.
    pub cores: usize,
    /// The processor's name.
    pub cpu: String,
    /// The operating system and its version.
    pub kernel: String,
    /// The architecture, such as `x86_64`.
    pub architecture: &'static str,
}

impl Machine {
    /// This one. What the operating system does not tell is `unknown`.
    #[must_use]
    pub fn here() -> Machine {
        let unknown = || "unknown".to_owned();
        let cpu = fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
            let line = text.lines().find(|line| line.starts_with("model name"))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        });
        let release = fs::read_to_string("/proc/sys/kernel/osrelease").ok();
        let release = release.map(|release| release.trim().to_owned()).unwrap_or_else(unknown);
        Machine {
            cores: thread::available_parallelism().map_or(1, usize::from),
            cpu: cpu.unwrap_or_else(unknown),
            kernel: format!("{} {release}", std::env::consts::OS),
            architecture: std::env::consts::ARCH,
        }
    }
}
