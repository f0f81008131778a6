//! Names of things: a string each, and a type each, so that one is never taken for another.
//!
//! Invariant: a [`Digest`] is all that is ever stored of a [`Secret`].

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

macro_rules! names {
    ($($(#[$meta:meta])* $name:ident),* $(,)?) => {$(
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes the text as it is.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    )*};
}

names! {
    /// An account: our own name of a person, never shown to a client.
    AccountId,
    /// A `client_id`, RFC 6749 §2.2.
    ClientId,
    /// A single-sign-on session; never leaves the provider.
    SessionId,
    /// The `sid` claim: one client's stay in one session (`logout.md` §2).
    Sid,
    /// What was granted once; tokens belong to it. It is their family.
    GrantId,
    /// The `sub` claim a client sees, OpenID Connect Core §2.
    Sub,
}

/// SHA-256 of a secret: what the store keeps of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// The digest of what somebody presented.
    pub fn of(presented: &str) -> Self {
        Self(jose::sha256(presented.as_bytes()))
    }
}

/// A fresh secret: 256 random bits as base64url, drawn by the server's dice, shown once, stored as [`Digest`].
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes 32 drawn bytes.
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(Zeroizing::new(jose::base64url(bytes)))
    }

    /// What the client or browser gets to see.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What the store keeps.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}
