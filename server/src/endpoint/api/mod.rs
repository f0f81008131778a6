//! `/api/v1/…`: the operator's API. Figures, the ledger, sessions, histories, previews; and what an operator does.
//!
//! Invariant: nothing here decides: who may call is `openid::operator`'s to say, what is shown is made by `crate::view`, what is
//! done is done by `crate::act`. The description (`description.rs`) and the table of endpoints name the same operations.

pub(crate) mod description;
mod export;
mod orders;
mod reading;

use axum::http::{StatusCode, header};
use openid::bound::dpop::Nonce;
use openid::operator::{self, Deed};
use openid::userinfo;
use openid::wire::form::Form;
use openid::wire::refusal::{ErrorCode, refuse};
use serde::Serialize;
use serde_json::json;
use store::Fault;

use super::Name;
use super::access_token::known_as;
use super::ask::Ask;
use super::dpop;
use crate::act::{Actor, How};
use crate::answer::{Answer, Stop, json as answer_json, put};
use crate::op::Op;

/// Why a request is not carried out, beside what a bearer challenge says: RFC 9457.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    status: StatusCode,
    title: &'static str,
    detail: String,
}

impl Problem {
    fn new(status: StatusCode, title: &'static str, detail: impl Into<String>) -> Self {
        Self { status, title, detail: detail.into() }
    }

    /// 404: there is no such thing.
    fn unknown(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not found", detail)
    }

    /// 409: it is not in a state in which that can be done.
    fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "not in that state", detail)
    }

    /// 422: it can be read, and means nothing.
    fn meaningless(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "not understood", detail)
    }

    /// 503: not yet.
    fn later(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "not yet", detail)
    }

    /// The answer.
    pub(crate) fn answer(&self) -> Answer {
        let status = self.status.as_u16();
        let body = json!({"type": "about:blank", "title": self.title, "status": status, "detail": self.detail});
        let mut answer = answer_json(self.status, &body);
        answer.headers_mut().remove(header::CONTENT_TYPE);
        put(&mut answer, header::CONTENT_TYPE, "application/problem+json");
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            put(&mut answer, header::RETRY_AFTER, "10");
        }
        answer
    }
}

/// The problem for a status that somebody else found.
pub(crate) fn problem(status: StatusCode, detail: &str) -> Answer {
    Problem::new(status, status.canonical_reason().unwrap_or("refused"), detail).answer()
}

/// What an operation ends in: an answer, or a problem that is one too.
type Ended = Result<Result<Answer, Problem>, Stop>;

/// One operation.
pub(super) async fn api(op: &Op, name: Name, ask: &Ask) -> Result<Answer, Stop> {
    let deed = match name {
        Name::ApiRetry | Name::ApiGiveUp | Name::ApiEnd => Deed::Act,
        _ => Deed::Read,
    };
    let (actor, nonce) = admit(op, ask, deed).await?;
    let query = ask.query()?;
    query.once()?;
    let ended = match name {
        Name::ApiFigures => reading::figures(op, &query).await,
        Name::ApiNotices => reading::notices(op, &query).await,
        Name::ApiExport => export::export(op, &query),
        Name::ApiNotice => reading::notice(op, last(ask)).await,
        Name::ApiSessions => reading::sessions(op, &query).await,
        Name::ApiSession => reading::session(op, last(ask)).await,
        Name::ApiAccountSessions => reading::tree(op, before_last(ask), &query).await,
        Name::ApiRetry => orders::settle(op, &actor, How::Again, before_last(ask)).await,
        Name::ApiGiveUp => orders::settle(op, &actor, How::GiveUp, before_last(ask)).await,
        Name::ApiPreview => orders::preview(op, &actor, ask).await,
        Name::ApiEnd => orders::end(op, &actor, ask).await,
        other => return Err(Fault::bug(format!("{other:?} is no operation of the API")).into()),
    };
    let mut answer = ended?.unwrap_or_else(|problem| {
        tracing::info!(path = ask.path(), status = problem.status.as_u16(), "not done: {}", problem.detail);
        problem.answer()
    });
    dpop::renew(op, nonce, &mut answer);
    Ok(answer)
}

/// Whoever calls, and how the nonce of their proof stands.
async fn admit(op: &Op, ask: &Ask, deed: Deed) -> Result<(Actor, Nonce), Stop> {
    let Some(presented) = userinfo::presented(ask.authorization()?, None)? else {
        return Err(refuse(ErrorCode::InvalidToken, "api_bearer_absent", "an access token is needed").into());
    };
    let now = op.now();
    let proof = dpop::prove_beside(op, ask, &presented)?;
    let found = op.store().reader().await?.access_token(&known_as(op, presented.token), now).await?;
    let facts = found.map(|found| found.facts);
    let nonce = dpop::bind(op, ask, &presented, facts.as_ref(), proof).await?;
    let client = match &facts {
        Some(facts) => super::mentioned(op, &facts.client).await?,
        None => None,
    };
    let id = operator::judge(facts.as_ref(), client.as_deref(), op.issuer().as_str(), deed, now)?;
    Ok((Actor::named(format!("client:{id}")), nonce))
}

/// What is asked for, as JSON.
fn answer<T: Serialize>(view: &T) -> Result<Answer, Stop> {
    let value = serde_json::to_value(view).map_err(|error| Fault::bug(format!("a view is no JSON: {error}")))?;
    Ok(answer_json(StatusCode::OK, &value))
}

/// The last segment of the path.
fn last(ask: &Ask) -> &str {
    ask.path().rsplit('/').next().unwrap_or_default()
}

/// The one before.
fn before_last(ask: &Ask) -> &str {
    ask.path().rsplit('/').nth(1).unwrap_or_default()
}

/// Refuses parameters nobody knows: a slip of the pen in a filter would show everything.
fn known(query: &Form, names: &[&str]) -> Result<(), Problem> {
    match query.pairs().iter().find(|(name, _)| !names.contains(&name.as_str())) {
        None => Ok(()),
        Some((name, _)) => {
            Err(Problem::meaningless(format!("there is no parameter {name}; there are {}", names.join(", "))))
        }
    }
}
