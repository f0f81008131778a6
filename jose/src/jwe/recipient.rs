//! Keys that encrypt: a client's public key from its JWK Set, or a secret that both sides hold (RFC 7517, OpenID Connect Core
//! §10.2).
//!
//! Invariant: an [`EncryptionKey`] was parsed once and is usable; a public key never stands for a shared secret.

use aws_lc_rs::digest;
use aws_lc_rs::rsa::{OaepPublicEncryptingKey, PublicEncryptingKey};
use serde_json::Value;
use zeroize::Zeroizing;

use super::agree::Peer;
use crate::alg::Management;
use crate::member::Members;
use crate::{JoseError, JweAlg, JweEnc};

/// A shared secret is at least as long as the shortest key, and no longer than the longest.
const SECRET: std::ops::RangeInclusive<usize> = 16..=64;

/// A key to encrypt to.
pub struct EncryptionKey {
    pub(super) kid: Option<String>,
    only: Only,
    pub(super) to: Recipient,
}

pub(super) enum Recipient {
    Rsa(OaepPublicEncryptingKey),
    Agree(Box<Peer>),
    Secret(Zeroizing<Vec<u8>>),
}

impl std::fmt::Debug for EncryptionKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "EncryptionKey({:?}, {:?})", self.only.alg, self.kid)
    }
}

/// What a key says it is for. Nothing where it says nothing.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Only {
    pub(super) alg: Option<JweAlg>,
    enc: Option<JweEnc>,
}

impl Only {
    /// `alg` of a key, RFC 7517 §4.4; that of a shared content key names the content's algorithm (RFC 7520 §5.6). One that we
    /// do not have makes the key useless to us.
    pub(super) fn read(members: Members<'_>) -> Result<Self, JoseError> {
        let Some(name) = members.text("alg")? else { return Ok(Self::default()) };
        match (name.parse(), name.parse()) {
            (Ok(alg), _) => Ok(Self { alg: Some(alg), enc: None }),
            (Err(_), Ok(enc)) => Ok(Self::this(JweAlg::Dir, enc)),
            (Err(_), Err(_)) => Err(JoseError::Key),
        }
    }

    pub(super) fn this(alg: JweAlg, enc: JweEnc) -> Self {
        Self { alg: Some(alg), enc: Some(enc) }
    }

    pub(super) fn allows(self, alg: JweAlg, enc: JweEnc) -> bool {
        self.alg.is_none_or(|own| own == alg) && self.enc.is_none_or(|own| own == enc)
    }
}

pub(super) fn secret(bytes: Zeroizing<Vec<u8>>) -> Result<Zeroizing<Vec<u8>>, JoseError> {
    if SECRET.contains(&bytes.len()) { Ok(bytes) } else { Err(JoseError::Key) }
}

/// OpenID Connect Core §10.2: the left of the smallest SHA-2 hash of the client's secret that is long enough.
pub(super) fn from_client_secret(
    client_secret: &str,
    alg: JweAlg,
    enc: JweEnc,
) -> Result<Zeroizing<Vec<u8>>, JoseError> {
    let size = alg.secret_size(enc).ok_or(JoseError::Algorithm)?;
    let with = match size {
        ..=32 => &digest::SHA256,
        33..=48 => &digest::SHA384,
        _ => &digest::SHA512,
    };
    Ok(Zeroizing::new(digest::digest(with, client_secret.as_bytes()).as_ref()[..size].to_vec()))
}

impl EncryptionKey {
    /// Reads a JWK for encrypting. A key for another use, or of a kind we do not know, is [`JoseError::Key`].
    pub fn read(jwk: &Value) -> Result<Self, JoseError> {
        let members = Members::of(jwk)?;
        members.meant_for("enc", &["encrypt", "wrapKey", "deriveKey", "deriveBits"])?;
        let to = match members.need("kty")? {
            "RSA" => {
                let public: PublicEncryptingKey = members.rsa()?.try_into().map_err(|_| JoseError::Key)?;
                Recipient::Rsa(OaepPublicEncryptingKey::new(public).map_err(|_| JoseError::Key)?)
            }
            "EC" | "OKP" => Recipient::Agree(Box::new(Peer::read(members)?)),
            "oct" => Recipient::Secret(secret(members.bytes("k")?)?),
            _ => return Err(JoseError::Key),
        };
        let key = Self { kid: members.owned("kid")?, only: Only::read(members)?, to };
        match key.only.alg.is_none_or(|alg| key.to.serves(alg)) {
            true => Ok(key),
            false => Err(JoseError::Key),
        }
    }

    /// The key of a client's secret for this way of encrypting alone.
    pub fn from_client_secret(client_secret: &str, alg: JweAlg, enc: JweEnc) -> Result<Self, JoseError> {
        let to = Recipient::Secret(from_client_secret(client_secret, alg, enc)?);
        Ok(Self { kid: None, only: Only::this(alg, enc), to })
    }

    /// `kid`.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    pub(crate) fn names_alg(&self) -> bool {
        self.only.alg.is_some()
    }

    /// Whether the key is of the kind and size for this, and its own `alg` does not say otherwise.
    pub fn fits(&self, alg: JweAlg, enc: JweEnc) -> bool {
        let size = match &self.to {
            Recipient::Secret(secret) => Some(secret.len()),
            Recipient::Rsa(_) | Recipient::Agree(_) => None,
        };
        self.only.allows(alg, enc) && self.to.serves(alg) && size == alg.secret_size(enc)
    }
}

impl Recipient {
    fn serves(&self, alg: JweAlg) -> bool {
        match alg.management() {
            Management::Oaep => matches!(self, Self::Rsa(_)),
            Management::Agree | Management::AgreeAndWrap(_) => matches!(self, Self::Agree(_)),
            Management::Wrap(_) | Management::GcmWrap(_) | Management::Direct => matches!(self, Self::Secret(_)),
        }
    }
}
