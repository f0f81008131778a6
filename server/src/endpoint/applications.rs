//! `GET /applications`: what the signed-in person may start (OpenID Connect Core §4, Initiating Login from a Third Party).
//! A link leads to the application, which begins an ordinary authorization request.
//!
//! Invariant: what can be started is the rule's to say (`openid::authorize::initiate`).

use std::collections::BTreeMap;

use openid::authorize::initiate::{Starter, start};

use super::account::{Here, here, sign_in};
use super::ask::Ask;
use crate::answer::{Answer, Stop};
use crate::op::Op;
use crate::page;

/// More of the operator's own applications than this are not listed.
const MOST: u32 = 200;

/// The endpoint.
pub(super) async fn applications(op: &Op, ask: &Ask) -> Result<Answer, Stop> {
    let form = ask.query()?;
    let account = match here(op, ask, &form).await? {
        Here::One(who) => who.0,
        Here::Nobody => return Ok(sign_in(op, ask, "/login")),
        Here::Several => return Ok(sign_in(op, ask, "/choose")),
    };
    let mut reader = op.store().reader().await?;
    let mut candidates: BTreeMap<_, _> =
        reader.front_clients(MOST).await?.into_iter().map(|client| (client, None)).collect();
    candidates.extend(reader.consents(&account.id).await?.into_iter().map(|(client, given)| (client, Some(given))));
    drop(reader);
    let frame = op.frame(ask);
    let locales = frame.locales(&[]);
    let mut all = Vec::new();
    for (id, consent) in candidates {
        let Some(client) = super::mentioned(op, &id).await? else { continue };
        let who = Starter { username: &account.username, consent: consent.as_ref() };
        let Some(start) = start(&client, op.issuer().as_str(), &who) else { continue };
        let shown = super::application(&client, &locales);
        all.push(page::Startable { name: shown.name, logo_uri: shown.logo_uri, host: shown.host, start });
    }
    all.sort_by_key(|application| application.name.to_lowercase());
    let page =
        page::Applications { who: account.id.to_string(), username: account.username.clone(), applications: all };
    Ok(page.render(&frame))
}
