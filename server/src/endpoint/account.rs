//! `/account`: the person's own page. Who is signed in, the password, which applications have access, where the account is
//! signed in.
//!
//! Invariant: everything here is done to an account with a live session in this very browser, by its own form.

use std::collections::HashMap;

use axum::http::header;
use login::password::Problem;
use openid::account::Account;
use openid::authorize::next::Consent;
use openid::logout::judge::Ended;
use openid::name::{AccountId, ClientId, SessionId};
use openid::session::{Cause, Session, SessionKind};
use openid::wire::form::Form;
use openid::wire::refusal::{ErrorCode, Refusal, refuse};
use serde_json::{Map, Value};
use store::accounts::Done;
use store::{Selection, SessionRow, StayRow};

use super::ask::Ask;
use super::login::{Proven, prove};
use crate::answer::{Answer, Stop, put, see_other};
use crate::browser::{self, FormCookie};
use crate::known::KnownAccounts;
use crate::op::Op;
use crate::page::{self, AccountNotice};
use crate::pending::{Pending, Target};

/// More stays than this are not shown.
const MOST_STAYS: u32 = 1_000;

/// Where a pending request for this page goes on.
pub(super) fn resume(op: &Op, pending: &Pending) -> Answer {
    let issuer = op.issuer().as_str();
    match &pending.target {
        Target::Link(token) => see_other(&format!("{issuer}/link?token={token}")),
        Target::Console(path) => see_other(&format!("{issuer}{path}")),
        _ => see_other(&format!("{issuer}/account?request={}", pending.seal(op))),
    }
}

/// The page.
pub(super) async fn account(op: &Op, ask: &Ask) -> Result<Answer, Stop> {
    let form = ask.query()?;
    match here(op, ask, &form).await? {
        Here::One(who) => show(op, ask, *who, notice(form.get("did")), &Typed::Nothing).await,
        Here::Nobody => Ok(sign_in(op, ask, "/login")),
        Here::Several => Ok(sign_in(op, ask, "/choose")),
    }
}

/// To the page that says who is there, and then to the person's own.
pub(super) fn sign_in(op: &Op, ask: &Ask, path: &str) -> Answer {
    let cookie = FormCookie::of(op, ask);
    let pending = Pending::begin(Target::Account, &cookie.binding(op), op.now());
    let mut answer = see_other(&format!("{}{path}?request={}", op.issuer().as_str(), pending.seal(op)));
    cookie.put(&mut answer);
    answer
}

/// Who is here.
pub(super) enum Here {
    One(Box<(Account, Session)>),
    Several,
    Nobody,
}

/// Whose page it is: the one chosen, or the only one.
pub(super) async fn here(op: &Op, ask: &Ask, form: &Form) -> Result<Here, Stop> {
    let mut all = super::signed_in(op, ask).await?;
    let chosen = match form.get("request") {
        Some(_) => Pending::open(op, ask, form, op.now())?.chosen,
        None => form.get("who").map(AccountId::new),
    };
    if let Some(chosen) = chosen {
        // A page of somebody who is not here any more is about nobody else.
        let place = all.iter().position(|(account, _)| account.id == chosen);
        return Ok(place.map_or(Here::Nobody, |place| Here::One(Box::new(all.swap_remove(place)))));
    }
    match (all.pop(), all.is_empty()) {
        (None, _) => Ok(Here::Nobody),
        (Some(who), true) => Ok(Here::One(Box::new(who))),
        (Some(_), false) => Ok(Here::Several),
    }
}

/// The account a form was for; the form must be this browser's.
pub(super) async fn owner(op: &Op, ask: &Ask, form: &Form) -> Result<(Account, Session), Stop> {
    browser::check_csrf(op, ask, form)?;
    match here(op, ask, form).await? {
        Here::One(who) => Ok(*who),
        Here::Several | Here::Nobody => Err(not_here().into()),
    }
}

fn not_here() -> Refusal {
    refuse(ErrorCode::InvalidRequest, "account_not_here", "you are not signed in here any more")
}

fn notice(did: Option<&str>) -> Option<AccountNotice> {
    match did {
        Some("password") => Some(AccountNotice::PasswordChanged),
        Some("withdrawn") => Some(AccountNotice::Withdrawn),
        Some("ended") => Some(AccountNotice::SessionEnded),
        Some("email") => Some(AccountNotice::EmailConfirmed),
        Some("sent") => Some(AccountNotice::EmailSent),
        Some("details") => Some(AccountNotice::DetailsKept),
        _ => None,
    }
}

