//! `/end_session` and `/logout`: RP-Initiated Logout 1.0 and Front-Channel Logout 1.0, as `logout.md` §5 has it.
//!
//! Invariant: whoever is told is promised in the transaction that ends; the page waits a little for the fast and then says
//! what is true.

use std::time::Duration;

use axum::http::header;
use openid::client::Standing;
use openid::logout::end::{After, EndAnswer, EndFacts, EndHint, EndNext, EndQuestion, EndRequest, HeldSession, judge};
use openid::logout::frontchannel;
use openid::logout::judge::{End, Ended};
use openid::name::{ClientId, SessionId};
use openid::session::{Cause, SessionStanding};
use openid::wire::form::Form;
use openid::wire::refusal::{ErrorCode, refuse};
use store::{Browser, EndReport, Fault, NoticeState};

use super::ask::Ask;
use crate::answer::{Answer, Stop, put, see_other};
use crate::browser::{self, FormCookie};
use crate::cookie::Cookie;
use crate::op::Op;
use crate::page::{self, Moves, Over, Told, ToldHow};
use crate::pending::{Fates, Pending, Target};

/// How often the page looks whether the fast ones have answered.
const LOOK: Duration = Duration::from_millis(40);

/// The endpoint: GET and POST (§2).
pub(super) async fn end_session(op: &Op, ask: &Ask) -> Result<Answer, Stop> {
    let request = EndRequest::read(&ask.parameters()?)?;
    let hint = hint(op, &request).await?;
    let client = match request.client(&hint) {
        Some(id) => super::mentioned(op, id).await?,
        None => None,
    };
    // Why a client was disabled may be its addresses.
    let client = client.filter(|client| client.standing == Standing::Enabled);
    let held = held(op, ask).await?;
    let stay = match &hint {
        EndHint::Genuine(claims) => match &claims.sid {
            Some(sid) => op.store().reader().await?.participation(sid).await?,
            None => None,
        },
        EndHint::Absent | EndHint::Foreign => None,
    };
    let stay = stay.filter(|stay| stay.standing(op.now()) == SessionStanding::Live);
    let stay = stay.as_ref().map(|stay| (&stay.participation, stay.kept_by));
    let facts = EndFacts { hint: &hint, client: client.as_deref(), sessions: &held, stay };
    let asked_by = client.as_ref().map(|client| client.id.clone());
    match judge(&request, &facts) {
        EndNext::Show(refusal) => Err(refusal.into()),
        EndNext::Ask(question) => put_question(op, ask, question, &request.ui_locales).await,
        EndNext::Done { after } => finish(op, ask, &EndReport::default(), asked_by, after).await,
        EndNext::End { what, cause, after } => {
            let ends = orders(op, what, cause, (&held, asked_by.as_ref())).await?;
            let report = carry_out(op, ends, asked_by.clone()).await?;
            finish(op, ask, &report, asked_by, after).await
        }
    }
}

/// The hint, verified with every key there ever was; one signed with a client's secret, with that client's.
async fn hint(op: &Op, request: &EndRequest) -> Result<EndHint, Stop> {
    let Some(token) = &request.id_token_hint else {
        return Ok(EndHint::Absent);
    };
    let audience = jose::peek_claims(token).ok().and_then(|claims| {
        let claims = claims.unverified();
        claims.get("aud").and_then(serde_json::Value::as_str).map(ClientId::new)
    });
    // RP-Initiated Logout §2: what is encrypted does not say whose it is, `client_id` does.
    let whose = audience.or_else(|| request.client_id.clone().filter(|_| jose::is_encrypted(token)));
    let client = match &whose {
        Some(id) => super::mentioned(op, id).await?,
        None => None,
    };
    Ok(op.keys().read_hint(token, op.issuer().as_str(), client.as_deref()))
}

async fn held(op: &Op, ask: &Ask) -> Result<Vec<HeldSession>, Stop> {
    let here = super::sessions_here(op, ask).await?;
    Ok(here.into_iter().map(|session| HeldSession { session: session.id, account: session.account }).collect())
}

async fn put_question(op: &Op, ask: &Ask, question: EndQuestion, locales: &[String]) -> Result<Answer, Stop> {
    let application = match &question.client {
        Some(id) => super::mentioned(op, id).await?.map(|client| super::client_name(&client, locales)),
        None => None,
    };
    let here = super::signed_in(op, ask).await?;
    let cookie = FormCookie::of(op, ask);
    let only_here = question.stay.is_some() && application.is_some();
    let a_device = question.reaches_a_device();
    let pending = Pending::begin(Target::Logout(question), &cookie.binding(op), op.now());
    let page = page::Logout {
        application,
        only_here,
        a_device,
        usernames: here.into_iter().map(|(account, _)| account.username).collect(),
        request: pending.seal(op),
        csrf: cookie.csrf(op),
    };
    let mut answer = page.render(&op.frame(ask));
    cookie.put(&mut answer);
    Ok(answer)
}

