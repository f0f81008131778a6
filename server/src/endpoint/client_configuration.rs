//! `GET`, `PUT`, `DELETE /register/{client_id}`: RFC 7592 §2, OpenID Connect Registration §4.
//!
//! Invariant: the registration access token opens its own client and nothing else; an unknown client is answered like a wrong
//! token, never with 404 (OpenID Connect Registration §4.4). A replacement is written over the version it was judged against.

use axum::http::{Method, StatusCode};
use openid::client::metadata::{Metadata, SecretNeed};
use openid::client::policy::{ConsentPolicy, EnteredBy, Policy};
use openid::name::{ClientId, Digest};
use openid::registration::admission;
use openid::registration::policy::Management;
use openid::registration::proposal::{Replacement, judge_type, other_secret};
use openid::userinfo;
use openid::wire::refusal::{ErrorCode, Refusal, refuse};
use serde_json::{Map, Value};
use store::Fault;
use store::clients::ClientRow;
use store::registrations::RegistrationRow;
use zeroize::Zeroizing;

use super::ask::Ask;
use super::client_auth::changed;
use super::register::{Told, pay, too_many};
use super::registration::{Proper, Rules};
use crate::acceptance::accept;
use crate::answer::{Answer, Stop, text};
use crate::client_row::{self, Kept};
use crate::op::Op;
use crate::outbound::Class;
use crate::removal::{Removal, Then, remove};

/// A client that has shown its registration access token.
struct Registered<'a> {
    row: ClientRow,
    came: RegistrationRow,
    rules: Rules,
    token: &'a str,
}

/// The endpoint.
pub(super) async fn configure(op: &Op, ask: &Ask) -> Result<Answer, Stop> {
    let token = userinfo::bearer_token(ask.authorization()?)?;
    let named = ClientId::new(ask.path().rsplit('/').next().unwrap_or_default());
    let mut reader = op.store().reader().await?;
    let came = reader.registration(&named).await?;
    let row = reader.client(&named).await?;
    admission::returns(token, came.as_ref().map(|came| &came.token))?;
    let (Some(row), Some(came), Some(token)) = (row, came, token) else {
        return Err(
            refuse(ErrorCode::InvalidToken, "registered_client_gone", "there is no such client any more").into()
        );
    };
    let rules = Rules::of_client(&mut reader, came.initial_token.as_deref()).await?;
    drop(reader);
    let registered = Registered { row, came, rules, token };
    match ask.method {
        Method::DELETE => delete(op, &registered).await,
        // What was disabled can still be given up, but neither looked at nor changed.
        _ if registered.row.disabled_at.is_some() => Err(disabled().into()),
        Method::PUT => update(op, ask, registered).await,
        _ => read(op, &registered),
    }
}

fn disabled() -> Refusal {
    refuse(ErrorCode::AccessDenied, "registered_client_disabled", "an operator has disabled this client")
}

/// RFC 7592 §2.1.
fn read(op: &Op, registered: &Registered<'_>) -> Result<Answer, Stop> {
    let Registered { row, came, rules, token } = registered;
    rules.lets(Management::Read)?;
    let metadata: Map<String, Value> = serde_json::from_str(&row.metadata)
        .map_err(|e| Fault::bug(format!("client {}: its metadata is not JSON: {e}", row.id)))?;
    let kept = Kept { shown: client_row::unsealed(op, row)?, ..Kept::default() };
    let told = Told { kept: &kept, token, statement: came.statement.as_deref() };
    Ok(told.answer(op, StatusCode::OK, row, &metadata))
}

fn understand(row: &ClientRow) -> Result<Metadata, Fault> {
    let bug = |what: String| Fault::bug(format!("client {}: {what}", row.id));
    let members = serde_json::from_str(&row.metadata).map_err(|e| bug(e.to_string()))?;
    Metadata::read(&members).map_err(|refusal| bug(refusal.to_string()))
}

