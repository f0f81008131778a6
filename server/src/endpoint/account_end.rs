//! `/account/end`: one application's stay, one session, or everything of a person ends. GET says beforehand whom we will tell and
//! how, and changes nothing; POST ends.
//!
//! Invariant: only what is the signed-in person's own ends; the preview is made by the judge that ends.

use axum::http::Method;
use openid::account::Account;
use openid::logout::end::After;
use openid::logout::judge::{End, Ended, OfflineGrants};
use openid::name::{ClientId, SessionId, Sid};
use openid::session::{Cause, SessionStanding};
use openid::wire::form::Form;

use super::account::{Here, back, here, owner, sign_in};
use super::ask::Ask;
use crate::answer::{Answer, Stop};
use crate::browser::FormCookie;
use crate::op::Op;
use crate::page;
use crate::view::preview::{self, Party, Preview};

/// The endpoint.
pub(super) async fn end(op: &Op, ask: &Ask) -> Result<Answer, Stop> {
    match ask.method {
        Method::POST => carry_out(op, ask).await,
        _ => foresee(op, ask).await,
    }
}

/// What a form names, if it is this person's and lives.
async fn named(op: &Op, account: &Account, form: &Form) -> Result<Option<Ended>, Stop> {
    if form.get("all").is_some() {
        return Ok(Some(Ended::Account(account.id.clone())));
    }
    let (now, mut reader) = (op.now(), op.store().reader().await?);
    if let Some(sid) = form.get("sid") {
        let sid = Sid::new(sid);
        let stay = reader.participation(&sid).await?;
        let own =
            stay.filter(|stay| stay.participation.account == account.id && stay.standing(now) == SessionStanding::Live);
        return Ok(own.map(|_| Ended::Participation(sid)));
    }
    let id = SessionId::new(form.need("session")?);
    let session = reader.session(&id).await?;
    let own = session.filter(|row| row.session.account == account.id && row.standing(now) == SessionStanding::Live);
    Ok(own.map(|_| Ended::Session(id)))
}

/// The order. Of this very browser's own sessions the relying parties can be told here (Front-Channel Logout §3).
async fn order(op: &Op, ask: &Ask, (account, form): (&Account, &Form), what: Ended) -> Result<End, Stop> {
    let here = super::signed_in(op, ask).await?;
    let browser = here.into_iter().map(|(_, session)| session.id).collect();
    let offline = match form.get("offline") {
        Some("revoke") => OfflineGrants::Revoke,
        _ => OfflineGrants::Keep,
    };
    let end = op.order_to_end(what, Cause::Person, &super::actor(&account.id));
    Ok(End { browser, offline, ..end })
}

/// `GET`: what would happen.
async fn foresee(op: &Op, ask: &Ask) -> Result<Answer, Stop> {
    let form = ask.query()?;
    let account = match here(op, ask, &form).await? {
        Here::One(who) => who.0,
        Here::Nobody => return Ok(sign_in(op, ask, "/login")),
        Here::Several => return Ok(sign_in(op, ask, "/choose")),
    };
    let Some(what) = named(op, &account, &form).await? else {
        return Ok(back(op, &account.id, "ended"));
    };
    let end = order(op, ask, (&account, &form), what).await?;
    let preview = preview::preview(op, &end).await?;
    let frame = op.frame(ask);
    let parties = parties(op, &preview, &frame.locales(&[])).await?;
    let ends = match &end.what {
        Ended::Session(id) => {
            let row = op.store().reader().await?.session(id).await?;
            page::OwnEnds::Session { id: id.to_string(), agent: row.and_then(|row| row.agent).unwrap_or_default() }
        }
        Ended::Participation(sid) => {
            let name = parties.first().map(|party| party.name.clone()).unwrap_or_default();
            page::OwnEnds::Stay { sid: sid.to_string(), name }
        }
        _ => page::OwnEnds::Everything,
    };
    let cookie = FormCookie::of(op, ask);
    let devices = match &end.what {
        Ended::Session(_) => preview.sums.sessions.saturating_sub(1),
        _ => 0,
    };
    let page = page::EndPreview { who: account.id.to_string(), ends, devices, parties, csrf: cookie.csrf(op) };
    let mut answer = page.render(&frame);
    cookie.put(&mut answer);
    Ok(answer)
}

/// One line an application: of several stays the worst counts.
async fn parties(op: &Op, preview: &Preview, locales: &[String]) -> Result<Vec<page::EndParty>, Stop> {
    let how = |party: &Party| match (party.untold, party.channels.contains(&"back_channel")) {
        (Some(_), _) => page::EndHow::Untold,
        (None, true) => page::EndHow::BackChannel,
        (None, false) => page::EndHow::Browser,
    };
    let mut all: Vec<(&str, page::EndParty)> = Vec::new();
    for party in &preview.parties {
        let (how, keeps) = (how(party), !party.kept.is_empty());
        if let Some((_, known)) = all.iter_mut().find(|(id, _)| *id == party.client_id) {
            known.how = known.how.min(how);
            known.keeps |= keeps;
        } else {
            let name = super::mentioned_name(op, &ClientId::new(&party.client_id), locales).await?;
            all.push((&party.client_id, page::EndParty { name, how, keeps }));
        }
    }
    Ok(all.into_iter().map(|(_, party)| party).collect())
}

/// `POST`: it ends.
async fn carry_out(op: &Op, ask: &Ask) -> Result<Answer, Stop> {
    let form = ask.form()?;
    let (account, _) = owner(op, ask, &form).await?;
    let Some(what) = named(op, &account, &form).await? else {
        return Ok(back(op, &account.id, "ended"));
    };
    let end = order(op, ask, (&account, &form), what).await?;
    let line = op.line(&end.by, "session_ended", &preview::subject(&end.what).1);
    let everything = matches!(end.what, Ended::Account(_));
    let report = op
        .store()
        .write(async move |tx| {
            let mut line = line.clone();
            let report = tx.end(&end).await?;
            if report.ended_something() {
                line.tell(&report.tally());
                tx.note(&line).await?;
            }
            Ok(report)
        })
        .await?;
    match report.frames.is_empty() && !everything {
        true => Ok(back(op, &account.id, "ended")),
        false => super::end_session::finish(op, ask, &report, None, After::Page).await,
    }
}
