//! Token revocation: RFC 7009.
//!
//! Invariant: a client revokes its own tokens only, and cannot learn whether another's exist: unknown, ended and
//! foreign tokens all answer 200 (§2.2).

use crate::introspect::TokenType;
use crate::name::{ClientId, Digest, GrantId};
use crate::token::facts::TokenFacts;
use crate::wire::form::Form;
use crate::wire::refusal::Refusal;

/// The request of §2.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RevokeRequest {
    /// Digest of `token`.
    pub token: Digest,
    /// `token_type_hint`: which to look for first.
    pub first: TokenType,
}

impl RevokeRequest {
    /// Reads the form. `known_as` as for introspection.
    pub fn read(form: &Form, known_as: impl FnOnce(&str) -> Digest) -> Result<Self, Refusal> {
        form.once()?;
        Ok(Self { token: known_as(form.need("token")?), first: TokenType::hinted(form) })
    }
}

/// What a revocation does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// Nothing: there is no such token of this client. 200 all the same.
    Nothing,
    /// This access token ends; its grant goes on.
    Access,
    /// The grant ends, with everything issued for it (§2.1).
    Grant(GrantId),
}

/// Rules on a revocation.
pub fn judge(asking: &ClientId, kind: TokenType, facts: Option<&TokenFacts>) -> Revocation {
    match (facts.filter(|facts| facts.client == *asking), kind) {
        (None, _) => Revocation::Nothing,
        (Some(_), TokenType::Access) => Revocation::Access,
        (Some(facts), TokenType::Refresh) => match &facts.grant {
            Some(grant) => Revocation::Grant(grant.clone()),
            None => Revocation::Nothing,
        },
    }
}
