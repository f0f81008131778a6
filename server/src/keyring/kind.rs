//! What keys there are.
//!
//! Invariant: the two lists here are what is made, published, rotated and advertised.

use jose::{DecryptionKind, JwsAlg};
use store::keys::KeyRow;

/// The algorithms we sign with. Rotation adds RSA and EC keys together and an OKP key in a step of its own
/// (`certification.md` §3 item 23).
pub const ALGORITHMS: &[JwsAlg] = &[JwsAlg::Rs256, JwsAlg::Ps256, JwsAlg::Es256, JwsAlg::EdDsa];

/// What keys there are: one for each algorithm we sign with, one of each kind that others encrypt to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// Signs.
    Signing(JwsAlg),
    /// Decrypts request objects and hints (Core §6.1, §10.2).
    Decryption(DecryptionKind),
}

/// The kinds others may encrypt to.
const DECRYPTION: &[DecryptionKind] = &[DecryptionKind::Rsa, DecryptionKind::P256];

impl KeyKind {
    /// Every kind.
    pub fn all() -> impl Iterator<Item = Self> {
        ALGORITHMS.iter().copied().map(Self::Signing).chain(DECRYPTION.iter().copied().map(Self::Decryption))
    }

    /// The name of the algorithm, or of the kind of key.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Signing(alg) => alg.as_str(),
            Self::Decryption(DecryptionKind::Rsa) => "RSA",
            Self::Decryption(DecryptionKind::P256) => "P-256",
            Self::Decryption(DecryptionKind::P384) => "P-384",
            Self::Decryption(DecryptionKind::P521) => "P-521",
            Self::Decryption(DecryptionKind::X25519) => "X25519",
        }
    }

    /// `use`.
    pub const fn purpose(self) -> &'static str {
        match self {
            Self::Signing(_) => "sig",
            Self::Decryption(_) => "enc",
        }
    }

    pub(super) fn read(row: &KeyRow) -> Option<Self> {
        Self::all().find(|kind| kind.as_str() == row.alg && kind.purpose() == row.purpose)
    }
}
