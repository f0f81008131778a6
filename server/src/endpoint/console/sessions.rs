//! `GET /console/person`, `GET /console/session`: the tree, and one session's history.

use openid::name::{AccountId, SessionId};
use store::Selection;

use super::super::ask::Ask;
use super::gate::{self, Gate, Wants};
use crate::answer::{Answer, Stop};
use crate::op::Op;
use crate::page::console::{OnePerson, OneSession, Shown};
use crate::view::{history, tree};

/// A person's tree.
pub(super) async fn person(op: &Op, ask: &Ask) -> Result<Answer, Stop> {
    let admitted = match gate::enter(op, ask, Wants::Look).await? {
        Gate::Open(admitted) => admitted,
        Gate::Closed(answer) => return Ok(answer),
    };
    let form = ask.query()?;
    let id = AccountId::new(form.need("id")?);
    let shown = if form.get("all").is_some() { Shown::All } else { Shown::Live };
    let selection = match shown {
        Shown::Live => Selection::Live,
        Shown::All => Selection::All,
    };
    let person = tree::person(op, &id, selection).await?.ok_or_else(gate::unknown)?;
    let account = op.store().reader().await?.account(&id).await?.ok_or_else(gate::unknown)?;
    let (name, disabled) = (super::super::display_name(&account), account.disabled_at.is_some());
    let page = OnePerson { person, name, disabled, shown, did: super::did(&form) };
    Ok(gate::show(op, ask, &admitted, |f, c| page.render(f, c)))
}

/// One session.
pub(super) async fn session(op: &Op, ask: &Ask) -> Result<Answer, Stop> {
    let admitted = match gate::enter(op, ask, Wants::Look).await? {
        Gate::Open(admitted) => admitted,
        Gate::Closed(answer) => return Ok(answer),
    };
    let form = ask.query()?;
    let history = history::history(op, &SessionId::new(form.need("id")?)).await?.ok_or_else(gate::unknown)?;
    let page = OneSession { history, did: super::did(&form) };
    Ok(gate::show(op, ask, &admitted, |f, c| page.render(f, c)))
}
