//! The one question of the authorization endpoint: what now?
//!
//! Invariant: pure and repeatable. There is no step counter; what has happened since the request began is in the facts
//! (`auth_time` later than `began`, a consent given later than `began`, an account chosen).

use crate::acr::Amr;
use crate::authorize::request::AuthRequest;
use crate::authorize::wanted;
use crate::claims::parameter::{Necessity, Wishes};
use crate::client::Client;
use crate::client::policy::ConsentPolicy;
use crate::name::{AccountId, SessionId, Sub};
use crate::session::Session;
use crate::time::{Span, Time};
use crate::wire::refusal::{ErrorCode, Refusal, refuse};
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
    /// The subject the asking client knows; `None`: nobody of its sector has met this person yet (Core §8.1).
    pub sub: Option<Sub>,
    /// When this client last took part in it, if ever.
    pub last_used: Option<Time>,
    /// What the person has consented to for this client.
    pub consent: Option<Consent>,
}

impl Candidate {
    /// Whether the asking client knows this person by one of these subjects. What others know the person by says nothing.
    fn is_one_of(&self, subjects: &[&str]) -> bool {
        self.sub.as_ref().is_some_and(|sub| subjects.contains(&sub.as_str()))
    }
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
    /// Do you want to make an account? (`prompt=create`)
    Create,
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
    /// The subject the client knows; `None`: one is drawn when something is issued.
    pub sub: Option<Sub>,
    /// The scope granted.
    pub scope: Scope,
    /// `auth_time`.
    pub auth_time: Time,
    /// `acr`.
    pub acr: Option<String>,
    /// `amr`.
    pub amr: Amr,
}

impl Consent {
    /// What of `self` is not in `given`.
    #[must_use]
    pub fn beyond(&self, given: &Self) -> Self {
        let beyond =
            |all: &[String], known: &[String]| all.iter().filter(|one| !known.contains(one)).cloned().collect();
        Self {
            scope: self.scope.filtered(|value| !given.scope.contains(value)),
            id_token_claims: beyond(&self.id_token_claims, &given.id_token_claims),
            userinfo_claims: beyond(&self.userinfo_claims, &given.userinfo_claims),
            resources: beyond(&self.resources, &given.resources),
            given_at: given.given_at,
        }
    }

    /// Whether there is nothing to consent to.
    pub fn is_empty(&self) -> bool {
        self.scope.is_empty()
            && self.id_token_claims.is_empty()
            && self.userinfo_claims.is_empty()
            && self.resources.is_empty()
    }
}

impl AuthRequest {
    /// All that this request asks a person to agree to.
    pub fn consent(&self) -> Consent {
        let personal =
            |wishes: &Wishes| -> Vec<String> { wishes.personal().map(|(name, _)| name.to_owned()).collect() };
        Consent {
            scope: self.scope.filtered(|value| !self.implied.contains(value)),
            id_token_claims: personal(&self.claims.id_token),
            userinfo_claims: [personal(&self.claims.userinfo), self.beside.clone()].concat(),
            resources: self.resources.clone(),
            given_at: Time::default(),
        }
    }
}

/// What now? Asked again after every answer, with the facts gathered again.
pub fn next(request: &AuthRequest, client: &Client, known: &Known, now: Time) -> Next {
    match judge(request, client, known, now) {
        Ok(agreed) => Next::Issue(agreed),
        Err(Stop::Send(refusal)) => Next::Send(refusal),
        Err(Stop::Ask(question)) if request.prompt.none => Next::Send(unasked(&question)),
        Err(Stop::Ask(question)) => Next::Ask(*question),
    }
}

/// Why nothing is issued yet.
enum Stop {
    Ask(Box<Question>),
    Send(Refusal),
}

fn ask(question: Question) -> Stop {
    Stop::Ask(Box::new(question))
}

/// `prompt=none` turns every question into its error, Core §3.1.2.6.
fn unasked(question: &Question) -> Refusal {
    match question {
        Question::Login { .. } => refuse(ErrorCode::LoginRequired, "none_login", "the person must sign in"),
        // `create` does not stand beside `none`; whoever must be asked it is not signed in.
        Question::Create => refuse(ErrorCode::LoginRequired, "none_create", "the person must make an account"),
        Question::Choose => {
            refuse(ErrorCode::AccountSelectionRequired, "none_choose", "the person must choose an account")
        }
        Question::Consent { .. } => refuse(ErrorCode::ConsentRequired, "none_consent", "the person must agree first"),
    }
}

fn judge(request: &AuthRequest, client: &Client, known: &Known, now: Time) -> Result<Agreed, Stop> {
    let candidate = who(request, known, now)?;
    fresh(request, known, candidate, now)?;
    agrees(request, client, known, candidate)?;
    let session = &candidate.session;
    Ok(Agreed {
        session: session.id.clone(),
        account: session.account.clone(),
        sub: candidate.sub.clone(),
        scope: request.scope.clone(),
        auth_time: session.auth_time,
        acr: session.acr.clone(),
        amr: session.amr.clone(),
    })
}

