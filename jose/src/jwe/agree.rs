//! Key agreement, ECDH-ES: RFC 7518 §4.6, RFC 8037 §3.2.
//!
//! Invariant: a peer's point is on our key's curve, checked by the provider when it is parsed; a shared secret of zeros
//! (a point of low order) is refused by it.

use aws_lc_rs::agreement::{self, ParsedPublicKey, PrivateKey, UnparsedPublicKey};
use aws_lc_rs::encoding::{AsBigEndian, Curve25519SeedBin};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::member::Members;
use crate::{JoseError, base64url, sha256};

/// RFC 8410 §7: all of the PKCS#8 of an X25519 key before its 32 bytes.
const X25519_PKCS8: [u8; 16] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x6e, 4, 0x22, 4, 0x20];

/// The curves of RFC 7518 §6.2.1.1 and X25519.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Curve {
    name: &'static str,
    with: &'static agreement::Algorithm,
    size: usize,
}

pub(crate) const P256: Curve = Curve { name: "P-256", with: &agreement::ECDH_P256, size: 32 };
pub(crate) const P384: Curve = Curve { name: "P-384", with: &agreement::ECDH_P384, size: 48 };
pub(crate) const P521: Curve = Curve { name: "P-521", with: &agreement::ECDH_P521, size: 66 };
pub(crate) const X25519: Curve = Curve { name: "X25519", with: &agreement::X25519, size: 32 };

impl Curve {
    /// The curve a JWK names, if its `kty` is the one that goes with it.
    fn of(members: Members<'_>) -> Result<Self, JoseError> {
        match (members.need("kty")?, members.need("crv")?) {
            ("EC", "P-256") => Ok(P256),
            ("EC", "P-384") => Ok(P384),
            ("EC", "P-521") => Ok(P521),
            ("OKP", "X25519") => Ok(X25519),
            _ => Err(JoseError::Key),
        }
    }

    fn jwk(self, point: &[u8]) -> Value {
        if self == X25519 {
            return json!({"kty": "OKP", "crv": self.name, "x": base64url(point)});
        }
        let (x, y) = point[1..].split_at(self.size);
        json!({"kty": "EC", "crv": self.name, "x": base64url(x), "y": base64url(y)})
    }

    fn point(self, members: Members<'_>) -> Result<Vec<u8>, JoseError> {
        if self != X25519 {
            return members.point(self.size);
        }
        let x = members.bytes("x")?;
        if x.len() == self.size { Ok(x.to_vec()) } else { Err(JoseError::Key) }
    }
}

/// A peer's public key.
#[derive(Clone)]
pub(crate) struct Peer {
    curve: Curve,
    key: ParsedPublicKey,
}

impl Peer {
    pub(crate) fn read(members: Members<'_>) -> Result<Self, JoseError> {
        let curve = Curve::of(members)?;
        let point = UnparsedPublicKey::new(curve.with, curve.point(members)?);
        Ok(Self { curve, key: point.try_into().map_err(|_| JoseError::Key)? })
    }

    /// A key made for this one message, RFC 7518 §4.6.1.1 (`epk`), and what both sides derive.
    pub(super) fn meet(&self, info: &Info<'_>) -> Result<(Value, Zeroizing<Vec<u8>>), JoseError> {
        let mine = Own::generate(self.curve)?;
        Ok((mine.public()?, mine.derive(self, info).map_err(|_| JoseError::Provider)?))
    }
}

/// Our private key.
pub(crate) struct Own {
    curve: Curve,
    key: PrivateKey,
}

impl Own {
    pub(crate) fn generate(curve: Curve) -> Result<Self, JoseError> {
        Ok(Self { curve, key: PrivateKey::generate(curve.with).map_err(|_| JoseError::Provider)? })
    }

    /// From a private JWK, whose public part must be its own.
    pub(crate) fn read(members: Members<'_>) -> Result<Self, JoseError> {
        let curve = Curve::of(members)?;
        let key = PrivateKey::from_private_key(curve.with, &members.bytes("d")?).map_err(|_| JoseError::Key)?;
        let public = key.compute_public_key().map_err(|_| JoseError::Key)?;
        match public.as_ref() == curve.point(members)? {
            true => Ok(Self { curve, key }),
            false => Err(JoseError::Key),
        }
    }

    pub(crate) fn from_pkcs8(curve: Curve, der: &[u8]) -> Result<Self, JoseError> {
        let key = if curve == X25519 {
            let seed = der.strip_prefix(&X25519_PKCS8).ok_or(JoseError::Key)?;
            PrivateKey::from_private_key(curve.with, seed)
        } else {
            PrivateKey::from_private_key_der(curve.with, der)
        };
        Ok(Self { curve, key: key.map_err(|_| JoseError::Key)? })
    }

    pub(crate) fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, JoseError> {
        if self.curve == X25519 {
            let seed: Curve25519SeedBin<'_> = self.key.as_be_bytes().map_err(|_| JoseError::Provider)?;
            return Ok(Zeroizing::new([&X25519_PKCS8, seed.as_ref()].concat()));
        }
        let der: Pkcs8V1Der<'_> = self.key.as_der().map_err(|_| JoseError::Provider)?;
        Ok(Zeroizing::new(der.as_ref().to_vec()))
    }

    pub(crate) fn public(&self) -> Result<Value, JoseError> {
        let public = self.key.compute_public_key().map_err(|_| JoseError::Provider)?;
        Ok(self.curve.jwk(public.as_ref()))
    }

    pub(super) fn derive(&self, peer: &Peer, info: &Info<'_>) -> Result<Zeroizing<Vec<u8>>, JoseError> {
        agreement::agree(&self.key, peer.key.clone(), JoseError::Decryption, |shared| Ok(info.concat_kdf(shared)))
    }
}

/// What goes into the derivation beside the shared secret, RFC 7518 §4.6.2.
pub(super) struct Info<'a> {
    /// `enc` where the derived key encrypts the content, else `alg`.
    pub(super) algorithm: &'a str,
    pub(super) apu: &'a [u8],
    pub(super) apv: &'a [u8],
    /// The bytes to derive.
    pub(super) size: usize,
}

impl Info<'_> {
    /// The Concat KDF of NIST SP 800-56A with SHA-256.
    fn concat_kdf(&self, shared: &[u8]) -> Zeroizing<Vec<u8>> {
        let number = |n: usize| u32::try_from(n).expect("a header member is smaller than 4 GiB").to_be_bytes();
        let mut out = Zeroizing::new(Vec::with_capacity(self.size + 32));
        for round in 1_u32.. {
            if out.len() >= self.size {
                break;
            }
            let mut input = Zeroizing::new(round.to_be_bytes().to_vec());
            input.extend_from_slice(shared);
            for part in [self.algorithm.as_bytes(), self.apu, self.apv] {
                input.extend_from_slice(&number(part.len()));
                input.extend_from_slice(part);
            }
            input.extend_from_slice(&number(self.size * 8));
            out.extend_from_slice(&sha256(&input));
        }
        out.truncate(self.size);
        out
    }
}

#[cfg(test)]
mod tests;
