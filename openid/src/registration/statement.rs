//! Software statements: RFC 7591 §2.3 and §3.1.1.
//!
//! Invariant: what a statement says counts only if somebody the operator trusts has signed it, with a key and an algorithm that
//! were not taken from it.

use jose::{JwkSet, JwsAlg};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::client::auth::{Fetched, Keys};
use crate::client::registered::is_known;
use crate::time::{Span, Time, numeric_date};
use crate::wire::refusal::{ErrorCode, Refusal, refuse};
use crate::wire::uri::{self, Kind};

/// By how much clocks may differ.
const SKEW: Span = Span::from_seconds(60);

/// The longest statement.
const LONGEST: usize = 32 * 1024;

/// Claims that are about the statement and not about the client (RFC 7519 §4.1).
const ABOUT_ITSELF: &[&str] = &["iss", "sub", "aud", "exp", "nbf", "iat", "jti"];

/// Somebody whose statements are trusted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatementIssuer {
    /// Its `iss`.
    pub issuer: String,
    /// Its keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks: Option<Value>,
    /// Where its keys are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
}

impl StatementIssuer {
    /// Whether an operator wrote something that can work.
    pub(super) fn check(&self) -> Result<(), String> {
        let say = |what: &str| Err(format!("statement_issuers, {}: {what}", self.issuer));
        if self.issuer.trim().is_empty() || self.issuer.len() > uri::LONGEST {
            return say("issuer must not be empty");
        }
        match (&self.jwks, &self.jwks_uri) {
            (Some(jwks), None) => match JwkSet::read_public(jwks) {
                Ok(set) if !set.is_empty() => Ok(()),
                Ok(_) | Err(_) => say("jwks must be a JWK Set with public keys"),
            },
            (None, Some(address)) => match uri::judge_web(address) {
                Ok(Kind::Https | Kind::Http | Kind::HttpLoopback) => Ok(()),
                Ok(_) => say("jwks_uri must be an address of the web"),
                Err(fault) => say(&format!("jwks_uri {fault}")),
            },
            (Some(_), Some(_)) | (None, None) => say("it has jwks or jwks_uri, one of them"),
        }
    }
}

/// What became of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judged {
    /// It is genuine: what it says about the client.
    Says(Map<String, Value>),
    /// Keys are needed to tell: fetch, and ask again.
    Need {
        /// Whose.
        issuer: String,
        /// Its `jwks_uri`.
        uri: String,
    },
    /// No.
    No(Refusal),
}

fn invalid(why: &'static str, say: &'static str) -> Judged {
    Judged::No(refuse(ErrorCode::InvalidSoftwareStatement, why, say))
}

/// Whose statement this claims to be, if an operator trusts them.
pub fn issuer<'a>(statement: &str, trusted: &'a [StatementIssuer]) -> Result<&'a StatementIssuer, Refusal> {
    let malformed =
        || refuse(ErrorCode::InvalidSoftwareStatement, "statement_malformed", "software_statement is not a signed JWT");
    if statement.len() > LONGEST {
        return Err(malformed());
    }
    let claims = jose::peek_claims(statement).map_err(|_| malformed())?;
    let named = claims.unverified().get("iss").and_then(Value::as_str);
    trusted.iter().find(|issuer| Some(issuer.issuer.as_str()) == named).ok_or_else(|| {
        refuse(
            ErrorCode::UnapprovedSoftwareStatement,
            "statement_issuer",
            "software_statement is from nobody whose statements are trusted here",
        )
    })
}

/// Judges a statement of a trusted issuer. `keys`: what was fetched from its `jwks_uri`.
pub fn judge(statement: &str, issuer: &StatementIssuer, keys: &Keys<'_>, now: Time) -> Judged {
    let own = issuer.jwks.as_ref().and_then(|jwks| JwkSet::read_public(jwks).ok());
    let algs: Vec<JwsAlg> = JwsAlg::ALL.iter().copied().filter(|alg| !alg.is_symmetric()).collect();
    let verified = own.as_ref().or(keys.jwks).and_then(|set| jose::verify(statement, set, &algs).ok());
    let Some(Ok(claims)) = verified.map(|verified| verified.claims()) else {
        return match (&issuer.jwks_uri, keys.fetched) {
            (Some(uri), Fetched::Before) => Judged::Need { issuer: issuer.issuer.clone(), uri: uri.clone() },
            _ => invalid("statement_signature", "the signature of software_statement is not that of its issuer"),
        };
    };
    // The signature covers it; that nobody else's `iss` stands in it is what the key was chosen by.
    if claims.get("iss").and_then(Value::as_str) != Some(issuer.issuer.as_str()) {
        return invalid("statement_other_issuer", "the signature of software_statement is not that of its issuer");
    }
    let over = |expires: Time| expires + SKEW <= now;
    let early = |from: Time| from > now + SKEW;
    for (name, wrong) in [("exp", &over as &dyn Fn(Time) -> bool), ("nbf", &early), ("iat", &early)] {
        match claims.get(name).map(numeric_date) {
            None => {}
            Some(Some(time)) if !wrong(time) => {}
            Some(_) => return invalid("statement_time", "software_statement has expired, or is not valid yet"),
        }
    }
    if claims.contains_key("software_statement") {
        return invalid("statement_inside", "software_statement must not hold another");
    }
    let about = |name: &String| !ABOUT_ITSELF.contains(&name.as_str()) && is_known(name);
    Judged::Says(claims.into_iter().filter(|(name, _)| about(name)).collect())
}
