//! Dynamic client registration: RFC 7591, RFC 7592, OpenID Connect Dynamic Client Registration 1.0.
//!
//! Invariant: what a stranger proposes becomes metadata by [`crate::client::metadata::Metadata::read`] alone, like what an
//! operator writes; here is only what is special to strangers.

pub mod admission;
pub mod allowed;
pub mod information;
pub mod policy;
pub mod proposal;
pub mod statement;

/// Who may register a client over HTTP: the operator's decision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Registration {
    /// Nobody.
    #[default]
    Off,
    /// Whoever has an initial access token (RFC 7591 §3).
    Protected,
    /// Anybody.
    Open,
}

impl Registration {
    /// Every value.
    pub const ALL: &[Self] = &[Self::Off, Self::Protected, Self::Open];

    /// The word that is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Protected => "protected",
            Self::Open => "open",
        }
    }

    /// Reads the word.
    pub fn read(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|registration| registration.as_str() == text)
    }
}
