//! Demonstrating Proof of Possession: RFC 9449.
//!
//! Invariant: a [`Proven`] is made by [`judge`] alone, by a proof whose signature was verified with the key inside it; it says who
//! holds that key, and nothing else in it was believed.

use jose::{JwkSet, JwsAlg};
use serde_json::{Value, json};
use url::Url;

use crate::client::Client;
use crate::client::metadata::DpopBinding;
use crate::client::policy::DpopNonces;
use crate::time::{Span, Time, numeric_date};
use crate::wire::refusal::{ErrorCode, Refusal, refuse};

/// `typ` of a proof (§4.2).
pub const TYP: &str = "dpop+jwt";

/// By how much a proof may be older or younger than we are: what clocks differ by, as everywhere here (§11.1, decision 0022).
const WINDOW: Span = Span::from_seconds(60);

/// The longest proof and the longest `jti`.
const LONGEST: usize = 8 * 1024;
const LONGEST_JTI: usize = 512;

/// How long a nonce of ours is good, and from what age on another is sent along (§8.2).
const NONCE_LIFE: Span = Span::from_minutes(5);
const NONCE_STALE: Span = Span::from_minutes(2);

/// The algorithms of proofs, under every name we take them by: `dpop_signing_alg_values_supported` (§5.1).
pub fn algs() -> impl Iterator<Item = &'static str> {
    allowed().flat_map(|alg| [Some(alg.as_str()), alg.second_name()]).flatten()
}

/// §4.2: `none` and symmetric ones must not be used.
fn allowed() -> impl Iterator<Item = JwsAlg> {
    JwsAlg::ALL.iter().copied().filter(|alg| !alg.is_symmetric())
}

/// A key by its thumbprint (RFC 7638, SHA-256): `jkt`, `dpop_jkt`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jkt(String);

impl Jkt {
    /// Reads one, sent or stored: the 43 characters of a SHA-256.
    pub fn read(text: &str) -> Option<Self> {
        let legal = text.len() == 43 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        legal.then(|| Self(text.to_owned()))
    }

    /// Reads `dpop_jkt` (§10).
    pub fn of_request(text: Option<&str>) -> Result<Option<Self>, Refusal> {
        let malformed = || {
            refuse(ErrorCode::InvalidRequest, "dpop_jkt_malformed", "dpop_jkt must be the SHA-256 thumbprint of a key")
        };
        text.map(|text| Self::read(text).ok_or_else(malformed)).transpose()
    }

    /// As it is spelt.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `cnf` (§6).
    pub fn cnf(&self) -> Value {
        json!({ "jkt": self.0 })
    }
}

/// The request a proof is attached to.
#[derive(Clone, Copy, Debug)]
pub struct Attached<'a> {
    /// Its method.
    pub method: &'a str,
    /// The address of the endpoint, without a query.
    pub uri: &'a str,
    /// The access token beside it, at a resource (§7).
    pub access_token: Option<&'a str>,
}

/// Somebody holds a key, and has just shown it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proven {
    jkt: Jkt,
    jti: String,
    nonce: Option<String>,
    over: Time,
}

impl Proven {
    /// The key.
    pub fn jkt(&self) -> &Jkt {
        &self.jkt
    }

    /// What must be seen once (§11.1).
    pub fn jti(&self) -> &str {
        &self.jti
    }

    /// Until when: then the proof is too old anyway.
    pub fn over(&self) -> Time {
        self.over
    }

    /// `nonce`, whoever made it.
    pub fn nonce(&self) -> Option<&str> {
        self.nonce.as_deref()
    }
}

fn invalid(why: &'static str, say: &'static str) -> Refusal {
    refuse(ErrorCode::InvalidDpopProof, why, say)
}

/// Finds the proof of a request: one header field, if any (§4.3 item 1).
pub fn one<'a>(mut fields: impl Iterator<Item = Option<&'a str>>) -> Result<Option<&'a str>, Refusal> {
    match (fields.next(), fields.next()) {
        (None, _) => Ok(None),
        (Some(Some(proof)), None) => Ok(Some(proof)),
        (Some(None), None) => Err(invalid("dpop_not_text", "the DPoP field is malformed")),
        (Some(_), Some(_)) => Err(invalid("dpop_repeated", "there must be one DPoP field")),
    }
}

