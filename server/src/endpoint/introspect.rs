//! `POST /introspect`: RFC 7662.
//!
//! Invariant: whoever may not know learns `active: false` and nothing else (§2.2).

use axum::http::StatusCode;
use openid::introspect::{self, IntrospectRequest, Subject, TokenType};
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
    let subject = found.as_ref().map(|(kind, found)| Subject { kind: *kind, facts: &found.facts });
    let claims = introspect::answer(client.client(), subject, (op.issuer().as_str(), &op.resources()), now);
    // Who may not know of a token keeps nobody signed in by asking.
    if claims.get("active") == Some(&Value::Bool(true)) {
        op.see(found.and_then(|(_, found)| found.session), now);
    }
    Ok(json(StatusCode::OK, &Value::Object(claims)))
}
