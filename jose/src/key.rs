//! Private keys that sign, parsed once.
//!
//! Invariant: a key signs with one algorithm; its private part leaves only as PKCS#8 to be sealed, wiped when dropped.

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    self, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RsaEncoding, RsaKeyPair,
};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::jwk::mac_keys;
use crate::{JoseError, JwsAlg, base64url};

/// Something that signs: a local key, or one in an HSM or KMS.
pub trait Signer: Send + Sync {
    /// The key's name in the header, if it has one.
    fn kid(&self) -> Option<&str>;

    /// The one algorithm it signs with.
    fn alg(&self) -> JwsAlg;

    /// Signs the signing input of RFC 7515 §5.1.
    fn sign(&self, input: &[u8]) -> Result<Vec<u8>, JoseError>;
}

/// A local signing key.
pub struct SigningKey {
    alg: JwsAlg,
    kid: Option<String>,
    pair: Pair,
}

enum Pair {
    Rsa(Box<RsaKeyPair>),
    Ec(Box<EcdsaKeyPair>),
    Ed(Box<Ed25519KeyPair>),
    Mac(Box<hmac::Key>),
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey({}, {:?})", self.alg, self.kid)
    }
}

fn curve(alg: JwsAlg) -> Option<(&'static EcdsaSigningAlgorithm, &'static str, usize)> {
    match alg {
        JwsAlg::Es256 => Some((&signature::ECDSA_P256_SHA256_FIXED_SIGNING, "P-256", 32)),
        JwsAlg::Es384 => Some((&signature::ECDSA_P384_SHA384_FIXED_SIGNING, "P-384", 48)),
        JwsAlg::Es512 => Some((&signature::ECDSA_P521_SHA512_FIXED_SIGNING, "P-521", 66)),
        _ => None,
    }
}

fn padding(alg: JwsAlg) -> Option<&'static dyn RsaEncoding> {
    match alg {
        JwsAlg::Rs256 => Some(&signature::RSA_PKCS1_SHA256),
        JwsAlg::Rs384 => Some(&signature::RSA_PKCS1_SHA384),
        JwsAlg::Rs512 => Some(&signature::RSA_PKCS1_SHA512),
        JwsAlg::Ps256 => Some(&signature::RSA_PSS_SHA256),
        JwsAlg::Ps384 => Some(&signature::RSA_PSS_SHA384),
        JwsAlg::Ps512 => Some(&signature::RSA_PSS_SHA512),
        _ => None,
    }
}

impl SigningKey {
    /// Makes a key: RSA of 2048 bits, the algorithm's curve, or Ed25519.
    pub fn generate(alg: JwsAlg, kid: &str) -> Result<Self, JoseError> {
        let pair = match (padding(alg), curve(alg)) {
            (Some(_), _) => RsaKeyPair::generate(KeySize::Rsa2048).map(|pair| Pair::Rsa(Box::new(pair))),
            (None, Some((with, _, _))) => EcdsaKeyPair::generate(with).map(|pair| Pair::Ec(Box::new(pair))),
            (None, None) if alg == JwsAlg::EdDsa => Ed25519KeyPair::generate().map(|pair| Pair::Ed(Box::new(pair))),
            (None, None) => return Err(JoseError::Algorithm),
        };
        Ok(Self { alg, kid: Some(kid.to_owned()), pair: pair.map_err(|_| JoseError::Provider)? })
    }

    /// Parses a private key.
    pub fn from_pkcs8(alg: JwsAlg, kid: &str, der: &[u8]) -> Result<Self, JoseError> {
        let pair = match (padding(alg), curve(alg)) {
            (Some(_), _) => RsaKeyPair::from_pkcs8(der).map(|pair| Pair::Rsa(Box::new(pair))),
            (None, Some((with, _, _))) => EcdsaKeyPair::from_pkcs8(with, der).map(|pair| Pair::Ec(Box::new(pair))),
            (None, None) if alg == JwsAlg::EdDsa => {
                Ed25519KeyPair::from_pkcs8(der).map(|pair| Pair::Ed(Box::new(pair)))
            }
            (None, None) => return Err(JoseError::Algorithm),
        };
        Ok(Self { alg, kid: Some(kid.to_owned()), pair: pair.map_err(|_| JoseError::Key)? })
    }

