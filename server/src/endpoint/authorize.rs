//! `GET`/`POST /authorize`: OpenID Connect Core §3.1.2, RFC 6749 §4.1.1.
//!
//! One question asked again: [`proceed`] gathers, asks [`openid::authorize::next::next`], and either answers the client or
//! sends the person to the page that asks. Every interaction ends by calling it again. Invariant: `prompt=none` with a
//! session costs exactly one write.

use std::sync::Arc;

use openid::authorize::mode::Sent;
use openid::authorize::next::{Agreed, Hint, Known, Next, Question, next};
use openid::authorize::place::{self, Destination, Reply};
use openid::authorize::request::AuthRequest;
use openid::client::Client;
use openid::logout::end::EndHint;
use openid::name::{GrantId, Secret, Sid};
use openid::session::{Grant, GrantKind};
use openid::time::Time;
use openid::token::authorization_code::Code;
use openid::wire::form::Form;
use openid::wire::refusal::{ErrorCode, Refusal, refuse};
use store::{Browser, NewStay};

use super::ask::Ask;
use crate::answer::{Answer, Stop, see_other};
use crate::browser::{self, FormCookie};
use crate::op::Op;
use crate::page;
use crate::pending::{LONGEST, Pending, Target};

/// The endpoint.
pub(super) async fn authorize(op: &Op, ask: &Ask) -> Result<Answer, Stop> {
    let form = ask.parameters()?;
    let cookie = FormCookie::of(op, ask);
    let target = Target::Authorize(form.encode());
    let pending = Pending::begin(target, &cookie.binding(op), op.now());
    let mut answer = proceed(op, ask, pending, browser::secrets(op, ask)).await?;
    cookie.put(&mut answer);
    Ok(answer)
}

/// A request whose client and address are known to be genuine.
pub(super) struct Located {
    /// The client.
    pub client: Arc<Client>,
    /// Where answers go.
    pub destination: Destination,
    /// The parameters.
    pub form: Form,
}

impl Located {
    /// Finds client and address. What fails here is shown, never sent.
    pub(super) async fn find(op: &Op, parameters: &str) -> Result<Self, Stop> {
        let form = Form::read(parameters.as_bytes())?;
        let id = place::client_id(&form)?;
        let client = op.clients().find(op.store(), id.as_str()).await?.ok_or_else(place::unknown_client)?;
        let destination = Destination::locate(&form, &client)?;
        Ok(Self { client, destination, form })
    }

    /// Answers the client.
    pub(super) fn reply(&self, op: &Op, ask: &Ask, reply: Reply) -> Answer {
        if let Reply::Refusal(refusal) = &reply {
            tracing::info!(why = refusal.why, code = refusal.code.as_str(), client = %self.client.id, "refused: {}", refusal.say);
        }
        match self.destination.answer(op.issuer().as_str(), reply) {
            Sent::Redirect(uri) => see_other(&uri),
            Sent::Post { action, fields } => page::form_post(&op.frame(ask), &action, &fields, &op.dice().name()),
        }
    }

    /// Tells the client no.
    pub(super) fn refuse(&self, op: &Op, ask: &Ask, refusal: Refusal) -> Answer {
        self.reply(op, ask, Reply::Refusal(refusal))
    }
}

/// Gathers, asks what now, and does it.
pub(super) async fn proceed(op: &Op, ask: &Ask, pending: Pending, browser: Browser) -> Result<Answer, Stop> {
    let Target::Authorize(parameters) = &pending.target else {
        return Ok(super::account::resume(op, &pending));
    };
    let located = Located::find(op, parameters).await?;
    let request = match AuthRequest::read(&located.form, &located.client, &located.destination, &op.offers()) {
        Ok(request) => request,
        Err(refusal) => return Ok(located.refuse(op, ask, refusal)),
    };
    // A session that ends between gathering and writing is contention: ask again with the new facts, a few times.
    for _ in 0..3 {
        let known = gather(op, &request, &located.client, &pending, browser).await?;
        match next(&request, &located.client, &known, op.now()) {
            Next::Send(refusal) => return Ok(located.refuse(op, ask, refusal)),
            Next::Ask(question) => return Ok(put_question(op, ask, &located, pending, &question)),
            Next::Issue(agreed) => {
                if let Some(code) = write(op, &request, &located, agreed).await? {
                    return Ok(located.reply(
                        op,
                        ask,
                        Reply::Code { code: code.reveal().to_owned(), session_state: None },
                    ));
                }
            }
        }
    }
    Ok(located.refuse(op, ask, refuse(ErrorCode::TemporarilyUnavailable, "session_unsteady", "please try again")))
}

