//! The page of `check_session_iframe`, Session Management 1.0 §3.2: nothing to be seen, one script, in anybody's frame.
//!
//! Invariant: it is the same for everybody; who it is about is in the cookie that its script reads.

use std::sync::OnceLock;

use axum::body::Body;
use axum::http::{HeaderValue, Response, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::answer::{Answer, put};

const SCRIPT: &str = include_str!("../../assets/check_session.js");

/// The page, for a cookie of that name.
pub fn check_session(cookie: &str) -> Answer {
    let body = format!(
        "<!doctype html>\n<html lang=\"en\" data-cookie=\"{cookie}\">\n<head><meta charset=\"utf-8\"><title>check_session_iframe</title></head>\n\
         <body><script>{SCRIPT}</script></body>\n</html>\n"
    );
    let mut answer = Response::new(Body::from(body));
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    put(&mut answer, header::CONTENT_SECURITY_POLICY, policy());
    answer
}

/// Our script and no other, which may ask for its own page again.
fn policy() -> &'static str {
    static POLICY: OnceLock<String> = OnceLock::new();
    POLICY.get_or_init(|| {
        format!(
            "default-src 'none'; script-src {}; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors *",
            source(SCRIPT)
        )
    })
}

/// A script as the source of a content security policy: CSP3 §2.3.1, `hash-source`.
pub(super) fn source(script: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(jose::sha256(script.as_bytes())))
}
