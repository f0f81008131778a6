//! `session_state`: OpenID Connect Session Management 1.0 §2 and §3.2.
//!
//! Invariant: what is computed here is what `server/assets/check_session.js` computes in the relying party's page; no
//! value says anything of the person, and no two are alike.

use std::fmt::Write as _;

use url::Url;

use crate::name::ClientId;

/// How much of the digest of client and origin stands in a value: 128 bits.
const BOUND: usize = 32;

/// The value for a client: `digest.salt.bound`, without a space (§2).
///
/// `digest` is that of the client, the origin of its page, the browser's state and the salt. `bound` is that of client,
/// origin and salt alone: by it the frame tells a page of an unexpected origin, which it must reject (§3.2) and which would
/// otherwise hear `changed` for ever, from a browser whose state has changed.
pub fn session_state(client: &ClientId, redirect_uri: &str, browser_state: &str, salt: &str) -> String {
    let of = format!("{client} {}", origin(redirect_uri));
    let digest = hex(&format!("{of} {browser_state} {salt}"));
    let mut bound = hex(&format!("{of} {salt}"));
    bound.truncate(BOUND);
    format!("{digest}.{salt}.{bound}")
}

/// The origin of the page that takes the answer (§2, RFC 6454 §4 and §6.2), as browsers write it into a message. An
/// application's own scheme has none, so it is `null`; the frame answers no such page.
fn origin(redirect_uri: &str) -> String {
    Url::parse(redirect_uri).map_or_else(|_| "null".to_owned(), |url| url.origin().ascii_serialization())
}

fn hex(text: &str) -> String {
    let mut hex = String::with_capacity(64);
    for byte in jose::sha256(text.as_bytes()) {
        write!(hex, "{byte:02x}").expect("writing to a String cannot fail");
    }
    hex
}
