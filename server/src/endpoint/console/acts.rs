//! `GET`/`POST /console/settle`: "send again" and "give up", of one notice or of all that a filter finds.
//!
//! Invariant: what is done to many was asked about first, notice by notice: the form brings back which they were and as what they
//! were seen, and one that has become something else since is not touched.

use axum::http::Method;
use openid::time::Time;
use openid::wire::form::Form;
use openid::wire::refusal::{ErrorCode, refuse};
use store::{NoticeFilter, NoticeState, Seen};

use super::super::ask::Ask;
use super::gate::{self, Gate, Wants};
use super::ledger::{meant, typed};
use crate::act::{self, Acted, How, Looked};
use crate::answer::{Answer, Stop, see_other};
use crate::op::Op;
use crate::page::console::Settle;
use crate::view::notice::{self, MOST, Notice};

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

/// What was looked at, as the form brings it back: when, and each with its state. Another node's clock may be ahead.
fn looked_at(notices: &[Notice], now: Time) -> String {
    let at = notices.iter().filter_map(|one| one.settled_at).map(|at| at.0).max().map_or(now, |at| at.max(now));
    let each = notices.iter().map(|one| format!(" {}:{}", one.state, one.id));
    [at.millis().to_string()].into_iter().chain(each).collect()
}

fn read_looked_at(text: &str) -> Option<Vec<Looked>> {
    let mut words = text.split(' ');
    let at = Time::from_millis(words.next()?.parse().ok()?);
    let most = usize::try_from(MOST).unwrap_or(usize::MAX);
    let read = |word: &str| {
        let (state, id) = word.split_once(':')?;
        Some(Looked { id: id.to_owned(), seen: Seen { state: NoticeState::read(state)?, at } })
    };
    words.take(most).map(read).collect()
}

async fn question(op: &Op, ask: &Ask, form: &Form, how: How) -> Result<Answer, Stop> {
    let admitted = match gate::enter(op, ask, Wants::Act).await? {
        Gate::Open(admitted) => admitted,
        Gate::Closed(answer) => return Ok(answer),
    };
    let now = op.now();
    let (mut notices, more) = chosen(op, form, how).await?;
    let (count, looked) = (u64::try_from(notices.len()).unwrap_or(u64::MAX), looked_at(&notices, now));
    notices.truncate(SHOWN);
    let (id, filter) = (form.get("id").map(str::to_owned), typed(form));
    let page = Settle { how, id, filter, looked, notices, count, more };
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
    let actor = admitted.actor();
    let done = if let Some(id) = form.get("id") {
        match act::settle(op, &actor, how, id).await? {
            Acted::Done(()) => 1,
            Acted::Not(_) => 0,
            Acted::Unknown => return Err(gate::unknown()),
        }
    } else {
        let looked = read_looked_at(form.need("looked")?).ok_or_else(|| wrong("looked"))?;
        act::settle_all(op, &actor, how, (&looked, &filter)).await?
    };
    let and = if back.ends_with('?') { "" } else { "&" };
    Ok(see_other(&format!("{}{back}{and}did={}&count={done}", op.issuer().as_str(), how.as_str())))
}

#[cfg(test)]
mod tests {
    use openid::time::Time;
    use store::NoticeState;

    use super::read_looked_at;

    #[test]
    fn what_was_looked_at_is_read_whole_or_not_at_all() {
        let read = read_looked_at("7 parked:a.b pending:c:d").unwrap();
        assert_eq!((read[0].id.as_str(), read[1].id.as_str()), ("a.b", "c:d"));
        assert_eq!((read[0].seen.state, read[1].seen.at), (NoticeState::Parked, Time::from_millis(7)));
        assert_eq!(read_looked_at("7"), Some(Vec::new()));
        for wrong in ["", "x parked:a", "7 lost:a", "7 parked", "7  parked:a"] {
            assert_eq!(read_looked_at(wrong), None, "{wrong}");
        }
    }
}
