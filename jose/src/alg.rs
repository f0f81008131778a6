//! The algorithms of RFC 7518 §3.1, §4.1, §5.1 and RFC 8037 §3.1 that we know.
//!
//! Invariant: the lists are closed; what is not here cannot be named.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest;
use serde::{Deserialize, Serialize};

use crate::JoseError;

macro_rules! algorithms {
    ($(#[$doc:meta])* $kind:ident { $($(#[$meta:meta])* $name:ident = $text:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum $kind { $($(#[$meta])* #[serde(rename = $text)] $name),* }

        impl $kind {
            /// Every algorithm.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// As it is spelt in the registry.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }
        }

        impl FromStr for $kind {
            type Err = JoseError;

            fn from_str(text: &str) -> Result<Self, JoseError> {
                Self::ALL.iter().copied().find(|alg| alg.as_str() == text).ok_or(JoseError::Algorithm)
            }
        }

        impl fmt::Display for $kind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

algorithms! {
    /// A signature or MAC algorithm.
    JwsAlg {
        /// RSASSA-PKCS1-v1_5 with SHA-256.
        Rs256 = "RS256",
        /// RSASSA-PKCS1-v1_5 with SHA-384.
        Rs384 = "RS384",
        /// RSASSA-PKCS1-v1_5 with SHA-512.
        Rs512 = "RS512",
        /// RSASSA-PSS with SHA-256.
        Ps256 = "PS256",
        /// RSASSA-PSS with SHA-384.
        Ps384 = "PS384",
        /// RSASSA-PSS with SHA-512.
        Ps512 = "PS512",
        /// ECDSA on P-256.
        Es256 = "ES256",
        /// ECDSA on P-384.
        Es384 = "ES384",
        /// ECDSA on P-521.
        Es512 = "ES512",
        /// Ed25519.
        EdDsa = "EdDSA",
        /// HMAC with SHA-256.
        Hs256 = "HS256",
        /// HMAC with SHA-384.
        Hs384 = "HS384",
        /// HMAC with SHA-512.
        Hs512 = "HS512",
    }
}

impl JwsAlg {
    /// Whether both sides hold the same secret.
    pub const fn is_symmetric(self) -> bool {
        matches!(self, Self::Hs256 | Self::Hs384 | Self::Hs512)
    }

    pub(crate) fn digest(self) -> &'static digest::Algorithm {
        match self {
            Self::Rs256 | Self::Ps256 | Self::Es256 | Self::Hs256 => &digest::SHA256,
            Self::Rs384 | Self::Ps384 | Self::Es384 | Self::Hs384 => &digest::SHA384,
            Self::Rs512 | Self::Ps512 | Self::Es512 | Self::Hs512 | Self::EdDsa => &digest::SHA512,
        }
    }

    /// A second name for it: RFC 9864 §2.2 gives Ed25519 its own beside the older `EdDSA`, which here never means another
    /// curve.
    pub const fn second_name(self) -> Option<&'static str> {
        match self {
            Self::EdDsa => Some("Ed25519"),
            _ => None,
        }
    }

    /// Whether a header, a key or a registration says this algorithm.
    pub fn is_named(self, name: &str) -> bool {
        self.as_str() == name || self.second_name() == Some(name)
    }
}

algorithms! {
    /// How the content key reaches the recipient, RFC 7518 §4.1. `RSA1_5` is not here, as its padding is an oracle
    /// (RFC 8725 §3.2), nor are the `PBES2` ones, which let a stranger choose how long we work.
    JweAlg {
        /// RSAES-OAEP with SHA-1 and MGF1 with SHA-1.
        RsaOaep = "RSA-OAEP",
        /// RSAES-OAEP with SHA-256 and MGF1 with SHA-256.
        RsaOaep256 = "RSA-OAEP-256",
        /// The agreed key encrypts the content.
        EcdhEs = "ECDH-ES",
        /// The agreed key of 128 bits wraps the content key.
        EcdhEsA128Kw = "ECDH-ES+A128KW",
        /// The agreed key of 192 bits wraps the content key.
        EcdhEsA192Kw = "ECDH-ES+A192KW",
        /// The agreed key of 256 bits wraps the content key.
        EcdhEsA256Kw = "ECDH-ES+A256KW",
        /// AES Key Wrap with 128 bits.
        A128Kw = "A128KW",
        /// AES Key Wrap with 192 bits.
        A192Kw = "A192KW",
        /// AES Key Wrap with 256 bits.
        A256Kw = "A256KW",
        /// The content key encrypted with AES-GCM and 128 bits.
        A128GcmKw = "A128GCMKW",
        /// The content key encrypted with AES-GCM and 192 bits.
        A192GcmKw = "A192GCMKW",
        /// The content key encrypted with AES-GCM and 256 bits.
        A256GcmKw = "A256GCMKW",
        /// The shared secret is the content key.
        Dir = "dir",
    }
}

algorithms! {
    /// How the content is encrypted, RFC 7518 §5.1.
    JweEnc {
        /// AES-128-CBC and HMAC-SHA-256.
        A128CbcHs256 = "A128CBC-HS256",
        /// AES-192-CBC and HMAC-SHA-384.
        A192CbcHs384 = "A192CBC-HS384",
        /// AES-256-CBC and HMAC-SHA-512.
        A256CbcHs512 = "A256CBC-HS512",
        /// AES-GCM with 128 bits.
        A128Gcm = "A128GCM",
        /// AES-GCM with 192 bits.
        A192Gcm = "A192GCM",
        /// AES-GCM with 256 bits.
        A256Gcm = "A256GCM",
    }
}

/// The ways of RFC 7516 §2 (Key Management Mode), with the bytes of the key that wraps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Management {
    Oaep,
    Agree,
    AgreeAndWrap(usize),
    Wrap(usize),
    GcmWrap(usize),
    Direct,
}

