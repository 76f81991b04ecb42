//! JPEG, from its first byte to its planes.
#![no_main]

#[path = "../doors.rs"]
mod doors;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if bytes.starts_with(&[0xFF, 0xD8, 0xFF]) {
        doors::file(bytes);
    }
});
