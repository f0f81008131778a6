//! RP-Initiated Logout 1.0: a relying party asks for an end (§2, §3, §4; `logout.md` §5).
//!
//! Invariant: a redirect only with a genuine hint and an exactly registered address; nothing ends without a question
//! unless the hint names a live stay in a session this browser holds.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::client::Client;
use crate::client::policy::LogoutPolicy;
use crate::logout::judge::Ended;
use crate::name::{AccountId, ClientId, SessionId, Sid, Sub};
use crate::session::{Cause, Participation, SessionKind};
use crate::wire::form::Form;
use crate::wire::refusal::{ErrorCode, Refusal, refuse};
use crate::wire::uri;

/// The parameters of §2. All optional.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EndRequest {
    /// `id_token_hint`, still to be verified by the shell's keys, current and retired.
    pub id_token_hint: Option<String>,
    /// `logout_hint`: the username to be shown first.
    pub logout_hint: Option<String>,
    /// `client_id`.
    pub client_id: Option<ClientId>,
    /// `post_logout_redirect_uri`.
    pub post_logout_redirect_uri: Option<String>,
    /// `state`.
    pub state: Option<String>,
    /// `ui_locales`.
    pub ui_locales: Vec<String>,
}

impl EndRequest {
    /// Reads the query or the form.
    pub fn read(form: &Form) -> Result<Self, Refusal> {
        form.once()?;
        let text = |name| form.get(name).map(str::to_owned);
        Ok(Self {
            id_token_hint: text("id_token_hint"),
            logout_hint: text("logout_hint"),
            client_id: form.get("client_id").map(ClientId::new),
            post_logout_redirect_uri: text("post_logout_redirect_uri"),
            state: text("state"),
            ui_locales: form.get("ui_locales").into_iter().flat_map(str::split_whitespace).map(str::to_owned).collect(),
        })
    }

    /// The client it speaks of: the hint's, else the one named.
    pub fn client<'a>(&'a self, hint: &'a EndHint) -> Option<&'a ClientId> {
        match hint {
            EndHint::Genuine(hint) => Some(&hint.client),
            EndHint::Absent | EndHint::Foreign => self.client_id.as_ref(),
        }
    }
}

/// What an `id_token_hint` proved to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndHint {
    /// There was none.
    Absent,
    /// An ID Token of ours, however old.
    Genuine(HintClaims),
    /// Not ours: another's signature, none at all, another issuer, or no ID Token.
    Foreign,
}

/// What an ID Token of ours says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HintClaims {
    /// `aud`.
    pub client: ClientId,
    /// `sub`.
    pub sub: Sub,
    /// `sid`.
    pub sid: Option<Sid>,
    /// `ds_hash`, of the apps of a device (Native SSO §3.3.2).
    pub ds_hash: Option<String>,
}

impl EndHint {
    /// Reads the claims of a token whose signature was verified with one of our keys and an algorithm that is not
    /// `none`. `exp` is not looked at (§2: the OP should accept expired ID Tokens). A token of ours that is not an ID
    /// Token (a logout token has `events` and no `exp` of a sign-in) is no hint.
    pub fn read(claims: &Map<String, Value>, issuer: &str) -> Self {
        // No name of ours has a zero byte in it; whoever knows a client's secret may sign one, and no database keeps it.
        let text = |name: &str| claims.get(name).and_then(Value::as_str).filter(|text| !text.contains('\0'));
        let audience = match claims.get("aud") {
            Some(Value::String(one)) => Some(one.as_str()),
            Some(Value::Array(all)) if all.len() == 1 => all[0].as_str(),
            _ => None,
        };
        // Core §2: an ID Token has both; a signed UserInfo response has neither, a logout token has `events`.
        let is_id_token =
            ["exp", "iat"].iter().all(|name| claims.contains_key(*name)) && !claims.contains_key("events");
        match (text("iss"), audience, text("sub")) {
            (Some(iss), Some(client), Some(sub)) if iss == issuer && is_id_token => Self::Genuine(HintClaims {
                client: ClientId::new(client),
                sub: Sub::new(sub),
                sid: text("sid").map(Sid::new),
                ds_hash: text("ds_hash").map(str::to_owned),
            }),
            _ => Self::Foreign,
        }
    }
}