/// Rules on a proof: §4.3. What is said of its nonce is said by [`judge_nonce`], and whether it was seen before is the store's.
pub fn judge(proof: &str, attached: &Attached<'_>, now: Time) -> Result<Proven, Refusal> {
    if proof.len() > LONGEST {
        return Err(invalid("dpop_long", "the DPoP proof is too long"));
    }
    let malformed = |_| invalid("dpop_malformed", "the DPoP proof is not a JWT");
    let header = jose::peek(proof).map_err(malformed)?;
    let header = header.unverified();
    if !header.typ.as_ref().is_some_and(|typ| typ.eq_ignore_ascii_case(TYP)) {
        return Err(invalid("dpop_typ", "the typ of a DPoP proof must be dpop+jwt"));
    }
    let jwk = header.jwk.as_ref().ok_or_else(|| invalid("dpop_keyless", "the DPoP proof has no jwk in its header"))?;
    let set = JwkSet::read_public(&json!({ "keys": [jwk] }))
        .map_err(|_| invalid("dpop_key_private", "the jwk of the DPoP proof must be a public key"))?;
    let [key] = set.keys() else {
        return Err(invalid("dpop_key", "the jwk of the DPoP proof is of no known kind, or too weak"));
    };
    let algs: Vec<JwsAlg> = allowed().collect();
    let verified = jose::verify(proof, &set, &algs)
        .map_err(|_| invalid("dpop_signature", "the signature of the DPoP proof cannot be verified"))?;
    let claims = verified.claims().map_err(malformed)?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if text("htm") != Some(attached.method) {
        return Err(invalid("dpop_htm", "the htm of the DPoP proof is not the method of this request"));
    }
    if !text("htu").is_some_and(|htu| is_at(htu, attached.uri)) {
        return Err(invalid("dpop_htu", "the htu of the DPoP proof is not the address of this request"));
    }
    let ath = attached.access_token.map(|token| jose::base64url(jose::sha256(token.as_bytes())));
    if ath.is_some() && text("ath") != ath.as_deref() {
        return Err(invalid("dpop_ath", "the ath of the DPoP proof is not that of the access token"));
    }
    let made = claims.get("iat").and_then(numeric_date);
    let made = made.ok_or_else(|| invalid("dpop_iat_missing", "the DPoP proof has no iat"))?;
    if made + WINDOW < now || now + WINDOW < made {
        return Err(invalid("dpop_iat", "the DPoP proof is too old, or from the future"));
    }
    let nonce = match claims.get("nonce") {
        None => None,
        Some(Value::String(nonce)) => Some(nonce.clone()),
        Some(_) => return Err(invalid("dpop_nonce_odd", "the nonce of the DPoP proof is not a string")),
    };
    let jti = text("jti").filter(|jti| !jti.is_empty() && jti.len() <= LONGEST_JTI);
    let jti = jti.ok_or_else(|| invalid("dpop_jti", "the DPoP proof has no jti, or too long a one"))?;
    Ok(Proven { jkt: Jkt(key.thumbprint().to_owned()), jti: jti.to_owned(), nonce, over: made + WINDOW })
}

/// §4.3 item 9: the same address, any query and fragment ignored, after the normalizations of RFC 3986 §6.2.2 and §6.2.3.
fn is_at(htu: &str, uri: &str) -> bool {
    let normal = |text: &str| {
        let mut url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
        url.set_query(None);
        url.set_fragment(None);
        let path = plain(url.path());
        Some((url.origin(), url.username().to_owned(), url.password().map(str::to_owned), path))
    };
    normal(htu).is_some_and(|htu| normal(uri).is_some_and(|uri| htu == uri))
}

/// A path whose unreserved characters stand for themselves, and whose other octets are written in capitals (RFC 3986 §6.2.2).
fn plain(path: &str) -> String {
    let mut plain = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('%') {
        plain.push_str(before);
        let octet = after.get(..2).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match octet {
            Some(octet) if octet.is_ascii_alphanumeric() || b"-._~".contains(&octet) => plain.push(char::from(octet)),
            Some(_) => {
                plain.push('%');
                plain.push_str(&after[..2].to_ascii_uppercase());
            }
            None => plain.push('%'),
        }
        rest = if octet.is_some() { &after[2..] } else { after };
    }
    plain.push_str(rest);
    plain
}

/// How old the nonce of a proof is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nonce {
    /// It needs none, or has a young one.
    Fresh,
    /// Its time is soon over: another is sent along.
    Stale,
}

/// Rules on the nonce of a proof: §8 and §9. `made` says when we made it, if it is ours.
pub fn judge_nonce(wanted: DpopNonces, made: Option<Time>, now: Time) -> Result<Nonce, Refusal> {
    match (wanted, made) {
        (DpopNonces::Unasked, _) => Ok(Nonce::Fresh),
        // Another node made it, whose clock may be ahead of ours.
        (DpopNonces::Required, Some(made)) if now < made + NONCE_LIFE && made <= now + WINDOW => {
            Ok(if now < made + NONCE_STALE { Nonce::Fresh } else { Nonce::Stale })
        }
        (DpopNonces::Required, _) => Err(refuse(
            ErrorCode::UseDpopNonce,
            "dpop_nonce",
            "the DPoP proof needs the nonce that comes with this answer",
        )),
    }
}

/// Whether a client may ask for an access token that is bound to nothing (§5.2).
pub fn admit(client: &Client, proof: Option<&Proven>) -> Result<(), Refusal> {
    match (client.metadata.dpop, proof) {
        (DpopBinding::Required, None) => Err(invalid("dpop_required", "this client must send a DPoP proof")),
        (DpopBinding::Optional, _) | (DpopBinding::Required, Some(_)) => Ok(()),
    }
}

/// Whether a code or a refresh token is in the hands of who holds the key it is bound to (§5, §10).
pub fn same_key(bound: Option<&Jkt>, proof: Option<&Proven>) -> Result<(), Refusal> {
    match (bound, proof) {
        (None, _) => Ok(()),
        (Some(_), None) => Err(invalid("dpop_absent", "what is presented is bound to a key: a DPoP proof is needed")),
        (Some(bound), Some(proof)) if *bound == proof.jkt => Ok(()),
        (Some(_), Some(_)) => Err(refuse(
            ErrorCode::InvalidGrant,
            "dpop_other_key",
            "what is presented is bound to another key than that of the DPoP proof",
        )),
    }
}

/// How an access token was presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// RFC 6750.
    Bearer,
    /// §7.1.
    Dpop,
}

/// There is a token by the scheme, and no proof (§7.1).
pub fn proofless() -> Refusal {
    invalid("dpop_proofless", "the access token must come with a DPoP proof")
}
