//! Bytes and digests that the rules need, so that they need no other crate for it.

use aws_lc_rs::{constant_time, digest, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::{JoseError, JwsAlg};

/// Base64url without padding, RFC 7515 §2.
pub fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Strict: no padding, no other alphabet, no trailing bits.
pub fn unbase64url(text: impl AsRef<[u8]>) -> Result<Vec<u8>, JoseError> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| JoseError::Malformed)
}

/// SHA-256.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    out
}

/// HMAC-SHA-256.
pub fn hmac_sha256(key: &[u8], bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), bytes).as_ref());
    out
}

/// Whether two byte strings are equal, in a time that tells nothing of where they differ.
pub fn equal(a: &[u8], b: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(a, b).is_ok()
}

/// The left half of a token's hash under the ID Token's algorithm, base64url: `at_hash`, `c_hash`
/// (OpenID Connect Core §3.1.3.6). `EdDSA` with Ed25519 uses SHA-512.
pub fn half_hash(alg: JwsAlg, token: &str) -> String {
    let digest = digest::digest(alg.digest(), token.as_bytes());
    let bytes = digest.as_ref();
    base64url(&bytes[..bytes.len() / 2])
}
