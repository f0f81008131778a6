//! What is to be issued, and on what ground (RFC 6749 §5.1).
//!
//! Invariant: nothing here outlives the grant it is issued on.

use crate::bound::{self, Confirmation};
use crate::client::policy::Policy;
use crate::name::{ClientId, Digest, GrantId};
use crate::native_sso::{Comeback, OnDevice};
use crate::resource::{Target, TokenFormat};
use crate::session::{Grant, SessionStanding};
use crate::time::{Span, Time};
use crate::token::facts::Acting;
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
    /// No, and a device secret has come back whose successor is in use: it is recorded.
    Replay {
        /// Of which device, and whether that ends.
        comeback: Comeback,
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
    /// What a fresh refresh token is bound to: a public client's (RFC 9449 §5, RFC 8705 §4).
    pub refresh_cnf: Option<Confirmation>,
    /// Whether an ID Token goes with it.
    pub id_token: IdTokenIssue,
    /// What it does on a device (Native SSO).
    pub device: OnDevice,
}

/// On what ground tokens are issued.
#[derive(Clone, Debug)]
pub enum Ground {
    /// A grant that begins now: redemption of a code.
    Begin(Grant),
    /// A grant that goes on: refresh.
    Go(Grant),
    /// The grant of a token that was exchanged (RFC 8693).
    Exchanged {
        /// It.
        grant: Grant,
        /// Who acts, and who may.
        acting: Acting,
    },
    /// The client's own authority: client credentials.
    Client,
}

impl Ground {
    /// The grant, if a person stands behind it.
    pub const fn grant(&self) -> Option<&Grant> {
        match self {
            Self::Begin(grant) | Self::Go(grant) | Self::Exchanged { grant, .. } => Some(grant),
            Self::Client => None,
        }
    }

    /// The same, to be written to.
    pub const fn grant_mut(&mut self) -> Option<&mut Grant> {
        match self {
            Self::Begin(grant) | Self::Go(grant) | Self::Exchanged { grant, .. } => Some(grant),
            Self::Client => None,
        }
    }
}

/// An access token to be.
#[derive(Clone, Debug)]
pub struct AccessIssue {
    /// Its scope, within the grant's.
    pub scope: Scope,
    /// The resources it is for (RFC 8707), within the grant's; empty: no particular one.
    pub resources: Vec<String>,
    /// What it looks like.
    pub format: TokenFormat,
    /// What it is bound to (RFC 9449 §6, RFC 8705 §3).
    pub cnf: Option<Confirmation>,
    /// Its end.
    pub expires_at: Time,
}

impl AccessIssue {
    /// One for this target, bound to nothing.
    pub fn of(target: Target, expires_at: Time) -> Self {
        Self { format: target.format(), scope: target.scope, resources: target.resources, cnf: None, expires_at }
    }

    /// The same, bound to this.
    #[must_use]
    pub fn bound(self, cnf: Option<Confirmation>) -> Self {
        Self { cnf, ..self }
    }

    /// `token_type`.
    pub fn token_type(&self) -> &'static str {
        bound::token_type(self.cnf.as_ref())
    }
}

/// What becomes of the refresh token.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// `openid` was granted, and this is the first of the family: with the `nonce` of the request.
    WithNonce,
    /// On refresh: no `nonce` (Core §12.2), and `sid` only while the session lives (`logout.md` §2).
    WithoutNonce(SessionStanding),
    /// Plain OAuth.
    None,
}

/// Lifetimes the judges use: the configured ones, or the client's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Lifetime of access tokens.
    pub access_token: Span,
    /// Idle lifetime of refresh tokens.
    pub refresh_idle: Span,
    /// Absolute lifetime of refresh tokens.
    pub refresh_absolute: Span,
    /// Lifetime of ID Tokens.
    pub id_token: Span,
    /// How long a lost answer to a rotation may be asked for again: 30 s.
    pub rotation_grace: Span,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            access_token: Span::from_hours(1),
            refresh_idle: Span::from_days(14),
            refresh_absolute: Span::from_days(90),
            id_token: Span::from_hours(1),
            rotation_grace: Span::from_seconds(30),
        }
    }
}

impl Terms {
    /// One client's terms: what its policy says, else the configured defaults. An idle life longer than the absolute
    /// one is the absolute one.
    #[must_use]
    pub fn of(policy: &Policy, defaults: &Self) -> Self {
        let or = |seconds: Option<u32>, span: Span| seconds.map_or(span, |s| Span::from_seconds(i64::from(s)));
        let refresh_absolute = or(policy.refresh_absolute, defaults.refresh_absolute);
        Self {
            access_token: or(policy.access_token_lifetime, defaults.access_token),
            refresh_idle: or(policy.refresh_idle, defaults.refresh_idle).min(refresh_absolute),
            refresh_absolute,
            ..*defaults
        }
    }
}
