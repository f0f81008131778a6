//! `GET /console/clients`, `GET /console/client`: the applications, and one with its figures and sessions.

use openid::name::{ClientId, SessionId};
use store::{Selection, SessionFilter};

use super::super::ask::Ask;
use super::encoded;
use super::gate::{self, Gate, Wants};
use crate::answer::{Answer, Stop};
use crate::op::Op;
use crate::page::console::{Clients, Found, OneClient};
use crate::view::figures::lately;
use crate::view::tree;

/// Clients, or sessions, of a page.
const PAGE: u32 = 50;

/// The list.
pub(super) async fn clients(op: &Op, ask: &Ask) -> Result<Answer, Stop> {
    let admitted = match gate::enter(op, ask, Wants::Look).await? {
        Gate::Open(admitted) => admitted,
        Gate::Closed(answer) => return Ok(answer),
    };
    let form = ask.query()?;
    let mut rows = op.store().reader().await?.clients(form.get("after").unwrap_or_default(), PAGE + 1).await?;
    let length = usize::try_from(PAGE).unwrap_or(usize::MAX);
    let is_more = rows.len() > length;
    rows.truncate(length);
    let next = rows.last().filter(|_| is_more).map(|row| row.id.to_string());
    let locales = op.frame(ask).locales(&[]);
    let mut clients = Vec::with_capacity(rows.len());
    for row in rows {
        let name = super::super::mentioned_name(op, &row.id, &locales).await?;
        let path = format!("/console/client?id={}", encoded(row.id.as_str()));
        clients.push(Found { name, more: row.id.to_string(), path });
    }
    let page = Clients { clients, next };
    Ok(gate::show(op, ask, &admitted, |f, c| page.render(f, c)))
}

/// One of them. A client that is gone still has its figures.
pub(super) async fn client(op: &Op, ask: &Ask) -> Result<Answer, Stop> {
    let admitted = match gate::enter(op, ask, Wants::Look).await? {
        Gate::Open(admitted) => admitted,
        Gate::Closed(answer) => return Ok(answer),
    };
    let form = ask.query()?;
    let id = ClientId::new(form.need("id")?);
    let row = op.store().reader().await?.client(&id).await?;
    let counted = lately(op, super::PATIENCE).await?.map(|figures| {
        let own = figures.clients.into_iter().find(|one| one.client_id == id.as_str());
        (figures.at, own.map(|own| own.sums))
    });
    if row.is_none() && !matches!(counted, Some((_, Some(_)))) {
        return Err(gate::unknown());
    }
    let after = form.get("after").map(SessionId::new);
    let live = SessionFilter::of(Selection::Live);
    let filter = SessionFilter { client: Some(id.clone()), after, limit: PAGE, ..live };
    let known = super::super::mentioned(op, &id).await?;
    let locales = op.frame(ask).locales(&[]);
    let page = OneClient {
        name: super::super::mentioned_name(op, &id, &locales).await?,
        back_channel: known.as_ref().and_then(|client| client.metadata.backchannel_logout_uri.clone()),
        front_channel: known.as_ref().and_then(|client| client.metadata.frontchannel_logout_uri.clone()),
        disabled: row.is_some_and(|row| row.disabled_at.is_some()),
        sums: counted.map(|(at, sums)| (at, sums.unwrap_or_default())),
        sessions: tree::sessions(op, &filter).await?,
        id: id.to_string(),
        did: super::did(&form),
    };
    Ok(gate::show(op, ask, &admitted, |f, c| page.render(f, c)))
}
