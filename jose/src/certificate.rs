//! Certificates as far as somebody is known by one: RFC 5280 §4.1, §4.2.1.6; the key in one as a JWK has it (RFC 7517 §4.7).
//!
//! Invariant: what is read here is what a certificate says of itself. Whether anybody stands behind that is for whoever
//! verifies chains; who holds its key, for whoever shook hands.

mod name;

use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use x509_cert::der::asn1::{ObjectIdentifier, UintRef};
use x509_cert::der::{Decode, Reader, SliceReader};
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::spki::SubjectPublicKeyInfoOwned;

use crate::{JoseError, base64url, sha256, thumbprint, unbase64url};

pub use name::DistinguishedName;

/// Larger than any honest certificate.
const LARGEST: usize = 32 * 1024;

/// A certificate that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    digest: [u8; 32],
    subject: DistinguishedName,
    names: AlternativeNames,
    key: Option<String>,
    not_before: i64,
    not_after: i64,
}

/// What else its subject is called: RFC 5280 §4.2.1.6.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AlternativeNames {
    /// `dNSName`.
    pub dns: Vec<String>,
    /// `uniformResourceIdentifier`.
    pub uri: Vec<String>,
    /// `iPAddress`.
    pub ip: Vec<IpAddr>,
    /// `rfc822Name`.
    pub email: Vec<String>,
}

impl Certificate {
    /// Reads one, DER.
    pub fn read(der: &[u8]) -> Result<Self, JoseError> {
        if der.len() > LARGEST {
            return Err(JoseError::TooLarge);
        }
        let read = x509_cert::Certificate::from_der(der).map_err(|_| JoseError::Malformed)?.tbs_certificate;
        let names = read.get::<SubjectAltName>().map_err(|_| JoseError::Malformed)?;
        let seconds = |time: x509_cert::time::Time| i64::try_from(time.to_unix_duration().as_secs());
        let (Ok(not_before), Ok(not_after)) = (seconds(read.validity.not_before), seconds(read.validity.not_after))
        else {
            return Err(JoseError::Malformed);
        };
        Ok(Self {
            digest: sha256(der),
            subject: DistinguishedName::of(&read.subject),
            names: names.map(|(_, names)| alternative(&names.0)).unwrap_or_default(),
            key: public_key(&read.subject_public_key_info).and_then(|jwk| thumbprint(&jwk).ok()),
            not_before,
            not_after,
        })
    }

    /// SHA-256 of all of it.
    pub fn digest(&self) -> &[u8; 32] {
        &self.digest
    }

    /// Whose it is.
    pub fn subject(&self) -> &DistinguishedName {
        &self.subject
    }

    /// What else they are called.
    pub fn names(&self) -> &AlternativeNames {
        &self.names
    }

    /// The thumbprint (RFC 7638) of the key in it, if it is of a kind that JWKs have.
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// Whether it is good at this second since 1970: RFC 5280 §4.1.2.5, both ends included.
    pub fn is_valid_at(&self, seconds: i64) -> bool {
        (self.not_before..=self.not_after).contains(&seconds)
    }
}

fn alternative(names: &[GeneralName]) -> AlternativeNames {
    let mut all = AlternativeNames::default();
    for name in names {
        match name {
            GeneralName::DnsName(text) => all.dns.push(text.as_str().to_owned()),
            GeneralName::UniformResourceIdentifier(text) => all.uri.push(text.as_str().to_owned()),
            GeneralName::Rfc822Name(text) => all.email.push(text.as_str().to_owned()),
            GeneralName::IpAddress(octets) => all.ip.extend(address(octets.as_bytes())),
            _ => {}
        }
    }
    all
}

/// RFC 5280 §4.2.1.6: four octets, or sixteen.
fn address(octets: &[u8]) -> Option<IpAddr> {
    let four = <[u8; 4]>::try_from(octets).map(IpAddr::from);
    four.or_else(|_| <[u8; 16]>::try_from(octets).map(IpAddr::from)).ok()
}

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const CURVES: [(ObjectIdentifier, &str, usize); 3] = [
    (ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7"), "P-256", 32),
    (ObjectIdentifier::new_unwrap("1.3.132.0.34"), "P-384", 48),
    (ObjectIdentifier::new_unwrap("1.3.132.0.35"), "P-521", 66),
];

/// The key as a JWK has it: RFC 3279 §2.3.1 and RFC 5480 §2.1 on one side, RFC 7518 §6 and RFC 8037 §2 on the other.
fn public_key(info: &SubjectPublicKeyInfoOwned) -> Option<Value> {
    let bytes = info.subject_public_key.as_bytes()?;
    match info.algorithm.oid {
        RSA => {
            let mut reader = SliceReader::new(bytes).ok()?;
            let (n, e) = reader.sequence(|inside| Ok((UintRef::decode(inside)?, UintRef::decode(inside)?))).ok()?;
            reader.finish(()).ok()?;
            Some(json!({"kty": "RSA", "n": base64url(n.as_bytes()), "e": base64url(e.as_bytes())}))
        }
        EC => {
            let curve: ObjectIdentifier = info.algorithm.parameters.as_ref()?.decode_as().ok()?;
            let (_, crv, size) = CURVES.iter().find(|(oid, ..)| *oid == curve)?;
            let point = bytes.strip_prefix(&[4]).filter(|point| point.len() == 2 * size)?;
            let (x, y) = point.split_at(*size);
            Some(json!({"kty": "EC", "crv": crv, "x": base64url(x), "y": base64url(y)}))
        }
        ED25519 if bytes.len() == 32 => Some(json!({"kty": "OKP", "crv": "Ed25519", "x": base64url(bytes)})),
        _ => None,
    }
}

/// The digest of the certificate that goes with a JWK: the first of its `x5c` (RFC 7517 §4.7), which must hold the same key, or
/// else what `x5t#S256` says (§4.9). One that does not fit is none.
pub(crate) fn of_jwk(jwk: &Value, key: &str) -> Option<[u8; 32]> {
    if let Some(chain) = jwk.get("x5c") {
        let der = STANDARD.decode(chain.get(0)?.as_str().filter(|text| text.len() <= 2 * LARGEST)?).ok()?;
        return Certificate::read(&der).ok().filter(|read| read.key() == Some(key)).map(|read| read.digest);
    }
    unbase64url(jwk.get("x5t#S256")?.as_str()?).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests;
