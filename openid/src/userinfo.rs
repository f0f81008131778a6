//! UserInfo: OpenID Connect Core §5.3, RFC 6750 §2 and §3.1.
//!
//! Invariant: only a live access token with `openid` in its scope opens it, and never one in a query.

use serde_json::{Map, Value};

use crate::bound::dpop::Scheme;
use crate::claims::parameter::ClaimsRequest;
use crate::claims::told::Person;
use crate::name::{ClientId, Sub};
use crate::resource::is_issuer;
use crate::time::Time;
use crate::token::claims;
use crate::token::facts::TokenFacts;
use crate::wire::form::Form;
use crate::wire::refusal::{ErrorCode, Refusal, refuse};
use crate::wire::scope::Scope;

/// An access token as it was presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Presented<'a> {
    /// By which scheme; in a form, it is a bearer token.
    pub scheme: Scheme,
    /// The token.
    pub token: &'a str,
}

/// Finds the access token of a request: in the `Authorization` header or in a form body, not both (RFC 6750 §2, RFC 9449 §7.1).
/// `Ok(None)`: there is none, and the challenge carries no error code (§3.1).
pub fn presented<'a>(authorization: Option<&'a str>, form: Option<&'a Form>) -> Result<Option<Presented<'a>>, Refusal> {
    if let Some(form) = form {
        form.once()?;
    }
    let by = |scheme| move |token| Presented { scheme, token };
    let bearer = bearer_token(authorization)?.map(by(Scheme::Bearer));
    let header = bearer.or(token_of(authorization, "dpop")?.map(by(Scheme::Dpop)));
    let body = form.and_then(|form| form.get("access_token")).map(by(Scheme::Bearer));
    match (header, body) {
        (Some(_), Some(_)) => {
            Err(refuse(ErrorCode::InvalidRequest, "bearer_twice", "the access token was sent in more than one way"))
        }
        (token, None) | (None, token) => Ok(token),
    }
}

/// The bearer token of an `Authorization` field (RFC 6750 §2.1).
pub fn bearer_token(authorization: Option<&str>) -> Result<Option<&str>, Refusal> {
    token_of(authorization, "bearer")
}

/// The token of an `Authorization` field of this scheme, whatever the case of its letters (RFC 9110 §11.1).
fn token_of<'a>(authorization: Option<&'a str>, wanted: &str) -> Result<Option<&'a str>, Refusal> {
    let Some((scheme, token)) = authorization.and_then(|field| field.split_once(' ')) else {
        return Ok(None);
    };
    if !scheme.eq_ignore_ascii_case(wanted) {
        return Ok(None);
    }
    let token = token.trim_matches(' ');
    // RFC 6750 §2.1: b64token.
    let legal = |c: char| c.is_ascii_alphanumeric() || "-._~+/=".contains(c);
    if token.is_empty() || !token.chars().all(legal) {
        return Err(refuse(ErrorCode::InvalidRequest, "bearer_malformed", "the access token is malformed"));
    }
    Ok(Some(token))
}

/// Whose claims may be told, and which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowed {
    /// The client the token was issued to.
    pub client: ClientId,
    /// The subject the client knows.
    pub sub: Sub,
    /// The token's scope.
    pub scope: Scope,
    /// `claims` and `claims_locales` as granted.
    pub claims: ClaimsRequest,
}

/// Rules on a presented access token. `invalid_token` answers 401, `insufficient_scope` 403 (RFC 6750 §3.1). One that is
/// for resources is for us only if we are among them: else every resource server it is sent to could use it here
/// (RFC 8707 §2, RFC 9700 §2.3).
pub fn judge(facts: Option<&TokenFacts>, issuer: &str, now: Time) -> Result<Allowed, Refusal> {
    let Some(facts) = facts.filter(|facts| facts.is_live(now)) else {
        return Err(refuse(ErrorCode::InvalidToken, "access_token_dead", "the access token is unknown or has ended"));
    };
    if !facts.resources.is_empty() && !facts.resources.iter().any(|resource| is_issuer(resource, issuer)) {
        return Err(refuse(ErrorCode::InvalidToken, "userinfo_elsewhere", "the access token is for another resource"));
    }
    match (&facts.account, &facts.sub) {
        (Some(_), Some(sub)) if facts.scope.contains("openid") => Ok(Allowed {
            client: facts.client.clone(),
            sub: sub.clone(),
            scope: facts.scope.clone(),
            claims: facts.claims.clone(),
        }),
        _ => Err(refuse(
            ErrorCode::InsufficientScope,
            "userinfo_without_openid",
            "the access token was not granted the scope openid",
        )),
    }
}

impl Allowed {
    /// The response.
    pub fn answer(&self, person: &Person<'_>) -> Map<String, Value> {
        claims::userinfo(&self.sub, &self.scope, &self.claims, person)
    }
}

/// The response as a JWT's claims: with `iss` and `aud` (Core §5.3.2).
pub fn signed(mut claims: Map<String, Value>, issuer: &str, client: &ClientId) -> Map<String, Value> {
    claims.insert("iss".into(), issuer.into());
    claims.insert("aud".into(), client.as_str().into());
    claims
}
