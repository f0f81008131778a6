//! Certificates on the connection as what a token is bound to: RFC 8705 §3.
//!
//! Invariant: a certificate is the one its SHA-256 says; what else stands in it is nobody's business here, not even its dates
//! (§6.3: with another certificate the binding is over).

use serde_json::{Value, json};

/// A certificate by its thumbprint: `x5t#S256` (§3.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct X5t(String);

impl X5t {
    /// That of a certificate, DER.
    pub fn of(der: &[u8]) -> Self {
        Self(jose::base64url(jose::sha256(der)))
    }

    /// Reads one that was stored: the 43 characters of a SHA-256.
    pub fn read(text: &str) -> Option<Self> {
        let legal = text.len() == 43 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        legal.then(|| Self(text.to_owned()))
    }

    /// As it is spelt.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `cnf` (§3.1, §3.2).
    pub fn cnf(&self) -> Value {
        json!({ "x5t#S256": self.0 })
    }
}
