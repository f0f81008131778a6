//! JSON Web Keys and sets of them: RFC 7517, RFC 7518 §6, RFC 8037 §2, thumbprints RFC 7638.
//!
//! Invariant: a [`Jwk`] was parsed once and is usable; only public members ever leave it.

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{self, ParsedPublicKey, RsaParameters, RsaPublicKeyComponents};
use serde_json::{Map, Value, json};

use crate::{JoseError, JwsAlg, base64url, sha256, unbase64url};

/// More keys than any honest set has.
const MOST_KEYS: usize = 64;

/// The RSA key sizes accepted, in bytes of the modulus: 2048 to 8192 bits (RFC 7518 §3.3).
const RSA_BYTES: std::ops::RangeInclusive<usize> = 256..=1024;

/// A parsed verification key.
#[derive(Debug)]
pub struct Jwk {
    kid: Option<String>,
    alg: Option<String>,
    public: Map<String, Value>,
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

impl Jwk {
    /// Reads a key for verifying signatures. A key for another use, or of a kind we do not know, is [`JoseError::Key`].
    pub fn read(value: &Value) -> Result<Self, JoseError> {
        let members = value.as_object().ok_or(JoseError::Malformed)?;
        let text = |name: &str| members.get(name).and_then(Value::as_str);
        if text("use").is_some_and(|use_| use_ != "sig") {
            return Err(JoseError::Key);
        }
        if let Some(ops) = members.get("key_ops").and_then(Value::as_array)
            && !ops.iter().any(|op| op == "verify")
        {
            return Err(JoseError::Key);
        }
        let (names, material): (&[&str], Material) = match text("kty").ok_or(JoseError::Malformed)? {
            "RSA" => (&["e", "kty", "n"], Material::Asymmetric(rsa(members)?)),
            "EC" => (&["crv", "kty", "x", "y"], Material::Asymmetric(vec![ec(members)?])),
            "OKP" => (&["crv", "kty", "x"], Material::Asymmetric(vec![okp(members)?])),
            "oct" => (&[], Material::Symmetric(oct(&bytes(members, "k")?)?)),
            _ => return Err(JoseError::Key),
        };
        let public = names.iter().filter_map(|n| Some(((*n).to_owned(), members.get(*n)?.clone()))).collect();
        let kid = text("kid").map(str::to_owned);
        Ok(Self { kid, alg: text("alg").map(str::to_owned), public, material })
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

    /// RFC 7638 §3: SHA-256 over the required members in lexicographic order, base64url.
    pub fn thumbprint(&self) -> String {
        let members: Vec<String> = self.public.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
        base64url(sha256(format!("{{{}}}", members.join(",")).as_bytes()))
    }

    /// Whether this is the private or a shared part of a key.
    fn is_secret(value: &Value) -> bool {
        value.get("kty").is_some_and(|kty| kty == "oct") || value.get("d").is_some()
    }

    fn fits(&self, alg: JwsAlg) -> bool {
        self.alg.as_ref().is_none_or(|own| own == alg.as_str())
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

fn bytes(members: &Map<String, Value>, name: &str) -> Result<Vec<u8>, JoseError> {
    let text = members.get(name).and_then(Value::as_str).ok_or(JoseError::Malformed)?;
    if text.len() > 4096 {
        return Err(JoseError::TooLarge);
    }
    unbase64url(text)
}

fn rsa(members: &Map<String, Value>) -> Result<Vec<(JwsAlg, ParsedPublicKey)>, JoseError> {
    let (n, e) = (bytes(members, "n")?, bytes(members, "e")?);
    let significant = n.iter().skip_while(|byte| **byte == 0).count();
    if !RSA_BYTES.contains(&significant) || e.len() > 8 {
        return Err(JoseError::Key);
    }
    let table: [(JwsAlg, &'static RsaParameters); 6] = [
        (JwsAlg::Rs256, &signature::RSA_PKCS1_2048_8192_SHA256),
        (JwsAlg::Rs384, &signature::RSA_PKCS1_2048_8192_SHA384),
        (JwsAlg::Rs512, &signature::RSA_PKCS1_2048_8192_SHA512),
        (JwsAlg::Ps256, &signature::RSA_PSS_2048_8192_SHA256),
        (JwsAlg::Ps384, &signature::RSA_PSS_2048_8192_SHA384),
        (JwsAlg::Ps512, &signature::RSA_PSS_2048_8192_SHA512),
    ];
    let key = RsaPublicKeyComponents { n: &n, e: &e };
    table
        .into_iter()
        .map(|(alg, with)| Ok((alg, key.to_parsed_public_key(with).map_err(|_| JoseError::Key)?)))
        .collect()
}

fn ec(members: &Map<String, Value>) -> Result<(JwsAlg, ParsedPublicKey), JoseError> {
    let (x, y) = (bytes(members, "x")?, bytes(members, "y")?);
    let (alg, with, size): (_, &'static signature::EcdsaVerificationAlgorithm, _) =
        match members.get("crv").and_then(Value::as_str) {
            Some("P-256") => (JwsAlg::Es256, &signature::ECDSA_P256_SHA256_FIXED, 32),
            Some("P-384") => (JwsAlg::Es384, &signature::ECDSA_P384_SHA384_FIXED, 48),
            Some("P-521") => (JwsAlg::Es512, &signature::ECDSA_P521_SHA512_FIXED, 66),
            _ => return Err(JoseError::Key),
        };
    // RFC 7518 §6.2.1.2: the octet string is as long as the field.
    if x.len() != size || y.len() != size {
        return Err(JoseError::Key);
    }
    let point = [&[4], x.as_slice(), y.as_slice()].concat();
    Ok((alg, ParsedPublicKey::new(with, point).map_err(|_| JoseError::Key)?))
}

fn okp(members: &Map<String, Value>) -> Result<(JwsAlg, ParsedPublicKey), JoseError> {
    let x = bytes(members, "x")?;
    if members.get("crv").and_then(Value::as_str) != Some("Ed25519") || x.len() != 32 {
        return Err(JoseError::Key);
    }
    Ok((JwsAlg::EdDsa, ParsedPublicKey::new(&signature::ED25519, x).map_err(|_| JoseError::Key)?))
}

fn oct(secret: &[u8]) -> Result<Vec<(JwsAlg, hmac::Key)>, JoseError> {
    let table = [
        (JwsAlg::Hs256, hmac::HMAC_SHA256, 32),
        (JwsAlg::Hs384, hmac::HMAC_SHA384, 48),
        (JwsAlg::Hs512, hmac::HMAC_SHA512, 64),
    ];
    // RFC 7518 §3.2: a key of at least the hash's size. We ask for 256 bits whatever the hash, as OpenID Connect clients
    // share one secret for all of them.
    if secret.len() < 32 {
        return Err(JoseError::Key);
    }
    Ok(table.into_iter().map(|(alg, with, _)| (alg, hmac::Key::new(with, secret))).collect())
}

/// A set of keys to choose from.
#[derive(Debug, Default)]
pub struct JwkSet {
    keys: Vec<Jwk>,
}

impl JwkSet {
    /// Reads a set. Keys of kinds we do not know, for other uses, or broken are passed over (RFC 7517 §5).
    pub fn read(value: &Value) -> Result<Self, JoseError> {
        let keys = value.get("keys").and_then(Value::as_array).ok_or(JoseError::Malformed)?;
        if keys.len() > MOST_KEYS {
            return Err(JoseError::TooLarge);
        }
        Ok(Self { keys: keys.iter().filter_map(|key| Jwk::read(key).ok()).collect() })
    }

    /// Reads a set that must hold public keys only: what a client registers or publishes.
    pub fn read_public(value: &Value) -> Result<Self, JoseError> {
        let keys = value.get("keys").and_then(Value::as_array).ok_or(JoseError::Malformed)?;
        match keys.iter().any(Jwk::is_secret) {
            true => Err(JoseError::Private),
            false => Self::read(value),
        }
    }

    /// The set of one shared secret, for HS256, HS384 and HS512 alone. Symmetric keys come in by no other way than this and
    /// [`JwkSet::read`], so a public key is never taken for one.
    pub fn from_secret(secret: &[u8]) -> Result<Self, JoseError> {
        let material = Material::Symmetric(oct(secret)?);
        Ok(Self { keys: vec![Jwk { kid: None, alg: None, public: Map::new(), material }] })
    }

    /// The keys.
    pub fn keys(&self) -> &[Jwk] {
        &self.keys
    }
}
