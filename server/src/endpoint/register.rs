//! `POST /register`: RFC 7591 §3, OpenID Connect Registration §3.
//!
//! Invariant: nothing is fetched or counted for whoever may not register or proposes what may not be; the settings a client was
//! judged by are held until its row is written.

use axum::http::{StatusCode, header};
use login::budget;
use openid::name::{ClientId, Digest, Secret};
use openid::registration::admission::{self, InitialToken, Shown, Way};
use openid::registration::information::Information;
use openid::registration::proposal::{Proposed, judge_type};
use openid::time::Time;
use openid::userinfo;
use openid::wire::refusal::{ErrorCode, Refusal, refuse};
use serde_json::{Map, Value, json};
use store::attempts::Taken;
use store::clients::ClientRow;
use store::registrations::RegistrationRow;

use super::ask::Ask;
use super::client_auth::changed;
use super::registration::{Proper, Rules};
use crate::acceptance::accept;
use crate::answer::{self, Answer, Stop, put};
use crate::client_row::{self, Kept};
use crate::op::Op;
use crate::outbound::Class;

/// The endpoint.
pub(super) async fn register(op: &Op, ask: &Ask) -> Result<Answer, Stop> {
    let bearer = userinfo::bearer_token(ask.authorization()?)?;
    let (rules, way) = admit(op, bearer).await?;
    judge_type(ask.header("content-type"))?;
    let Proper { metadata, statement } = rules.judge(op, Proposed::read(&ask.body)?).await?;
    if let (Way::Open, Some(until)) = (way, pay(op, ask).await?) {
        return Ok(too_many(op, ask, until));
    }
    accept(op, None, &metadata, Class::Stranger).await?;
    let policy = rules.client_policy()?;
    let kept = client_row::keep(op, &metadata, None, policy.entered_by)?;
    let row = client_row::row(op, ClientId::new(op.dice().name()), &metadata, &policy, &kept)?;
    let token = Secret::from_bytes(&op.dice().draw());
    let came = RegistrationRow {
        token: token.digest(),
        initial_token: rules.token.as_ref().map(|token| token.id.clone()),
        statement,
        registered_at: row.created_at,
        used_at: row.created_at,
    };
    let told = Told { kept: &kept, token: token.reveal(), statement: came.statement.as_deref() };
    let answer = told.answer(op, StatusCode::CREATED, &row, &metadata.registered);
    add(op, row, came, rules).await?;
    Ok(answer)
}

/// Who asks, and by which rules they are judged.
async fn admit(op: &Op, bearer: Option<&str>) -> Result<(Rules, Way), Stop> {
    let mut reader = op.store().reader().await?;
    let settings = reader.registration_settings().await?;
    let token = match bearer {
        Some(bearer) => reader.initial_token(&Digest::of(bearer)).await?,
        None => None,
    };
    drop(reader);
    let shown = match (bearer, &token) {
        (None, _) => Shown::Nothing,
        (Some(_), None) => Shown::Unknown,
        (Some(_), Some(row)) => Shown::Token(&row.token),
    };
    let way = admission::admit(settings.registration, shown, op.now())?;
    Ok((Rules::read(settings, token)?, way))
}

/// Takes a registration from the budget of the network it comes from. `Some`: there is none left until then.
pub(super) async fn pay(op: &Op, ask: &Ask) -> Result<Option<Time>, Stop> {
    let (price, now) = (budget::registration_takes(ask.peer.address, op.config().limits.registrations()), op.now());
    let taken = op.store().write(async move |tx| Ok(tx.take_attempts(&price, now).await?)).await?;
    Ok(match taken {
        Taken::All => None,
        Taken::Blocked { until, .. } => Some(until),
    })
}

/// RFC 6585 §4.
pub(super) fn too_many(op: &Op, ask: &Ask, until: Time) -> Answer {
    tracing::info!(why = "registration_budget_empty", source = %ask.peer.source(), "a client was not registered or changed: too many");
    let say = "too many clients were registered or changed from this network; try again later";
    let code = ErrorCode::TemporarilyUnavailable.as_str();
    let mut answer = answer::json(StatusCode::TOO_MANY_REQUESTS, &json!({"error": code, "error_description": say}));
    // A second more than whole ones, so that it is not too early again.
    put(&mut answer, header::RETRY_AFTER, &(until.since(op.now()).seconds() + 1).to_string());
    answer
}

async fn add(op: &Op, row: ClientRow, came: RegistrationRow, rules: Rules) -> Result<(), Stop> {
    let mut line = op.line(&format!("client:{}", row.id), "client_registered", row.id.as_str());
    line.tell(&json!({"initial_token": came.initial_token}));
    let most = rules.most();
    let Rules { settings, token, .. } = rules;
    op.store()
        .write(async move |tx| {
            if tx.hold_registration_settings().await? != settings {
                return Err(changed().into());
            }
            if tx.count_registrations().await? >= most {
                return Err(full().into());
            }
            if let Some(InitialToken { id, .. }) = &token
                && !tx.spend_initial_token(id, came.registered_at).await?.is_done()
            {
                return Err(spent().into());
            }
            tx.register_client(&row, &came).await?;
            Ok(tx.note(&line).await?)
        })
        .await
}

fn full() -> Refusal {
    refuse(
        ErrorCode::AccessDenied,
        "registrations_full",
        "this server has as many registered clients as its operator allows",
    )
}

fn spent() -> Refusal {
    refuse(ErrorCode::InvalidToken, "initial_token_just_spent", "the initial access token is used up, or has ended")
}

/// What a client is told beside its metadata.
pub(super) struct Told<'a> {
    pub(super) kept: &'a Kept,
    pub(super) token: &'a str,
    pub(super) statement: Option<&'a str>,
}

impl Told<'_> {
    /// RFC 7591 §3.2.1, RFC 7592 §3.
    pub(super) fn answer(
        &self,
        op: &Op,
        status: StatusCode,
        row: &ClientRow,
        registered: &Map<String, Value>,
    ) -> Answer {
        let uri = format!("{}/register/{}", op.issuer().as_str(), row.id);
        let information = Information {
            client: &row.id,
            issued_at: row.created_at,
            secret: self.kept.shown.as_ref().map(|secret| secret.as_str()),
            uri: &uri,
            token: self.token,
            registered,
            statement: self.statement,
        };
        answer::json(status, &Value::Object(information.document()))
    }
}
