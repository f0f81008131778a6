//! `POST /account/email`: somebody wants another e-mail address, or theirs confirmed. A letter goes to it; the account has it
//! once the link of the letter was used (`link.rs`).
//!
//! Invariant: the password is proven first: whoever has the address can have a new password.

use login::letter::{About, is_address};
use openid::wire::refusal::{ErrorCode, refuse};
use serde_json::Value;
use store::attempts::Taken;

use super::account::{Typed, back, owner, show};
use super::ask::Ask;
use super::login::{Proven, prove};
use crate::answer::{Answer, Stop};
use crate::op::Op;
use crate::page::{AccountNotice, Address};

/// What the account page shows of an account's address.
pub(super) fn address(op: &Op, account: &openid::account::Account, typed: Option<&str>) -> Option<Address> {
    op.mail()?;
    let email = account.claims.get("email").and_then(Value::as_str).map(str::to_owned);
    let confirmed = account.claims.get("email_verified") == Some(&Value::Bool(true));
    // One that waits for its confirmation is the likeliest to be typed again.
    let again = email.as_deref().filter(|_| !confirmed);
    let typed = typed.or(again).unwrap_or_default().to_owned();
    Some(Address { email, confirmed, typed })
}

/// The endpoint.
pub(super) async fn email(op: &Op, ask: &Ask) -> Result<Answer, Stop> {
    if op.mail().is_none() {
        return Err(refuse(ErrorCode::InvalidRequest, "mail_off", "this server sends no letters").into());
    }
    let form = ask.form()?;
    let (account, session) = owner(op, ask, &form).await?;
    let typed = form.get("email").unwrap_or_default().trim().to_owned();
    let current = form.get("current").unwrap_or_default();
    let problem = match is_address(&typed) {
        false => Some(AccountNotice::EmailMalformed),
        true => match prove(op, ask, &account.username, current).await? {
            Proven::Is(_) => None,
            Proven::Wrong => Some(AccountNotice::EmailPassword),
            Proven::Blocked { .. } => Some(AccountNotice::TooMany),
        },
    };
    if let Some(problem) = problem {
        return show(op, ask, (account, session), Some(problem), &Typed::Email(&typed)).await;
    }
    let (budgets, now) = (super::letters::takes(op, ask, &typed), op.now());
    let letter = super::letters::letter(op, &op.frame(ask), About::Verify, &typed, Some(&account));
    let taken = op
        .store()
        .write(async move |tx| {
            let taken = tx.take_attempts(&budgets, now).await?;
            if taken == Taken::All {
                tx.post_letter(&letter).await?;
            }
            Ok(taken)
        })
        .await?;
    match taken {
        Taken::All => Ok(back(op, &account.id, "sent")),
        Taken::Blocked { .. } => {
            show(op, ask, (account, session), Some(AccountNotice::EmailTooMany), &Typed::Email(&typed)).await
        }
    }
}
