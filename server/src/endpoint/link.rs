//! `GET`/`POST /link`: what the link of a letter leads to. `GET` only shows what it is about, since programs that look through
//! mail open links; the button spends it.
//!
//! Invariant: spending a link and doing what it is for is one transaction. A link alone changes no account of somebody who
//! is signed in elsewhere: an address is confirmed by its reader and the account's owner in one browser.

use axum::http::{Method, header};
use login::letter::{self, About};
use openid::account::Account;
use openid::authorize::request::SignUp;
use openid::logout::judge::Ended;
use openid::name::{AccountId, Digest};
use openid::session::Cause;
use openid::wire::form::Form;
use openid::wire::refusal::{ErrorCode, Refusal, refuse};
use serde_json::{Map, Value, json};
use store::accounts::Password;
use store::{Letter, Tx};

use super::account::{back, problem_key};
use super::ask::Ask;
use super::login::{Remember, enter};
use crate::answer::{Answer, Stop, put, see_other};
use crate::browser::{self, FormCookie};
use crate::known::KnownAccounts;
use crate::op::Op;
use crate::page::{self, LinkAsk};
use crate::pending::{Pending, Target};

/// The endpoint.
pub(super) async fn link(op: &Op, ask: &Ask) -> Result<Answer, Stop> {
    let form = ask.parameters()?;
    let token = form.need("token")?;
    let found = op.store().reader().await?.letter_by_link(&Digest::of(token)).await?;
    letter::judge(found.as_ref().map(Letter::standing), op.now())?;
    let Some(letter) = found else { return Err(unknown().into()) };
    let account = match &letter.account {
        Some(account) => Some(op.store().reader().await?.account(account).await?.ok_or_else(over)?),
        None => None,
    };
    fits(op.sign_up(), &letter, account.as_ref())?;
    let used = ask.method == Method::POST;
    if used {
        browser::check_csrf(op, ask, &form)?;
    }
    match (letter.about, account) {
        (About::Verify, Some(account)) => verify(op, ask, token, &letter, account).await,
        (About::Recover, Some(account)) if used => recover(op, ask, &form, letter, account).await,
        (About::Recover, Some(account)) => {
            Ok(show(op, ask, &form, LinkAsk::Recover { username: account.username }, None))
        }
        (About::SignUp, _) if used => create(op, ask, &form, letter).await,
        (About::SignUp, _) => Ok(show(op, ask, &form, LinkAsk::Create { address: letter.address }, None)),
        // These carry no link.
        (About::Taken | About::Changed | About::Verify | About::Recover, _) => Err(unknown().into()),
    }
}

/// Whether what the letter was about still stands.
fn fits(sign_up: SignUp, letter: &Letter, account: Option<&Account>) -> Result<(), Refusal> {
    let no = |code, why, say| Err(refuse(code, why, say));
    match (letter.about, account) {
        (_, Some(account)) if account.disabled_at.is_some() => Err(over()),
        (About::Recover, Some(account)) if !letter::still_reaches(account, &letter.address) => {
            no(ErrorCode::AccessDenied, "link_of_old_address", "this account is not reached at this address any more")
        }
        (About::SignUp, _) if sign_up == SignUp::Closed => {
            no(ErrorCode::AccessDenied, "link_sign_up_closed", "nobody can make an account here any more")
        }
        _ => Ok(()),
    }
}

fn unknown() -> Refusal {
    refuse(ErrorCode::InvalidRequest, "link_of_nothing", "this link leads nowhere")
}

fn over() -> Refusal {
    refuse(ErrorCode::AccessDenied, "link_account_over", "this account cannot be used")
}

fn show(op: &Op, ask: &Ask, form: &Form, what: LinkAsk, problem: Option<String>) -> Answer {
    let cookie = FormCookie::of(op, ask);
    let field = |name| form.get(name).unwrap_or_default().to_owned();
    let page = page::Link { ask: what, name: field("name"), problem, token: field("token"), csrf: cookie.csrf(op) };
    let mut answer = page.render(&op.frame(ask));
    cookie.put(&mut answer);
    answer
}

/// Spends the link inside the transaction that does what it is for.
async fn spend(tx: &mut Tx, token: &Digest, now: openid::time::Time) -> Result<Letter, Stop> {
    if let Some(letter) = tx.spend_link(token, now).await? {
        return Ok(letter);
    }
    // Somebody was faster, or it has expired meanwhile.
    let known = tx.letter_by_link(token).await?;
    letter::judge(known.as_ref().map(Letter::standing), now)?;
    Err(unknown().into())
}

/// The account has this address from now on. In this browser it must be signed in: else somebody could give their account
/// the address of whoever presses a button without reading.
async fn verify(op: &Op, ask: &Ask, token: &str, letter: &Letter, account: Account) -> Result<Answer, Stop> {
    if !super::sessions_here(op, ask).await?.iter().any(|here| here.account == account.id) {
        let cookie = FormCookie::of(op, ask);
        let mut pending = Pending::begin(Target::Link(token.to_owned()), &cookie.binding(op), op.now());
        pending.again = Some(account.id);
        let mut answer = see_other(&format!("{}/login?request={}", op.issuer().as_str(), pending.seal(op)));
        cookie.put(&mut answer);
        return Ok(answer);
    }
    if ask.method != Method::POST {
        let what = LinkAsk::Verify { username: account.username, address: letter.address.clone() };
        return Ok(show(op, ask, &Form::from_pairs([("token", token)]), what, None));
    }
    let now = op.now();
    let (digest, id) = (Digest::of(token), account.id.clone());
    let line = op.line(&super::actor(&id), "email_confirmed", &account.username);
    let changed = super::letters::letter(op, &op.frame(ask), About::Changed, "", Some(&account));
    op.store()
        .write(async move |tx| {
            let account = tx.account_to_change(&id).await?.ok_or_else(over)?;
            let letter = spend(tx, &digest, now).await?;
            let mut claims = account.claims;
            let old = claims.insert("email".to_owned(), json!(letter.address));
            claims.insert("email_verified".to_owned(), json!(true));
            tx.set_claims(&id, &claims, now).await?;
            if let Some(Value::String(old)) = old.filter(|old| *old != json!(letter.address)) {
                tx.post_letter(&Letter { address: old, ..changed.clone() }).await?;
            }
            Ok(tx.note(&line).await?)
        })
        .await?;
    Ok(back(op, &account.id, "email"))
}

