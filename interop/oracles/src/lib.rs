//! Other people's JOSE libraries, asked the same questions as ours: what one signs or encrypts the other must read, and what
//! one refuses the other should.
//!
//! Invariant: keys travel as JWK and tokens in compact serialization, as they do between strangers.

mod jose4rs;
mod josekit;

pub use jose::{JweAlg, JweEnc, JwsAlg};
use serde_json::Value;

pub use crate::jose4rs::Jose4rs;
pub use crate::josekit::Josekit;

/// What an oracle answers: the thing, or its own words for why not.
pub type Answer<T> = Result<T, String>;

/// A kind of key, and the size where it has several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// RSA, with the bits of its modulus.
    Rsa(u16),
    /// The curve P-256.
    P256,
    /// The curve P-384.
    P384,
    /// The curve P-521.
    P521,
    /// The curve Ed25519.
    Ed25519,
    /// The curve X25519.
    X25519,
}

/// What both sides bring into a key agreement, RFC 7518 §4.6.1.2 and §4.6.1.3.
#[derive(Clone, Copy, Debug, Default)]
pub struct Parties<'a> {
    /// `apu`, before base64url; left out if empty.
    pub apu: &'a [u8],
    /// `apv`, before base64url; left out if empty.
    pub apv: &'a [u8],
}

/// A way to encrypt.
#[derive(Clone, Copy, Debug)]
pub struct Way<'a> {
    /// How the content key is sent.
    pub alg: JweAlg,
    /// How the content is encrypted.
    pub enc: JweEnc,
    /// For `ECDH-ES` and its kin.
    pub parties: Parties<'a>,
}

/// What an oracle does not do, or not as the specifications say. Whatever is not here it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    /// It has no thumbprints.
    Thumbprints,
    /// Its PSS salt is as long as the key allows; RFC 7518 §3.5 wants the size of the hash.
    SaltOfHashSize,
    /// It does not encrypt an empty content with AES-CBC.
    EmptyCbc,
    /// AES-GCM with a tag that was cut short, or an initialization vector that was lengthened, is decrypted; RFC 7518 §5.3
    /// wants 128 and 96 bits.
    GcmSizes,
}

/// A library that knows JOSE and shares no line with ours.
pub trait Oracle {
    /// Its name.
    fn name(&self) -> &'static str;

    /// All that it does not do.
    fn lacks(&self) -> &'static [Lack];

    /// A fresh key, private part and all.
    fn generate(&self, kind: Kind) -> Answer<Value>;

    /// The private key as PKCS#8.
    fn pkcs8(&self, key: &Value) -> Answer<Vec<u8>>;

    /// RFC 7638.
    fn thumbprint(&self, key: &Value) -> Answer<String>;

    /// Signs; the key's `kid` goes into the header.
    fn sign(&self, alg: JwsAlg, key: &Value, payload: &[u8]) -> Answer<String>;

    /// Verifies, and gives the payload.
    fn verify(&self, alg: JwsAlg, key: &Value, token: &str) -> Answer<Vec<u8>>;

    /// Encrypts; the key's `kid` goes into the header.
    fn encrypt(&self, way: Way<'_>, key: &Value, plaintext: &[u8]) -> Answer<String>;

    /// Decrypts.
    fn decrypt(&self, way: Way<'_>, key: &Value, token: &str) -> Answer<Vec<u8>>;
}

/// Both. josekit stands on OpenSSL, so a mistake of AWS-LC shows; jose4rs on the same AWS-LC as ours, so what it shows is a
/// mistake in what is built on top.
pub const ORACLES: &[&dyn Oracle] = &[&Josekit, &Jose4rs];
