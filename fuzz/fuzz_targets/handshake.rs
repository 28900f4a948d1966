//! Any bytes as the first that come by a link.

#![no_main]

#[path = "../../tests/corpus/handshake/mod.rs"]
mod handshake;
#[path = "../../tests/corpus/memory.rs"]
mod memory;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    memory::within(handshake::BYTES_MAX, || handshake::run(data));
});