/// What was typed into a form of the page that is shown again.
pub(super) enum Typed<'a> {
    /// Nothing.
    Nothing,
    /// A new address.
    Email(&'a str),
    /// Details, and which of them will not do.
    Details(&'a Map<String, Value>, &'a str),
}

impl Typed<'_> {
    fn email(&self) -> Option<&str> {
        match self {
            Self::Email(email) => Some(email),
            Self::Nothing | Self::Details(..) => None,
        }
    }
}

/// The page.
pub(super) async fn show(
    op: &Op,
    ask: &Ask,
    (account, session): (Account, Session),
    notice: Option<AccountNotice>,
    typed: &Typed<'_>,
) -> Result<Answer, Stop> {
    let mut reader = op.store().reader().await?;
    let consents = reader.consents(&account.id).await?;
    let sessions = reader.account_sessions(&account.id, Selection::Live, op.now()).await?;
    let stays = reader.account_stays(&account.id, Selection::Live, op.now(), MOST_STAYS).await?;
    drop(reader);
    let cookie = FormCookie::of(op, ask);
    let frame = op.frame(ask);
    let (locales, catalogue) = (frame.locales(&[]), op.catalogue());
    let mut applications = Vec::new();
    for (client, consent) in consents {
        applications.push(page::Access {
            name: super::mentioned_name(op, &client, &locales).await?,
            client: client.to_string(),
            scopes: super::asked_scopes(op, &locales, &consent, &Consent::default()),
            since: consent.given_at,
        });
    }
    let names = names(op, &stays, &locales).await?;
    let places = places(&sessions, &stays, (&names, &session));
    let page = page::Account {
        who: account.id.to_string(),
        username: account.username.clone(),
        name: super::display_name(&account),
        notice,
        applications,
        sessions: places,
        address: super::email::address(op, &account, typed.email()),
        details: super::details::details(&account, &catalogue, &locales, typed),
        csrf: cookie.csrf(op),
    };
    let mut answer = page.render(&frame);
    cookie.put(&mut answer);
    Ok(answer)
}

/// What the clients of some stays are called.
async fn names(op: &Op, stays: &[StayRow], locales: &[String]) -> Result<HashMap<ClientId, String>, Stop> {
    let mut names = HashMap::new();
    for stay in stays {
        let client = &stay.participation.client;
        if !names.contains_key(client) {
            names.insert(client.clone(), super::mentioned_name(op, client, locales).await?);
        }
    }
    Ok(names)
}

/// Where the account is signed in, as a tree: this browser first, then the latest seen; below each the devices opened from it.
fn places(
    sessions: &[SessionRow],
    stays: &[StayRow],
    (names, here): (&HashMap<ClientId, String>, &Session),
) -> Vec<page::Place> {
    let application = |stay: &StayRow| {
        let client = &stay.participation.client;
        let name = names.get(client).cloned().unwrap_or_else(|| client.to_string());
        page::InPlace { sid: stay.participation.sid.to_string(), name }
    };
    let place = |row: &SessionRow| page::Place {
        id: row.session.id.to_string(),
        here: row.session.id == here.id,
        device: row.session.kind == SessionKind::Device,
        replayed: row.replayed_at,
        agent: row.agent.clone().unwrap_or_default(),
        seen: row.session.seen_at,
        // The earliest first.
        applications: stays
            .iter()
            .rev()
            .filter(|s| s.participation.session == row.session.id)
            .map(application)
            .collect(),
        below: Vec::new(),
    };
    let there: Vec<SessionId> = sessions.iter().map(|row| row.session.id.clone()).collect();
    let (mut places, mut below): (Vec<page::Place>, Vec<(SessionId, page::Place)>) = (Vec::new(), Vec::new());
    for row in sessions {
        match row.opened_from.as_ref().filter(|from| there.contains(from)) {
            Some(from) => below.push((from.clone(), place(row))),
            None => places.push(place(row)),
        }
    }
    places.sort_by_key(|place| (!place.here, std::cmp::Reverse(place.seen)));
    for place in &mut places {
        place.below = below.extract_if(.., |(from, _)| from.as_str() == place.id).map(|(_, device)| device).collect();
    }
    // What hangs below something that hangs itself is shown all the same.
    places.extend(below.into_iter().map(|(_, device)| device));
    places
}

