//! Claims about a person: ID Tokens (OpenID Connect Core §2, §3.1.3.6, §12.2) and UserInfo (§5.3, §5.4, §5.5).
//!
//! What is told of the person is [`crate::claims`]'. Invariant: an ID Token holds protocol claims and what the `claims` parameter asked for in it; what a scope asks for comes
//! from UserInfo, unless no access token is ever issued (Core §5.4).

use serde_json::{Map, Value, json};

use crate::claims::parameter::{ClaimsRequest, Place};
use crate::claims::told::Person;
use crate::name::Sub;
use crate::session::{Grant, SessionStanding};
use crate::time::Time;
use crate::token::issue::IdTokenIssue;
use crate::wire::scope::Scope;

/// The scopes that ask for claims, and which (OpenID Connect Core §5.4).
pub const SCOPES: &[(&str, &[&str])] = &[
    (
        "profile",
        &[
            "name",
            "family_name",
            "given_name",
            "middle_name",
            "nickname",
            "preferred_username",
            "profile",
            "picture",
            "website",
            "gender",
            "birthdate",
            "zoneinfo",
            "locale",
            "updated_at",
        ],
    ),
    ("email", &["email", "email_verified"]),
    ("address", &["address"]),
    ("phone", &["phone_number", "phone_number_verified"]),
];

/// The protocol claims of our ID Tokens: discovery lists them, and no claim of an account may take their place.
pub const PROTOCOL: &[&str] =
    &["iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "at_hash", "c_hash", "s_hash", "sid"];

/// More names that mean something in a token and are never an account's to fill.
const RESERVED: &[&str] =
    &["ds_hash", "azp", "nbf", "jti", "txn", "events", "cnf", "client_id", "scope", "_claim_names", "_claim_sources"];

/// Whether a claim name belongs to the protocol and not to a person.
pub fn is_reserved(name: &str) -> bool {
    PROTOCOL.contains(&name) || RESERVED.contains(&name)
}

/// What an ID Token says besides its grant.
#[derive(Clone, Copy, Debug)]
pub struct IdTokenFacts<'a> {
    /// `iss`.
    pub issuer: &'a str,
    /// `iat`.
    pub now: Time,
    /// `exp`.
    pub expires_at: Time,
    /// Hashes of what goes with it.
    pub hashes: Hashes<'a>,
    /// Which kind of ID Token was ruled: decides `nonce` and `sid`.
    pub issue: IdTokenIssue,
    /// The person, for claims asked for in the ID Token.
    pub person: Option<Person<'a>>,
    /// Whether claims of scopes are in it.
    pub scopes: Scopes,
    /// What binds it to the device secret, if it is one of a device session (Native SSO §3.3.2).
    pub ds_hash: Option<&'a str>,
}

/// What binds an ID Token to what it comes with (Core §3.1.3.6, §3.2.2.10, §3.3.2.11; `s_hash`: FAPI 1 Advanced §5.1.1).
#[derive(Clone, Copy, Debug, Default)]
pub struct Hashes<'a> {
    /// Of the access token.
    pub at_hash: Option<&'a str>,
    /// Of the code.
    pub c_hash: Option<&'a str>,
    /// Of `state`.
    pub s_hash: Option<&'a str>,
}

/// Where the claims that a scope asks for are told (Core §5.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scopes {
    /// At the UserInfo Endpoint.
    FromUserinfo,
    /// In the ID Token, since no access token is issued.
    InIdToken,
}

/// The claims of an ID Token.
pub fn id_token(grant: &Grant, facts: &IdTokenFacts<'_>) -> Map<String, Value> {
    let mut claims = Map::new();
    claims.insert("iss".into(), json!(facts.issuer));
    claims.insert("sub".into(), json!(grant.sub.as_str()));
    claims.insert("aud".into(), json!(grant.client.as_str()));
    claims.insert("exp".into(), json!(facts.expires_at.seconds()));
    claims.insert("iat".into(), json!(facts.now.seconds()));
    claims.insert("auth_time".into(), json!(grant.auth_time.seconds()));
    if let (IdTokenIssue::WithNonce, Some(nonce)) = (facts.issue, &grant.nonce) {
        claims.insert("nonce".into(), json!(nonce));
    }
    if let Some(acr) = grant.acr.as_deref().filter(|acr| !acr.is_empty()) {
        claims.insert("acr".into(), json!(acr));
    }
    if !grant.amr.0.is_empty() {
        claims.insert("amr".into(), json!(grant.amr.0));
    }
    let Hashes { at_hash, c_hash, s_hash } = facts.hashes;
    for (name, hash) in [("at_hash", at_hash), ("c_hash", c_hash), ("s_hash", s_hash)] {
        if let Some(hash) = hash {
            claims.insert(name.into(), json!(hash));
        }
    }
    // `logout.md` §2: ID Tokens refreshed after the session ended carry no `sid`.
    if facts.issue != IdTokenIssue::WithoutNonce(SessionStanding::Over) {
        claims.insert("sid".into(), json!(grant.sid.as_str()));
    }
    if let Some(ds_hash) = facts.ds_hash {
        claims.insert("ds_hash".into(), json!(ds_hash));
    }
    if let Some(person) = facts.person {
        let scope = (facts.scopes == Scopes::InIdToken).then_some(&grant.scope);
        person.tell(&mut claims, scope, (&grant.claims, Place::IdToken));
    }
    claims
}

/// The claims of a UserInfo response: `sub`, what the scope asks for, what the `claims` parameter asks for.
pub fn userinfo(sub: &Sub, scope: &Scope, request: &ClaimsRequest, person: &Person<'_>) -> Map<String, Value> {
    let mut claims = Map::new();
    claims.insert("sub".into(), json!(sub.as_str()));
    person.tell(&mut claims, Some(scope), (request, Place::UserInfo));
    claims
}
