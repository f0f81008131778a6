//! The members of a JSON Web Key: RFC 7517 §4, RFC 7518 §6, RFC 8037 §2; thumbprints RFC 7638.
//!
//! Invariant: a member of the wrong type is an error, never an absent one.

use aws_lc_rs::rsa::PublicKeyComponents;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::{JoseError, base64url, sha256, unbase64url};

/// The RSA key sizes accepted, in bytes of the modulus: 2048 to 8192 bits (RFC 7518 §3.3).
const RSA_BYTES: std::ops::RangeInclusive<usize> = 256..=1024;

/// The members that must not be in a public key: RFC 7518 §6.2.2, §6.3.2, §6.4.1.
const PRIVATE: &[&str] = &["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// A JWK that is being read.
#[derive(Clone, Copy)]
pub(crate) struct Members<'a>(&'a Map<String, Value>);

impl<'a> Members<'a> {
    pub(crate) fn of(value: &'a Value) -> Result<Self, JoseError> {
        Ok(Self(value.as_object().ok_or(JoseError::Malformed)?))
    }

    pub(crate) fn text(self, name: &str) -> Result<Option<&'a str>, JoseError> {
        match self.0.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(JoseError::Malformed),
        }
    }

    pub(crate) fn has(self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub(crate) fn need(self, name: &str) -> Result<&'a str, JoseError> {
        self.text(name)?.ok_or(JoseError::Malformed)
    }

    pub(crate) fn owned(self, name: &str) -> Result<Option<String>, JoseError> {
        Ok(self.text(name)?.map(str::to_owned))
    }

    pub(crate) fn bytes(self, name: &str) -> Result<Zeroizing<Vec<u8>>, JoseError> {
        let text = self.need(name)?;
        match text.len() > 4096 {
            true => Err(JoseError::TooLarge),
            false => unbase64url(text).map(Zeroizing::new),
        }
    }

    /// RFC 7517 §4.2, §4.3: the key's `use` and `key_ops`, where it has them, are among what it is wanted for.
    pub(crate) fn meant_for(self, use_: &str, ops: &[&str]) -> Result<(), JoseError> {
        if self.text("use")?.is_some_and(|own| own != use_) {
            return Err(JoseError::Key);
        }
        let Some(own) = self.0.get("key_ops") else { return Ok(()) };
        let own = own.as_array().ok_or(JoseError::Malformed)?;
        if own.iter().any(|op| !op.is_string()) || own.iter().enumerate().any(|(n, op)| own[..n].contains(op)) {
            return Err(JoseError::Malformed);
        }
        match own.iter().any(|op| ops.iter().any(|wanted| op == wanted)) {
            true => Ok(()),
            false => Err(JoseError::Key),
        }
    }

    /// RFC 7518 §6.3.1. The exponent is odd and at least 3: with 1 everybody signs, and an even one is no RSA key.
    pub(crate) fn rsa(self) -> Result<PublicKeyComponents<Vec<u8>>, JoseError> {
        let (n, e) = (self.bytes("n")?.to_vec(), self.bytes("e")?.to_vec());
        // §2, Base64urlUInt: the fewest octets. One key has one form, so one thumbprint.
        let minimal = |number: &[u8]| number.first().is_some_and(|first| *first != 0);
        let odd = |number: &[u8]| number.last().is_some_and(|last| last % 2 == 1);
        let sound = minimal(&n) && odd(&n) && minimal(&e) && odd(&e) && e != [1];
        match sound && RSA_BYTES.contains(&n.len()) && e.len() <= 8 {
            true => Ok(PublicKeyComponents { n, e }),
            false => Err(JoseError::Key),
        }
    }

    /// RFC 7518 §6.2.1.2: each coordinate is as long as the field. As an uncompressed point.
    pub(crate) fn point(self, size: usize) -> Result<Vec<u8>, JoseError> {
        let (x, y) = (self.bytes("x")?, self.bytes("y")?);
        match x.len() == size && y.len() == size {
            true => Ok([&[4], x.as_slice(), y.as_slice()].concat()),
            false => Err(JoseError::Key),
        }
    }

    /// Whether any member of a private or shared key is there.
    pub(crate) fn is_secret(self) -> bool {
        self.0.get("kty").is_some_and(|kty| kty == "oct") || PRIVATE.iter().any(|name| self.has(name))
    }

    /// RFC 7638 §3.2: the members a key of its kind must have, in lexicographic order. `k` of a shared key is among them.
    pub(crate) fn required(self) -> Result<Map<String, Value>, JoseError> {
        let names: &[&str] = match self.need("kty")? {
            "RSA" => &["e", "kty", "n"],
            "EC" => &["crv", "kty", "x", "y"],
            "OKP" => &["crv", "kty", "x"],
            "oct" => &["k", "kty"],
            _ => return Err(JoseError::Key),
        };
        names.iter().map(|name| Ok(((*name).to_owned(), self.need(name)?.into()))).collect()
    }
}

/// RFC 7638 §3: SHA-256 over the required members alone, base64url. A private key has its public key's thumbprint; that of a
/// shared key tells something about the key (§7), so it is not for publishing.
pub fn thumbprint(jwk: &Value) -> Result<String, JoseError> {
    let required = Members::of(jwk)?.required()?;
    Ok(base64url(sha256(Value::Object(required).to_string().as_bytes())))
}
