//! `GET`/`POST /choose`: which of the accounts signed in in this browser (OpenID Connect Core §3.1.2.1 `select_account`).
//!
//! Invariant: only accounts with a live session in this very browser can be chosen.

use axum::http::Method;
use openid::name::AccountId;
use openid::wire::form::Form;
use openid::wire::refusal::{ErrorCode, refuse};

use super::ask::Ask;
use super::authorize;
use crate::answer::{Answer, Stop, see_other};
use crate::browser::{self, FormCookie};
use crate::op::Op;
use crate::page;
use crate::pending::Pending;

/// The endpoint.
pub(super) async fn choose(op: &Op, ask: &Ask) -> Result<Answer, Stop> {
    let form = ask.parameters()?;
    let pending = Pending::open(op, ask, &form, op.now())?;
    match ask.method {
        Method::POST => {
            browser::check_csrf(op, ask, &form)?;
            chosen(op, ask, &form, pending).await
        }
        _ => show(op, ask, &pending).await,
    }
}

async fn show(op: &Op, ask: &Ask, pending: &Pending) -> Result<Answer, Stop> {
    let (looks, application, _) = super::login::looks(op, ask, pending).await?;
    let accounts = super::signed_in(op, ask).await?;
    let accounts = accounts
        .into_iter()
        .map(|(account, _)| page::Choice {
            id: account.id.to_string(),
            username: account.username.clone(),
            name: super::display_name(&account),
        })
        .collect();
    let cookie = FormCookie::of(op, ask);
    let page = page::Choose { application, accounts, request: pending.seal(op), csrf: cookie.csrf(op) };
    let mut answer = page.render(&op.frame_in(ask, &looks));
    cookie.put(&mut answer);
    Ok(answer)
}

async fn chosen(op: &Op, ask: &Ask, form: &Form, pending: Pending) -> Result<Answer, Stop> {
    let account = match form.get("account") {
        None | Some("another") => {
            let pending = Pending { again: None, ..pending };
            return Ok(see_other(&format!("{}/login?request={}", op.issuer().as_str(), pending.seal(op))));
        }
        Some(account) => AccountId::new(account),
    };
    let here = super::sessions_here(op, ask).await?;
    if !here.iter().any(|session| session.account == account) {
        return Err(refuse(
            ErrorCode::InvalidRequest,
            "choice_not_here",
            "this account is not signed in here any more",
        )
        .into());
    }
    let pending = Pending { chosen: Some(account), ..pending };
    authorize::proceed(op, ask, pending, browser::secrets(op, ask)).await
}
