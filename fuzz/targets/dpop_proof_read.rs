#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::rules::dpop_proof_read(bytes));
