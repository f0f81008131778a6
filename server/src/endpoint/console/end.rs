//! `GET`/`POST /console/end`: the preview of an ending, and the ending.
//!
//! Invariant: both are the same order, judged by the same judge; nothing is looked up for whoever is not let in.

use axum::http::Method;
use openid::logout::judge::{End, Ended, OfflineGrants};
use openid::name::{AccountId, ClientId, SessionId, Sid};
use openid::wire::form::Form;
use openid::wire::refusal::{ErrorCode, Refusal, refuse};

use super::super::ask::Ask;
use super::gate::{self, Gate, Wants};
use crate::act::{self, Actor};
use crate::answer::{Answer, Stop, see_other};
use crate::op::Op;
use crate::page::console::{EndPreview, Ends};
use crate::view::preview;

/// What a form names, whether it is there or not.
struct Named {
    kind: &'static str,
    id: String,
    offline: OfflineGrants,
}

impl Named {
    fn read(form: &Form) -> Result<Self, Refusal> {
        let offline = match form.get("offline") {
            Some("revoke") => OfflineGrants::Revoke,
            _ => OfflineGrants::Keep,
        };
        let named = ["session", "stay", "account", "client"].into_iter().find_map(|kind| Some((kind, form.get(kind)?)));
        let (kind, id) = named
            .ok_or_else(|| refuse(ErrorCode::InvalidRequest, "console_end_nothing", "it is not said what is to end"))?;
        Ok(Self { kind, id: id.to_owned(), offline })
    }

    /// This page's own address.
    fn address(&self) -> String {
        let offline = preview::offline(self.offline);
        format!("/console/end?{}={}&offline={offline}", self.kind, super::encoded(&self.id))
    }
}

/// What is to end.
struct Order {
    what: Ended,
    offline: OfflineGrants,
    ends: Ends,
    /// The page it is about, below the issuer.
    back: String,
}

impl Order {
    fn end(&self, op: &Op, actor: &Actor) -> End {
        act::order(op, self.what.clone(), self.offline, actor)
    }
}

/// The preview, or the ending.
pub(super) async fn end(op: &Op, ask: &Ask) -> Result<Answer, Stop> {
    let form = ask.parameters()?;
    match ask.method {
        Method::POST => submitted(op, ask, &form).await,
        _ => previewed(op, ask, &form).await,
    }
}

async fn order(op: &Op, ask: &Ask, named: &Named) -> Result<Order, Stop> {
    let (id, offline) = (&named.id, named.offline);
    let mut reader = op.store().reader().await?;
    let order = |what, ends, back| Order { what, offline, ends, back };
    Ok(match named.kind {
        "session" => {
            let session = SessionId::new(id);
            let found = reader.session(&session).await?.ok_or_else(gate::unknown)?;
            let whose =
                reader.account(&found.session.account).await?.map(|account| account.username).unwrap_or_default();
            let back = format!("/console/session?id={}", super::encoded(id));
            order(Ended::Session(session), Ends::Session(whose), back)
        }
        "stay" => {
            let sid = Sid::new(id);
            let found = reader.participation(&sid).await?.ok_or_else(gate::unknown)?;
            drop(reader);
            let locales = op.frame(ask).locales(&[]);
            let name = super::super::mentioned_name(op, &found.participation.client, &locales).await?;
            let back = format!("/console/session?id={}", super::encoded(found.participation.session.as_str()));
            order(Ended::Participation(sid), Ends::Stay(name), back)
        }
        "account" => {
            let account = AccountId::new(id);
            let found = reader.account(&account).await?.ok_or_else(gate::unknown)?;
            let back = format!("/console/person?id={}", super::encoded(id));
            order(Ended::Account(account), Ends::Account(found.username), back)
        }
        _ => {
            drop(reader);
            let client = ClientId::new(id);
            let locales = op.frame(ask).locales(&[]);
            let name = super::super::mentioned_name(op, &client, &locales).await?;
            let back = format!("/console/client?id={}", super::encoded(id));
            order(Ended::Client(client), Ends::Client(name), back)
        }
    })
}

async fn previewed(op: &Op, ask: &Ask, form: &Form) -> Result<Answer, Stop> {
    let admitted = match gate::enter(op, ask, Wants::Act).await? {
        Gate::Open(admitted) => admitted,
        Gate::Closed(answer) => return Ok(answer),
    };
    let named = Named::read(form)?;
    let order = order(op, ask, &named).await?;
    let preview = preview::preview(op, &order.end(op, &admitted.actor())).await?;
    let page = EndPreview { ends: order.ends, named: (named.kind, named.id), back: order.back, preview };
    Ok(gate::show(op, ask, &admitted, |f, c| page.render(f, c)))
}

async fn submitted(op: &Op, ask: &Ask, form: &Form) -> Result<Answer, Stop> {
    let named = Named::read(form)?;
    let admitted = match gate::enter_to_act(op, ask, form, named.address()).await? {
        Gate::Open(admitted) => admitted,
        Gate::Closed(answer) => return Ok(answer),
    };
    let order = order(op, ask, &named).await?;
    let actor = admitted.actor();
    let sums = act::end(op, &actor, &order.end(op, &actor)).await?.sums;
    // Of a whole client only stays end: the sessions they are in go on.
    let ended = if sums.sessions == 0 { sums.stays } else { sums.sessions };
    Ok(see_other(&format!("{}{}&did=ended&count={ended}", op.issuer().as_str(), order.back)))
}
