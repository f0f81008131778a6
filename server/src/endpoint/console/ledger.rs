//! `GET /console/ledger`, `GET /console/notice`: notice by notice.

use std::collections::HashMap;

use openid::name::AccountId;
use openid::wire::form::Form;
use store::{Fault, NoticeFilter};

use super::super::ask::Ask;
use super::gate::{self, Gate, Wants};
use crate::answer::{Answer, Stop};
use crate::op::Op;
use crate::page::console::{Filter, Ledger, OneNotice};
use crate::view::notice::{self, Notice, Notices};

/// Lines of a page.
const PAGE: u32 = 50;

/// What was typed.
pub(super) fn typed(form: &Form) -> Filter {
    let field = |name| form.get(name).unwrap_or_default().trim().to_owned();
    Filter {
        state: field("state"),
        client: field("client"),
        person: field("person"),
        cause: field("cause"),
        text: field("text"),
    }
}

/// What it means, or the field that means nothing.
pub(super) async fn meant(op: &Op, typed: &Filter, form: &Form) -> Result<Result<NoticeFilter, &'static str>, Fault> {
    let account = match typed.person.as_str() {
        "" => None,
        name => match op.store().reader().await?.account_by_username(name).await? {
            Some((account, _)) => Some(account.id.to_string()),
            None => return Ok(Err("person")),
        },
    };
    let get = |name: &str| match name {
        "account" => account.as_deref(),
        "session" | "limit" => None,
        _ => form.get(name),
    };
    Ok(notice::read_filter(get).map_err(|wrong| wrong.parameter))
}

/// Who the notices are about.
async fn people(op: &Op, notices: &[Notice]) -> Result<HashMap<String, String>, Fault> {
    let accounts: Vec<AccountId> = notices.iter().map(|notice| AccountId::new(&notice.account)).collect();
    let found = op.store().reader().await?.usernames(&accounts).await?;
    Ok(found.into_iter().map(|(account, username)| (account.to_string(), username)).collect())
}

/// The ledger.
pub(super) async fn ledger(op: &Op, ask: &Ask) -> Result<Answer, Stop> {
    let admitted = match gate::enter(op, ask, Wants::Look).await? {
        Gate::Open(admitted) => admitted,
        Gate::Closed(answer) => return Ok(answer),
    };
    let form = ask.query()?;
    let filter = typed(&form);
    let (wrong, notices) = match meant(op, &filter, &form).await? {
        Ok(meant) => (None, notice::notices(op, &NoticeFilter { limit: PAGE, ..meant }).await?),
        Err(field) => (Some(field), Notices { notices: Vec::new(), next: None }),
    };
    let people = people(op, &notices.notices).await?;
    let page = Ledger { filter, wrong, notices, people };
    Ok(gate::show(op, ask, &admitted, |f, c| page.render(f, c)))
}

/// One notice.
pub(super) async fn notice(op: &Op, ask: &Ask) -> Result<Answer, Stop> {
    let admitted = match gate::enter(op, ask, Wants::Look).await? {
        Gate::Open(admitted) => admitted,
        Gate::Closed(answer) => return Ok(answer),
    };
    let form = ask.query()?;
    let notice = notice::notice(op, form.need("id")?).await?.ok_or_else(gate::unknown)?;
    let username = people(op, std::slice::from_ref(&notice)).await?.remove(&notice.account);
    let page = OneNotice { notice, username, did: super::did(&form) };
    Ok(gate::show(op, ask, &admitted, |f, c| page.render(f, c)))
}
