//! One session's history: opened, joined, granted, left, ended by whom and why, who was told, and the lines of the audit trail
//! about any of it (`logout.md` §7).

use openid::name::{AccountId, SessionId};
use serde::Serialize;
use store::audit::Entry;
use store::{Ending, Fault, NoticeRow, NoticeState};
use utoipa::ToSchema;

use super::exchanged::Exchanged;
use super::notice::{self, Notice};
use super::tree::{self, MOST, Session, Wood};
use super::{Moment, Names};
use crate::op::Op;

/// So many lines of the audit trail, the latest.
const LINES: u32 = 1_000;

/// More stays and notices than this are not looked up in the audit trail.
const THINGS: usize = 100;

/// A session with all that happened to it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct History {
    /// The session, with every stay and grant it ever had.
    pub session: Session,
    /// Whose it is, by name.
    pub username: String,
    /// What its end was part of.
    pub ending: Option<Order>,
    /// What happened, the earliest first.
    pub events: Vec<Event>,
    /// The notices about its stays.
    pub notices: Vec<Notice>,
}

/// An ending that was ordered, and what came of it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Order {
    /// `session`, `account`, …
    pub what: String,
    /// Which.
    pub subject: String,
    /// Why.
    pub cause: &'static str,
    /// By whom.
    pub by: String,
    /// When.
    pub at: Moment,
    /// Notices that were promised.
    pub noticed: u64,
    /// Clients told by the browser alone.
    pub shown: u64,
    /// Clients that could not be told.
    pub untold: u64,
    /// Grants that ended.
    pub revoked: u64,
    /// Grants that live on.
    pub kept: u64,
}

/// Something that happened.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Event {
    /// When.
    pub at: Moment,
    /// What.
    pub what: What,
    /// The client it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The stay, grant, notice or line it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// By whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// In a sentence.
    pub words: String,
}

/// What happened. In the order in which things happen that happen at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// The session was opened.
    Opened,
    /// The person proved again who they are.
    Authenticated,
    /// A client began a stay.
    Joined,
    /// Something was granted.
    Granted,
    /// The session was ended.
    Ended,
    /// A stay ended.
    Left,
    /// A grant ended.
    GrantEnded,
    /// A notice was promised.
    Noticed,
    /// A notice was settled.
    Settled,
    /// A line of the audit trail.
    Audited,
}

/// The history of a session. `None`: there is none of that name, or it was removed after its retention.
pub async fn history(op: &Op, id: &SessionId) -> Result<Option<History>, Fault> {
    let mut reader = op.store().reader().await?;
    let Some(row) = reader.session(id).await? else { return Ok(None) };
    let account = reader.account(&row.session.account).await?;
    let stays = reader.participations([id]).await?;
    let grants = reader.session_grants(id, MOST).await?;
    let exchanged = reader.session_exchanged(id, op.now()).await?;
    let notices = reader.notices_of_sessions(std::slice::from_ref(id)).await?;
    let endings = match &row.ended {
        Some((at, _, by)) => reader.endings_at(*at, by).await?,
        None => Vec::new(),
    };
    let about =
        stays.iter().map(|stay| stay.participation.sid.as_str()).chain(notices.iter().map(|row| row.id.as_str()));
    let lines = reader.audit_about([id.as_str()].into_iter().chain(about.take(THINGS)), LINES).await?;
    drop(reader);
    let names = Names::of(op, tree::clients(&stays, &grants, &exchanged)).await?;
    let session = Wood::new((stays, grants, &notices), &names).and(exchanged).session(&row, op.now());
    let username = account.map(|account| account.username).unwrap_or_default();
    let mut events = of_session(&session);
    events.extend(notices.iter().flat_map(|row| of_notice(row, &names)));
    events.extend(lines.iter().map(of_line));
    events.sort_by(|a, b| (a.at, a.what, &a.subject).cmp(&(b.at, b.what, &b.subject)));
    let ending = ordered(&endings, id, &row.session.account);
    Ok(Some(History { session, username, ending, events, notices: notice::of_rows(op, &notices).await? }))
}

/// What ended the session: its own ending, or one that ended it among others.
fn ordered(endings: &[Ending], id: &SessionId, account: &AccountId) -> Option<Order> {
    let is = |ending: &&Ending| match ending.what.as_str() {
        "session" => ending.subject == id.as_str(),
        "account" => ending.subject == account.as_str(),
        _ => false,
    };
    let ending = endings.iter().find(is)?;
    Some(Order {
        what: ending.what.clone(),
        subject: ending.subject.clone(),
        cause: ending.cause.as_str(),
        by: ending.by.clone(),
        at: Moment(ending.at),
        noticed: ending.told,
        shown: ending.shown,
        untold: ending.untold,
        revoked: ending.revoked,
        kept: ending.kept,
    })
}

