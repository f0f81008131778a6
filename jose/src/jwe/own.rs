//! Keys that decrypt, parsed once: ours, or a secret that both sides hold.
//!
//! Invariant: a private part leaves only as PKCS#8 to be sealed, wiped when dropped; a shared secret not at all.

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::{
    KeyPair, KeyPairComponents, KeySize, OaepPrivateDecryptingKey, PrivateDecryptingKey, PublicKeyComponents,
};
use aws_lc_rs::signature::KeyPair as _;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::agree::{self, Own};
use super::recipient::{Only, from_client_secret, secret};
use crate::alg::Management;
use crate::member::Members;
use crate::{JoseError, JweAlg, JweEnc, base64url};

/// The kinds of key that can be made for decrypting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DecryptionKind {
    /// RSA, for `RSA-OAEP` and `RSA-OAEP-256`. 2048 bits when made here.
    Rsa,
    /// The curve P-256, for `ECDH-ES` and its kin.
    P256,
    /// The curve P-384.
    P384,
    /// The curve P-521.
    P521,
    /// The curve X25519 (RFC 8037 §3.2).
    X25519,
}

impl DecryptionKind {
    /// Every kind.
    pub const ALL: &[Self] = &[Self::Rsa, Self::P256, Self::P384, Self::P521, Self::X25519];

    fn curve(self) -> Option<agree::Curve> {
        match self {
            Self::Rsa => None,
            Self::P256 => Some(agree::P256),
            Self::P384 => Some(agree::P384),
            Self::P521 => Some(agree::P521),
            Self::X25519 => Some(agree::X25519),
        }
    }
}

/// A key of ours that decrypts.
pub struct DecryptionKey {
    pub(super) kid: Option<String>,
    only: Only,
    pub(super) with: Material,
}

pub(super) enum Material {
    Rsa(Box<Rsa>),
    Agree(Box<Own>),
    Secret(Zeroizing<Vec<u8>>),
}

pub(super) struct Rsa {
    pair: KeyPair,
    pub(super) decrypting: OaepPrivateDecryptingKey,
}

impl std::fmt::Debug for DecryptionKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DecryptionKey({:?}, {:?})", self.only.alg, self.kid)
    }
}

fn rsa(pair: KeyPair) -> Result<Material, JoseError> {
    let der = pair.as_der().map_err(|_| JoseError::Key)?;
    let decrypting = PrivateDecryptingKey::from_pkcs8(der.as_ref()).map_err(|_| JoseError::Key)?;
    let decrypting = OaepPrivateDecryptingKey::new(decrypting).map_err(|_| JoseError::Key)?;
    Ok(Material::Rsa(Box::new(Rsa { pair, decrypting })))
}

fn read_rsa(members: Members<'_>) -> Result<Material, JoseError> {
    // RFC 7518 §6.3.2.7: a key of more than two primes must not be used by who knows two only.
    if members.has("oth") {
        return Err(JoseError::Key);
    }
    let PublicKeyComponents { n, e } = members.rsa()?;
    let part = |name: &str| members.bytes(name);
    let pair = KeyPair::from_components(&KeyPairComponents {
        public_key: PublicKeyComponents { n, e },
        d: part("d")?.as_slice(),
        p: part("p")?.as_slice(),
        q: part("q")?.as_slice(),
        dP: part("dp")?.as_slice(),
        dQ: part("dq")?.as_slice(),
        qInv: part("qi")?.as_slice(),
    });
    rsa(pair.map_err(|_| JoseError::Key)?)
}

impl DecryptionKey {
    /// Makes a key.
    pub fn generate(of: DecryptionKind, kid: &str) -> Result<Self, JoseError> {
        let with = match of.curve() {
            None => rsa(KeyPair::generate(KeySize::Rsa2048).map_err(|_| JoseError::Provider)?)?,
            Some(curve) => Material::Agree(Box::new(Own::generate(curve)?)),
        };
        Ok(Self { kid: Some(kid.to_owned()), only: Only::default(), with })
    }

