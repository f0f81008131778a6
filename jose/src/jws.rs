//! Compact JSON Web Signatures: RFC 7515 §3.1, §5.
//!
//! Invariant: [`Verified`] is made by [`verify`] alone; what was only looked at is [`Unverified`] and says so.

use serde_json::{Map, Value};

use crate::header::{Header, LARGEST_HEADER};
use crate::strict::object;
use crate::{JoseError, Jwk, JwkSet, JwsAlg, Signer, base64url, unbase64url};

/// The largest token anybody may present, in bytes.
const LARGEST: usize = 64 * 1024;

/// The most keys tried for one token.
const MOST_TRIED: usize = 8;

/// Something that was read and not verified. It may choose a key; it may decide nothing.
#[derive(Clone, Debug)]
pub struct Unverified<T>(T);

impl<T> Unverified<T> {
    /// What a stranger says.
    pub fn unverified(&self) -> &T {
        &self.0
    }
}

/// A token whose signature was verified.
#[derive(Clone, Debug)]
pub struct Verified {
    header: Header,
    payload: Vec<u8>,
}

impl Verified {
    /// The header.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// What was signed.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The payload as claims: a JSON object without repeated members (RFC 7519 §4).
    pub fn claims(&self) -> Result<Map<String, Value>, JoseError> {
        object(&self.payload)
    }
}

/// Signs: compact serialization with `alg`, `kid` and, if given, `typ`.
pub fn sign(signer: &dyn Signer, typ: Option<&str>, payload: &[u8]) -> Result<String, JoseError> {
    let mut header = Map::new();
    header.insert("alg".into(), signer.alg().as_str().into());
    if let Some(kid) = signer.kid() {
        header.insert("kid".into(), kid.into());
    }
    if let Some(typ) = typ {
        header.insert("typ".into(), typ.into());
    }
    let input = format!("{}.{}", base64url(Value::Object(header).to_string()), base64url(payload));
    let signature = signer.sign(input.as_bytes())?;
    Ok(format!("{input}.{}", base64url(signature)))
}

struct Parts<'a> {
    header: Header,
    payload: Vec<u8>,
    input: &'a str,
    signature: Vec<u8>,
}

fn split(token: &str) -> Result<Parts<'_>, JoseError> {
    if token.len() > LARGEST {
        return Err(JoseError::TooLarge);
    }
    let (input, signature) = token.rsplit_once('.').ok_or(JoseError::Malformed)?;
    let (header, payload) = input.split_once('.').ok_or(JoseError::Malformed)?;
    if payload.contains('.') || header.len() > LARGEST_HEADER {
        return Err(JoseError::Malformed);
    }
    let members = object(&unbase64url(header)?)?;
    let header = Header::read(&members)?;
    Ok(Parts { header, payload: unbase64url(payload)?, input, signature: unbase64url(signature)? })
}

/// The header of a token, to choose keys by.
pub fn peek(token: &str) -> Result<Unverified<Header>, JoseError> {
    Ok(Unverified(split(token)?.header))
}

/// The claims of a token, to find out whose keys to look for.
pub fn peek_claims(token: &str) -> Result<Unverified<Map<String, Value>>, JoseError> {
    Ok(Unverified(object(&split(token)?.payload)?))
}

/// Verifies a token with one of the keys, under one of the allowed algorithms.
///
/// With a `kid`, keys of that name are tried, or those without any if none has it (clients may publish keys without one);
/// without, every key that fits the algorithm, up to eight.
pub fn verify(token: &str, keys: &JwkSet, allow: &[JwsAlg]) -> Result<Verified, JoseError> {
    let parts = split(token)?;
    let alg = allow.iter().copied().find(|alg| alg.is_named(&parts.header.alg)).ok_or(JoseError::Algorithm)?;
    let mut result = JoseError::NoKey;
    let kid = parts.header.kid.clone();
    for key in choose(keys, kid.as_deref()).filter(|key| key.fits(alg)).take(MOST_TRIED) {
        match key.verify(alg, parts.input.as_bytes(), &parts.signature) {
            Ok(()) => return Ok(Verified { header: parts.header, payload: parts.payload }),
            Err(JoseError::Signature) => result = JoseError::Signature,
            Err(_) => {}
        }
    }
    Err(result)
}

fn choose<'a>(keys: &'a JwkSet, kid: Option<&'a str>) -> impl Iterator<Item = &'a Jwk> {
    let named = kid.is_some_and(|kid| keys.keys().iter().any(|key| key.kid() == Some(kid)));
    keys.keys().iter().filter(move |key| match (kid, named) {
        (None, _) => true,
        (Some(kid), true) => key.kid() == Some(kid),
        (Some(_), false) => key.kid().is_none(),
    })
}
