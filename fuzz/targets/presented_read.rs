//! Whatever a client presents is read or refused.
#![no_main]

use libfuzzer_sys::fuzz_target;
use openid::client::auth::Presented;
use openid::wire::form::Form;

fuzz_target!(|drawn: (&str, &[u8])| {
    let (header, body) = drawn;
    if let Ok(form) = Form::read(body) {
        let _ = Presented::read(Some(header), &form);
        let _ = Presented::read(None, &form);
    }
});
