//! `POST /par`: RFC 9126.
//!
//! Invariant: a request is kept only after its client was authenticated and all of it was found legal; what strangers can make
//! us keep is limited by a budget, and expires within minutes.

use std::sync::Arc;

use axum::http::{StatusCode, header};
use login::budget;
use openid::authorize::object::{self, Carried};
use openid::authorize::par;
use openid::authorize::place::Destination;
use openid::authorize::request::AuthRequest;
use openid::bound::dpop::Proven;
use openid::bound::mtls;
use openid::client::metadata::ClientKind;
use openid::client::policy::EnteredBy;
use openid::client::{Authenticated, Client};
use openid::name::{Digest, Secret};
use openid::time::Time;
use openid::wire::form::Form;
use openid::wire::refusal::{ErrorCode, Refusal};
use serde_json::json;
use store::attempts::Taken;
use store::pushed::NewPushed;

use super::ask::Ask;
use super::client_auth::{admit, authenticate};
use super::dpop;
use crate::answer::{self, Answer, Stop, put};
use crate::op::Op;

/// What a kept request is sealed for.
const PURPOSE: &str = "pushed";

/// The endpoint.
pub(super) async fn par(op: &Op, ask: &Ask) -> Result<Answer, Stop> {
    let form = ask.form()?;
    let client = authenticate(op, ask, &form).await?;
    par::admit(&form)?;
    let proof = dpop::prove(op, ask, None)?;
    let nonce = dpop::judge_nonce(op, proof.as_ref(), client.client().policy.dpop_nonces)?;
    mtls::alone(client.client(), proof.as_ref())?;
    let own = par::bind(read(op, &form, client.client()).await?, proof.as_ref())?;
    let destination = Destination::locate(&own, client.client())?;
    AuthRequest::read(&own, client.client(), &destination, &op.offers())?;
    let (now, handle) = (op.now(), Secret::from_bytes(&op.dice().draw()));
    let lifetime = op.config().lifetimes.pushed_request;
    let new = NewPushed {
        hash: handle.digest(),
        client: client.client().id.clone(),
        sealed: op.sealing().seal(PURPOSE, own.encode().as_bytes()),
        pushed_at: now,
        expires_at: now + lifetime,
    };
    if let Some(until) = keep(op, ask, (&client, proof), new).await? {
        return Ok(too_many(op, ask, until));
    }
    let answer = json!({"request_uri": par::request_uri(&handle), "expires_in": lifetime.seconds()});
    let mut answer = answer::json(StatusCode::CREATED, &answer);
    dpop::renew(op, nonce, &mut answer);
    Ok(answer)
}

/// The parameters, wherever they are carried (§2.1, §3).
async fn read(op: &Op, form: &Form, client: &Arc<Client>) -> Result<Form, Refusal> {
    let inner = match object::carried(form)? {
        Carried::Nowhere => None,
        carried => super::object::resolve(op, form, carried, client).await?,
    };
    par::own(inner.as_ref().unwrap_or(form), &client.id)
}

/// Writes it, within the budget of the network it comes from if a stranger could have sent it. `Some`: there is none left until
/// then.
async fn keep(
    op: &Op,
    ask: &Ask,
    (client, proof): (&Authenticated<Arc<Client>>, Option<Proven>),
    new: NewPushed,
) -> Result<Option<Time>, Stop> {
    let price = match (client.client().metadata.kind(), client.client().policy.entered_by) {
        (ClientKind::Confidential, EnteredBy::Operator) => Vec::new(),
        _ => budget::push_takes(ask.peer.address, op.config().limits.pushed()),
    };
    let client = client.clone();
    op.store()
        .write(async move |tx| {
            admit(tx, &client).await?;
            if let Taken::Blocked { until, .. } = tx.take_attempts(&price, new.pushed_at).await? {
                return Ok(Some(until));
            }
            dpop::once(tx, proof.as_ref()).await?;
            tx.push_request(&new).await?;
            Ok(None)
        })
        .await
}

/// §2.3, RFC 6585 §4.
fn too_many(op: &Op, ask: &Ask, until: Time) -> Answer {
    tracing::info!(why = "push_budget_empty", source = %ask.peer.source(), "a request was not kept: too many");
    let say = "too many requests were pushed from this network, please try again later";
    let code = ErrorCode::TemporarilyUnavailable.as_str();
    let mut answer = answer::json(StatusCode::TOO_MANY_REQUESTS, &json!({"error": code, "error_description": say}));
    // A second more than whole ones, so that it is not too early again.
    put(&mut answer, header::RETRY_AFTER, &(until.since(op.now()).seconds() + 1).to_string());
    answer
}

/// What a handle stands for, and what is against going on with it: it was used, or the visit began too late.
pub(super) async fn pushed(
    op: &Op,
    client: &Client,
    handle: &Digest,
    began: Time,
) -> Result<(Form, Option<Refusal>), Stop> {
    let found = op.store().reader().await?.pushed_request(handle, &client.id).await?;
    let Some((sealed, pushed)) = found else {
        return Err(par::unknown().into());
    };
    // The secret that sealed it may be gone: the client pushes another.
    let bytes = op.sealing().open(PURPOSE, &sealed).ok_or_else(par::unknown)?;
    Ok((Form::read(&bytes)?, pushed.judge(began).err()))
}
