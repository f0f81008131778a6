//! `GET`/`POST /create`: the sign-up page (Initiating User Registration §4). It asks for an address and nothing else; name and
//! password are asked for behind the link of the letter, by whoever reads that mail. Whoever types somebody else's address
//! here so prepares no account with a password of their own.
//!
//! Invariant: what is answered does not depend on whether there is an account of that address; its owner is told.

use axum::http::Method;
use login::letter::{About, is_address};
use openid::authorize::request::SignUp;
use openid::wire::form::Form;
use openid::wire::refusal::{ErrorCode, refuse};
use store::attempts::Taken;

use super::ask::Ask;
use super::login::looks;
use crate::answer::{Answer, Stop};
use crate::browser::{self, FormCookie};
use crate::op::Op;
use crate::page::{self, MailProblem, SentWhat};
use crate::pending::Pending;

/// The endpoint.
pub(super) async fn create(op: &Op, ask: &Ask) -> Result<Answer, Stop> {
    if op.sign_up() == SignUp::Closed {
        return Err(refuse(ErrorCode::InvalidRequest, "sign_up_closed", "nobody can make an account here").into());
    }
    let form = ask.parameters()?;
    let pending = Pending::open(op, ask, &form, op.now())?;
    if ask.method != Method::POST {
        return show(op, ask, &pending, None, None).await;
    }
    browser::check_csrf(op, ask, &form)?;
    match form.get("cancel") {
        Some(_) => super::login::cancel(op, ask, &pending).await,
        None => submitted(op, ask, &form, pending).await,
    }
}

async fn show(
    op: &Op,
    ask: &Ask,
    pending: &Pending,
    email: Option<&str>,
    problem: Option<MailProblem>,
) -> Result<Answer, Stop> {
    let (looks, application, hint) = looks(op, ask, pending).await?;
    let cookie = FormCookie::of(op, ask);
    let hint = hint.filter(|hint| is_address(hint));
    let page = page::Create {
        application,
        email: email.map(str::to_owned).or(hint).unwrap_or_default(),
        problem,
        request: pending.seal(op),
        csrf: cookie.csrf(op),
    };
    let mut answer = page.render(&op.frame_in(ask, &looks));
    cookie.put(&mut answer);
    Ok(answer)
}

async fn submitted(op: &Op, ask: &Ask, form: &Form, pending: Pending) -> Result<Answer, Stop> {
    let address = form.get("email").unwrap_or_default().trim().to_owned();
    if !is_address(&address) {
        return show(op, ask, &pending, Some(&address), Some(MailProblem::Malformed)).await;
    }
    let (looks, ..) = looks(op, ask, &pending).await?;
    let frame = op.frame_in(ask, &looks);
    let (budgets, now) = (super::letters::takes(op, ask, &address), op.now());
    let mut letter = super::letters::letter(op, &frame, About::SignUp, &address, None);
    letter.request = Some(pending.seal(op));
    let taken = op
        .store()
        .write(async move |tx| {
            if tx.sign_up().await? == SignUp::Closed {
                return Err(refuse(
                    ErrorCode::InvalidRequest,
                    "sign_up_just_closed",
                    "nobody can make an account here",
                )
                .into());
            }
            let taken = tx.take_attempts(&budgets, now).await?;
            if taken == Taken::All {
                let named = tx.account_by_username(&letter.address).await?.is_some();
                let known = named || !tx.accounts_by_email(&letter.address, 1).await?.is_empty();
                let about = if known { About::Taken } else { About::SignUp };
                tx.post_letter(&store::Letter { about, ..letter.clone() }).await?;
            }
            Ok(taken)
        })
        .await?;
    match taken {
        Taken::Blocked { until, .. } => {
            tracing::info!(why = "create_budget_empty", source = %ask.peer.source(), "a letter was not sent: too many");
            let minutes = super::letters::minutes(op, until);
            show(op, ask, &pending, Some(&address), Some(MailProblem::TooMany { minutes })).await
        }
        Taken::All => {
            Ok(page::Sent { what: SentWhat::Create, typed: address, request: pending.seal(op) }.render(&frame))
        }
    }
}
