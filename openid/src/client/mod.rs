//! Clients: what they registered, what the operator allows them, how they prove who they are.
//!
//! Invariant: three ways to become a client (operator, registration, federation), one way to be understood:
//! [`metadata::Metadata::read`].

pub mod assertion;
pub mod auth;
pub mod certificate;
pub(crate) mod flows;
pub mod jose_members;
mod members;
pub mod metadata;
pub mod policy;
pub(crate) mod registered;
pub mod sector;
mod shown;

use std::sync::Arc;

use crate::client::metadata::Metadata;
use crate::client::policy::Policy;
use crate::name::ClientId;

/// A registered client as the rules see it. Parsed once per change, shared.
#[derive(Debug)]
pub struct Client {
    /// Its `client_id`.
    pub id: ClientId,
    /// The version of its row: what a transaction compares to know that it is unchanged.
    pub version: i64,
    /// Whether the operator disabled it.
    pub standing: Standing,
    /// Registered metadata.
    pub metadata: Metadata,
    /// What the operator decided about it.
    pub policy: Policy,
    /// What its secret is checked against.
    pub secret: ClientSecret,
}

/// Whether a text can be a `client_id`: RFC 6749 Appendix A.1 allows spaces too, which nobody types twice the same.
pub fn is_id(text: &str) -> bool {
    (1..=255).contains(&text.len()) && text.bytes().all(|b| matches!(b, 0x21..=0x7e))
}

/// Whether a client may do anything at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It may.
    Enabled,
    /// An operator said no.
    Disabled,
}

/// A client's secret as it is known to us.
#[derive(Clone)]
pub enum ClientSecret {
    /// It has none.
    None,
    /// SHA-256 of a generated 256-bit value.
    Hashed(crate::name::Digest),
    /// The value itself, unsealed: for clients that sign or encrypt symmetrically.
    Known(zeroize::Zeroizing<String>),
}

impl std::fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Hashed(_) => "Hashed(…)",
            Self::Known(_) => "Known(…)",
        })
    }
}

/// Something that was authenticated. Only [`auth::judge`] makes one.
#[derive(Clone, Debug)]
pub struct Authenticated<T> {
    subject: T,
    assertion: Option<auth::AssertionId>,
}

impl Authenticated<Arc<Client>> {
    /// The client.
    pub fn client(&self) -> &Arc<Client> {
        &self.subject
    }

    /// The assertion it came with, to be recorded once (RFC 7523 §3 item 7).
    pub fn assertion(&self) -> Option<&auth::AssertionId> {
        self.assertion.as_ref()
    }
}

#[test]
fn an_id_is_printable_and_short() {
    for (id, is) in [("a", true), ("~!", true), ("", false), ("a b", false), ("a\0", false), ("\u{e9}", false)] {
        assert_eq!(is_id(id), is, "{id:?}");
    }
    assert!(is_id(&"a".repeat(255)) && !is_id(&"a".repeat(256)));
}
