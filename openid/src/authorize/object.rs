//! Request objects by value and by reference: OpenID Connect Core §6, RFC 9101.
//!
//! Invariant: nothing inside a signed object is believed before its signature is verified, and an unsigned one is worth no
//! more than plain parameters: it is taken only where the client did not register a signature. What is inside wins over
//! what stands outside, and an object is never a request for another client.

use jose::{JwkSet, JwsAlg};
use serde_json::{Map, Value};

use crate::client::auth::{Fetched, Judged, Keys, NeedKeys};
use crate::client::jose_members::ObjectSigning;
use crate::client::{Client, ClientSecret};
use crate::time::{Span, Time, numeric_date};
use crate::wire::form::Form;
use crate::wire::refusal::{ErrorCode, Refusal, refuse};

/// By how much clocks may differ.
const SKEW: Span = Span::from_seconds(60);

/// `typ` of a request object (RFC 9101 §10.8), and those of tokens in general: older clients say one of them or nothing.
const TYPES: &[&str] = &["oauth-authz-req+jwt", "jwt"];

/// Claims of the JWT itself, which are no parameters (RFC 7519 §4.1).
const CLAIMS: &[&str] = &["iss", "sub", "aud", "exp", "nbf", "iat", "jti"];

/// Where a request carries its object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carried<'a> {
    /// Nowhere: the parameters are the request.
    Nowhere,
    /// In `request`.
    Value(&'a str),
    /// Behind `request_uri`.
    Reference(&'a str),
}

/// Where an object is fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address<'a> {
    /// As the client registered it: what it is kept under.
    pub uri: &'a str,
    /// What is asked for: the same without its fragment (RFC 9110 §7.1).
    pub fetched: &'a str,
}

impl Address<'_> {
    /// Whether the fragment says what the content is: the base64url of its SHA-256 (Core §6.2). Then it may be kept, and need
    /// not be fetched again. A fragment that is something else says nothing, and is no fault.
    pub fn names(&self, content: &[u8]) -> bool {
        self.uri.split_once('#').is_some_and(|(_, fragment)| fragment == jose::base64url(jose::sha256(content)))
    }
}

/// The media types of request objects: their own (RFC 9101 §10.4.1 wants it checked), those of JWTs in general, and what web
/// servers say of a file they know nothing of. Older clients send all of them.
const MEDIA_TYPES: &[&str] = &[
    "application/oauth-authz-req+jwt",
    "application/jwt",
    "application/jose",
    "text/plain",
    "application/octet-stream",
];

/// What was fetched, if it can be a request object: its text, without white space around it.
pub fn fetched(content_type: Option<&str>, content: &[u8]) -> Result<String, Refusal> {
    let essence = content_type.map(|text| text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
    if essence.is_some_and(|essence| !MEDIA_TYPES.contains(&essence.as_str())) {
        return Err(refuse(
            ErrorCode::InvalidRequestUri,
            "object_media_type",
            "what was found at request_uri says that it is no request object",
        ));
    }
    let text = std::str::from_utf8(content).ok().map(str::trim).filter(|text| !text.is_empty());
    text.map(str::to_owned).ok_or_else(unreachable)
}

fn invalid(why: &'static str, say: &'static str) -> Refusal {
    refuse(ErrorCode::InvalidRequestObject, why, say)
}

/// Finds the object. RFC 9101 §5: by value or by reference, not both.
pub fn carried(form: &Form) -> Result<Carried<'_>, Refusal> {
    match (form.get("request"), form.get("request_uri")) {
        (Some(_), Some(_)) => {
            Err(refuse(ErrorCode::InvalidRequest, "object_twice", "request and request_uri must not both be sent"))
        }
        _ if form.repeats("request") || form.repeats("request_uri") => {
            Err(refuse(ErrorCode::InvalidRequest, "object_repeated", "request or request_uri is repeated"))
        }
        (Some(object), None) => Ok(Carried::Value(object)),
        (None, Some(uri)) => Ok(Carried::Reference(uri)),
        (None, None) => Ok(Carried::Nowhere),
    }
}

