//! Keys, signatures and encrypted tokens as bytes: RFC 7515 (JWS), RFC 7516 (JWE), RFC 7517 (JWK), RFC 7518 (JWA), RFC 7638
//! (thumbprints), RFC 8037 (Ed25519, X25519); and certificates as far as a key or a client is known by one.
//!
//! Invariant: the algorithm is never taken from a token; the caller's allow-list and the key decide, and the token must
//! agree. `none` is not an algorithm here.

mod alg;
mod bytes;
mod certificate;
mod error;
mod header;
mod jwe;
mod jwk;
mod jws;
mod key;
mod member;
mod strict;

pub use alg::{JweAlg, JweEnc, JwsAlg};
pub use bytes::{base64url, equal, half_hash, hmac_sha256, sha256, unbase64url};
pub use certificate::{AlternativeNames, Certificate, DistinguishedName};
pub use error::JoseError;
pub use header::Header;
pub use jwe::{Decrypted, DecryptionKey, DecryptionKind, EncryptionKey, Envelope, decrypt, encrypt, is_encrypted};
pub use jwk::{Jwk, JwkSet};
pub use jws::{Unverified, Verified, peek, peek_claims, sign, verify};
pub use key::{Signer, SigningKey};
pub use member::thumbprint;