/// The two passwords of a form, if they will do; or the key of what is wrong.
fn password<'a>(form: &'a Form, username: &str) -> Result<&'a str, String> {
    let new = form.get("new").unwrap_or_default();
    match login::password::judge(new, username) {
        _ if form.get("repeat") != Some(new) => Err("account-differ".to_owned()),
        Err(problem) => Err(format!("password-{}", problem_key(problem))),
        Ok(()) => Ok(new),
    }
}

/// A new password; everything that was signed in with the old one ends. The person then signs in with it: a link proves
/// an address, not a person.
async fn recover(op: &Op, ask: &Ask, form: &Form, letter: Letter, account: Account) -> Result<Answer, Stop> {
    let new = match password(form, &account.username) {
        Ok(new) => new,
        Err(key) => return Ok(show(op, ask, form, LinkAsk::Recover { username: account.username }, Some(key))),
    };
    let hash = op.hashing().hash(new).await?;
    let (now, digest, id) = (op.now(), Digest::of(form.need("token")?), account.id.clone());
    let end = op.order_to_end(Ended::Account(id.clone()), Cause::PasswordChanged, &super::actor(&id));
    let line = op.line(&end.by, "password_recovered", &account.username);
    let held = letter.clone();
    op.store()
        .write(async move |tx| {
            let mut line = line.clone();
            // Meanwhile it may have been disabled, or have got another address.
            let account = tx.account_to_change(&id).await?.ok_or_else(over)?;
            fits(SignUp::Open, &held, Some(&account))?;
            spend(tx, &digest, now).await?;
            tx.set_password(&id, &hash, now).await?;
            line.tell(&tx.end(&end).await?.tally());
            Ok(tx.note(&line).await?)
        })
        .await?;
    let pending = resumed(op, ask, letter.request.as_deref());
    let mut answer = see_other(&format!("{}/login?request={}&did=recovered", op.issuer().as_str(), pending.seal(op)));
    let known = KnownAccounts::of(op, ask).with(op, &account.id, Some(now));
    put(&mut answer, header::SET_COOKIE, &known.cookie(op));
    Ok(answer)
}

/// The new account, and its owner signed in to it.
async fn create(op: &Op, ask: &Ask, form: &Form, letter: Letter) -> Result<Answer, Stop> {
    let address = letter.address.clone();
    let mut claims = Map::new();
    let name = form.get("name").unwrap_or_default().trim();
    let named = match name {
        "" => Ok(None),
        name => login::claims::parse("name", name).map(Some).map_err(|_| "link-name-wrong".to_owned()),
    };
    let (new, name) = match (password(form, &address), named) {
        (Ok(new), Ok(name)) => (new, name),
        (Err(key), _) | (_, Err(key)) => return Ok(show(op, ask, form, LinkAsk::Create { address }, Some(key))),
    };
    claims.extend(name.map(|name| ("name".to_owned(), name)));
    claims.insert("email".to_owned(), json!(address));
    claims.insert("email_verified".to_owned(), json!(true));
    let hash = op.hashing().hash(new).await?;
    let (now, digest) = (op.now(), Digest::of(form.need("token")?));
    let account = Account {
        id: AccountId::new(op.dice().name()),
        username: address,
        sub: op.dice().name(),
        claims,
        created_at: now,
        updated_at: now,
        disabled_at: None,
    };
    let line = op.line(&super::actor(&account.id), "signed_up", &account.username);
    let (added, kept, held) = (account.clone(), hash.clone(), letter.clone());
    op.store()
        .write(async move |tx| {
            fits(tx.sign_up().await?, &held, None)?;
            spend(tx, &digest, now).await?;
            // Since the letter was sent, somebody has made one, or given this address to theirs.
            let known = !tx.accounts_by_email(&added.username, 1).await?.is_empty();
            if known || !tx.add_account(&added, Some(&hash)).await?.is_done() {
                return Err(refuse(
                    ErrorCode::InvalidRequest,
                    "link_address_taken",
                    "there is an account of this address already",
                )
                .into());
            }
            Ok(tx.note(&line).await?)
        })
        .await?;
    let pending = resumed(op, ask, letter.request.as_deref());
    let proven = Password { phc: Some(kept), changed_at: None };
    enter(op, ask, (&account, proven), Remember::No, &pending).await?.ok_or_else(|| over().into())
}

/// The request the letter was asked for in, if it still lives and this is its browser; the person's own page otherwise.
fn resumed(op: &Op, ask: &Ask, request: Option<&str>) -> Pending {
    let alive = request.and_then(|request| Pending::unseal(op, ask, request, op.now()).ok());
    alive.unwrap_or_else(|| Pending::begin(Target::Account, &FormCookie::of(op, ask).binding(op), op.now()))
}
