//! `GET`/`POST /recover`: somebody has forgotten their password. Whoever can be reached by mail gets a letter with a link.
//!
//! Invariant: what is answered does not depend on whether there is such an account, or whether it can be reached.

use axum::http::Method;
use login::letter::{About, reachable};
use openid::wire::form::Form;
use openid::wire::refusal::{ErrorCode, refuse};
use store::Letter;
use store::attempts::Taken;

use super::ask::Ask;
use super::login::looks;
use crate::answer::{Answer, Stop};
use crate::browser::{self, FormCookie};
use crate::op::Op;
use crate::page::{self, MailProblem, SentWhat};
use crate::pending::Pending;

/// People who share one address get a letter each; more than so many do not.
const MOST: u32 = 5;

/// The endpoint.
pub(super) async fn recover(op: &Op, ask: &Ask) -> Result<Answer, Stop> {
    if op.mail().is_none() {
        return Err(refuse(ErrorCode::InvalidRequest, "recover_off", "this server sends no letters").into());
    }
    let form = ask.parameters()?;
    let pending = Pending::open(op, ask, &form, op.now())?;
    if ask.method != Method::POST {
        let (looks, _, hint) = looks(op, ask, &pending).await?;
        return Ok(show(op, ask, &pending, (&looks, hint.as_deref().unwrap_or_default()), None));
    }
    browser::check_csrf(op, ask, &form)?;
    submitted(op, ask, &form, &pending).await
}

fn show(
    op: &Op,
    ask: &Ask,
    pending: &Pending,
    (looks, username): (&page::Looks, &str),
    problem: Option<MailProblem>,
) -> Answer {
    let cookie = FormCookie::of(op, ask);
    let page =
        page::Recover { username: username.to_owned(), problem, request: pending.seal(op), csrf: cookie.csrf(op) };
    let mut answer = page.render(&op.frame_in(ask, looks));
    cookie.put(&mut answer);
    answer
}

async fn submitted(op: &Op, ask: &Ask, form: &Form, pending: &Pending) -> Result<Answer, Stop> {
    let typed = form.get("username").unwrap_or_default().trim().to_owned();
    let (looks, ..) = looks(op, ask, pending).await?;
    if typed.is_empty() {
        return Ok(show(op, ask, pending, (&looks, &typed), Some(MailProblem::Malformed)));
    }
    let frame = op.frame_in(ask, &looks);
    let letters = letters(op, &frame, &typed, pending).await?;
    let (budgets, now) = (super::letters::takes(op, ask, &typed), op.now());
    let taken = op
        .store()
        .write(async move |tx| {
            let taken = tx.take_attempts(&budgets, now).await?;
            if taken == Taken::All {
                for letter in &letters {
                    tx.post_letter(letter).await?;
                }
            }
            Ok(taken)
        })
        .await?;
    match taken {
        Taken::Blocked { until, .. } => {
            tracing::info!(why = "recover_budget_empty", source = %ask.peer.source(), "a letter was not sent: too many");
            let minutes = super::letters::minutes(op, until);
            Ok(show(op, ask, pending, (&looks, &typed), Some(MailProblem::TooMany { minutes })))
        }
        Taken::All => Ok(page::Sent { what: SentWhat::Recover, typed, request: pending.seal(op) }.render(&frame)),
    }
}

/// A letter to each enabled account of that name or address that can be reached.
async fn letters(op: &Op, frame: &page::Frame, typed: &str, pending: &Pending) -> Result<Vec<Letter>, Stop> {
    let mut reader = op.store().reader().await?;
    let mut accounts = reader.accounts_by_email(typed, MOST).await?;
    if let Some((named, _)) = reader.account_by_username(typed).await?
        && !accounts.iter().any(|account| account.id == named.id)
    {
        accounts.push(named);
    }
    let request = pending.seal(op);
    let reached = accounts.iter().filter_map(|account| Some((account, reachable(account)?)));
    let letters = reached.map(|(account, address)| Letter {
        request: Some(request.clone()),
        ..super::letters::letter(op, frame, About::Recover, address, Some(account))
    });
    Ok(letters.collect())
}
