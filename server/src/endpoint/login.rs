//! `GET`/`POST /login`: the sign-in page. A password proves who is there; attempts are limited by three budgets
//! (`login::budget`), and an unknown account costs and says the same as a wrong password.
//!
//! Invariant: attempts are taken before the password is hashed and given back on success; nothing is hashed while a
//! transaction is open; the secret a session hangs on changes at every sign-in.

use axum::http::{Method, header};
use login::assurance::{Method as Proving, Proof};
use login::budget::{self, Browser as Known};
use openid::account::Account;
use openid::authorize::request::SignUp;
use openid::name::{Digest, Secret, SessionId};
use openid::session::{SessionKind, SessionStanding};
use openid::time::Time;
use openid::wire::form::Form;
use openid::wire::refusal::{ErrorCode, refuse};
use store::accounts::{Done, HeldAccount, Password};
use store::attempts::Taken;
use store::audit::Entry;
use store::{Asker, Browser, Fault, NewSession, Reproof, Tx};

use super::ask::Ask;
use super::authorize::{self, Here, Located};
use crate::answer::{Answer, Stop, put};
use crate::browser::{self, FormCookie};
use crate::cookie::Cookie;
use crate::hashing::Checked;
use crate::known::KnownAccounts;
use crate::metrics::SignIn;
use crate::op::Op;
use crate::page::{self, Application, LoginOffers, LoginProblem, Looks, OwnPage};
use crate::pending::{Pending, Target};

/// The endpoint.
pub(super) async fn login(op: &Op, ask: &Ask) -> Result<Answer, Stop> {
    let form = ask.parameters()?;
    let pending = Pending::open(op, ask, &form, op.now())?;
    match ask.method {
        Method::POST => {
            browser::check_csrf(op, ask, &form)?;
            submitted(op, ask, &form, pending).await
        }
        _ => show(op, ask, &pending, None, None).await,
    }
}

/// How the pages of a request look, who asks, and whom it means.
pub(super) async fn looks(
    op: &Op,
    ask: &Ask,
    pending: &Pending,
) -> Result<(Looks, Option<Application>, Option<String>), Stop> {
    let Target::Authorize(parameters) = &pending.target else {
        return Ok((Looks::default(), None, None));
    };
    let located = Located::find(op, parameters, pending.began).await?;
    let looks = Looks::of(&located.form);
    let locales = op.frame_in(ask, &looks).locales(&looks.ui_locales);
    let hint = located.form.get("login_hint").map(str::to_owned);
    Ok((looks, Some(super::application(&located.client, &locales)), hint))
}

/// What the person typed, the password aside: it stands there again beside the problem.
struct Typed<'a> {
    username: &'a str,
    remember: Remember,
}

/// The page.
async fn show(
    op: &Op,
    ask: &Ask,
    pending: &Pending,
    typed: Option<&Typed<'_>>,
    problem: Option<LoginProblem>,
) -> Result<Answer, Stop> {
    let (looks, application, hint) = looks(op, ask, pending).await?;
    let (mut again, mut remember) = (None, Remember::No);
    if let Some(account) = &pending.again {
        let mut reader = op.store().reader().await?;
        again = reader.account(account).await?.map(|account| account.username);
        let kept = Browser { passing: None, ..browser::secrets(op, ask) };
        let kept = reader.browser_sessions(&kept, Asker::NOBODY, op.now()).await?;
        remember = Remember::of(kept.iter().any(|candidate| candidate.session.account == *account));
    }
    let cookie = FormCookie::of(op, ask);
    let page = page::Login {
        application,
        own: match pending.target {
            Target::Console(_) => OwnPage::Console,
            _ => OwnPage::Account,
        },
        username: typed
            .map(|typed| typed.username.to_owned())
            .or_else(|| again.clone())
            .or_else(|| pending.username.clone())
            .or(hint)
            .unwrap_or_default(),
        again,
        remember: typed.map_or(remember, |typed| typed.remember) == Remember::Yes,
        recovered: ask.query().is_ok_and(|form| form.get("did") == Some("recovered")),
        offers: LoginOffers { create: op.sign_up() == SignUp::Open, recover: op.mail().is_some() },
        problem,
        request: pending.seal(op),
        csrf: cookie.csrf(op),
    };
    let mut answer = page.render(&op.frame_in(ask, &looks));
    cookie.put(&mut answer);
    Ok(answer)
}

