//! Client metadata is read or refused; what was read reads again as itself.
#![no_main]

use libfuzzer_sys::fuzz_target;
use openid::client::metadata::Metadata;
use serde_json::{Map, Value};

fuzz_target!(|bytes: &[u8]| {
    let Ok(given) = serde_json::from_slice::<Map<String, Value>>(bytes) else { return };
    if let Ok(metadata) = Metadata::read(&given) {
        let again = Metadata::read(&metadata.registered).expect("what was read reads again");
        assert_eq!(again.registered, metadata.registered);
    }
});
