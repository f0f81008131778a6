#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::rules::certificate_read(bytes));