/// What the judge knows.
#[derive(Clone, Copy, Debug)]
pub struct EndFacts<'a> {
    /// The hint.
    pub hint: &'a EndHint,
    /// The client of [`EndRequest::client`], if it is registered and enabled.
    pub client: Option<&'a Client>,
    /// The live sessions this browser holds.
    pub sessions: &'a [HeldSession],
    /// The *live* participation the hint's `sid` names, in whosever session, and what keeps that session alive.
    pub stay: Option<(&'a Participation, SessionKind)>,
}

/// A live session of this browser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldSession {
    /// The session.
    pub session: SessionId,
    /// Whose.
    pub account: AccountId,
}

/// What now?
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndNext {
    /// The person must say so first.
    Ask(EndQuestion),
    /// End it now, then go on.
    End {
        /// What ends.
        what: Vec<Ended>,
        /// Why.
        cause: Cause,
        /// What is shown or done then.
        after: After,
    },
    /// There is nothing to end: signed out already, which is success.
    Done {
        /// What is shown or done.
        after: After,
    },
    /// No.
    Show(Refusal),
}

/// What the person is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndQuestion {
    /// The client that asks, if it is known.
    pub client: Option<ClientId>,
    /// The sessions of this browser, the hint's own first.
    pub sessions: Vec<HeldSession>,
    /// The client's stay, if the hint proves one: "only this application".
    pub stay: Option<Sid>,
    /// What a yes ends besides: the stay the hint proves, where it is in none of these sessions. Whoever asks to be signed
    /// out and hears yes is signed out.
    pub beyond: Option<Ended>,
    /// How far this client's logout reaches.
    pub policy: LogoutPolicy,
    /// What is shown or done after a yes.
    pub after: After,
}

/// What is shown or done afterwards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum After {
    /// The browser is sent there, with `state`.
    Redirect(String),
    /// A link is shown.
    Link(String),
    /// The page that says so.
    Page,
}

/// What the person answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndAnswer {
    /// Sign out.
    Everything,
    /// Sign out of this application only.
    ThisClient,
}

impl EndQuestion {
    /// What an answer ends. Only what was listed can be: an answer about anything else ends nothing.
    pub fn ends(&self, answer: &EndAnswer) -> Vec<Ended> {
        match answer {
            EndAnswer::ThisClient => self.stay.clone().map(Ended::Participation).into_iter().collect(),
            EndAnswer::Everything => {
                let mut all = reach(self.policy, &self.sessions);
                all.extend(self.beyond.clone());
                all
            }
        }
    }

    /// Whether a yes signs out a device, and with it the apps that share a sign-in there: the person is told before.
    pub fn reaches_a_device(&self) -> bool {
        matches!(self.beyond, Some(Ended::Session(_)))
    }

    /// Why: the relying party asked and the person agreed, or the person alone.
    pub fn cause(&self) -> Cause {
        if self.client.is_some() { Cause::RelyingParty } else { Cause::Person }
    }
}

fn reach(policy: LogoutPolicy, sessions: &[HeldSession]) -> Vec<Ended> {
    let mut all = Vec::new();
    for held in sessions {
        let ended = match policy {
            LogoutPolicy::Account => Ended::Account(held.account.clone()),
            LogoutPolicy::Session | LogoutPolicy::ThisClient => Ended::Session(held.session.clone()),
        };
        if !all.contains(&ended) {
            all.push(ended);
        }
    }
    all
}

/// The end of a stay that no session of this browser has. That of an app whose sign-in is a device's (Native SSO) is the
/// device's: its hint is the device's own, and the apps there have one sign-out. A session of another browser is not the
/// client's to end.
fn beyond(stay: &Participation, kept_by: SessionKind, policy: LogoutPolicy) -> Ended {
    match (kept_by, policy) {
        (SessionKind::Device, LogoutPolicy::Session | LogoutPolicy::Account) => Ended::Session(stay.session.clone()),
        (SessionKind::Device, LogoutPolicy::ThisClient) | (SessionKind::Browser, _) => {
            Ended::Participation(stay.sid.clone())
        }
    }
}

