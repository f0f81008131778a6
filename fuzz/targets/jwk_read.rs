#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::bytes::jwk_read(bytes));
