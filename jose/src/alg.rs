//! The signature algorithms of RFC 7518 §3.1 and RFC 8037 §3.1 that we know. Closed: what is not here cannot be named.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest;
use serde::{Deserialize, Serialize};

use crate::JoseError;

macro_rules! algorithms {
    ($($(#[$meta:meta])* $name:ident = $text:literal),* $(,)?) => {
        /// A signature or MAC algorithm.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum JwsAlg { $($(#[$meta])* #[serde(rename = $text)] $name),* }

        impl JwsAlg {
            /// Every algorithm.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// As it is spelt in the registry.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }
        }
    };
}

algorithms! {
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
}

impl FromStr for JwsAlg {
    type Err = JoseError;

    fn from_str(text: &str) -> Result<Self, JoseError> {
        Self::ALL.iter().copied().find(|alg| alg.as_str() == text).ok_or(JoseError::Algorithm)
    }
}

impl fmt::Display for JwsAlg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
