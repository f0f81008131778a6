//! JSON Web Keys and sets of them: RFC 7517, RFC 7518 §6, RFC 8037 §2, thumbprints RFC 7638.
//!
//! Invariant: a [`Jwk`] was parsed once and is usable; only public members ever leave it.

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{self, ParsedPublicKey, RsaParameters};
use serde_json::{Map, Value, json};

use crate::member::{Members, thumbprint};
use crate::{EncryptionKey, JoseError, JweAlg, JweEnc, JwsAlg, base64url, certificate};

/// More keys than any honest set has.
const MOST_KEYS: usize = 64;

/// A parsed verification key.
#[derive(Debug)]
pub struct Jwk {
    kid: Option<String>,
    alg: Option<String>,
    public: Map<String, Value>,
    thumbprint: String,
    /// The digest of the certificate that goes with it.
    certificate: Option<[u8; 32]>,
    material: Material,
}

enum Material {
    Asymmetric(Vec<(JwsAlg, ParsedPublicKey)>),
    Symmetric(Vec<(JwsAlg, hmac::Key)>),
}

impl std::fmt::Debug for Material {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Asymmetric(_) => "Asymmetric(…)",
            Self::Symmetric(_) => "Symmetric(…)",
        })
    }
}

impl Material {
    fn algorithms(&self) -> impl Iterator<Item = JwsAlg> {
        let (asymmetric, symmetric) = match self {
            Self::Asymmetric(keys) => (keys.as_slice(), [].as_slice()),
            Self::Symmetric(keys) => ([].as_slice(), keys.as_slice()),
        };
        asymmetric.iter().map(|(alg, _)| *alg).chain(symmetric.iter().map(|(alg, _)| *alg))
    }
}

impl Jwk {
    /// Reads a key for verifying signatures. A key for another use, or of a kind we do not know, is [`JoseError::Key`].
    pub fn read(value: &Value) -> Result<Self, JoseError> {
        let members = Members::of(value)?;
        members.meant_for("sig", &["verify"])?;
        let material = match members.need("kty")? {
            "RSA" => Material::Asymmetric(rsa(members)?),
            "EC" => Material::Asymmetric(vec![ec(members)?]),
            "OKP" => Material::Asymmetric(vec![okp(members)?]),
            "oct" => oct(&members.bytes("k")?)?,
            _ => return Err(JoseError::Key),
        };
        let (kid, alg) = (members.owned("kid")?, members.owned("alg")?);
        // RFC 8725 §3.1: a key that says it is for an algorithm of another kind is for nothing.
        if alg.as_ref().is_some_and(|own| !material.algorithms().any(|alg| alg.is_named(own))) {
            return Err(JoseError::Key);
        }
        let public = match material {
            Material::Asymmetric(_) => members.required()?,
            Material::Symmetric(_) => Map::new(),
        };
        let thumbprint = thumbprint(value)?;
        let certificate = certificate::of_jwk(value, &thumbprint);
        Ok(Self { kid, alg, public, thumbprint, certificate, material })
    }

    /// `kid`.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The public members alone; empty for a symmetric key.
    pub fn to_value(&self) -> Value {
        let mut public = self.public.clone();
        if let (Some(kid), false) = (&self.kid, public.is_empty()) {
            public.insert("kid".into(), json!(kid));
        }
        Value::Object(public)
    }

    /// RFC 7638. That of a shared key is not for publishing (§7).
    pub fn thumbprint(&self) -> &str {
        &self.thumbprint
    }

    /// SHA-256 of the certificate that goes with the key, if it has one that fits (RFC 7517 §4.7, §4.9).
    pub fn certificate(&self) -> Option<&[u8; 32]> {
        self.certificate.as_ref()
    }

    /// Whether the key is of the kind for this, and its own `alg` does not say otherwise.
    pub(crate) fn fits(&self, alg: JwsAlg) -> bool {
        self.alg.as_ref().is_none_or(|own| alg.is_named(own)) && self.material.algorithms().any(|own| own == alg)
    }

    pub(crate) fn verify(&self, alg: JwsAlg, input: &[u8], sig: &[u8]) -> Result<(), JoseError> {
        if !self.fits(alg) {
            return Err(JoseError::NoKey);
        }
        match &self.material {
            Material::Asymmetric(keys) => {
                let (_, key) = keys.iter().find(|(a, _)| *a == alg).ok_or(JoseError::NoKey)?;
                key.verify_sig(input, sig).map_err(|_| JoseError::Signature)
            }
            Material::Symmetric(keys) => {
                let (_, key) = keys.iter().find(|(a, _)| *a == alg).ok_or(JoseError::NoKey)?;
                hmac::verify(key, input, sig).map_err(|_| JoseError::Signature)
            }
        }
    }
}

