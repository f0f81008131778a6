//! `GET /console/find`, `GET /console/audit`: a person, a session, a notice by what is known of it; and who did what.

use openid::account::Account;
use openid::name::{AccountId, ClientId, SessionId, Sid};
use openid::time::Time;
use store::audit::{PAGE_LENGTH, TrailFilter};

use super::super::ask::Ask;
use super::encoded;
use super::gate::{self, Gate, Wants};
use crate::answer::{Answer, Stop};
use crate::op::Op;
use crate::page::console::{Find, Found, Trail};

/// People shown for a beginning of a name.
const PEOPLE: u32 = 20;

/// Whoever looks for something.
pub(super) async fn find(op: &Op, ask: &Ask) -> Result<Answer, Stop> {
    let admitted = match gate::enter(op, ask, Wants::Look).await? {
        Gate::Open(admitted) => admitted,
        Gate::Closed(answer) => return Ok(answer),
    };
    let form = ask.query()?;
    let words: String = form.get("q").unwrap_or_default().trim().chars().take(256).collect();
    let page = match words.is_empty() {
        true => Find::default(),
        false => Find { people: people(op, &words).await?, things: things(op, &words).await?, words },
    };
    Ok(gate::show(op, ask, &admitted, |f, c| page.render(f, c)))
}

/// By username, by e-mail address, by the beginning of a username: each along an index.
async fn people(op: &Op, words: &str) -> Result<Vec<Found>, Stop> {
    let mut reader = op.store().reader().await?;
    let mut all: Vec<Account> = Vec::new();
    all.extend(reader.account_by_username(words).await?.map(|(account, _)| account));
    all.extend(reader.account(&AccountId::new(words)).await?);
    all.extend(reader.accounts_by_email(words, PEOPLE).await?);
    let key = words.to_lowercase();
    let behind = reader.accounts(words, PEOPLE).await?;
    all.extend(behind.into_iter().filter(|account| account.username.to_lowercase().starts_with(&key)));
    let mut found: Vec<Found> = Vec::new();
    for account in all {
        let path = format!("/console/person?id={}", encoded(account.id.as_str()));
        if !found.iter().any(|other| other.path == path) {
            let email = account.claims.get("email").and_then(|email| email.as_str()).unwrap_or_default();
            let more = [account.username.as_str(), email].join(" · ");
            found.push(Found { name: super::super::display_name(&account), more, path });
        }
    }
    Ok(found)
}

/// What has exactly that name.
async fn things(op: &Op, words: &str) -> Result<Vec<Found>, Stop> {
    let mut reader = op.store().reader().await?;
    let mut found = Vec::new();
    let session = |id: &str| format!("/console/session?id={}", encoded(id));
    let mut thing =
        |kind: &str, path: String| found.push(Found { name: words.to_owned(), more: kind.to_owned(), path });
    if reader.session(&SessionId::new(words)).await?.is_some() {
        thing("session", session(words));
    }
    if let Some(stay) = reader.participation(&Sid::new(words)).await? {
        thing("sid", session(stay.participation.session.as_str()));
    }
    if reader.notice(words).await?.is_some() {
        thing("notice", format!("/console/notice?id={}", encoded(words)));
    }
    if reader.client(&ClientId::new(words)).await?.is_some() {
        thing("client_id", format!("/console/client?id={}", encoded(words)));
    }
    Ok(found)
}

/// The trail.
pub(super) async fn audit(op: &Op, ask: &Ask) -> Result<Answer, Stop> {
    let admitted = match gate::enter(op, ask, Wants::Look).await? {
        Gate::Open(admitted) => admitted,
        Gate::Closed(answer) => return Ok(answer),
    };
    let form = ask.query()?;
    let field = |name| form.get(name).unwrap_or_default().trim().to_owned();
    let (actor, subject) = (field("actor"), field("subject"));
    let cursor = form.get("cursor").and_then(|cursor| cursor.split_once('.'));
    let before = cursor.and_then(|(at, id)| Some((Time::from_millis(at.parse().ok()?), id.to_owned())));
    let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let before = before.unwrap_or((Time::from_millis(i64::MAX), String::new()));
    let filter = TrailFilter { actor: given(&actor), subject: given(&subject), before };
    let lines = op.store().reader().await?.trail(&filter).await?;
    let last = lines.last().filter(|_| lines.len() == PAGE_LENGTH);
    let next = last.map(|line| format!("{}.{}", line.at.millis(), line.id));
    let page = Trail { actor, subject, lines, next };
    Ok(gate::show(op, ask, &admitted, |f, c| page.render(f, c)))
}