/// `POST /logout`: the person has answered.
pub(super) async fn logout(op: &Op, ask: &Ask) -> Result<Answer, Stop> {
    let form = ask.form()?;
    browser::check_csrf(op, ask, &form)?;
    let pending = Pending::open(op, ask, &form, op.now())?;
    if let Target::SignedOut(fates) = pending.target {
        let page = honest(op, ask, fates, (Vec::new(), Moves::Not)).await?;
        return leave(op, ask, page).await;
    }
    let Target::Logout(question) = pending.target else {
        return Err(refuse(ErrorCode::InvalidRequest, "logout_other_form", "this form is for something else").into());
    };
    let Some(given) = given(&form) else {
        return Ok(see_other(&format!("{}/", op.issuer().as_str())));
    };
    let here = held(op, ask).await?;
    let mut ends = question.ends(&given);
    // The page may be old: of sessions only those this browser still holds, and accounts only with them. What the hint proved
    // it proves still.
    ends.retain(|end| match end {
        end if question.beyond.as_ref() == Some(end) => true,
        Ended::Session(id) => here.iter().any(|held| held.session == *id),
        Ended::Account(id) => here.iter().any(|held| held.account == *id),
        _ => true,
    });
    let ends = orders(op, ends, question.cause(), (&here, question.client.as_ref())).await?;
    let report = carry_out(op, ends, question.client.clone()).await?;
    finish(op, ask, &report, question.client, question.after).await
}

fn given(form: &Form) -> Option<EndAnswer> {
    match form.get("logout") {
        Some("client") => Some(EndAnswer::ThisClient),
        Some(_) => Some(EndAnswer::Everything),
        None => None,
    }
}

/// The orders, each in somebody's name.
async fn orders(
    op: &Op,
    what: Vec<Ended>,
    cause: Cause,
    (held, client): (&[HeldSession], Option<&ClientId>),
) -> Result<Vec<End>, Stop> {
    let mut orders = Vec::with_capacity(what.len());
    for what in what {
        let by = in_the_name_of(op, &what, held, client).await?;
        let browser = held.iter().map(|held| held.session.clone()).collect();
        orders.push(End { browser, ..op.order_to_end(what, cause, &by) });
    }
    Ok(orders)
}

/// The person whose session this browser holds; else the client that brought the hint.
async fn in_the_name_of(
    op: &Op,
    what: &Ended,
    held: &[HeldSession],
    client: Option<&ClientId>,
) -> Result<String, Stop> {
    let own = match what {
        Ended::Session(session) => held.iter().find(|held| held.session == *session),
        Ended::Account(account) => held.iter().find(|held| held.account == *account),
        Ended::Participation(sid) => {
            let stay = op.store().reader().await?.participation(sid).await?;
            stay.and_then(|stay| held.iter().find(|held| held.session == stay.participation.session))
        }
        Ended::Client(_) | Ended::AccountAtClient(..) => None,
    };
    Ok(match (own, client) {
        (Some(held), _) => super::actor(&held.account),
        (None, Some(client)) => format!("client:{client}"),
        (None, None) => "person".to_owned(),
    })
}

/// One transaction for all of it, with a line in the audit trail for each that ended something.
async fn carry_out(op: &Op, ends: Vec<End>, client: Option<ClientId>) -> Result<EndReport, Stop> {
    let ends: Vec<_> = ends.into_iter().map(|end| (op.line(&end.by, "sign_out", ""), end)).collect();
    op.store()
        .write(async move |tx| {
            let mut all = EndReport::default();
            for (line, end) in &ends {
                let mut line = line.clone();
                let report = tx.end(end).await?;
                if report.ended_something() {
                    let mut detail = report.tally();
                    detail["client"] = serde_json::json!(client);
                    line.tell(&detail);
                    line.subject = match &end.what {
                        Ended::Participation(sid) => sid.to_string(),
                        _ => report.sessions.iter().map(SessionId::as_str).collect::<Vec<_>>().join(" "),
                    };
                    tx.note(&line).await?;
                }
                all.add(report);
            }
            Ok(all)
        })
        .await
}

/// Waits a little for the fast ones, then goes on or says what is true. Where somebody is to be told by this browser, the
/// page that does so comes before the redirect (RP-Initiated Logout §3).
pub(super) async fn finish(
    op: &Op,
    ask: &Ask,
    report: &EndReport,
    asked_by: Option<ClientId>,
    after: After,
) -> Result<Answer, Stop> {
    // Everything is written and will be told: that this cannot be looked at now changes nothing.
    if let Err(fault) = wait(op, report).await {
        tracing::warn!("a sign-out could not wait for its notices: {fault:#}");
    }
    let frames: Vec<String> =
        report.frames.iter().map(|frame| frontchannel::address(frame, op.issuer().as_str())).collect();
    let (link, moves) = match after {
        After::Redirect(uri) if frames.is_empty() => return leave(op, ask, see_other(&uri)).await,
        After::Redirect(uri) => (Some(uri), Moves::Onward),
        After::Link(uri) => (Some(uri), Moves::Not),
        After::Page => (None, Moves::Not),
    };
    let over = match (report.sessions.is_empty(), report.ended_something()) {
        (false, _) => Over::Session,
        (true, true) => Over::Stay,
        (true, false) => Over::Nothing,
    };
    let fates = Fates {
        asked_by,
        over,
        promised: report.notices.iter().map(|posted| (posted.id.clone(), posted.notice.client.clone())).collect(),
        shown: report.shown.iter().map(|(_, client)| client.clone()).collect(),
        untold: report.untold.iter().map(|(_, client, _)| client.clone()).collect(),
        link,
    };
    let page = honest(op, ask, fates, (frames, moves)).await?;
    leave(op, ask, page).await
}