fn rsa(members: Members<'_>) -> Result<Vec<(JwsAlg, ParsedPublicKey)>, JoseError> {
    let key = members.rsa()?;
    let table: [(JwsAlg, &'static RsaParameters); 6] = [
        (JwsAlg::Rs256, &signature::RSA_PKCS1_2048_8192_SHA256),
        (JwsAlg::Rs384, &signature::RSA_PKCS1_2048_8192_SHA384),
        (JwsAlg::Rs512, &signature::RSA_PKCS1_2048_8192_SHA512),
        (JwsAlg::Ps256, &signature::RSA_PSS_2048_8192_SHA256),
        (JwsAlg::Ps384, &signature::RSA_PSS_2048_8192_SHA384),
        (JwsAlg::Ps512, &signature::RSA_PSS_2048_8192_SHA512),
    ];
    table
        .into_iter()
        .map(|(alg, with)| Ok((alg, key.to_parsed_public_key(with).map_err(|_| JoseError::Key)?)))
        .collect()
}

fn ec(members: Members<'_>) -> Result<(JwsAlg, ParsedPublicKey), JoseError> {
    let (alg, with, size): (_, &'static signature::EcdsaVerificationAlgorithm, _) = match members.text("crv")? {
        Some("P-256") => (JwsAlg::Es256, &signature::ECDSA_P256_SHA256_FIXED, 32),
        Some("P-384") => (JwsAlg::Es384, &signature::ECDSA_P384_SHA384_FIXED, 48),
        Some("P-521") => (JwsAlg::Es512, &signature::ECDSA_P521_SHA512_FIXED, 66),
        _ => return Err(JoseError::Key),
    };
    let point = members.point(size)?;
    Ok((alg, ParsedPublicKey::new(with, point).map_err(|_| JoseError::Key)?))
}

fn okp(members: Members<'_>) -> Result<(JwsAlg, ParsedPublicKey), JoseError> {
    let x = members.bytes("x")?;
    if members.text("crv")? != Some("Ed25519") || x.len() != 32 {
        return Err(JoseError::Key);
    }
    Ok((JwsAlg::EdDsa, ParsedPublicKey::new(&signature::ED25519, x.as_slice()).map_err(|_| JoseError::Key)?))
}

/// With the size of its hash, the least a key for it must have (RFC 7518 §3.2).
const MACS: [(JwsAlg, hmac::Algorithm, usize); 3] = [
    (JwsAlg::Hs256, hmac::HMAC_SHA256, 32),
    (JwsAlg::Hs384, hmac::HMAC_SHA384, 48),
    (JwsAlg::Hs512, hmac::HMAC_SHA512, 64),
];

/// The keys a secret is long enough for. A client's secret is a key like any other: OpenID Connect Core §16.19.
pub(crate) fn mac_keys(secret: &[u8]) -> impl Iterator<Item = (JwsAlg, hmac::Key)> {
    let fitting = MACS.iter().filter(|(_, _, least)| secret.len() >= *least);
    fitting.map(|(alg, with, _)| (*alg, hmac::Key::new(*with, secret)))
}

fn oct(secret: &[u8]) -> Result<Material, JoseError> {
    let keys: Vec<_> = mac_keys(secret).collect();
    if keys.is_empty() { Err(JoseError::Key) } else { Ok(Material::Symmetric(keys)) }
}

/// A set of keys to choose from.
#[derive(Debug, Default)]
pub struct JwkSet {
    keys: Vec<Jwk>,
    encryption: Vec<EncryptionKey>,
}

fn entries(set: &Value) -> Result<&[Value], JoseError> {
    let keys = set.get("keys").and_then(Value::as_array).ok_or(JoseError::Malformed)?;
    match keys.len() > MOST_KEYS {
        true => Err(JoseError::TooLarge),
        false => Ok(keys),
    }
}

impl JwkSet {
    /// Reads a set. Keys of kinds we do not know, for other uses, or broken are passed over (RFC 7517 §5). A set that mixes
    /// shared with public keys is refused: who may read it is then unclear.
    pub fn read(value: &Value) -> Result<Self, JoseError> {
        let entries = entries(value)?;
        let shared = entries.iter().filter(|key| key.get("kty").is_some_and(|kty| kty == "oct")).count();
        if shared != 0 && shared != entries.len() {
            return Err(JoseError::Private);
        }
        Ok(Self {
            keys: entries.iter().filter_map(|key| Jwk::read(key).ok()).collect(),
            encryption: entries.iter().filter_map(|key| EncryptionKey::read(key).ok()).collect(),
        })
    }

    /// A set of keys that were read one by one: our own, of which there may be more than a stranger may send.
    pub fn of(keys: Vec<Jwk>) -> Self {
        Self { keys, encryption: Vec::new() }
    }

    /// Reads a set that must hold public keys only: what a client registers or publishes.
    pub fn read_public(value: &Value) -> Result<Self, JoseError> {
        match entries(value)?.iter().any(|key| Members::of(key).is_ok_and(Members::is_secret)) {
            true => Err(JoseError::Private),
            false => Self::read(value),
        }
    }

    /// The set of one shared secret, for those of HS256, HS384 and HS512 it is long enough for. Symmetric keys come in by no
    /// other way than this and [`JwkSet::read`], so a public key is never taken for one.
    pub fn from_secret(secret: &[u8]) -> Result<Self, JoseError> {
        let material = oct(secret)?;
        let thumbprint = thumbprint(&json!({"kty": "oct", "k": base64url(secret)}))?;
        let key = Jwk { kid: None, alg: None, public: Map::new(), thumbprint, certificate: None, material };
        Ok(Self { keys: vec![key], encryption: Vec::new() })
    }

    /// Whether there is no key in it that is good for anything here.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.encryption.is_empty()
    }

    /// The keys that verify signatures.
    pub fn keys(&self) -> &[Jwk] {
        &self.keys
    }

    /// The key to encrypt to: the first that fits, as the set's owner ordered them, one that names the algorithm before one
    /// that leaves it open (OpenID Connect Core §10.2).
    pub fn encryption_key(&self, alg: JweAlg, enc: JweEnc) -> Option<&EncryptionKey> {
        let fitting = || self.encryption.iter().filter(|key| key.fits(alg, enc));
        fitting().find(|key| key.names_alg()).or_else(|| fitting().next())
    }
}
