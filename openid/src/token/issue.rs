//! What is to be issued, and on what ground (RFC 6749 §5.1).

use crate::name::{ClientId, Digest, GrantId};
use crate::session::Grant;
use crate::time::Time;
use crate::wire::refusal::Refusal;
use crate::wire::scope::Scope;

/// What a grant's judge says.
#[derive(Debug)]
pub enum Ruling {
    /// Yes.
    Issue(Box<Issue>),
    /// No, and what this family was given must die (RFC 6749 §4.1.2, RFC 9700 §4.14).
    Breach {
        /// The family.
        family: GrantId,
        /// What the client is told.
        refusal: Refusal,
    },
    /// No.
    Refuse(Refusal),
}

/// What the store writes and the server seals.
#[derive(Clone, Debug)]
pub struct Issue {
    /// To whom.
    pub client: ClientId,
    /// On what ground.
    pub ground: Ground,
    /// The access token.
    pub access: AccessIssue,
    /// The refresh token.
    pub refresh: RefreshIssue,
    /// Whether an ID Token goes with it.
    pub id_token: IdTokenIssue,
}

/// On what ground tokens are issued.
#[derive(Clone, Debug)]
pub enum Ground {
    /// A grant that begins now: redemption of a code.
    Begin(Grant),
    /// A grant that goes on: refresh.
    Go(Grant),
    /// The client's own authority: client credentials.
    Client,
}

/// An access token to be.
#[derive(Clone, Debug)]
pub struct AccessIssue {
    /// Its scope, within the grant's.
    pub scope: Scope,
    /// Its end.
    pub expires_at: Time,
}

/// What becomes of the refresh token.
#[derive(Clone, Debug)]
pub enum RefreshIssue {
    /// None is issued.
    None,
    /// The first of the family.
    First {
        /// Its idle end.
        expires_at: Time,
    },
    /// A successor; the one presented is spent by a conditional statement.
    Successor {
        /// The one presented.
        of: Digest,
        /// Whether it was spent before, within the grace for retries.
        retry: Retry,
        /// The successor's idle end.
        expires_at: Time,
    },
    /// The one presented stays and its idle time begins anew.
    Keep {
        /// The one presented.
        token: Digest,
        /// Its idle end.
        expires_at: Time,
    },
}

/// Whether a rotation is the first of this token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// The token was not used before.
    First,
    /// It was, a moment ago, and no successor has been used: an answer was lost on the way.
    Again,
}

/// Whether an ID Token is issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdTokenIssue {
    /// `openid` was granted; with the nonce (first) or without (Core §12.2).
    WithNonce,
    /// On refresh.
    WithoutNonce,
    /// Plain OAuth.
    None,
}

/// Lifetimes and names the judges use, from configuration and the client's policy.
#[derive(Clone, Debug)]
pub struct Terms {
    /// Lifetime of access tokens.
    pub access_token: crate::time::Span,
    /// Idle lifetime of refresh tokens.
    pub refresh_idle: crate::time::Span,
    /// Absolute lifetime of refresh tokens.
    pub refresh_absolute: crate::time::Span,
    /// Lifetime of ID Tokens.
    pub id_token: crate::time::Span,
    /// How long a lost answer to a rotation may be asked for again: 30 s.
    pub rotation_grace: crate::time::Span,
}