/// The page that says what is true by now, and lets the person look again while somebody is still to be told.
async fn honest(op: &Op, ask: &Ask, fates: Fates, (frames, moves): (Vec<String>, Moves)) -> Result<Answer, Stop> {
    let frame = op.frame(ask);
    let locales = [frame.lang().to_owned()];
    let mut known: Vec<(ClientId, ToldHow)> = Vec::new();
    let mut reader = op.store().reader().await?;
    for (id, client) in &fates.promised {
        let how = match reader.notice(id).await?.map(|row| row.state) {
            Some(NoticeState::Delivered) => ToldHow::Told,
            Some(NoticeState::Pending) => ToldHow::WillBe,
            _ => ToldHow::CouldNot,
        };
        weigh(&mut known, client, how);
    }
    drop(reader);
    for client in &fates.shown {
        weigh(&mut known, client, ToldHow::Browser);
    }
    for client in &fates.untold {
        weigh(&mut known, client, ToldHow::CouldNot);
    }
    let (mut asked, mut told) = (None, Vec::new());
    for (client, how) in known {
        let (name, uri) = named(op, &client, &locales).await?;
        let fate = Told { name, how, uri };
        match fates.asked_by.as_ref() == Some(&client) {
            true => asked = Some(fate),
            false => told.push(fate),
        }
    }
    let link = match (&fates.asked_by, &fates.link) {
        (Some(client), Some(uri)) => Some((named(op, client, &locales).await?.0, uri.clone())),
        _ => None,
    };
    let others = super::signed_in(op, ask).await?.into_iter().map(|(account, _)| account.username).collect();
    let cookie = FormCookie::of(op, ask);
    let open = asked.iter().chain(&told).any(|told| told.how == ToldHow::WillBe);
    let over = fates.over;
    let again = open.then(|| page::LookAgain {
        request: Pending::begin(Target::SignedOut(fates), &cookie.binding(op), op.now()).seal(op),
        csrf: cookie.csrf(op),
    });
    let mut answer = page::SignedOut { over, asked, told, link, moves, frames, others, again }.render(&frame);
    cookie.put(&mut answer);
    Ok(answer)
}

/// An application's name, and where it lives.
async fn named(op: &Op, client: &ClientId, locales: &[String]) -> Result<(String, Option<String>), Stop> {
    let found = super::mentioned(op, client).await?;
    let uri = found.as_ref().and_then(|client| client.metadata.links.client_uri.in_any(locales).map(str::to_owned));
    let name = found.map_or_else(|| client.to_string(), |client| super::client_name(&client, locales));
    Ok((name, uri))
}

/// One line a relying party: of several stays the worst counts.
fn weigh(known: &mut Vec<(ClientId, ToldHow)>, client: &ClientId, how: ToldHow) {
    match known.iter_mut().find(|(other, _)| other == client) {
        Some((_, worst)) => *worst = how.min(*worst),
        None => known.push((client.clone(), how)),
    }
}

async fn wait(op: &Op, report: &EndReport) -> Result<(), Fault> {
    let patience = u64::try_from(op.config().lifetimes.logout_patience.millis()).unwrap_or(0);
    let until = tokio::time::Instant::now() + Duration::from_millis(patience);
    let mut left = report.notices.iter();
    let mut next = left.next();
    while let Some(posted) = next
        && tokio::time::Instant::now() < until
    {
        let row = op.store().reader().await?.notice(&posted.id).await?;
        if row.is_some_and(|row| row.state == NoticeState::Pending && row.last_reply.is_none()) {
            tokio::time::sleep(LOOK).await;
        } else {
            next = left.next();
        }
    }
    Ok(())
}

/// A browser that holds no session any more needs no secret.
async fn leave(op: &Op, ask: &Ask, mut answer: Answer) -> Result<Answer, Stop> {
    let brought = browser::secrets(op, ask);
    if brought != Browser::default() && super::sessions_here(op, ask).await?.is_empty() {
        for (cookie, _) in
            [(Cookie::Browser, brought.passing), (Cookie::Kept, brought.kept)].iter().filter(|c| c.1.is_some())
        {
            put(&mut answer, header::SET_COOKIE, &cookie.clear(op.dress()));
        }
    }
    Ok(answer)
}
