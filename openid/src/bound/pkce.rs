//! Proof Key for Code Exchange, RFC 7636. Only `S256`: `plain` is refused (RFC 9700 §2.1.1).
//!
//! Invariant: what is here has the form of a SHA-256 in base64url, and only a verifier of legal form is compared with it.

use crate::wire::refusal::{ErrorCode, Refusal, refuse};

/// The methods we offer: `code_challenge_methods_supported`.
pub const METHODS: &[&str] = &["S256"];

/// A `code_challenge` made with `S256`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge(String);

impl Challenge {
    /// Reads `code_challenge` and `code_challenge_method` (RFC 7636 §4.3). A missing method means `plain`, which is refused.
    pub fn read(challenge: &str, method: Option<&str>) -> Result<Self, Refusal> {
        if method != Some("S256") {
            return Err(refuse(
                ErrorCode::InvalidRequest,
                "pkce_method",
                "code_challenge_method must be S256; plain is not supported",
            ));
        }
        if !Self::is_legal(challenge) {
            return Err(refuse(
                ErrorCode::InvalidRequest,
                "pkce_challenge",
                "code_challenge must be the 43 base64url characters of a SHA-256",
            ));
        }
        Ok(Self(challenge.to_owned()))
    }

    /// Takes back what [`Challenge::as_str`] wrote.
    pub fn stored(text: &str) -> Option<Self> {
        Self::is_legal(text).then(|| Self(text.to_owned()))
    }

    /// The challenge as the client sent it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this verifier belongs to it, RFC 7636 §4.1 and §4.6.
    pub fn accepts(&self, verifier: &str) -> bool {
        let legal = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
        (43..=128).contains(&verifier.len())
            && verifier.bytes().all(legal)
            && jose::equal(jose::base64url(jose::sha256(verifier.as_bytes())).as_bytes(), self.0.as_bytes())
    }

    /// An S256 challenge is the 32 octets of a hash, hence 43 characters (RFC 7636 §4.2).
    fn is_legal(text: &str) -> bool {
        text.len() == 43 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    }
}
