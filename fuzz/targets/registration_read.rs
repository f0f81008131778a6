#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::rules::registration_read(bytes));
