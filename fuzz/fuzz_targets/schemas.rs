//! Any bytes as descriptions of types.

#![no_main]

#[path = "../../tests/corpus/memory.rs"]
mod memory;
#[path = "../../tests/corpus/program.rs"]
#[allow(dead_code)] // Other targets use the rest.
mod program;
#[path = "../../tests/corpus/schemas/mod.rs"]
mod schemas;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    memory::within(schemas::BYTES_MAX, || schemas::run(data));
});