/// The address to fetch an object from: one that the client registered, letter for letter (OpenID Connect Registration §2).
/// The fragment is for caches and is not sent (Core §6.2).
pub fn address<'a>(uri: &'a str, client: &Client) -> Result<Address<'a>, Refusal> {
    match client.metadata.request_uris.iter().any(|registered| registered == uri) {
        true => Ok(Address { uri, fetched: uri.split_once('#').map_or(uri, |(address, _)| address) }),
        false => Err(refuse(
            ErrorCode::InvalidRequestUri,
            "object_uri_unregistered",
            "this request_uri is not registered for this client",
        )),
    }
}

/// What is answered when an object cannot be fetched.
pub fn unreachable() -> Refusal {
    refuse(ErrorCode::InvalidRequestUri, "object_unreachable", "no request object was found at request_uri")
}

/// What is answered when an object is encrypted and cannot be opened.
pub fn unopened() -> Refusal {
    invalid("object_unopened", "the request object could not be decrypted")
}

/// Rules on an object, decrypted if it was encrypted.
pub fn judge(
    object: &str,
    outer: &Form,
    client: &Client,
    keys: &Keys<'_>,
    (issuer, now): (&str, Time),
) -> Judged<Form> {
    let claims = match verify(object, client, keys) {
        Ok(claims) => claims,
        Err(Unverified::Need(need)) => return Judged::Need(need),
        Err(Unverified::No(refusal)) => return Judged::No(refusal),
    };
    let merged = judge_claims(&claims, outer, client, (issuer, now)).and_then(|()| merge(outer, &claims));
    match merged {
        Ok(form) => Judged::Is(form),
        Err(refusal) => Judged::No(refusal),
    }
}

fn unverifiable() -> Refusal {
    invalid("object_signature", "the signature of the request object cannot be verified")
}

enum Unverified {
    Need(NeedKeys),
    No(Refusal),
}

fn verify(object: &str, client: &Client, keys: &Keys<'_>) -> Result<Map<String, Value>, Unverified> {
    let no = |why, say| Unverified::No(invalid(why, say));
    let header = jose::peek(object).map_err(|_| no("object_malformed", "the request object is not a JWT"))?;
    let header = header.unverified();
    if header.typ.as_ref().is_some_and(|typ| !TYPES.contains(&typ.to_ascii_lowercase().as_str())) {
        return Err(no("object_type", "the typ of the request object says that it is something else"));
    }
    let signing = client.metadata.request_object_signing;
    if header.alg == "none" {
        // Core §6.1: whoever can write the address can write it, as they can plain parameters. Registration §2,
        // request_object_signing_alg: what it names is a must; without it any algorithm of ours will do, `none` among them.
        let plain = object.ends_with('.').then(|| jose::peek_claims(object).ok()).flatten();
        return match (signing, plain) {
            (Some(ObjectSigning::Unsigned) | None, Some(claims)) => Ok(claims.unverified().clone()),
            _ => Err(no("object_unsigned", "the request object must be signed")),
        };
    }
    let algs: Vec<JwsAlg> = match signing {
        Some(ObjectSigning::Signed(alg)) => vec![alg],
        Some(ObjectSigning::Unsigned) => return Err(no("object_signed", "this client registered not to sign")),
        None => JwsAlg::ALL.iter().copied().filter(|alg| !alg.is_symmetric()).collect(),
    };
    let with = |set: &JwkSet| jose::verify(object, set, &algs).and_then(|verified| verified.claims()).ok();
    let (verified, uri) = match (algs.first(), &client.secret) {
        (Some(alg), ClientSecret::Known(secret)) if alg.is_symmetric() => {
            (JwkSet::from_secret(secret.as_bytes()).ok().as_ref().and_then(with), None)
        }
        _ => {
            let set = client.metadata.jwks.as_ref().or(keys.jwks);
            (set.and_then(with), client.metadata.jwks_uri.as_ref())
        }
    };
    match (verified, uri) {
        (Some(claims), _) => Ok(claims),
        // The client may have new keys (Core §10.1.1).
        (None, Some(uri)) if keys.fetched == Fetched::Before => {
            Err(Unverified::Need(NeedKeys { uri: uri.clone(), kid: header.kid.clone(), otherwise: unverifiable() }))
        }
        (None, _) => Err(Unverified::No(unverifiable())),
    }
}