    /// Parses a private key.
    pub fn from_pkcs8(of: DecryptionKind, kid: &str, der: &[u8]) -> Result<Self, JoseError> {
        let with = match of.curve() {
            None => rsa(KeyPair::from_pkcs8(der).map_err(|_| JoseError::Key)?)?,
            Some(curve) => Material::Agree(Box::new(Own::from_pkcs8(curve, der)?)),
        };
        Ok(Self { kid: Some(kid.to_owned()), only: Only::default(), with })
    }

    /// Reads a private or shared key from its JWK.
    pub fn read(jwk: &Value) -> Result<Self, JoseError> {
        let members = Members::of(jwk)?;
        members.meant_for("enc", &["decrypt", "unwrapKey", "deriveKey", "deriveBits"])?;
        let with = match members.need("kty")? {
            "RSA" => read_rsa(members)?,
            "EC" | "OKP" => Material::Agree(Box::new(Own::read(members)?)),
            "oct" => Material::Secret(secret(members.bytes("k")?)?),
            _ => return Err(JoseError::Key),
        };
        let key = Self { kid: members.owned("kid")?, only: Only::read(members)?, with };
        match key.only.alg.is_none_or(|alg| key.with.serves(alg)) {
            true => Ok(key),
            false => Err(JoseError::Key),
        }
    }

    /// The key of a client's secret for this way of encrypting alone, OpenID Connect Core §10.2.
    pub fn from_client_secret(client_secret: &str, alg: JweAlg, enc: JweEnc) -> Result<Self, JoseError> {
        let with = Material::Secret(from_client_secret(client_secret, alg, enc)?);
        Ok(Self { kid: None, only: Only::this(alg, enc), with })
    }

    /// `kid`.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The private key, to be sealed at once. A shared secret does not come out again.
    pub fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, JoseError> {
        match &self.with {
            Material::Rsa(rsa) => {
                Ok(Zeroizing::new(rsa.pair.as_der().map_err(|_| JoseError::Provider)?.as_ref().to_vec()))
            }
            Material::Agree(own) => own.to_pkcs8(),
            Material::Secret(_) => Err(JoseError::Key),
        }
    }

    /// The public key as a JWK with `kid` and `use: enc`; nothing for a shared secret.
    pub fn public_jwk(&self) -> Result<Option<Value>, JoseError> {
        let mut jwk = match &self.with {
            Material::Rsa(rsa) => {
                let public = rsa.pair.public_key();
                json!({
                    "kty": "RSA",
                    "n": base64url(public.modulus().big_endian_without_leading_zero()),
                    "e": base64url(public.exponent().big_endian_without_leading_zero()),
                })
            }
            Material::Agree(own) => own.public()?,
            Material::Secret(_) => return Ok(None),
        };
        jwk["use"] = json!("enc");
        if let Some(alg) = self.only.alg {
            jwk["alg"] = json!(alg.as_str());
        }
        if let Some(kid) = &self.kid {
            jwk["kid"] = json!(kid);
        }
        Ok(Some(jwk))
    }

    /// Whether the key is of the kind and size for this, and its own `alg` does not say otherwise.
    pub(super) fn fits(&self, alg: JweAlg, enc: JweEnc) -> bool {
        let size = match &self.with {
            Material::Secret(secret) => Some(secret.len()),
            Material::Rsa(_) | Material::Agree(_) => None,
        };
        self.only.allows(alg, enc) && self.with.serves(alg) && size == alg.secret_size(enc)
    }
}

impl Material {
    fn serves(&self, alg: JweAlg) -> bool {
        match alg.management() {
            Management::Oaep => matches!(self, Self::Rsa(_)),
            Management::Agree | Management::AgreeAndWrap(_) => matches!(self, Self::Agree(_)),
            Management::Wrap(_) | Management::GcmWrap(_) | Management::Direct => matches!(self, Self::Secret(_)),
        }
    }
}