async fn submitted(op: &Op, ask: &Ask, form: &Form, pending: Pending) -> Result<Answer, Stop> {
    if form.get("cancel").is_some() {
        return cancel(op, ask, &pending).await;
    }
    let username = form.get("username").unwrap_or_default().trim();
    let password = form.get("password").unwrap_or_default();
    let typed = Typed { username, remember: Remember::of(form.get("remember").is_some()) };
    if username.is_empty() || password.is_empty() {
        return show(op, ask, &pending, Some(&typed), Some(LoginProblem::Missing)).await;
    }
    match prove(op, ask, username, password).await? {
        Proven::Blocked { until } => {
            let minutes = until.since(op.now()).seconds() / 60 + 1;
            show(op, ask, &pending, Some(&typed), Some(LoginProblem::TooMany { minutes })).await
        }
        Proven::Wrong => show(op, ask, &pending, Some(&typed), Some(LoginProblem::Wrong)).await,
        Proven::Is(who) => {
            let (account, proven) = *who;
            // Somebody else may sign in where one account was to prove itself again: then that account is the choice.
            match enter(op, ask, (&account, proven), typed.remember, &pending).await? {
                Some(answer) => Ok(answer),
                None => show(op, ask, &pending, Some(&typed), Some(LoginProblem::Wrong)).await,
            }
        }
    }
}

/// Signs somebody in who has proven who they are, and goes on with what they came for. `None`: what they proved it with
/// holds no more.
pub(super) async fn enter(
    op: &Op,
    ask: &Ask,
    (account, proven): (&Account, Password),
    remember: Remember,
    pending: &Pending,
) -> Result<Option<Answer>, Stop> {
    let Some((browser, cookies)) = open(op, ask, (account, proven), remember, pending.moment(op.now())).await? else {
        return Ok(None);
    };
    let pending = Pending { chosen: Some(account.id.clone()), again: None, ..pending.clone() };
    let mut answer = authorize::proceed(op, ask, pending, browser).await?;
    for cookie in cookies {
        put(&mut answer, header::SET_COOKIE, &cookie);
    }
    Ok(Some(answer))
}

/// The person does not want to go on.
pub(super) async fn cancel(op: &Op, ask: &Ask, pending: &Pending) -> Result<Answer, Stop> {
    match &pending.target {
        Target::Authorize(parameters) => {
            let located = Located::find(op, parameters, pending.began).await?;
            let refusal = refuse(ErrorCode::AccessDenied, "login_cancelled", "the person cancelled the sign-in");
            located.refuse(op, ask, Here::Browser(&browser::secrets(op, ask)), refusal).await
        }
        Target::Account | Target::Console(_) | Target::Link(_) | Target::Logout(_) | Target::SignedOut(_) => {
            Ok(crate::answer::see_other(&format!("{}/", op.issuer().as_str())))
        }
    }
}

/// What a username and a password prove.
pub(super) enum Proven {
    /// Who it is, and what was proven: it is to be held when it is acted on.
    Is(Box<(Account, Password)>),
    /// Nothing, and it does not say why.
    Wrong,
    /// Too many attempts; the hash was not computed.
    Blocked {
        /// When the next is possible.
        until: Time,
    },
}

/// Checks a password within the budgets. The same cost and answer whether or not there is such an account.
pub(super) async fn prove(op: &Op, ask: &Ask, username: &str, password: &str) -> Result<Proven, Stop> {
    let now = op.now();
    let found = op.store().reader().await?.account_by_username(username).await?;
    let known = KnownAccounts::of(op, ask);
    let browser = found.as_ref().and_then(|(account, own)| known.browser_of(&account.id, own.changed_at));
    let browser = browser.map_or(Known::Stranger(ask.peer.address), Known::Known);
    let takes = budget::takes(username, browser, &op.config().limits.login());
    let spent = {
        let takes = takes.clone();
        op.store().write(async move |tx| Ok(tx.take_attempts(&takes, now).await?)).await?
    };
    if let Taken::Blocked { until, budget } = spent {
        op.metrics().signed_in(SignIn::Blocked);
        tracing::info!(why = "login_budget_empty", budget = budget.as_str(), source = %ask.peer.source(), "a sign-in was not tried: too many attempts");
        return Ok(Proven::Blocked { until });
    }
    let enabled = found.as_ref().filter(|(account, _)| account.disabled_at.is_none());
    let checked = op.hashing().check(password, enabled.and_then(|(_, own)| own.phc.as_deref())).await?;
    let (Some((account, proven)), Checked::Right { upgrade }) = (found, checked) else {
        op.metrics().signed_in(SignIn::Wrong);
        tracing::info!(why = "login_wrong", source = %ask.peer.source(), "a sign-in failed");
        return Ok(Proven::Wrong);
    };
    let (id, old) = (account.id.clone(), proven.phc.clone());
    op.store()
        .write(async move |tx| {
            tx.refund_attempts(&takes, now).await?;
            if let (Some(new), Some(old)) = (&upgrade, &old) {
                tx.upgrade_password(&id, old, new).await?;
            }
            Ok(())
        })
        .await?;
    Ok(Proven::Is(Box::new((account, proven))))
}

