//! A form is read as it was encoded, or refused.
#![no_main]

use libfuzzer_sys::fuzz_target;
use openid::wire::form::Form;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(form) = Form::read(bytes) {
        assert_eq!(Form::read(form.encode().as_bytes()).expect("what was read reads again"), form);
    }
});
