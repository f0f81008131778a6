//! `POST /introspect`: RFC 7662.
//!
//! Invariant: whoever may not know learns `active: false` and nothing else (§2.2).

use axum::http::StatusCode;
use openid::client::Client;
use openid::introspect::{self, IntrospectRequest, Subject, TokenType};
use openid::name::Sub;
use openid::token::facts::TokenFacts;
use serde_json::Value;

use super::access_token::known_as;
use super::ask::Ask;
use super::client_auth::{admit_reader, authenticate};
use crate::answer::{Answer, Stop, json};
use crate::op::Op;

/// The endpoint.
pub(super) async fn introspect(op: &Op, ask: &Ask) -> Result<Answer, Stop> {
    let form = ask.form()?;
    let client = authenticate(op, ask, &form).await?;
    introspect::admit(client.client())?;
    let request = IntrospectRequest::read(&form, |token| known_as(op, token))?;
    admit_reader(op, &client).await?;
    let now = op.now();
    let mut reader = op.store().reader().await?;
    // `token_type_hint` says where to look first (RFC 7662 §2.1); both are looked at.
    let order = match request.first {
        TokenType::Access => [TokenType::Access, TokenType::Refresh],
        TokenType::Refresh => [TokenType::Refresh, TokenType::Access],
    };
    let mut found = None;
    for kind in order {
        let token = match kind {
            TokenType::Access => reader.access_token(&request.token, now).await?,
            TokenType::Refresh => reader.refresh_token(&request.token, now).await?,
        };
        if let Some(token) = token {
            found = Some((kind, token));
            break;
        }
    }
    drop(reader);
    let resources = op.resources();
    let sub = match &found {
        // A JWT says its subject to whoever holds it; so does the answer.
        Some((_, token)) if form.need("token")?.contains('.') => token.facts.sub.clone(),
        Some((kind, token)) if introspect::is_known(client.client(), (*kind, &token.facts), &resources, now) => {
            met_as(op, client.client(), &token.facts).await?
        }
        _ => None,
    };
    let subject = found.as_ref().map(|(kind, found)| Subject { kind: *kind, facts: &found.facts, sub: sub.as_ref() });
    let claims = introspect::answer(client.client(), subject, (op.issuer().as_str(), &resources), now);
    // Who may not know of a token keeps nobody signed in by asking.
    if claims.get("active") == Some(&Value::Bool(true)) {
        op.see(found.and_then(|(_, found)| found.session), now);
    }
    Ok(json(StatusCode::OK, &Value::Object(claims)))
}

/// By what the asking client knows the person behind a token. Its own sector's subject, whoever the token was issued to:
/// what another sector knows the person by is told to nobody else (Core §8.1).
async fn met_as(op: &Op, asking: &Client, token: &TokenFacts) -> Result<Option<Sub>, Stop> {
    let Some(account) = &token.account else {
        return Ok(token.sub.clone());
    };
    let own = match op.clients().find(op.store(), token.client.as_str()).await? {
        Some(issued_to) => asking.id == issued_to.id || asking.metadata.subject == issued_to.metadata.subject,
        None => false,
    };
    if own {
        return Ok(token.sub.clone());
    }
    let mut reader = op.store().reader().await?;
    let Some(sector) = asking.metadata.subject.sector() else {
        return Ok(reader.account(account).await?.map(|account| Sub::new(account.sub)));
    };
    if let Some(sub) = reader.subject(account, sector).await? {
        return Ok(Some(sub));
    }
    drop(reader);
    let (account, sector, drawn, now) = (account.clone(), sector.to_owned(), Sub::new(op.dice().name()), op.now());
    Ok(Some(op.store().write(async move |tx| Ok(tx.meet(&account, &sector, &drawn, now).await?)).await?))
}