/// Whether the browser is to remember the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Remember {
    /// Until it closes.
    No,
    /// For the configured time.
    Yes,
}

impl Remember {
    fn of(checked: bool) -> Self {
        if checked { Self::Yes } else { Self::No }
    }
}

/// The same person in the same browser: session and `sid` stay, `auth_time` moves (`logout.md` §2). Else a session opens.
async fn settle(
    tx: &mut Tx,
    account: &HeldAccount,
    new: &NewSession,
    browser: &Browser,
    secret: &Digest,
) -> Result<(), Fault> {
    let held = tx.browser_sessions(browser, Asker::NOBODY, new.now).await?;
    if let Some(own) = held.iter().find(|candidate| candidate.session.account == *account.id()) {
        let (acr, amr, browser) = (new.acr.clone(), new.amr.clone(), *secret);
        let proof = Reproof { auth_time: new.now, acr, amr, browser, idle: new.idle, absolute: new.absolute };
        if tx.reauthenticate(&own.session.id, &proof).await? == SessionStanding::Live {
            return Ok(());
        }
    }
    tx.open_session(account, new).await
}

/// Opens the session, or proves it again if this browser has one of this account. The secret it hangs on is a new one;
/// the browser's other secret, and the sessions on it, stay as they are. `None`: the account was disabled while its
/// password was checked, or that password is its password no longer.
async fn open(
    op: &Op,
    ask: &Ask,
    (account, proven): (&Account, Password),
    remember: Remember,
    now: Time,
) -> Result<Option<(Browser, Vec<String>)>, Stop> {
    let lifetimes = &op.config().lifetimes;
    let worth = Proof { method: Proving::Password, at: now }.assurance();
    let fresh = Secret::from_bytes(&op.dice().draw());
    let (secret, brought) = (fresh.digest(), browser::secrets(op, ask));
    let (idle, absolute) = match remember {
        Remember::No => (lifetimes.session_idle, lifetimes.session_absolute),
        Remember::Yes => (lifetimes.session_remember, lifetimes.session_remember),
    };
    let (old, browser) = match remember {
        Remember::No => (brought.passing, Browser { passing: Some(secret), ..brought }),
        Remember::Yes => (brought.kept, Browser { kept: Some(secret), ..brought }),
    };
    let new = NewSession {
        id: SessionId::new(op.dice().name()),
        kind: SessionKind::Browser,
        browser: Some(secret),
        now,
        acr: worth.acr.clone(),
        amr: worth.amr.clone(),
        agent: ask.header("user-agent").map(super::agent),
        idle,
        absolute,
    };
    let entry =
        Entry::new(op.dice().name(), now, format!("account:{}", account.id), "sign_in", account.username.clone());
    let id = account.id.clone();
    let changed_at = proven.changed_at;
    let opened = op
        .store()
        .write(async move |tx| {
            let Some(account) = tx.hold_account(&id, &proven).await? else {
                return Ok(Done::No);
            };
            if let Some(old) = &old {
                tx.rebind_browser(old, &secret).await?;
            }
            settle(tx, &account, &new, &browser, &secret).await?;
            tx.note(&entry).await?;
            Ok(Done::Yes)
        })
        .await?;
    if !opened.is_done() {
        op.metrics().signed_in(SignIn::Overtaken);
        tracing::info!(why = "login_overtaken", source = %ask.peer.source(), "a sign-in failed: the account changed meanwhile");
        return Ok(None);
    }
    op.metrics().signed_in(SignIn::Done);
    let set = match remember {
        Remember::No => Cookie::Browser.set(op.dress(), fresh.reveal(), None),
        Remember::Yes => Cookie::Kept.set(op.dress(), fresh.reveal(), Some(lifetimes.session_remember)),
    };
    let known = KnownAccounts::of(op, ask).with(op, &account.id, changed_at);
    Ok(Some((browser, vec![set, known.cookie(op)])))
}
