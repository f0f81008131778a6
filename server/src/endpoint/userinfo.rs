//! `GET`/`POST /userinfo`: OpenID Connect Core §5.3, RFC 6750 §2, RFC 9449 §7, RFC 8705 §3.
//!
//! Invariant: one query says whether the token lives; the instant its session is gone it does not.

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use openid::claims::parameter::Place;
use openid::claims::told::{self, Person};
use openid::client::jose_members::UserinfoForm;
use openid::userinfo::{self, Allowed};
use openid::wire::refusal::{ErrorCode, refuse};
use serde_json::{Map, Value};

use super::access_token::known_as;
use super::ask::Ask;
use super::dpop;
use crate::answer::{Answer, Stop, json, put};
use crate::envelope::{self, Recipient, Said};
use crate::op::Op;
use crate::sources;

/// The endpoint.
pub(super) async fn userinfo(op: &Op, ask: &Ask) -> Result<Answer, Stop> {
    // RFC 6750 §2.2: a form's body may carry the token; an empty one does not.
    let form = match ask.method == Method::POST && !ask.body.is_empty() {
        true => Some(ask.form()?),
        false => None,
    };
    let Some(presented) = userinfo::presented(ask.authorization()?, form.as_ref())? else {
        return Err(refuse(ErrorCode::InvalidToken, "bearer_absent", "an access token is needed").into());
    };
    let now = op.now();
    let proof = dpop::prove_beside(op, ask, &presented)?;
    let (found, account) = op.store().reader().await?.bearer(&known_as(op, presented.token), now).await?.unzip();
    let nonce = dpop::bind(op, ask, &presented, found.as_ref().map(|found| &found.facts), proof).await?;
    let allowed = userinfo::judge(found.as_ref().map(|found| &found.facts), op.issuer().as_str(), now)?;
    let Some(account) = account.flatten().filter(|account| account.disabled_at.is_none()) else {
        return Err(refuse(ErrorCode::InvalidToken, "account_over", "the access token is unknown or has ended").into());
    };
    op.see(found.and_then(|found| found.session), now);
    let catalogue = op.catalogue();
    let asked = told::asked_names(&catalogue, Some(&allowed.scope), (&allowed.claims, Place::UserInfo));
    let sourced = sources::gather(op, &account.id, &asked).await?;
    let claims = allowed.answer(&Person { account: &account, catalogue: &catalogue, sourced: &sourced });
    let mut answer = answer(op, &allowed, claims).await?;
    dpop::renew(op, nonce, &mut answer);
    Ok(answer)
}

/// The claims in the form the client registered.
async fn answer(op: &Op, allowed: &Allowed, claims: Map<String, Value>) -> Result<Answer, Stop> {
    let now = op.now();
    let client = op.clients().find(op.store(), allowed.client.as_str()).await?;
    let Some(client) = client.filter(|client| client.metadata.userinfo != UserinfoForm::default()) else {
        return Ok(json(StatusCode::OK, &Value::Object(claims)));
    };
    // Core §5.3.2: whatever the Accept field says, a client gets the form it registered.
    let UserinfoForm { signed, encrypted } = client.metadata.userinfo;
    let to = Recipient::find(op, &client, encrypted).await?;
    let claims = match signed {
        None => claims,
        Some(_) => userinfo::signed(claims, op.issuer().as_str(), &client.id),
    };
    let said = Said { signed, encrypted: to.as_ref() };
    let token = envelope::say(op, &client, ("JWT", &claims), said, now)?;
    Ok(jwt(token))
}

/// Core §5.3.2, RFC 7519 §10.3.1.
fn jwt(token: String) -> Answer {
    let mut answer = Answer::new(Body::from(token));
    put(&mut answer, header::CONTENT_TYPE, "application/jwt");
    answer
}
