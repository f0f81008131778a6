//! The one question of the authorization endpoint: what now?
//!
//! Invariant: pure and repeatable. There is no step counter; what has happened since the request began is in the facts
//! (`auth_time` later than `began`, a consent given later than `began`, an account chosen).

use crate::acr::Amr;
use crate::name::{AccountId, SessionId, Sub};
use crate::session::Session;
use crate::time::Time;
use crate::wire::refusal::Refusal;
use crate::wire::scope::Scope;

/// What is known when the question is asked.
#[derive(Debug)]
pub struct Known {
    /// When the request first arrived (sealed into the pages since).
    pub began: Time,
    /// The live sessions of this browser, the one last used with this client first.
    pub sessions: Vec<Candidate>,
    /// The account the person chose or signed in with since the request began.
    pub chosen: Option<AccountId>,
    /// The subject of a verified `id_token_hint`.
    pub hint: Hint,
}

/// One session of this browser as a candidate.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The session.
    pub session: Session,
    /// The account's `username`.
    pub username: String,
    /// The subject the asking client would know.
    pub sub: Sub,
    /// When this client last took part in it, if ever.
    pub last_used: Option<Time>,
    /// What the person has consented to for this client.
    pub consent: Option<Consent>,
}

/// A stored consent: per (account, client).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Consent {
    /// Scopes.
    pub scope: Scope,
    /// Claims for the ID Token, by name.
    pub id_token_claims: Vec<String>,
    /// Claims for UserInfo, by name.
    pub userinfo_claims: Vec<String>,
    /// Resource indicators.
    pub resources: Vec<String>,
    /// When it was last given.
    pub given_at: Time,
}

/// What an `id_token_hint` said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hint {
    /// There was none.
    Absent,
    /// Ours, genuine: this subject.
    Genuine(Sub),
    /// Not ours, or broken.
    Foreign,
}

/// What now?
#[derive(Debug)]
pub enum Next {
    /// Only the person can answer this.
    Ask(Question),
    /// Enough is known: issue what was asked for, in this session.
    Issue(Agreed),
    /// Tell the client no.
    Send(Refusal),
}

/// Something only the person can answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// Who are you? With the account's username if it is to be proven again.
    Login {
        /// Prefilled, from `login_hint` or the account that must prove itself again.
        username: Option<String>,
        /// The account that must prove itself again, if it must be that one.
        again: Option<AccountId>,
    },
    /// Which of these are you?
    Choose,
    /// May this client know?
    Consent {
        /// Whose consent.
        account: AccountId,
        /// All that is asked for.
        asked: Consent,
        /// What of it was not granted before.
        new: Consent,
    },
}

/// What everybody agreed to.
#[derive(Clone, Debug)]
pub struct Agreed {
    /// The session it happens in.
    pub session: SessionId,
    /// Whose.
    pub account: AccountId,
    /// The subject the client knows.
    pub sub: Sub,
    /// The scope granted.
    pub scope: Scope,
    /// `auth_time`.
    pub auth_time: Time,
    /// `acr`.
    pub acr: Option<String>,
    /// `amr`.
    pub amr: Amr,
}
