//! `GET`/`POST /console/settle`: "send again" and "give up", of one notice or of all that a filter finds.
//!
//! Invariant: what is done to many was asked about first, with their number; what came into the ledger after the question is
//! not touched.

use axum::http::Method;
use openid::wire::form::Form;
use openid::wire::refusal::{ErrorCode, refuse};
use serde_json::json;
use store::{NoticeFilter, NoticeState, Settled};

use super::super::ask::Ask;
use super::gate::{self, Admitted, Gate, Wants};
use super::ledger::{meant, typed};
use crate::answer::{Answer, Stop, see_other};
use crate::op::Op;
use crate::page::console::{How, Settle};
use crate::view::notice::{self, MOST, Notice};

/// Notices settled in one transaction.
const BATCH: usize = 200;

/// Notices shown with the question.
const SHOWN: usize = 10;

/// The question, or the act.
pub(super) async fn settle(op: &Op, ask: &Ask) -> Result<Answer, Stop> {
    let form = ask.parameters()?;
    let how = How::read(form.need("how")?).ok_or_else(|| wrong("how"))?;
    match ask.method {
        Method::POST => submitted(op, ask, &form, how).await,
        _ => question(op, ask, &form, how).await,
    }
}

fn wrong(field: &str) -> Stop {
    let say = format!("{field} is none of those there are");
    refuse(ErrorCode::InvalidRequest, "console_filter_wrong", say).into()
}

/// Whether that can be done to it: a success is a success, and a refusal is final unless it is sent again.
fn fits(how: How, state: &str) -> bool {
    let state = NoticeState::read(state);
    match how {
        How::Again => state.is_some_and(|state| state != NoticeState::Delivered),
        How::GiveUp => matches!(state, Some(NoticeState::Pending | NoticeState::Parked)),
    }
}

/// Those a form is about, newest first, and whether there are more.
async fn chosen(op: &Op, form: &Form, how: How) -> Result<(Vec<Notice>, bool), Stop> {
    if let Some(id) = form.get("id") {
        let one = notice::notice(op, id).await?.ok_or_else(gate::unknown)?;
        return Ok((Some(one).filter(|one| fits(how, one.state)).into_iter().collect(), false));
    }
    let filter = meant(op, &typed(form), form).await?.map_err(wrong)?;
    let found = notice::notices(op, &NoticeFilter { limit: MOST, ..filter }).await?;
    let more = found.next.is_some();
    Ok((found.notices.into_iter().filter(|one| fits(how, one.state)).collect(), more))
}

async fn question(op: &Op, ask: &Ask, form: &Form, how: How) -> Result<Answer, Stop> {
    let admitted = match gate::enter(op, ask, Wants::Act).await? {
        Gate::Open(admitted) => admitted,
        Gate::Closed(answer) => return Ok(answer),
    };
    let cursor = format!("{}.", op.now().millis() + 1);
    let (mut notices, more) = chosen(op, form, how).await?;
    let count = u64::try_from(notices.len()).unwrap_or(u64::MAX);
    notices.truncate(SHOWN);
    let (id, filter) = (form.get("id").map(str::to_owned), typed(form));
    let page = Settle { how, id, filter, cursor, notices, count, more };
    Ok(gate::show(op, ask, &admitted, |f, c| page.render(f, c)))
}

async fn submitted(op: &Op, ask: &Ask, form: &Form, how: How) -> Result<Answer, Stop> {
    let filter = typed(form).query();
    let (back, whole) = match form.get("id") {
        Some(id) => {
            let id = super::encoded(id);
            (format!("/console/notice?id={id}"), format!("/console/settle?how={}&id={id}", how.as_str()))
        }
        None => (format!("/console/ledger?{filter}"), format!("/console/settle?how={}&{filter}", how.as_str())),
    };
    let admitted = match gate::enter_to_act(op, ask, form, whole).await? {
        Gate::Open(admitted) => admitted,
        Gate::Closed(answer) => return Ok(answer),
    };
    let (notices, _) = chosen(op, form, how).await?;
    let most = form.get("most").and_then(|most| most.parse().ok()).unwrap_or(notices.len());
    let ids: Vec<String> = notices.into_iter().take(most).map(|notice| notice.id).collect();
    let subject = form.get("id").unwrap_or("ledger").to_owned();
    let mut done = 0;
    for some in ids.chunks(BATCH) {
        done += batch(op, &admitted, (how, &subject, &filter), some.to_vec()).await?;
    }
    let and = if back.ends_with('?') { "" } else { "&" };
    Ok(see_other(&format!("{}{back}{and}did={}&count={done}", op.issuer().as_str(), how.as_str())))
}

/// Some of them, in one transaction with its line.
async fn batch(
    op: &Op,
    admitted: &Admitted,
    (how, subject, filter): (How, &str, &str),
    ids: Vec<String>,
) -> Result<usize, Stop> {
    let (now, deadline) = (op.now(), op.config().lifetimes.logout_deadline);
    let action = match (how, ids.len()) {
        (How::Again, _) => "notices_retried",
        (How::GiveUp, 1) => "notice_given_up",
        (How::GiveUp, _) => "notices_given_up",
    };
    let filter = filter.to_owned();
    let done = gate::act(op, admitted, (action, subject), async move |tx, line| {
        let mut done = 0;
        for id in &ids {
            let settled = match how {
                How::Again => tx.retry_notice(id, now, now + deadline).await?,
                How::GiveUp => tx.give_up(id, now).await?,
            };
            done += usize::from(settled == Settled::Now);
        }
        line.tell(&match how {
            How::Again => json!({"reopened": done, "filter": filter}),
            How::GiveUp => json!({"withdrawn": done, "filter": filter}),
        });
        Ok((done > 0).then_some(done))
    });
    Ok(done.await?.unwrap_or_default())
}