/// The key of a text for each reason.
pub(super) fn problem_key(problem: Problem) -> &'static str {
    match problem {
        Problem::Short => "short",
        Problem::Long => "long",
        Problem::Username => "username",
        Problem::Common => "common",
        Problem::Control => "control",
        Problem::Same => "same",
    }
}

pub(super) fn back(op: &Op, account: &AccountId, did: &str) -> Answer {
    see_other(&format!("{}/account?who={account}&did={did}", op.issuer().as_str()))
}

/// `POST /account/password`: the current one proves it is the person; every other session of the account ends, and
/// background access that was granted in any but this one. This browser's secrets change: one may have been copied.
pub(super) async fn password(op: &Op, ask: &Ask) -> Result<Answer, Stop> {
    let form = ask.form()?;
    let (account, session) = owner(op, ask, &form).await?;
    let field = |name| form.get(name).unwrap_or_default().to_owned();
    let (current, new, repeat) = (field("current"), field("new"), field("repeat"));
    let proven = match login::password::judge_change(&new, &current, &account.username) {
        _ if new != repeat => Err(AccountNotice::PasswordsDiffer),
        Err(problem) => Err(AccountNotice::PasswordWeak(problem_key(problem))),
        Ok(()) => match prove(op, ask, &account.username, &current).await? {
            Proven::Is(who) => Ok(who.1),
            Proven::Wrong => Err(AccountNotice::PasswordWrong),
            Proven::Blocked { .. } => Err(AccountNotice::TooMany),
        },
    };
    let proven = match proven {
        Ok(proven) => proven,
        Err(problem) => return show(op, ask, (account, session), Some(problem), &Typed::Nothing).await,
    };
    let hash = op.hashing().hash(&new).await?;
    let id = account.id.clone();
    let now = op.now();
    let here = session.id.clone();
    let fresh = browser::fresh(op, ask);
    let rebound: Vec<_> = fresh.iter().map(|fresh| (fresh.old, fresh.new)).collect();
    let end = op.order_to_end(Ended::Account(id.clone()), Cause::PasswordChanged, &super::actor(&id));
    let line = op.line(&end.by, "password_changed", &account.username);
    let changed = op
        .store()
        .write(async move |tx| {
            // Whoever was signed out while the password was checked changes none. Both are held, the account first.
            if tx.account_to_change(&id).await?.is_none() || tx.hold_session(&here, now).await?.is_none() {
                return Err(not_here().into());
            }
            if !tx.change_password(&id, &proven, &hash, now).await?.is_done() {
                return Ok(Done::No);
            }
            let mut line = line.clone();
            line.tell(&tx.end_elsewhere(&end, &here).await?.tally());
            for (old, new) in &rebound {
                tx.rebind_browser(old, new).await?;
            }
            tx.note(&line).await?;
            Ok(Done::Yes)
        })
        .await?;
    if !changed.is_done() {
        // Somebody changed it while it was checked.
        return show(op, ask, (account, session), Some(AccountNotice::PasswordWrong), &Typed::Nothing).await;
    }
    let mut answer = back(op, &account.id, "password");
    // Who has just proven the password here is no stranger here.
    let known = KnownAccounts::of(op, ask).with(op, &account.id, Some(now));
    put(&mut answer, header::SET_COOKIE, &known.cookie(op));
    for secret in &fresh {
        put(&mut answer, header::SET_COOKIE, &secret.cookie);
    }
    Ok(answer)
}

/// `POST /account/withdraw`: the client loses what it was granted, offline access included, and is told.
pub(super) async fn withdraw(op: &Op, ask: &Ask) -> Result<Answer, Stop> {
    let form = ask.form()?;
    let (account, _) = owner(op, ask, &form).await?;
    let client = ClientId::new(form.need("client")?);
    let id = account.id.clone();
    let what = Ended::AccountAtClient(id.clone(), client.clone());
    let end = op.order_to_end(what, Cause::ConsentWithdrawn, &super::actor(&id));
    let line = op.line(&end.by, "consent_withdrawn", client.as_str());
    op.store()
        .write(async move |tx| {
            let mut line = line.clone();
            let done = tx.withdraw_consent(&id, &client).await?;
            let report = tx.end(&end).await?;
            if done.is_done() || report.ended_something() {
                line.tell(&report.tally());
                tx.note(&line).await?;
            }
            Ok(())
        })
        .await?;
    Ok(back(op, &account.id, "withdrawn"))
}
