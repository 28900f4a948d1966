//! What fuzzing has found, played again: every file of `fuzz/corpus/` and `fuzz/regressions/` goes
//! through its target, and none may panic or take more memory than its target allows.
//!
//! A target is a module with `run`, which takes any bytes. `fuzz/fuzz_targets/` hands it those that
//! libFuzzer invents. `docs/testing.md` says how. Operations are in `tests/simulation/`, which has the
//! world that they happen in.

mod frames;
mod handshake;
mod json;
mod memory;
mod program;
mod replay;
mod schemas;
mod values;

use replay::replay;

#[test]
fn values_survive() {
    replay("values", |data| memory::within(values::BYTES_MAX, || values::run(data)));
}

#[test]
fn frames_survive() {
    replay("frames", |data| memory::within(frames::BYTES_MAX, || frames::run(data)));
}

#[test]
fn handshakes_survive() {
    replay("handshake", |data| memory::within(handshake::BYTES_MAX, || handshake::run(data)));
}

#[test]
fn values_as_json_survive() {
    replay("json", |data| memory::within(json::BYTES_MAX, || json::run(data)));
}

#[test]
fn schemas_survive() {
    replay("schemas", |data| memory::within(schemas::BYTES_MAX, || schemas::run(data)));
}