/// The subjects nobody else may stand in for: `id_token_hint`, or `sub` in `claims` (Core §3.1.2.1, §5.5.1). Empty: it may
/// be anybody.
fn subjects<'a>(request: &'a AuthRequest, known: &'a Known) -> Result<Vec<&'a str>, Stop> {
    let wanted: Vec<&str> = request.wanted.subjects.iter().map(String::as_str).collect();
    match &known.hint {
        Hint::Absent => Ok(wanted),
        Hint::Genuine(sub) if wanted.is_empty() || wanted.contains(&sub.as_str()) => Ok(vec![sub.as_str()]),
        Hint::Genuine(_) => Err(Stop::Send(refuse(
            ErrorCode::InvalidRequest,
            "hint_against_claims",
            "id_token_hint and claims name different subjects",
        ))),
        // Ignoring it could sign in somebody else than the one the client means.
        Hint::Foreign => Err(Stop::Send(refuse(
            ErrorCode::InvalidRequest,
            "hint_foreign",
            "id_token_hint is not an ID Token of this server",
        ))),
    }
}

/// Whose session it is: `logout.md` §2, several accounts in one browser.
fn who<'a>(request: &AuthRequest, known: &'a Known, now: Time) -> Result<&'a Candidate, Stop> {
    let subjects = subjects(request, known)?;
    let meant = |candidate: &Candidate| subjects.is_empty() || candidate.is_one_of(&subjects);
    let live = || known.sessions.iter().filter(|candidate| !candidate.session.is_over(now));
    let login = |username: Option<String>| {
        Err(ask(Question::Login { username: username.or_else(|| request.login_hint.clone()), again: None }))
    };
    if let Some(chosen) = &known.chosen {
        return match live().find(|candidate| candidate.session.account == *chosen) {
            Some(candidate) if !meant(candidate) => Err(Stop::Send(refuse(
                ErrorCode::LoginRequired,
                "other_person",
                "somebody else signed in than the one who was asked for",
            ))),
            Some(candidate) => Ok(candidate),
            None => login(None),
        };
    }
    // Whoever has an account signs in from the sign-up page, and is chosen by it.
    if request.prompt.create {
        return Err(ask(Question::Create));
    }
    let Some(first) = live().next() else {
        return login(None);
    };
    if request.prompt.select_account {
        return Err(ask(Question::Choose));
    }
    if !subjects.is_empty() {
        return live().find(|candidate| meant(candidate)).map_or_else(|| login(None), Ok);
    }
    if let Some(hint) = &request.login_hint {
        let hint = hint.trim().to_lowercase();
        // A hint at somebody else: nobody is signed in as the one who is meant, and nobody is to be taken for them.
        return live().find(|candidate| candidate.username.to_lowercase() == hint).ok_or(ask(Question::Choose));
    }
    match live().filter(|candidate| candidate.last_used.is_some()).max_by_key(|candidate| candidate.last_used) {
        Some(candidate) => Ok(candidate),
        None if live().count() == 1 => Ok(first),
        None => Err(ask(Question::Choose)),
    }
}

/// Whether they proved it recently and well enough (Core §3.1.2.1 `prompt`, `max_age`; §5.5.1.1 essential `acr`).
fn fresh(request: &AuthRequest, known: &Known, candidate: &Candidate, now: Time) -> Result<(), Stop> {
    let session = &candidate.session;
    let again = || {
        let named = known.chosen.is_some() || known.hint != Hint::Absent || !request.wanted.subjects.is_empty();
        ask(Question::Login {
            username: Some(candidate.username.clone()),
            again: named.then(|| session.account.clone()),
        })
    };
    let acr = &request.wanted.acr;
    let reaches = acr.is_met(session.acr.as_deref());
    let essential = acr.necessity == Necessity::Essential;
    // Proven since the request began: as fresh as it gets, however long the person took for the next page.
    if session.auth_time >= known.began {
        return match reaches || !essential {
            true => Ok(()),
            false => Err(Stop::Send(wanted::unmet("acr_not_reached"))),
        };
    }
    // §5.5.1.1: a better proof is asked for if there is one to be had; where nobody can be asked, and for what is voluntary,
    // the `acr` that there is will do.
    let better = !reaches && (essential || (!acr.reachable.is_empty() && !request.prompt.none));
    let stale = request.max_age.is_some_and(|seconds| {
        // max_age=0 is prompt=login (Core §3.1.2.1).
        seconds == 0 || now.since(session.auth_time) > Span::from_seconds(i64::from(seconds))
    });
    match request.prompt.login || stale || better {
        true => Err(again()),
        false => Ok(()),
    }
}

/// Whether they agreed to all that is asked for (Core §3.1.2.4).
fn agrees(request: &AuthRequest, client: &Client, known: &Known, candidate: &Candidate) -> Result<(), Stop> {
    let asked = request.consent();
    let given = candidate.consent.clone().unwrap_or_default();
    let asked_since = candidate.consent.is_some() && given.given_at >= known.began;
    let new = asked.beyond(&given);
    let wanted = match (request.prompt.consent, client.policy.consent) {
        (true, _) => !asked_since || !new.is_empty(),
        (false, ConsentPolicy::FirstParty) => false,
        (false, ConsentPolicy::Ask) => candidate.consent.is_none() || !new.is_empty(),
    };
    match wanted {
        true => Err(ask(Question::Consent { account: candidate.session.account.clone(), asked, new })),
        false => Ok(()),
    }
}
