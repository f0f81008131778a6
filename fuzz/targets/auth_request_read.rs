#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::rules::auth_request_read(bytes));
