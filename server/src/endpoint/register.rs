//! `POST /register`: RFC 7591 §3, OpenID Connect Registration §3.
//!
//! Invariant: nothing is fetched or counted for whoever may not register or proposes what may not be; the settings a client was
//! judged by are held until its row is written.

use axum::http::StatusCode;
use openid::client::metadata::Metadata;
use openid::client::policy::{EnteredBy, Policy};
use openid::name::{ClientId, Secret};
use openid::registration::admission::{self, Shown};
use openid::registration::information::Information;
use openid::registration::proposal::{Proposed, judge_type};
use openid::userinfo;
use serde_json::{Value, json};
use store::clients::ClientRow;
use store::registrations::{RegistrationRow, RegistrationSettings};

use super::ask::Ask;
use super::client_auth::changed;
use crate::acceptance::accept;
use crate::answer::{self, Answer, Stop};
use crate::client_row::{self, Kept};
use crate::op::Op;
use crate::outbound::Class;

/// The endpoint.
pub(super) async fn register(op: &Op, ask: &Ask) -> Result<Answer, Stop> {
    let bearer = userinfo::bearer_token(ask.authorization()?)?;
    let settings = op.store().reader().await?.registration_settings().await?;
    let shown = if bearer.is_some() { Shown::Unknown } else { Shown::Nothing };
    admission::admit(settings.registration, shown, op.now())?;
    judge_type(ask.header("content-type"))?;
    let proposed = Proposed::read(&ask.body)?;
    let metadata = Metadata::read(&proposed.members)?;
    accept(op, None, &metadata, Class::Stranger).await?;
    let policy = Policy { entered_by: EnteredBy::Stranger, ..Policy::default() };
    let kept = client_row::keep(op, &metadata, None, policy.entered_by)?;
    let row = client_row::row(op, ClientId::new(op.dice().name()), &metadata, &policy, &kept)?;
    let token = Secret::from_bytes(&op.dice().draw());
    let came = RegistrationRow {
        token: token.digest(),
        initial_token: None,
        statement: None,
        registered_at: row.created_at,
        used_at: row.created_at,
    };
    add(op, row.clone(), came, settings).await?;
    Ok(information(op, StatusCode::CREATED, &row, &metadata, (&kept, token.reveal())))
}

async fn add(op: &Op, row: ClientRow, came: RegistrationRow, judged: RegistrationSettings) -> Result<(), Stop> {
    let mut line = op.line(&format!("client:{}", row.id), "client_registered", row.id.as_str());
    line.tell(&json!({"initial_token": came.initial_token}));
    op.store()
        .write(async move |tx| {
            if tx.hold_registration_settings().await? != judged {
                return Err(changed().into());
            }
            tx.register_client(&row, &came).await?;
            Ok(tx.note(&line).await?)
        })
        .await
}

/// RFC 7591 §3.2.1, RFC 7592 §3.
pub(super) fn information(
    op: &Op,
    status: StatusCode,
    row: &ClientRow,
    metadata: &Metadata,
    (kept, token): (&Kept, &str),
) -> Answer {
    let uri = format!("{}/register/{}", op.issuer().as_str(), row.id);
    let information = Information {
        client: &row.id,
        issued_at: row.created_at,
        secret: kept.shown.as_ref().map(|secret| secret.as_str()),
        uri: &uri,
        token,
        registered: &metadata.registered,
    };
    answer::json(status, &Value::Object(information.document()))
}