    /// A shared secret at least as long as the hash (RFC 7518 §3.2), for HS256, HS384 and HS512.
    pub fn from_secret(alg: JwsAlg, secret: &[u8]) -> Result<Self, JoseError> {
        let (_, with) = mac_keys(secret).find(|(own, _)| *own == alg).ok_or(match alg.is_symmetric() {
            true => JoseError::Key,
            false => JoseError::Algorithm,
        })?;
        Ok(Self { alg, kid: None, pair: Pair::Mac(Box::new(with)) })
    }

    /// The private key, to be sealed at once. A shared secret does not come out again.
    pub fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, JoseError> {
        let der = match &self.pair {
            Pair::Rsa(pair) => pair.as_der().map(|der| der.as_ref().to_vec()),
            Pair::Ec(pair) => pair.to_pkcs8v1().map(|der| der.as_ref().to_vec()),
            Pair::Ed(pair) => pair.to_pkcs8().map(|der| der.as_ref().to_vec()),
            Pair::Mac(_) => return Err(JoseError::Key),
        };
        der.map(Zeroizing::new).map_err(|_| JoseError::Provider)
    }

    /// The public key as a JWK with `kid`, `use` and `alg`; nothing for a shared secret.
    pub fn public_jwk(&self) -> Value {
        let mut jwk = match &self.pair {
            Pair::Rsa(pair) => {
                let key = pair.public_key();
                let (n, e) = (key.modulus(), key.exponent());
                json!({
                    "kty": "RSA",
                    "n": base64url(n.big_endian_without_leading_zero()),
                    "e": base64url(e.big_endian_without_leading_zero()),
                })
            }
            Pair::Ec(pair) => {
                let (_, crv, size) = curve(self.alg).expect("an EC pair was made for an ECDSA algorithm");
                let point = pair.public_key().as_ref();
                json!({"kty": "EC", "crv": crv, "x": base64url(&point[1..=size]), "y": base64url(&point[size + 1..])})
            }
            Pair::Ed(pair) => json!({"kty": "OKP", "crv": "Ed25519", "x": base64url(pair.public_key().as_ref())}),
            Pair::Mac(_) => return Value::Null,
        };
        jwk["use"] = json!("sig");
        jwk["alg"] = json!(self.alg.as_str());
        if let Some(kid) = &self.kid {
            jwk["kid"] = json!(kid);
        }
        jwk
    }

    /// RFC 7638, of the public key; nothing for a shared secret.
    pub fn thumbprint(&self) -> Option<String> {
        crate::thumbprint(&self.public_jwk()).ok()
    }
}

impl Signer for SigningKey {
    fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    fn alg(&self) -> JwsAlg {
        self.alg
    }

    fn sign(&self, input: &[u8]) -> Result<Vec<u8>, JoseError> {
        let rng = SystemRandom::new();
        match &self.pair {
            Pair::Rsa(pair) => {
                let with = padding(self.alg).ok_or(JoseError::Algorithm)?;
                let mut out = vec![0; pair.public_modulus_len()];
                pair.sign(with, &rng, input, &mut out).map_err(|_| JoseError::Provider)?;
                Ok(out)
            }
            Pair::Ec(pair) => Ok(pair.sign(&rng, input).map_err(|_| JoseError::Provider)?.as_ref().to_vec()),
            Pair::Ed(pair) => Ok(pair.try_sign(input).map_err(|_| JoseError::Provider)?.as_ref().to_vec()),
            Pair::Mac(key) => Ok(hmac::sign(key, input).as_ref().to_vec()),
        }
    }
}