/// Judges the request.
pub fn judge(request: &EndRequest, facts: &EndFacts<'_>) -> EndNext {
    let after = match check(request, facts) {
        Ok(after) => after,
        Err(refusal) => return EndNext::Show(refusal),
    };
    let policy = facts.client.map_or(LogoutPolicy::Session, |client| client.policy.logout);
    let stay = proven_stay(facts);
    let held = stay.and_then(|(stay, _)| facts.sessions.iter().find(|held| held.session == stay.session));
    match (held, policy) {
        (Some(held), LogoutPolicy::Session | LogoutPolicy::Account) => {
            EndNext::End { what: reach(policy, std::slice::from_ref(held)), cause: Cause::RelyingParty, after }
        }
        // Signed out already (§4: not an error): no session in this browser, no stay anywhere.
        (None, _) if facts.sessions.is_empty() && stay.is_none() => EndNext::Done { after },
        _ => EndNext::Ask(EndQuestion {
            client: facts.client.map(|client| client.id.clone()),
            sessions: own_first(facts.sessions, held),
            stay: stay.map(|(stay, _)| stay.sid.clone()),
            beyond: stay.filter(|_| held.is_none()).map(|(stay, kept_by)| beyond(stay, kept_by, policy)),
            policy,
            after,
        }),
    }
}

/// The stay the hint names, if it is that client's and that person's.
fn proven_stay<'a>(facts: &EndFacts<'a>) -> Option<(&'a Participation, SessionKind)> {
    let EndHint::Genuine(hint) = facts.hint else {
        return None;
    };
    facts
        .stay
        .filter(|(stay, _)| hint.sid.as_ref() == Some(&stay.sid) && stay.client == hint.client && stay.sub == hint.sub)
}

fn own_first(sessions: &[HeldSession], own: Option<&HeldSession>) -> Vec<HeldSession> {
    let rest = sessions.iter().filter(|held| Some(*held) != own);
    own.into_iter().chain(rest).cloned().collect()
}

/// The refusals, and where the way leads afterwards.
fn check(request: &EndRequest, facts: &EndFacts<'_>) -> Result<After, Refusal> {
    let no = |why, say| refuse(ErrorCode::InvalidRequest, why, say);
    if *facts.hint == EndHint::Foreign {
        return Err(no("end_hint_foreign", "id_token_hint is not an ID Token of this provider"));
    }
    if let (EndHint::Genuine(hint), Some(named)) = (facts.hint, &request.client_id) {
        // §2: the OP must verify that client_id matches the audience of the hint.
        if hint.client != *named {
            return Err(no("end_client_differs", "client_id and id_token_hint name different clients"));
        }
    }
    let client = match (request.client(facts.hint), facts.client) {
        // A client that is gone cannot be returned to, but its people can still sign out.
        (None, _) | (Some(_), None) if matches!(facts.hint, EndHint::Genuine(_)) || request.client_id.is_none() => {
            return Ok(After::Page);
        }
        (Some(asked), Some(found)) if *asked == found.id => found,
        _ => return Err(no("end_client_unknown", "client_id names no client of this provider")),
    };
    let Some(back) = &request.post_logout_redirect_uri else {
        return Ok(After::Page);
    };
    if !client.metadata.post_logout_redirect_uris.contains(back) {
        return Err(no("end_redirect_unregistered", "post_logout_redirect_uri is not registered for this client"));
    }
    let back = with_state(back, request.state.as_deref());
    Ok(match facts.hint {
        EndHint::Genuine(_) => After::Redirect(back),
        // §3: without a hint there is no other proof of who asks; the person decides by following a link.
        EndHint::Absent | EndHint::Foreign => After::Link(back),
    })
}

/// §3: `state`, only if it was sent.
fn with_state(text: &str, state: Option<&str>) -> String {
    state.map_or_else(|| text.to_owned(), |state| uri::with_query(text, &[("state", state)]))
}