impl JweAlg {
    /// Whether both sides hold the same secret.
    pub const fn is_symmetric(self) -> bool {
        matches!(self.management(), Management::Wrap(_) | Management::GcmWrap(_) | Management::Direct)
    }

    pub(crate) const fn management(self) -> Management {
        match self {
            Self::RsaOaep | Self::RsaOaep256 => Management::Oaep,
            Self::EcdhEs => Management::Agree,
            Self::EcdhEsA128Kw => Management::AgreeAndWrap(16),
            Self::EcdhEsA192Kw => Management::AgreeAndWrap(24),
            Self::EcdhEsA256Kw => Management::AgreeAndWrap(32),
            Self::A128Kw => Management::Wrap(16),
            Self::A192Kw => Management::Wrap(24),
            Self::A256Kw => Management::Wrap(32),
            Self::A128GcmKw => Management::GcmWrap(16),
            Self::A192GcmKw => Management::GcmWrap(24),
            Self::A256GcmKw => Management::GcmWrap(32),
            Self::Dir => Management::Direct,
        }
    }

    /// The size a shared secret must have, in bytes; nothing where no secret is shared.
    pub(crate) const fn secret_size(self, enc: JweEnc) -> Option<usize> {
        match self.management() {
            Management::Wrap(size) | Management::GcmWrap(size) => Some(size),
            Management::Direct => Some(enc.key_size()),
            Management::Oaep | Management::Agree | Management::AgreeAndWrap(_) => None,
        }
    }
}

impl JweEnc {
    /// The size of the content key in bytes.
    pub(crate) const fn key_size(self) -> usize {
        match self {
            Self::A128Gcm => 16,
            Self::A192Gcm => 24,
            Self::A128CbcHs256 | Self::A256Gcm => 32,
            Self::A192CbcHs384 => 48,
            Self::A256CbcHs512 => 64,
        }
    }
}
