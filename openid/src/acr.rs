//! `acr` and `amr`: what a sign-in was worth (OpenID Connect Core §2, RFC 8176, EAP ACR Values).
//!
//! Invariant: `login::assurance` alone makes them from proofs; nobody copies a requested value.

use serde::{Deserialize, Serialize};

/// Authentication method references, RFC 8176 §2, in order and distinct.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Amr(pub Vec<String>);

impl Amr {
    /// One method.
    pub fn one(method: &str) -> Self {
        Self(vec![method.to_owned()])
    }

    /// Reads what [`Amr::text`] wrote.
    pub fn read(text: &str) -> Self {
        Self(text.split(' ').filter(|m| !m.is_empty()).map(str::to_owned).collect())
    }

    /// Space-separated, for a column.
    pub fn text(&self) -> String {
        self.0.join(" ")
    }
}

/// The `acr` of a sign-in with a password alone: level 1 of nothing but our own vocabulary.
pub const PASSWORD: &str = "urn:ostiary:acr:password";
