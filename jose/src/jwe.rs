//! Compact JSON Web Encryption: RFC 7516 §3.1, §5.
//!
//! Invariant: [`Decrypted`] is made by [`decrypt`] alone, and every token that cannot be decrypted fails in the same way.

mod agree;
mod content;
mod manage;
mod own;
mod recipient;
mod wrap;

use serde_json::{Map, Value};

use self::content::Sealed;
use self::manage::Params;
pub use self::own::{DecryptionKey, DecryptionKind};
pub use self::recipient::EncryptionKey;
use crate::header::{Header, LARGEST_HEADER};
use crate::strict::object;
use crate::{JoseError, JweAlg, JweEnc, base64url, unbase64url};

/// The largest content: a signed token of the largest size can be nested.
const LARGEST_PLAINTEXT: usize = 64 * 1024;

/// The largest token: that in base64url, with header and key.
const LARGEST: usize = 100 * 1024;

/// The most keys tried for one token.
const MOST_TRIED: usize = 8;

/// What surrounds the content.
#[derive(Clone, Copy, Debug)]
pub struct Envelope<'a> {
    /// How the content key is sent.
    pub alg: JweAlg,
    /// How the content is encrypted.
    pub enc: JweEnc,
    /// `typ`.
    pub typ: Option<&'a str>,
    /// `cty`; `JWT` for a nested token (RFC 7519 §5.2).
    pub cty: Option<&'a str>,
    /// Claims of which `iss`, `sub` and `aud` are repeated in the header (RFC 7519 §5.3), for all to read.
    pub repeated: Option<&'a Map<String, Value>>,
}

impl Envelope<'_> {
    /// For content that is not a token.
    pub fn new(alg: JweAlg, enc: JweEnc) -> Self {
        Self { alg, enc, typ: None, cty: None, repeated: None }
    }

    /// For a signed token.
    pub fn of_jwt(alg: JweAlg, enc: JweEnc) -> Self {
        Self { cty: Some("JWT"), ..Self::new(alg, enc) }
    }
}

/// What was encrypted to us. Who encrypted it is not known, unless the secret was shared: anybody can encrypt to a public
/// key, so a nested token has still to be verified.
#[derive(Clone, Debug)]
pub struct Decrypted {
    header: Header,
    enc: JweEnc,
    plaintext: Vec<u8>,
}

impl Decrypted {
    /// The header.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// How the content was encrypted.
    pub fn enc(&self) -> JweEnc {
        self.enc
    }

    /// The content.
    pub fn plaintext(&self) -> &[u8] {
        &self.plaintext
    }

    /// The content as the compact token it should be.
    pub fn token(&self) -> Result<&str, JoseError> {
        str::from_utf8(&self.plaintext).map_err(|_| JoseError::Malformed)
    }
}

/// Whether this has the five parts of a compact JWE and not the three of a JWS (RFC 7516 §9).
pub fn is_encrypted(token: &str) -> bool {
    token.bytes().filter(|byte| *byte == b'.').take(5).count() == 4
}

/// Encrypts: compact serialization with `alg`, `enc`, the key's `kid`, and what the envelope has.
pub fn encrypt(key: &EncryptionKey, envelope: &Envelope<'_>, plaintext: &[u8]) -> Result<String, JoseError> {
    let Envelope { alg, enc, typ, cty, repeated } = *envelope;
    if plaintext.len() > LARGEST_PLAINTEXT {
        return Err(JoseError::TooLarge);
    }
    if !key.fits(alg, enc) {
        return Err(JoseError::NoKey);
    }
    let mut header = Map::new();
    header.insert("alg".into(), alg.as_str().into());
    header.insert("enc".into(), enc.as_str().into());
    for (name, text) in [("kid", key.kid()), ("typ", typ), ("cty", cty)] {
        if let Some(text) = text {
            header.insert(name.into(), text.into());
        }
    }
    for name in ["iss", "sub", "aud"] {
        if let Some(claim) = repeated.and_then(|claims| claims.get(name)) {
            header.insert(name.into(), claim.clone());
        }
    }
    let (content_key, sent) = manage::deliver(key, alg, enc, &mut header)?;
    let aad = base64url(Value::Object(header).to_string());
    if aad.len() > LARGEST_HEADER {
        return Err(JoseError::TooLarge);
    }
    let Sealed { iv, ciphertext, tag } = content::seal(enc, &content_key, aad.as_bytes(), plaintext)?;
    let rest = [sent, iv, ciphertext, tag].map(base64url).join(".");
    Ok(format!("{aad}.{rest}"))
}

struct Parts<'a> {
    aad: &'a str,
    members: Map<String, Value>,
    sent: Vec<u8>,
    sealed: Sealed,
}

fn split(token: &str) -> Result<Parts<'_>, JoseError> {
    if token.len() > LARGEST {
        return Err(JoseError::TooLarge);
    }
    let mut parts = token.split('.');
    let mut next = || parts.next().ok_or(JoseError::Malformed);
    let (aad, sent, iv, ciphertext, tag) = (next()?, next()?, next()?, next()?, next()?);
    if parts.next().is_some() || aad.len() > LARGEST_HEADER {
        return Err(JoseError::Malformed);
    }
    let members = object(&unbase64url(aad)?)?;
    let sealed = Sealed { iv: unbase64url(iv)?, ciphertext: unbase64url(ciphertext)?, tag: unbase64url(tag)? };
    Ok(Parts { aad, members, sent: unbase64url(sent)?, sealed })
}

/// Decrypts a token with one of the keys, under one of the allowed algorithms of both kinds.
///
/// With a `kid`, keys of that name are tried, or those without any if none has it; without, every key that fits, up to eight.
pub fn decrypt(token: &str, keys: &[&DecryptionKey], algs: &[JweAlg], encs: &[JweEnc]) -> Result<Decrypted, JoseError> {
    let Parts { aad, members, sent, sealed } = split(token)?;
    let header = Header::read(&members)?;
    let alg = algs.iter().copied().find(|alg| alg.as_str() == header.alg).ok_or(JoseError::Algorithm)?;
    let enc = members.get("enc").and_then(Value::as_str).ok_or(JoseError::Malformed)?;
    let enc = encs.iter().copied().find(|known| known.as_str() == enc).ok_or(JoseError::Algorithm)?;
    let params = Params::read(&members)?;
    let named = header.kid.as_deref().filter(|kid| keys.iter().any(|key| key.kid() == Some(kid)));
    let called = |key: &DecryptionKey| header.kid.is_none() || key.kid() == named;
    let mut result = JoseError::NoKey;
    for key in keys.iter().filter(|key| called(key) && key.fits(alg, enc)).take(MOST_TRIED) {
        let content_key = manage::receive(key, alg, enc, &params, &sent)?;
        match content::open(enc, &content_key, aad.as_bytes(), &sealed) {
            Ok(plaintext) => return Ok(Decrypted { header, enc, plaintext }),
            Err(_) => result = JoseError::Decryption,
        }
    }
    Err(result)
}
