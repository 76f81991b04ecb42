//! What comes over the wire, and results that were kept as JSON.
#![no_main]

#[path = "../doors.rs"]
mod doors;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    doors::messages(bytes);
});
