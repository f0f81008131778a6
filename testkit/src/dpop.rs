//! A client's key, and the proofs it makes with it: RFC 9449 §4.
//!
//! Invariant: each proof has a `jti` of its own, unless a test says otherwise.

use std::sync::atomic::{AtomicU64, Ordering};

use jose::{Jwk, JwsAlg, Signer as _, SigningKey, base64url};
use serde_json::{Value, json};

static NUMBER: AtomicU64 = AtomicU64::new(0);

/// A key that tokens are bound to.
#[derive(Debug)]
pub struct Prover {
    key: SigningKey,
}

impl Default for Prover {
    fn default() -> Self {
        Self::new()
    }
}

impl Prover {
    /// A fresh one.
    ///
    /// # Panics
    /// If no key can be made.
    pub fn new() -> Self {
        Self { key: SigningKey::generate(JwsAlg::Es256, "dpop").expect("a P-256 key can be made") }
    }

    /// Its public key, as it stands in proofs.
    pub fn jwk(&self) -> Value {
        let mut jwk = self.key.public_jwk();
        if let Some(members) = jwk.as_object_mut() {
            members.retain(|name, _| matches!(name.as_str(), "kty" | "crv" | "x" | "y"));
        }
        jwk
    }

    /// Its thumbprint.
    ///
    /// # Panics
    /// Never: it is a key.
    pub fn jkt(&self) -> String {
        Jwk::read(&self.jwk()).expect("a key of ours").thumbprint().to_owned()
    }

    /// A proof for a request; `changed` stands over its claims, `null` takes one away.
    ///
    /// # Panics
    /// If the clock or the key is broken.
    pub fn proof(&self, method: &str, url: &str, changed: &Value) -> String {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let mut claims = json!({
            "htm": method, "htu": url, "iat": now(), "jti": format!("proof {number} of {}", std::process::id()),
        });
        for (name, value) in changed.as_object().into_iter().flatten() {
            claims[name] = value.clone();
        }
        if let Some(members) = claims.as_object_mut() {
            members.retain(|_, value| !value.is_null());
        }
        let header = json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": self.jwk()});
        let input = format!("{}.{}", base64url(header.to_string()), base64url(claims.to_string()));
        let signature = self.key.sign(input.as_bytes()).expect("it signs");
        format!("{input}.{}", base64url(signature))
    }

    /// A proof for a request with an access token (§7).
    pub fn proof_with(&self, method: &str, url: &str, access_token: &str) -> String {
        let ath = base64url(jose::sha256(access_token.as_bytes()));
        self.proof(method, url, &json!({ "ath": ath }))
    }
}

/// The time by a client's own clock.
///
/// # Panics
/// If it stands before 1970.
pub fn now() -> i64 {
    #[expect(clippy::disallowed_methods, reason = "a client outside the server has a clock of its own")]
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    i64::try_from(since.expect("it is after 1970").as_secs()).expect("and before the end of time")
}
