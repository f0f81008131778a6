//! What the API does: sends again, gives up, ends; and shows beforehand what an ending would do.
//!
//! Invariant: a preview and an ending read the same order.

use axum::http::StatusCode;
use openid::logout::judge::{End, Ended as What, OfflineGrants};
use openid::name::{ClientId, SessionId, Sid};
use openid::session::SessionStanding;
use serde::Deserialize;
use utoipa::ToSchema;

use super::reading::{account, given};
use super::{Ended, Problem, answer};
use crate::act::{self, Acted, Actor, How};
use crate::answer::Stop;
use crate::endpoint::ask::Ask;
use crate::op::Op;
use crate::view::{notice, preview};

/// What is to end: a session, a stay, everything of a person (or what one client has of them), or everything of a client.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EndOrder {
    /// One session.
    session: Option<String>,
    /// One client's stay: its `sid`.
    participation: Option<String>,
    /// Every session of an account; with `client_id`, that client's stays in them.
    account: Option<String>,
    /// The same, by username.
    username: Option<String>,
    /// Every stay of a client; with `account` or `username`, those of that person.
    client_id: Option<String>,
    /// What becomes of background access: by default it is kept where the client's policy keeps it.
    #[serde(default)]
    offline: Offline,
}

/// What becomes of background access (`offline_access`).
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Offline {
    /// It lives on, unless the client's policy ends it.
    #[default]
    Keep,
    /// It ends too.
    Revoke,
}

/// `POST /api/v1/notices/{notice}/retry`, `POST /api/v1/notices/{notice}/give-up`. Answers the notice as it is now.
pub(super) async fn settle(op: &Op, actor: &Actor, how: How, id: &str) -> Ended {
    match act::settle(op, actor, how, id).await? {
        Acted::Not(why) => return Ok(Err(Problem::conflict(why))),
        Acted::Unknown => {}
        Acted::Done(()) => {
            if let Some(found) = notice::notice(op, id).await? {
                return answer(&found).map(Ok);
            }
        }
    }
    Ok(Err(Problem::unknown("there is no notice of that name")))
}

/// The order in a body, judged by itself.
fn read(ask: &Ask) -> Result<EndOrder, Problem> {
    let kind = ask.header("content-type").unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/json") {
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Err(Problem::new(status, "not JSON", "the body must be application/json"));
    }
    serde_json::from_slice(&ask.body).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => Problem::meaningless(error.to_string()),
        _ => Problem::new(StatusCode::BAD_REQUEST, "not JSON", format!("the body is no JSON: {error}")),
    })
}

impl EndOrder {
    /// Whether it names one thing to end: that means something before anything is looked up.
    fn names_one(&self) -> Result<(), Problem> {
        let single = [&self.session, &self.participation].iter().filter(|name| name.is_some()).count();
        let many = [&self.account, &self.username, &self.client_id].iter().filter(|name| name.is_some()).count();
        match (single, many) {
            (0, 0) => {
                Err(Problem::meaningless("say what is to end: session, participation, account or username, client_id"))
            }
            (0, _) | (1, 0) => Ok(()),
            _ => Err(Problem::meaningless(
                "a session or a participation is ended by itself: name nothing else beside it",
            )),
        }
    }
}

/// What is to end, which must be there.
async fn target(op: &Op, order: &EndOrder) -> Result<Result<What, Problem>, Stop> {
    given!(order.names_one());
    if let Some(id) = &order.session {
        return session(op, SessionId::new(id)).await;
    }
    if let Some(sid) = &order.participation {
        return stay(op, Sid::new(sid)).await;
    }
    let person = given!(account(op, (order.account.as_deref(), order.username.as_deref())).await?);
    let client = match &order.client_id {
        None => None,
        Some(id) => match crate::endpoint::mentioned(op, &ClientId::new(id)).await? {
            None => return Ok(Err(Problem::unknown("there is no client of that name"))),
            Some(client) => Some(client.id.clone()),
        },
    };
    Ok(match (person, client) {
        (Some(account), Some(client)) => Ok(What::AccountAtClient(account, client)),
        (Some(account), None) => Ok(What::Account(account)),
        (None, Some(client)) => Ok(What::Client(client)),
        (None, None) => Err(Problem::unknown("there is nobody of that name")),
    })
}

async fn session(op: &Op, id: SessionId) -> Result<Result<What, Problem>, Stop> {
    Ok(match op.store().reader().await?.session(&id).await? {
        None => Err(Problem::unknown("there is no session of that name; ended ones are kept for 90 days")),
        Some(row) if row.ended.is_some() => Err(Problem::conflict("that session has ended already")),
        Some(_) => Ok(What::Session(id)),
    })
}

async fn stay(op: &Op, sid: Sid) -> Result<Result<What, Problem>, Stop> {
    let now = op.now();
    Ok(match op.store().reader().await?.participation(&sid).await? {
        None => Err(Problem::unknown("there is no stay of that name")),
        Some(row) if row.standing(now) == SessionStanding::Over => {
            Err(Problem::conflict("that stay has ended already"))
        }
        Some(_) => Ok(What::Participation(sid)),
    })
}

async fn order(op: &Op, actor: &Actor, ask: &Ask) -> Result<Result<End, Problem>, Stop> {
    let order = given!(read(ask));
    let what = given!(target(op, &order).await?);
    let offline = match order.offline {
        Offline::Keep => OfflineGrants::Keep,
        Offline::Revoke => OfflineGrants::Revoke,
    };
    Ok(Ok(act::order(op, what, offline, actor)))
}

/// `POST /api/v1/preview`.
pub(super) async fn preview(op: &Op, actor: &Actor, ask: &Ask) -> Ended {
    let end = given!(order(op, actor, ask).await?);
    answer(&preview::preview(op, &end).await?).map(Ok)
}

/// `POST /api/v1/end`.
pub(super) async fn end(op: &Op, actor: &Actor, ask: &Ask) -> Ended {
    let end = given!(order(op, actor, ask).await?);
    let carried = act::end(op, actor, &end).await?;
    let single = matches!(end.what, What::Session(_) | What::Participation(_));
    if single && !carried.ended_something() {
        return Ok(Err(Problem::conflict("somebody else ended it in this very moment")));
    }
    answer(&carried).map(Ok)
}
