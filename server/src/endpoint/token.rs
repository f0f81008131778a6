//! `POST /token`: RFC 6749 §3.2, OpenID Connect Core §3.1.3 and §12.
//!
//! Invariant: one transaction; client authentication before it, signing after it. A refusal commits, so that what was learnt
//! (a code was presented, a `jti` seen, a family breached) stays.

use axum::http::StatusCode;
use openid::bound::{self, Possession};
use openid::client::Client;
use openid::name::{ClientId, Secret};
use openid::time::Time;
use openid::token::authorization_code::{KnownDevice, Spent};
use openid::token::claims::Scopes;
use openid::token::exchange::Exchange;
use openid::token::issue::{IdTokenIssue, Issue, RefreshIssue, Ruling};
use openid::token::{Context, admit as admit_grant};
use openid::token::{Grants, TokenRequest};
use serde_json::{Map, Value};
use store::accounts::EnabledAccount;
use store::audit::Entry;
use store::tokens::Drawn;
use store::{Fault, HeldDevices, Tx};

use super::access_token::Fresh;
use super::ask::Ask;
use super::certificate;
use super::client_auth::{admit, authenticate};
use super::device::Device;
use super::dpop;
use super::id_token::{self, Beside};
use crate::answer::{Answer, Stop, json as answer_json};
use crate::envelope::Recipient;
use crate::op::Op;

/// The endpoint.
pub(super) async fn token(op: &Op, ask: &Ask) -> Result<Answer, Stop> {
    let form = ask.form()?;
    form.once()?;
    let client = authenticate(op, ask, &form).await?;
    // Before the transaction: nothing is spent for want of a proof, or of a nonce in it.
    let proof = dpop::prove(op, ask, None)?;
    let nonce = dpop::judge_nonce(op, proof.as_ref(), client.client().policy.dpop_nonces)?;
    let request = TokenRequest::read(&form)?;
    // Before the transaction: a code is not spent by a client that may not redeem any.
    admit_grant(request.grant.grant_type(), client.client())?;
    let certificate = certificate::of(ask);
    bound::admit(client.client(), Possession { proof: proof.as_ref(), certificate: certificate.as_ref() })?;
    // Before the transaction, too: no code is spent for an ID Token that could not be encrypted.
    let encrypted = match &request.grant {
        Grants::AuthorizationCode(_) | Grants::RefreshToken(_) | Grants::Exchange(Exchange::Native(_)) => {
            client.client().metadata.id_token_encryption
        }
        Grants::ClientCredentials(_) | Grants::Exchange(Exchange::General(_)) => None,
    };
    let to = Recipient::find(op, client.client(), encrypted).await?;
    let device = Device::prepare(op, &form, &request.grant, client.client()).await?;
    let now = op.now();
    let terms = op.terms(&client.client().policy);
    let (access, refresh) = (Fresh::draw(op), Secret::from_bytes(&op.dice().draw()));
    let drawn = Drawn { access: access.digest(), jti: access.jti(), refresh: Some(refresh.digest()) };
    let (resources, catalogue) = (op.resources(), op.catalogue());
    let issue = {
        let (client, name, device) = (client.clone(), op.dice().name(), device.clone());
        let native_sso = op.native_sso();
        op.store()
            .write(async move |tx| {
                admit(tx, &client).await?;
                let (resources, catalogue) = (&resources, &catalogue);
                let proof = proof.as_ref();
                let possession = Possession { proof, certificate: certificate.as_ref() };
                let cx = Context { now, client: &client, possession, terms: &terms, resources, catalogue, native_sso };
                let (ruling, account) = rule(tx, &request, &device, &cx).await?;
                // What is refused anyway is no use to whoever sends it again: strangers' proofs are not remembered.
                if matches!(ruling, Ruling::Issue(_)) {
                    dpop::once(tx, proof).await?;
                }
                settle(tx, (ruling, account), (&client.client().id, &name), (&drawn, &device, now)).await
            })
            .await?
    };
    let mut answer = answer(op, client.client(), &issue, (&access, &refresh, &device), (to.as_ref(), now)).await?;
    dpop::renew(op, nonce, &mut answer);
    Ok(answer)
}