/// RFC 7592 §2.2.
async fn update(op: &Op, ask: &Ask, registered: Registered<'_>) -> Result<Answer, Stop> {
    let Registered { row: old, rules, token, .. } = registered;
    rules.lets(Management::Update)?;
    judge_type(ask.header("content-type"))?;
    let replacement = Replacement::read(&ask.body, &old.id)?;
    let secret = client_row::unsealed(op, &old)?;
    if let Some(presented) = &replacement.secret {
        let kept = secret.as_ref().map(|secret| Digest::of(secret)).or(old.secret_hash);
        if !kept.is_some_and(|kept| jose::equal(&kept.0, &Digest::of(presented).0)) {
            return Err(other_secret().into());
        }
    }
    let Proper { metadata, statement } = rules.judge(op, replacement.proposed).await?;
    // What follows fetches and writes, for whoever holds the token: it costs what a registration costs.
    if let Some(until) = pay(op, ask).await? {
        return Ok(too_many(op, ask, until));
    }
    accept(op, Some(&understand(&old)?), &metadata, Class::Stranger).await?;
    let policy: Policy = serde_json::from_str(&old.policy).map_err(|e| Fault::bug(format!("a policy: {e}")))?;
    // Whatever an operator has made of it meanwhile: these addresses are a stranger's, and what people were spared for the
    // old ones they are asked for the new.
    let policy = Policy { entered_by: EnteredBy::Stranger, consent: ConsentPolicy::Ask, ..policy };
    let kept = match keeps(&metadata, secret, &old) {
        Some(kept) => kept,
        None => client_row::keep(op, &metadata, None, policy.entered_by)?,
    };
    let new = client_row::row(op, old.id.clone(), &metadata, &policy, &kept)?;
    let new = ClientRow { created_at: old.created_at, version: old.version, ..new };
    let line = op.line(&format!("client:{}", new.id), "client_updated", new.id.as_str());
    let told = Told { kept: &kept, token, statement: statement.as_deref() };
    let answer = told.answer(op, StatusCode::OK, &new, &metadata.registered);
    op.store()
        .write(async move |tx| {
            let same = tx.hold_registration_settings().await? == rules.settings
                && tx.replace_client(&new, old.version).await?.is_done();
            if !same {
                return Err(changed().into());
            }
            tx.set_statement(&new.id, statement.as_deref()).await?;
            Ok(tx.note(&line).await?)
        })
        .await?;
    op.clients().forget();
    Ok(answer)
}

/// The secret it has, if it has one that will do; `None`: another is needed.
fn keeps(metadata: &Metadata, secret: Option<Zeroizing<String>>, old: &ClientRow) -> Option<Kept> {
    match (metadata.secret_need(), secret) {
        (SecretNeed::None, _) => Some(Kept::default()),
        (_, Some(secret)) if metadata.judge_secret(&secret).is_ok() => {
            Some(Kept { shown: Some(secret), hash: None, sealed: old.secret_sealed.clone() })
        }
        (SecretNeed::Hashed, None) if old.secret_hash.is_some() => {
            Some(Kept { shown: None, hash: old.secret_hash, sealed: None })
        }
        _ => None,
    }
}

/// RFC 7592 §2.3. It goes on if whoever asked goes away: a client half gone would be nobody's.
async fn delete(op: &Op, registered: &Registered<'_>) -> Result<Answer, Stop> {
    registered.rules.lets(Management::Delete)?;
    let client = registered.row.id.clone();
    let removal = Removal {
        actor: format!("client:{client}"),
        client,
        action: "client_deleted",
        then: Then::Delete,
        unused_since: None,
    };
    let op = op.clone();
    tokio::spawn(async move { remove(&op, &removal).await })
        .await
        .map_err(|e| Fault::bug(format!("the removal of a client did not end: {e}")))??;
    Ok(text(StatusCode::NO_CONTENT, ""))
}
