//! The machine that figures depend on. What cannot be found out is said to be unknown.

use crate::growth::curve::Machine;

/// The machine that this program runs on.
pub fn this() -> Machine {
    let unknown = || "unknown".to_owned();
    Machine {
        processor: field("/proc/cpuinfo", "model name").unwrap_or_else(unknown),
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        memory_mib: field("/proc/meminfo", "MemTotal")
            .and_then(|size| kibibytes(&size))
            .unwrap_or(0)
            / 1024,
        system: system().unwrap_or_else(unknown),
        profile: if cfg!(debug_assertions) { "debug" } else { "release" }.to_owned(),
    }
}

/// The first value of a field in one of the kernel's files of lines such as `name : value`.
pub fn field(file: &str, name: &str) -> Option<String> {
    let text = std::fs::read_to_string(file).ok()?;
    text.lines().find_map(|line| {
        let (found, value) = line.split_once(':')?;
        (found.trim() == name).then(|| value.trim().to_owned())
    })
}

/// The number in `1234 kB`.
fn kibibytes(size: &str) -> Option<u64> {
    size.strip_suffix("kB")?.trim().parse().ok()
}

fn system() -> Option<String> {
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").ok()?;
    Some(format!("{} {}, {}", std::env::consts::OS, kernel.trim(), std::env::consts::ARCH))
}
