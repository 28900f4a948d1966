//! Any bytes as values of many types.

#![no_main]

#[path = "../../tests/corpus/memory.rs"]
mod memory;
#[path = "../../tests/corpus/values/mod.rs"]
mod values;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    memory::within(values::BYTES_MAX, || values::run(data));
});