fn event(at: Moment, what: What, words: String) -> Event {
    Event { at, what, client_id: None, subject: None, by: None, words }
}

fn of_session(session: &Session) -> Vec<Event> {
    let agent = session.agent.as_deref().filter(|agent| !agent.is_empty()).unwrap_or("an unknown browser");
    let mut events = vec![event(session.begun_at, What::Opened, format!("opened in {agent}"))];
    if session.auth_time > session.begun_at {
        events.push(event(session.auth_time, What::Authenticated, "proved again who they are".to_owned()));
    }
    if let Some(ended) = &session.ended {
        let by = ended.by.clone().unwrap_or_default();
        let words = format!("ended: {} by {by}", ended.cause);
        events.push(Event { by: Some(by), ..event(ended.at, What::Ended, words) });
    }
    for stay in &session.stays {
        let of = |at, what, words| Event {
            client_id: Some(stay.client_id.clone()),
            subject: Some(stay.sid.clone()),
            ..event(at, what, words)
        };
        events.push(of(stay.begun_at, What::Joined, format!("{} took part", stay.client_name)));
        if let (Some(ended), Some(told)) = (&stay.ended, &stay.told) {
            let words = format!("the stay of {} ended: {}, {}", stay.client_name, ended.cause, told.words());
            events.push(of(ended.at, What::Left, words));
        }
        for grant in &stay.grants {
            let own = |event: Event| Event { subject: Some(grant.id.clone()), ..event };
            let words = format!("{} was granted {} ({})", stay.client_name, grant.scope, grant.kind);
            events.push(own(of(grant.created_at, What::Granted, words)));
            if let Some(ended) = &grant.ended {
                let words = format!("a grant of {} ended: {}{}", stay.client_name, ended.cause, dead(&grant.exchanged));
                events.push(own(of(ended.at, What::GrantEnded, words)));
            }
        }
    }
    events
}

/// What died with a grant.
fn dead(exchanged: &[Exchanged]) -> String {
    let names: Vec<String> = exchanged.iter().map(|one| format!("{} ({})", one.client_name, one.tokens)).collect();
    if names.is_empty() { String::new() } else { format!("; with it the tokens exchanged by {}", names.join(", ")) }
}

impl tree::Told {
    /// In a few words.
    pub fn words(&self) -> String {
        match (self.how, self.why) {
            (tree::How::Noticed, _) => match self.state {
                Some(state) => format!("a notice is {state}"),
                None => "a notice was settled long ago".to_owned(),
            },
            (tree::How::Shown, _) => "told by the browser alone".to_owned(),
            (tree::How::Untold, Some("no-address")) => "could not be told: it registered no logout address".to_owned(),
            (tree::How::Untold, Some("no-browser")) => {
                "could not be told: only a browser could tell it, and its own was not there".to_owned()
            }
            (tree::How::Untold, Some("declined")) => "was not told: it declined notices of idle expiry".to_owned(),
            (tree::How::Untold, _) => "could not be told".to_owned(),
            (tree::How::Unrecorded, _) => "how it was told was not written down".to_owned(),
        }
    }
}

fn of_notice(row: &NoticeRow, names: &Names) -> Vec<Event> {
    let name = names.name(&row.notice.client);
    let of = |at, what, words| Event {
        client_id: Some(row.notice.client.to_string()),
        subject: Some(row.id.clone()),
        ..event(Moment(at), what, words)
    };
    let mut events = vec![of(row.created_at, What::Noticed, format!("{name} is to be told"))];
    if let Some(at) = row.settled_at {
        let last = row.last_reply.as_deref().unwrap_or("never tried");
        let words = match row.state {
            NoticeState::Delivered => format!("{name} was told ({last})"),
            NoticeState::Withdrawn => format!("telling {name} was given up"),
            state => format!("telling {name}: {} ({last})", state.as_str()),
        };
        events.push(of(at, What::Settled, words));
    }
    events
}

fn of_line(line: &Entry) -> Event {
    let detail = if line.detail == "{}" { String::new() } else { format!(" {}", line.detail) };
    Event {
        subject: Some(line.subject.clone()),
        by: Some(line.actor.clone()),
        ..event(Moment(line.at), What::Audited, format!("{}{detail}", line.action))
    }
}
