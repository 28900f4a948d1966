//! The program does what it says: all works run, and the JSON has them.

use std::error::Error;
use std::process::{Command, Output};

use netchan_bench::WORKS;
use serde_json::Value;

/// What a test returns: any error is its failure.
type TestResult = Result<(), Box<dyn Error>>;

fn run(arguments: &[&str]) -> Result<Output, Box<dyn Error>> {
    Ok(Command::new(env!("CARGO_BIN_EXE_netchan-bench")).args(arguments).output()?)
}

#[test]
fn all_works_are_done_and_verified_and_written() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("works.json");
    let path_text = path.to_str().ok_or("no text")?;
    let output = run(&["works", "--quick", "--link", "tcp", "--json", path_text])?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&std::fs::read(&path)?)?;
    assert_eq!(report["layout"], 1);
    assert!(report["machine"]["cores"].as_u64() >= Some(1));
    assert_eq!(report["options"]["rounds"], 1);
    let works = report["works"].as_array().ok_or("no works")?;
    assert_eq!(works.len(), WORKS.len());
    for (work, known) in works.iter().zip(WORKS) {
        assert_eq!(work["name"], known.name);
        assert_eq!(work["link"], "tcp");
        assert_eq!(work["is_verified"], true, "{work}");
        for contestant in ["raw", "netchan"] {
            assert!(has_figure(work, contestant)?, "{contestant}: {work}");
        }
    }
    Ok(())
}

/// Whether a contestant has a number that is one, and its ratio to the baseline.
fn has_figure(work: &Value, contestant: &str) -> Result<bool, Box<dyn Error>> {
    let series = work["series"].as_array().ok_or("no series")?;
    // Asks have no plain form: a `Caller` is what comes next to it.
    let is_its = |series: &&Value| {
        let name = series["contestant"].as_str().unwrap_or_default();
        name == contestant || (name == "netchan-ask" && contestant == "netchan")
    };
    let Some(series) = series.iter().find(is_its) else { return Ok(false) };
    let is_number = |value: &Value| value.as_f64().is_some_and(|value| value > 0.0);
    Ok(is_number(&series["spread"]["median"]) && is_number(&series["ratio_spread"]["median"]))
}

#[test]
fn a_name_begins_the_works_that_are_done() -> TestResult {
    let output = run(&["--list", "--link", "unix", "--work", "w3-64k", "--contestant", "netchan"])?;
    let text = String::from_utf8(output.stdout)?;
    assert_eq!(text, "w3-64k/unix\nw3-64k-bytes/unix\nraw\nnetchan\n");
    Ok(())
}

#[test]
fn what_is_not_there_is_an_error() -> TestResult {
    for arguments in [["--work", "w9"], ["--contestant", "nobody"], ["--link", "pigeon"]] {
        let output = run(&arguments)?;
        assert!(!output.status.success(), "{arguments:?}");
        assert!(!output.stderr.is_empty(), "{arguments:?}");
    }
    Ok(())
}
