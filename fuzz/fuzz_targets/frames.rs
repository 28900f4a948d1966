//! Any bytes, and any frames, to a session.

#![no_main]

#[path = "../../tests/corpus/frames/mod.rs"]
mod frames;
#[path = "../../tests/corpus/memory.rs"]
mod memory;
#[path = "../../tests/corpus/program.rs"]
#[allow(dead_code)] // Other targets use the rest.
mod program;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    memory::within(frames::BYTES_MAX, || frames::run(data));
});
