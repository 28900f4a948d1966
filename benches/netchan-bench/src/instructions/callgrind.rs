//! Running this program under callgrind, and what callgrind says.

use std::env;
use std::fs;
use std::io::ErrorKind;
use std::process::{self, Command, Stdio};

use super::counted::PATTERN;
use crate::Failure;

/// The instructions that this many values take in this stage.
pub(super) fn count(stage: &str, values: usize) -> Result<u64, Failure> {
    let file = env::temp_dir().join(format!("netchan-bench-{}.callgrind", process::id()));
    let output = Command::new("valgrind")
        .arg("--tool=callgrind")
        .arg(format!("--callgrind-out-file={}", file.display()))
        .arg(format!("--toggle-collect={PATTERN}"))
        .arg(env::current_exe()?)
        .args(["instructions", "--stage", stage, "--values", &values.to_string()])
        .stdin(Stdio::null())
        .output()
        .map_err(not_started)?;
    let text = fs::read_to_string(&file);
    // Left behind if the process is killed; then the system clears its folder.
    let _is_removed = fs::remove_file(&file).is_ok();
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{stage}: {}\n{said}", output.status).into());
    }
    match total(&text?) {
        Some(0) => Err(format!("{stage}: nothing was counted; has the program symbols?").into()),
        Some(total) => Ok(total),
        None => Err(format!("{stage}: callgrind has written no total").into()),
    }
}

fn not_started(error: std::io::Error) -> Failure {
    match error.kind() {
        ErrorKind::NotFound => "valgrind is not installed, and nothing else counts here".into(),
        _ => format!("valgrind: {error}").into(),
    }
}

/// The first number behind `totals:` or `summary:` in a file of callgrind: the instructions.
fn total(text: &str) -> Option<u64> {
    let behind = |line| str::strip_prefix(line, "totals:").or(str::strip_prefix(line, "summary:"));
    text.lines().find_map(behind)?.split_whitespace().next()?.parse().ok()
}

/// What one value takes, by two runs of so many values and instructions.
pub(super) fn per_value(few: (usize, u64), many: (usize, u64)) -> Result<f64, Failure> {
    let values = many.0.checked_sub(few.0).filter(|values| *values > 0);
    let instructions = many.1.checked_sub(few.1);
    match (values, instructions) {
        (Some(values), Some(instructions)) => Ok(instructions as f64 / values as f64),
        _ => Err(format!("more values took fewer instructions: {few:?}, {many:?}").into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_is_found() {
        assert_eq!(total("events: Ir\nsummary: 12345\n\nfn=(1)\n1 7\n"), Some(12345));
        assert_eq!(total("events: Ir Bc\nfn=(1)\n1 7\n\ntotals: 678 9\n"), Some(678));
        for strange in ["", "events: Ir\n", "totals:\n", "totals: many\n", "my totals: 1\n"] {
            assert_eq!(total(strange), None, "{strange:?}");
        }
    }

    #[test]
    fn what_is_done_once_cancels_out() {
        let of = |values: usize| (values, 1_000_000 + 250 * values as u64);
        assert_eq!(per_value(of(100), of(300)).unwrap(), 250.0);
        assert_eq!(per_value((1, 10), (5, 11)).unwrap(), 0.25);
    }

    #[test]
    fn runs_that_say_nothing_are_errors() {
        for (few, many) in [((3, 10), (3, 20)), ((3, 10), (1, 20)), ((1, 20), (3, 10))] {
            assert!(per_value(few, many).is_err(), "{few:?} {many:?}");
        }
    }
}