/// Core §6.1, RFC 9101 §4 and §10: whose object it is, for whom, and until when.
fn judge_claims(
    claims: &Map<String, Value>,
    outer: &Form,
    client: &Client,
    (issuer, now): (&str, Time),
) -> Result<(), Refusal> {
    let is = |name: &str, want: &str| claims.get(name).is_none_or(|value| value == want);
    if !is("iss", client.id.as_str()) || !is("client_id", client.id.as_str()) {
        return Err(invalid("object_of_another", "the request object is of another client"));
    }
    // RFC 9101 §10.8 (d): what authenticates a client must not pass for a request, and the other way round.
    if claims.get("sub").is_some_and(|sub| sub == client.id.as_str()) {
        return Err(invalid("object_is_assertion", "the sub of the request object must not be the client_id"));
    }
    let for_us = match claims.get("aud") {
        None => true,
        Some(Value::Array(all)) => all.iter().any(|aud| aud == issuer),
        Some(aud) => aud == issuer,
    };
    if !for_us {
        return Err(invalid("object_audience", "the request object is not for this server"));
    }
    if claims.contains_key("request") || claims.contains_key("request_uri") {
        return Err(invalid("object_nested", "a request object must not carry another"));
    }
    // Core §6.1: what OAuth syntax demands outside must be the same inside.
    if let (Some(inner), Some(outer)) = (claims.get("response_type"), outer.get("response_type"))
        && inner != outer
    {
        return Err(invalid("object_response_type", "response_type differs inside and outside the request object"));
    }
    let date = |name: &str| match claims.get(name) {
        None => Ok(None),
        Some(value) => match numeric_date(value) {
            Some(date) => Ok(Some(date)),
            None => Err(invalid("object_date", "a date of the request object is not a number of seconds")),
        },
    };
    if date("exp")?.is_some_and(|end| end + SKEW <= now) {
        return Err(invalid("object_expired", "the request object has expired"));
    }
    if date("nbf")?.is_some_and(|begin| now + SKEW < begin) {
        return Err(invalid("object_not_yet", "the request object is not valid yet"));
    }
    Ok(())
}

/// The parameters: those inside, and of those outside what is not inside (Core §6.1).
fn merge(outer: &Form, claims: &Map<String, Value>) -> Result<Form, Refusal> {
    let mut pairs: Vec<(String, String)> = Vec::new();
    for (name, value) in claims.iter().filter(|(name, _)| !CLAIMS.contains(&name.as_str())) {
        for value in texts(value)? {
            if value.contains('\0') {
                return Err(invalid("object_nul", "a parameter of the request object holds a NUL character"));
            }
            pairs.push((name.clone(), value));
        }
    }
    let outside = outer
        .pairs()
        .iter()
        .filter(|(name, _)| !claims.contains_key(name) && !matches!(name.as_str(), "request" | "request_uri"));
    pairs.extend(outside.cloned());
    pairs.retain(|(_, value)| !value.is_empty());
    match pairs.len() <= MOST_PARAMETERS {
        true => Ok(Form::from_pairs(pairs)),
        false => Err(invalid("object_too_many", "the request object has too many parameters")),
    }
}

const MOST_PARAMETERS: usize = 100;

/// A member as the values its parameter would have: numbers and booleans as text, objects as JSON text, arrays of texts as
/// that many (`resource`).
fn texts(value: &Value) -> Result<Vec<String>, Refusal> {
    match value {
        Value::Null => Ok(Vec::new()),
        Value::String(text) => Ok(vec![text.clone()]),
        Value::Number(_) | Value::Bool(_) | Value::Object(_) => Ok(vec![value.to_string()]),
        Value::Array(all) => all
            .iter()
            .map(|one| match one {
                Value::String(text) => Ok(text.clone()),
                _ => Err(invalid("object_member", "a member of the request object is of no kind a parameter can have")),
            })
            .collect(),
    }
}
