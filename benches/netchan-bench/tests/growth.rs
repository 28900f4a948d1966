//! The commands `growth` and `idle` measure, and write what `plot` can draw.

#![allow(clippy::unwrap_used)] // A failed test may panic.

use std::fs;
use std::path::Path;
use std::process::Command;

use netchan_bench::growth::curve::Curves;
use netchan_bench::idle::{Idle, Process};
use tempfile::TempDir;

/// Runs the program, and gives what it has said.
fn run(arguments: &[&str]) -> String {
    let program = env!("CARGO_BIN_EXE_netchan-bench");
    let output = Command::new(program).args(arguments).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn every_contender_has_a_figure_at_every_place_of_a_stream() {
    let folder = TempDir::new().unwrap();
    let json = folder.path().join("growth.json");
    run(&["growth", "--quick", "--curve", "windows", "--curve", "cores", "--json", text(&json)]);
    let curves: Curves = serde_json::from_str(&fs::read_to_string(&json).unwrap()).unwrap();
    let names: Vec<&str> = curves.curves.iter().map(|curve| curve.name.as_str()).collect();
    assert_eq!(names, ["windows", "cores"]);
    for series in curves.curves.iter().flat_map(|curve| &curve.series) {
        assert_eq!(series.points.len(), 3, "{}", series.name);
        for point in &series.points {
            assert_eq!(point.samples.len(), 1);
            assert!(point.median.is_some_and(|median| median > 0.0), "{point:?}");
        }
    }
}

#[test]
fn what_comes_through_a_link_is_no_more_than_its_rate() {
    let folder = TempDir::new().unwrap();
    let json = folder.path().join("growth.json");
    run(&["growth", "--quick", "--curve", "round-trips", "--json", text(&json)]);
    let curves: Curves = serde_json::from_str(&fs::read_to_string(&json).unwrap()).unwrap();
    let goodput = &curves.curves[0];
    let bound = goodput.bound.as_ref().unwrap().at;
    for point in goodput.series.iter().flat_map(|series| &series.points) {
        let rate = point.median.unwrap();
        // A receiver that was held up finds some megabytes in its socket, and then takes them faster
        // than they came. Without the proxy it would be ten times the rate.
        assert!(rate > 0.0 && rate < bound * 1.5, "{point:?}");
    }
}

#[test]
fn both_sides_of_idle_connections_are_measured_while_all_are_there() {
    let folder = TempDir::new().unwrap();
    let json = folder.path().join("idle.json");
    let few = ["--connections", "20", "--channels", "3", "--seconds", "0"];
    run(&[&["idle", "--json", text(&json)], &few[..]].concat());
    let idle: Idle = serde_json::from_str(&fs::read_to_string(&json).unwrap()).unwrap();
    let told = |process: &Process| (process.name.clone(), process.channels, process.used);
    let measured: Vec<(String, usize, bool)> = idle.processes.iter().map(told).collect();
    let expected = |name: &str, channels, used| (name.to_owned(), channels, used);
    assert_eq!(
        measured,
        [
            expected("raw, dialer", 0, false),
            expected("raw, listener", 0, false),
            expected("netchan, importer", 0, false),
            expected("netchan, exporter", 0, false),
            expected("netchan, importer", 3, false),
            expected("netchan, exporter", 3, false),
            expected("netchan, importer", 3, true),
            expected("netchan, exporter", 3, true),
        ]
    );
    for process in &idle.processes {
        assert!(process.grown_bytes() > 0, "{process:?}");
    }
    let importer = &idle.processes[4];
    assert!(idle.bytes_of_channel(importer).is_some(), "{idle:?}");
}

#[test]
fn a_curve_that_is_not_known_is_an_error_that_names_those_that_are() {
    let program = env!("CARGO_BIN_EXE_netchan-bench");
    let output = Command::new(program).args(["growth", "--curve", "x"]).output().unwrap();
    assert!(!output.status.success());
    let errors = String::from_utf8_lossy(&output.stderr);
    for name in run(&["growth", "--list"]).lines() {
        assert!(errors.contains(name), "{name}: {errors}");
    }
}
