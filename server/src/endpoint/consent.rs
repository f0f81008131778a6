//! `GET`/`POST /consent`: may this client know (OpenID Connect Core §3.1.2.4).
//!
//! Invariant: a yes means what the page showed: its digest is sealed into the form, and if what is asked has changed
//! meanwhile the page is shown again.

use axum::http::Method;
use openid::authorize::next::{Consent, Next, Question, next};
use openid::authorize::request::AuthRequest;
use openid::name::AccountId;
use openid::wire::refusal::{ErrorCode, refuse};
use store::audit::Entry;

use super::ask::Ask;
use super::authorize::{self, Here, Located};
use super::client_auth::changed;
use crate::answer::{Answer, Stop};
use crate::browser::{self, FormCookie};
use crate::op::Op;
use crate::page;
use crate::pending::{Pending, Target};

/// The endpoint.
pub(super) async fn consent(op: &Op, ask: &Ask) -> Result<Answer, Stop> {
    let form = ask.parameters()?;
    let pending = Pending::open(op, ask, &form, op.now())?;
    let Target::Authorize(parameters) = &pending.target else {
        return Ok(super::account::resume(op, &pending));
    };
    let located = Located::find(op, parameters, pending.began).await?;
    if let Some(over) = &located.over {
        return located.refuse(op, ask, Here::Browser(&browser::secrets(op, ask)), over.clone()).await;
    }
    if ask.method == Method::POST {
        browser::check_csrf(op, ask, &form)?;
        if form.get("allow").is_none() {
            let refusal = refuse(ErrorCode::AccessDenied, "consent_denied", "the person said no");
            return located.refuse(op, ask, Here::Browser(&browser::secrets(op, ask)), refusal).await;
        }
    }
    // Nothing to ask any more: another tab said yes, or the session ended.
    let Some(asked) = question(op, ask, &located, &pending).await? else {
        return authorize::proceed(op, ask, pending, browser::secrets(op, ask)).await;
    };
    match ask.method == Method::POST && pending.shown == Some(digest(&asked.0, &asked.1)) {
        true => allow(op, ask, &located, pending, asked).await,
        false => show(op, ask, &located, pending, asked).await,
    }
}

async fn question(
    op: &Op,
    ask: &Ask,
    located: &Located,
    pending: &Pending,
) -> Result<Option<(AccountId, Consent, Consent)>, Stop> {
    let Ok(request) = AuthRequest::read(&located.form, &located.client, &located.destination, &op.offers()) else {
        return Ok(None);
    };
    let known = authorize::gather(op, &request, &located.client, pending, browser::secrets(op, ask)).await?;
    Ok(match next(&request, &located.client, &known, op.now()) {
        Next::Ask(Question::Consent { account, asked, new }) => Some((account, asked, new)),
        _ => None,
    })
}

async fn show(
    op: &Op,
    ask: &Ask,
    located: &Located,
    pending: Pending,
    (account, asked, new): (AccountId, Consent, Consent),
) -> Result<Answer, Stop> {
    let looks = page::Looks::of(&located.form);
    let person = op.store().reader().await?.account(&account).await?;
    let pending = Pending { shown: Some(digest(&account, &asked)), ..pending };
    let cookie = FormCookie::of(op, ask);
    let locales = op.frame_in(ask, &looks).locales(&looks.ui_locales);
    let page = page::Consent {
        application: super::application(&located.client, &locales),
        username: person.map(|person| person.username).unwrap_or_default(),
        scopes: super::asked_scopes(op, &locales, &asked, &new),
        claims: super::asked_claims(op, &locales, &asked, &new),
        resources: super::asked_resources(op, &locales, &asked),
        request: pending.seal(op),
        csrf: cookie.csrf(op),
    };
    let mut answer = page.render(&op.frame_in(ask, &looks));
    cookie.put(&mut answer);
    Ok(answer)
}

async fn allow(
    op: &Op,
    ask: &Ask,
    located: &Located,
    pending: Pending,
    (account, asked, _): (AccountId, Consent, Consent),
) -> Result<Answer, Stop> {
    let now = pending.moment(op.now());
    let (client, version) = (located.client.id.clone(), located.client.version);
    let given = Consent { given_at: now, ..asked };
    let entry = Entry::new(op.dice().name(), now, format!("account:{account}"), "consent", client.to_string());
    let chosen = account.clone();
    op.store()
        .write(async move |tx| {
            // Held before the consent, as whoever deletes the client does: no yes outlives it.
            if !tx.client_stands(&client, version).await? {
                return Err(changed().into());
            }
            tx.give_consent(&account, &client, &given).await?;
            tx.note(&entry).await?;
            Ok(())
        })
        .await?;
    let pending = Pending { chosen: Some(chosen), shown: None, ..pending };
    authorize::proceed(op, ask, pending, browser::secrets(op, ask)).await
}

/// Names what a consent page showed, and to whom: a browser may hold several.
pub(super) fn digest(account: &AccountId, asked: &Consent) -> String {
    let text = format!(
        "{account}\n{}\n{}\n{}\n{}",
        asked.scope,
        asked.id_token_claims.join(" "),
        asked.userinfo_claims.join(" "),
        asked.resources.join(" ")
    );
    jose::base64url(jose::sha256(text.as_bytes()))
}
