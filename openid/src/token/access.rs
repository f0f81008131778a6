//! Access tokens as JWTs: RFC 9068.
//!
//! Invariant: a JWT is found again by its `jti`, through a digest that nothing presented as an opaque token has; what ended
//! is asked of the row, never of the JWT.

use serde_json::{Map, Value, json};

use crate::name::Digest;
use crate::time::Time;
use crate::token::issue::{Ground, Issue};

/// `typ` of these JWTs (§2.1): what keeps them from passing for ID Tokens, and the other way round (§5).
pub const TYP: &str = "at+jwt";

/// What a JWT says besides what is issued.
#[derive(Clone, Copy, Debug)]
pub struct JwtFacts<'a> {
    /// `iss`.
    pub issuer: &'a str,
    /// `jti`.
    pub jti: &'a str,
    /// `iat`.
    pub now: Time,
}

/// The claims of §2.2. There is no `sid`: it is one client's name for its stay, and nobody tells a resource server of an
/// ending, so it would promise what is not kept (`resource-servers.md`).
pub fn claims(issue: &Issue, facts: &JwtFacts<'_>) -> Map<String, Value> {
    let grant = issue.ground.grant();
    let mut claims = Map::new();
    claims.insert("iss".into(), json!(facts.issuer));
    // §2.2: without a person, `sub` is the client.
    claims.insert("sub".into(), json!(grant.map_or(issue.client.as_str(), |grant| grant.sub.as_str())));
    // §3: what `resource` named, one as a string (RFC 7519 §4.1.3).
    let audience = match issue.access.resources.as_slice() {
        [one] => json!(one),
        several => json!(several),
    };
    claims.insert("aud".into(), audience);
    claims.insert("client_id".into(), json!(issue.client.as_str()));
    claims.insert("exp".into(), json!(issue.access.expires_at.seconds()));
    claims.insert("iat".into(), json!(facts.now.seconds()));
    claims.insert("jti".into(), json!(facts.jti));
    // RFC 9449 §6.1, RFC 8705 §3.1.
    if let Some(bound) = &issue.access.cnf {
        claims.insert("cnf".into(), bound.cnf());
    }
    // §2.2.3.
    if !issue.access.scope.is_empty() {
        claims.insert("scope".into(), json!(issue.access.scope.to_string()));
    }
    // §2.2.1: of the sign-in it rests on, however often it was refreshed.
    if let Some(grant) = grant {
        claims.insert("auth_time".into(), json!(grant.auth_time.seconds()));
        if let Some(acr) = grant.acr.as_deref().filter(|acr| !acr.is_empty()) {
            claims.insert("acr".into(), json!(acr));
        }
        if !grant.amr.0.is_empty() {
            claims.insert("amr".into(), json!(grant.amr.0));
        }
    }
    // RFC 8693 §4.1, §4.4.
    if let Ground::Exchanged { acting, .. } = &issue.ground {
        acting.tell(&mut claims);
    }
    claims
}

/// The digest a JWT's row is found by. Under a key of its own: a `jti` is no secret, and whoever read one in a log must not
/// be able to present it as an opaque token. The key's first octet makes what is hashed no text at all.
pub fn digest(jti: &str) -> Digest {
    Digest(jose::hmac_sha256(b"\xffostiary jti", jti.as_bytes()))
}

/// The digest of a JWT whose signature was verified with one of our keys, if it is an access token (§4): another `typ` is
/// something else that we signed.
pub fn read(typ: Option<&str>, claims: &Map<String, Value>, issuer: &str) -> Option<Digest> {
    let ours = typ.is_some_and(|typ| typ.eq_ignore_ascii_case(TYP))
        && claims.get("iss").and_then(Value::as_str) == Some(issuer);
    claims.get("jti").and_then(Value::as_str).filter(|_| ours).map(digest)
}
