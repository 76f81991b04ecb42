//! PNG, from its first byte to its planes.
#![no_main]

#[path = "../doors.rs"]
mod doors;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        doors::file(bytes);
    }
});
