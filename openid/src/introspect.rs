//! Token introspection: RFC 7662.
//!
//! Invariant: who may not know is told the same as who asks about nothing: `{"active":false}` (§2.2).

use serde_json::{Map, Value, json};

use crate::bound;
use crate::client::Client;
use crate::client::metadata::ClientKind;
use crate::name::{Digest, Sub};
use crate::resource::Resources;
use crate::time::Time;
use crate::token::facts::TokenFacts;
use crate::wire::form::Form;
use crate::wire::refusal::{ErrorCode, Refusal, refuse};

/// The request of §2.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IntrospectRequest {
    /// Digest of `token`.
    pub token: Digest,
    /// `token_type_hint`: which to look for first.
    pub first: TokenType,
}

/// Which kind of token (RFC 7009 §2.1 `token_type_hint`). A hint only: both are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenType {
    /// `access_token`, and whatever else a hint says.
    Access,
    /// `refresh_token`.
    Refresh,
}

impl TokenType {
    /// Reads `token_type_hint`; an unknown hint is ignored (RFC 7009 §2.1).
    pub fn hinted(form: &Form) -> Self {
        match form.get("token_type_hint") {
            Some("refresh_token") => Self::Refresh,
            _ => Self::Access,
        }
    }
}

impl IntrospectRequest {
    /// Reads the form. `known_as` says under which digest a token is stored: a JWT of ours is not under its own
    /// ([`crate::token::access`]).
    pub fn read(form: &Form, known_as: impl FnOnce(&str) -> Digest) -> Result<Self, Refusal> {
        form.once()?;
        Ok(Self { token: known_as(form.need("token")?), first: TokenType::hinted(form) })
    }
}

/// Whether a client may ask at all: §2.1 wants the caller authorized, and a public client cannot be.
pub fn admit(client: &Client) -> Result<(), Refusal> {
    match client.metadata.kind() {
        ClientKind::Confidential => Ok(()),
        ClientKind::Public => Err(refuse(
            ErrorCode::InvalidClient,
            "introspection_public",
            "introspection is for clients that can prove who they are",
        )),
    }
}

/// What is asked about, as the store knows it.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// Which kind of token it is.
    pub kind: TokenType,
    /// The token.
    pub facts: &'a TokenFacts,
    /// Its subject as the asking client knows it: `sub` of the token, unless that is of another sector (Core §8.1, RFC 7662
    /// §5).
    pub sub: Option<&'a Sub>,
}

/// The answer of §2.2. A client may know about its own tokens, and about access tokens for a resource server that its
/// operator said it answers for.
pub fn answer(
    asking: &Client,
    subject: Option<Subject<'_>>,
    (issuer, resources): (&str, &Resources),
    now: Time,
) -> Map<String, Value> {
    let mut answer = Map::new();
    let known = subject.filter(|subject| is_known(asking, (subject.kind, subject.facts), resources, now));
    let Some(Subject { kind, facts, sub }) = known else {
        answer.insert("active".into(), json!(false));
        return answer;
    };
    answer.insert("active".into(), json!(true));
    answer.insert("iss".into(), json!(issuer));
    answer.insert("client_id".into(), json!(facts.client.as_str()));
    if !facts.scope.is_empty() {
        answer.insert("scope".into(), json!(facts.scope.to_string()));
    }
    if kind == TokenType::Access {
        answer.insert("token_type".into(), json!(bound::token_type(facts.cnf.as_ref())));
        // RFC 9449 §6.2, RFC 8705 §3.2.
        if let Some(bound) = &facts.cnf {
            answer.insert("cnf".into(), bound.cnf());
        }
    }
    answer.insert("iat".into(), json!(facts.issued_at.seconds()));
    answer.insert("exp".into(), json!(facts.expires_at.seconds()));
    if let Some(sub) = sub {
        answer.insert("sub".into(), json!(sub.as_str()));
    }
    // RFC 8693 §4.1, §4.4.
    facts.acting.tell(&mut answer);
    match facts.resources.as_slice() {
        [] => {}
        [one] => {
            answer.insert("aud".into(), json!(one));
        }
        several => {
            answer.insert("aud".into(), json!(several));
        }
    }
    answer
}

/// Whether the answer says more than that it is not active.
pub fn is_known(asking: &Client, (kind, facts): (TokenType, &TokenFacts), resources: &Resources, now: Time) -> bool {
    let is_its_resource = kind == TokenType::Access && resources.answers_for(&asking.id, &facts.resources);
    facts.is_live(now) && (asking.id == facts.client || is_its_resource)
}
