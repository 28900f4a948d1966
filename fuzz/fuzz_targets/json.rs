//! Any bytes as values of any type, for JSON.

#![no_main]

#[path = "../../tests/corpus/json/mod.rs"]
mod json;
#[path = "../../tests/corpus/memory.rs"]
mod memory;
#[path = "../../tests/corpus/program.rs"]
#[allow(dead_code)] // Other targets use the rest.
mod program;
#[path = "../../tests/corpus/schemas/mod.rs"]
#[allow(dead_code)] // Only what builds schemas is used.
mod schemas;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    memory::within(json::BYTES_MAX, || json::run(data));
});
