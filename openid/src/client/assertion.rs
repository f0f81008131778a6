//! Client assertions: `private_key_jwt` and `client_secret_jwt`, OpenID Connect Core §9, RFC 7523 §3.
//!
//! Invariant: the algorithm is allowed by the method and the registration, never by the token; an assertion lives at
//! most an hour, so that remembering its `jti` costs little.

use jose::{JwkSet, JwsAlg};
use serde_json::{Map, Value};

use super::auth::{AssertionId, Audience, Fetched, Judged, Keys, METHODS, NeedKeys};
use super::metadata::AuthMethod;
use super::policy::AssertionAudience;
use super::{Client, ClientSecret};
use crate::name::ClientId;
use crate::time::{Span, Time, numeric_date};
use crate::wire::refusal::{ErrorCode, Refusal, refuse};

/// By how much clocks may differ.
const SKEW: Span = Span::from_seconds(60);

/// The longest life of an assertion.
const LONGEST: Span = Span::from_hours(1);

/// The longest `jti`.
const LONGEST_JTI: usize = 512;

fn invalid(why: &'static str) -> Refusal {
    refuse(ErrorCode::InvalidClient, why, "client authentication failed")
}

/// Who an assertion claims to be from: its unverified `sub`.
pub(super) fn claimed(token: &str) -> Option<ClientId> {
    let claims = jose::peek_claims(token).ok()?;
    claims.unverified().get("sub").and_then(Value::as_str).filter(|sub| !sub.is_empty()).map(ClientId::new)
}

pub(super) fn judge(
    token: &str,
    client: &Client,
    keys: &Keys<'_>,
    audience: &Audience<'_>,
    now: Time,
) -> Judged<AssertionId> {
    let algs = algs(client);
    let verified = match client.metadata.auth_method {
        AuthMethod::ClientSecretJwt => match &client.secret {
            ClientSecret::Known(secret) => {
                JwkSet::from_secret(secret.as_bytes()).ok().and_then(|set| verify(token, &set, &algs))
            }
            ClientSecret::None | ClientSecret::Hashed(_) => {
                return Judged::No(invalid("assertion_no_secret"));
            }
        },
        _ => match client.metadata.jwks.as_ref().or(keys.jwks) {
            Some(jwks) => verify(token, jwks, &algs),
            None => None,
        },
    };
    let Some(claims) = verified else {
        // What could not be accepted under any key is no reason to fetch one.
        if let Err(why) = jose::peek_claims(token)
            .map_err(|_| "assertion_malformed")
            .and_then(|claims| judge_claims(claims.unverified(), client, audience, now))
        {
            return Judged::No(invalid(why));
        }
        let otherwise = invalid("assertion_signature");
        return match (&client.metadata.jwks_uri, keys.fetched) {
            // The client may have new keys (OpenID Connect Core §10.1.1).
            (Some(uri), Fetched::Before) if client.metadata.auth_method == AuthMethod::PrivateKeyJwt => {
                let kid = jose::peek(token).ok().and_then(|header| header.unverified().kid.clone());
                Judged::Need(NeedKeys { uri: uri.clone(), kid, otherwise })
            }
            _ => Judged::No(otherwise),
        };
    };
    match judge_claims(&claims, client, audience, now) {
        Ok(id) => Judged::Is(id),
        Err(why) => Judged::No(invalid(why)),
    }
}

/// The algorithms of the method, or the one the client chose among them.
fn algs(client: &Client) -> Vec<JwsAlg> {
    let row = METHODS.iter().find(|row| row.method == client.metadata.auth_method);
    let all = row.map_or(&[][..], |row| row.algs);
    all.iter().copied().filter(|alg| client.metadata.auth_alg.is_none_or(|chosen| chosen == *alg)).collect()
}

fn verify(token: &str, keys: &JwkSet, algs: &[JwsAlg]) -> Option<Map<String, Value>> {
    jose::verify(token, keys, algs).ok()?.claims().ok()
}

/// RFC 7523 §3. Answers the `why` of the first claim that is wrong.
fn judge_claims(
    claims: &Map<String, Value>,
    client: &Client,
    audience: &Audience<'_>,
    now: Time,
) -> Result<AssertionId, &'static str> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if text("iss") != Some(client.id.as_str()) || text("sub") != Some(client.id.as_str()) {
        return Err("assertion_names");
    }
    if !names_us(claims.get("aud"), client.policy.assertion_audience, audience) {
        return Err("assertion_audience");
    }
    let Some(expires) = claims.get("exp").and_then(numeric_date) else {
        return Err("assertion_no_exp");
    };
    if expires + SKEW <= now {
        return Err("assertion_expired");
    }
    if expires > now + LONGEST + SKEW {
        return Err("assertion_lives_long");
    }
    for (name, why) in [("nbf", "assertion_not_yet_valid"), ("iat", "assertion_from_the_future")] {
        match claims.get(name) {
            None => {}
            Some(value) if numeric_date(value).is_some_and(|time| time <= now + SKEW) => {}
            Some(_) => return Err(why),
        }
    }
    match text("jti") {
        Some(jti) if !jti.is_empty() && jti.len() <= LONGEST_JTI => {
            Ok(AssertionId { client: client.id.clone(), jti: jti.to_owned(), expires_at: expires + SKEW })
        }
        _ => Err("assertion_no_jti"),
    }
}

fn names_us(aud: Option<&Value>, policy: AssertionAudience, audience: &Audience<'_>) -> bool {
    let ours = [audience.issuer, audience.token_endpoint, audience.endpoint];
    match (aud, policy) {
        (Some(Value::String(aud)), AssertionAudience::Issuer) => aud == audience.issuer,
        (Some(Value::String(aud)), AssertionAudience::Endpoint) => ours.contains(&aud.as_str()),
        (Some(Value::Array(all)), AssertionAudience::Endpoint) => {
            all.iter().filter_map(Value::as_str).any(|aud| ours.contains(&aud))
        }
        _ => false,
    }
}
