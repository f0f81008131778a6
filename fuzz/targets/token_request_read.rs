#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::rules::token_request_read(bytes));
