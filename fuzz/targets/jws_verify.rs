//! A token nobody signed is never verified.
#![no_main]

use jose::{JwkSet, JwsAlg};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|token: &str| {
    let keys = JwkSet::from_secret(&[7; 64]).expect("a secret that is long enough");
    let _ = jose::peek(token);
    let _ = jose::peek_claims(token);
    assert!(jose::verify(token, &keys, JwsAlg::ALL).is_err());
});