/// What the rule needs to know.
pub(super) async fn gather(
    op: &Op,
    request: &AuthRequest,
    client: &Client,
    pending: &Pending,
    browser: Browser,
) -> Result<Known, Stop> {
    let sessions = op.store().reader().await?.browser_sessions(&browser, &client.id, op.now()).await?;
    let hint = match &request.id_token_hint {
        None => Hint::Absent,
        Some(token) => match op.keys().read_hint(token, op.issuer().as_str(), Some(client)) {
            EndHint::Genuine(hint) => Hint::Genuine(hint.sub),
            EndHint::Foreign | EndHint::Absent => Hint::Foreign,
        },
    };
    Ok(Known { began: pending.began, sessions, chosen: pending.chosen.clone(), hint })
}

/// Sends the person to the page that asks.
fn put_question(op: &Op, ask: &Ask, located: &Located, mut pending: Pending, question: &Question) -> Answer {
    let path = match question {
        Question::Login { again, .. } => {
            pending.again.clone_from(again);
            "/login"
        }
        Question::Choose => "/choose",
        Question::Consent { asked, .. } => {
            pending.shown = Some(super::consent::digest(asked));
            "/consent"
        }
    };
    let sealed = pending.seal(op);
    match sealed.len() > LONGEST {
        true => {
            located.refuse(op, ask, refuse(ErrorCode::InvalidRequest, "request_too_long", "the request is too long"))
        }
        false => see_other(&format!("{}{path}?request={sealed}", op.issuer().as_str())),
    }
}

/// One transaction: hold the session, join it, insert the code. `None`: the session has just ended.
async fn write(op: &Op, request: &AuthRequest, located: &Located, agreed: Agreed) -> Result<Option<Secret>, Stop> {
    let code = Secret::from_bytes(&op.dice().draw());
    let fresh = Sid::new(op.dice().name());
    let now = op.now();
    let new = new_code(op, request, located, agreed, now);
    let digest = code.digest();
    let written = op
        .store()
        .write(async move |tx| {
            let Some(session) = tx.hold_session(&new.grant.session, now).await? else {
                return Ok(false);
            };
            let mut new = new.clone();
            let stay = NewStay { sid: fresh.clone(), client: new.grant.client.clone(), sub: new.grant.sub.clone() };
            new.grant.sid = tx.join(&session, &stay, now).await?;
            tx.insert_code(&digest, &new).await?;
            Ok(true)
        })
        .await?;
    Ok(written.then_some(code))
}

fn new_code(op: &Op, request: &AuthRequest, located: &Located, agreed: Agreed, now: Time) -> Code {
    let terms = op.terms(&located.client.policy);
    let kind = GrantKind::of(&agreed.scope);
    let grant = Grant {
        id: GrantId::new(op.dice().name()),
        client: located.client.id.clone(),
        account: agreed.account,
        sub: agreed.sub,
        sid: Sid::new(""),
        session: agreed.session,
        kind,
        scope: agreed.scope,
        claims: request.claims.clone(),
        resources: request.resources.clone(),
        auth_time: agreed.auth_time,
        acr: agreed.acr,
        amr: agreed.amr,
        nonce: request.nonce.clone(),
        auth_time_wanted: request.auth_time_wanted,
        created_at: now,
        expires_at: now + terms.refresh_absolute,
    };
    Code {
        grant,
        redirect_uri: request.redirect_uri.clone(),
        redirect_uri_given: located.destination.given(),
        challenge: request.challenge.clone(),
        expires_at: now + op.config().lifetimes.code,
    }
}
