//! Any bytes, as far as they are looked at before anything is decoded.
#![no_main]

#[path = "../doors.rs"]
mod doors;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    doors::intake(bytes);
});
