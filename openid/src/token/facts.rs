//! What is known of a token somebody presents: asked for once, answered by one joined query.
//!
//! Invariant: a token is live only while everything it hangs from is: its grant, and its session unless the grant is
//! offline (`logout.md` §2).

use serde_json::Value;

use crate::bound::Confirmation;
use crate::claims::parameter::ClaimsRequest;
use crate::name::{AccountId, ClientId, GrantId, Sid, Sub};
use crate::time::Time;
use crate::wire::scope::Scope;

/// An access or refresh token as the store knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenFacts {
    /// To whom it was issued.
    pub client: ClientId,
    /// The subject that client knows; none for client credentials.
    pub sub: Option<Sub>,
    /// The account behind the subject.
    pub account: Option<AccountId>,
    /// The grant it belongs to; none for client credentials.
    pub grant: Option<GrantId>,
    /// The stay it belongs to.
    pub sid: Option<Sid>,
    /// Its scope.
    pub scope: Scope,
    /// `claims` and `claims_locales` as granted.
    pub claims: ClaimsRequest,
    /// The resources it is for.
    pub resources: Vec<String>,
    /// What it is bound to (RFC 9449 §6, RFC 8705 §3).
    pub cnf: Option<Confirmation>,
    /// When it was issued.
    pub issued_at: Time,
    /// Its end.
    pub expires_at: Time,
    /// Whether it and what it hangs from live.
    pub life: Life,
    /// Who acts with it, and who may (RFC 8693).
    pub acting: Acting,
}

/// Who acts for the person a token is about, and who may: RFC 8693 §4.1, §4.4.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Acting {
    /// `act`.
    pub act: Option<Value>,
    /// `may_act`.
    pub may_act: Option<Value>,
}

/// Whether a token and what it hangs from live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// Not revoked, grant and session stand.
    Live,
    /// Something of it has ended.
    Dead,
}

impl TokenFacts {
    /// Whether it is good for anything now.
    pub fn is_live(&self, now: Time) -> bool {
        self.life == Life::Live && now < self.expires_at
    }
}