/// Gather and judge, by grant. No catch-all: a new grant asks for its arm here. With a redemption goes the account, held, if
/// it may open a device session.
async fn rule(
    tx: &mut Tx,
    request: &TokenRequest,
    device: &Device,
    cx: &Context<'_>,
) -> Result<(Ruling, Option<EnabledAccount>), Stop> {
    let (client, now) = (&cx.client().id, cx.now);
    let ruling = match &request.grant {
        Grants::AuthorizationCode(redeem) => {
            let (spent, account) = tx.spend_code(&redeem.code, client, now).await?;
            let held = match (&spent, &account) {
                (Spent::Now { code, session: Some(kept_by) }, Some(_)) if cx.native().is_some() => {
                    let stay = (&code.grant.session, *kept_by);
                    tx.hold_devices(stay, client, redeem.device_secret.as_ref(), now).await?
                }
                _ => HeldDevices::default(),
            };
            let known = KnownDevice { secret: held.secret.as_ref(), session: held.there.as_ref() };
            return Ok((redeem.judge(spent, known, cx), account));
        }
        Grants::RefreshToken(refresh) => {
            let secret = refresh.device_secret.as_ref().filter(|_| cx.native().is_some());
            let (held, presented) = tx.refresh_held((&refresh.token, secret), client, now).await?.unzip();
            refresh.judge(held, presented.flatten().as_ref(), cx)
        }
        Grants::ClientCredentials(credentials) => credentials.judge(cx),
        Grants::Exchange(Exchange::Native(native)) => native.judge(&device.gather(tx, native, cx).await?, cx),
        Grants::Exchange(Exchange::General(general)) => {
            general.judge(device.gather_tokens(tx, now).await?, device.rules(), cx)
        }
    };
    Ok((ruling, None))
}

/// Carries out a ruling. Never refuses on its own account: it turns a refusal and a breach into the stop they are.
/// `name` is the audit line's, if there is something to tell.
async fn settle(
    tx: &mut Tx,
    (ruling, account): (Ruling, Option<EnabledAccount>),
    (client, name): (&ClientId, &str),
    (drawn, device, now): (&Drawn, &Device, Time),
) -> Result<Issue, Stop> {
    match ruling {
        Ruling::Refuse(refusal) => Err(refusal.into()),
        Ruling::Breach { family, refusal } => {
            tx.breach(&family, client, now).await?;
            let by = format!("client:{client}");
            let entry = Entry::new(name.to_owned(), now, by, "reuse_noticed", family.to_string());
            let detail = serde_json::json!({"why": refusal.why}).to_string();
            tx.note(&Entry { detail, ..entry }).await?;
            Err(refusal.into())
        }
        Ruling::Replay { comeback, refusal } => {
            device.replay(tx, &comeback, now).await?;
            Err(refusal.into())
        }
        Ruling::Issue(mut issue) => {
            device.settle(tx, &mut issue, account.as_ref(), now).await?;
            tx.settle_issue(&issue, drawn, now).await?;
            Ok(*issue)
        }
    }
}

/// RFC 6749 §5.1.
async fn answer(
    op: &Op,
    client: &Client,
    issue: &Issue,
    (access, refresh, device): (&Fresh, &Secret, &Device),
    (to, now): (Option<&Recipient>, Time),
) -> Result<Answer, Stop> {
    let mut body = Map::new();
    let access = access.seal(op, issue, now)?;
    body.insert("access_token".into(), access.as_str().into());
    body.insert("token_type".into(), issue.access.token_type().into());
    body.insert("expires_in".into(), issue.access.expires_at.since(now).seconds().into());
    // §3.3: a scope has at least one value.
    if !issue.access.scope.is_empty() {
        body.insert("scope".into(), issue.access.scope.to_string().into());
    }
    match issue.refresh {
        RefreshIssue::First { .. } | RefreshIssue::Successor { .. } => {
            body.insert("refresh_token".into(), refresh.reveal().into());
        }
        RefreshIssue::None | RefreshIssue::Keep { .. } => {}
    }
    if issue.id_token != IdTokenIssue::None {
        body.insert("id_token".into(), id_token(op, client, issue, &access, (to, now)).await?.into());
    }
    device.answer(client, issue, &mut body);
    Ok(answer_json(StatusCode::OK, &Value::Object(body)))
}

async fn id_token(
    op: &Op,
    client: &Client,
    issue: &Issue,
    access: &str,
    now: (Option<&Recipient>, Time),
) -> Result<String, Stop> {
    let grant = issue.ground.grant().ok_or_else(|| Fault::bug("an ID Token without a person"))?;
    let beside = Beside { access: Some(access), ds_hash: issue.device.ds_hash.as_deref(), ..Beside::default() };
    id_token::seal(op, client, (grant, issue.id_token, Scopes::FromUserinfo), beside, now).await
}
