//! Sessions as a tree: a person's sessions, the stays in each, what was granted in each stay, and background access that
//! outlived its session (`logout.md` §2).
//!
//! Invariant: a tree is asked for in as many questions as it has levels, not nodes.

mod growing;

use std::collections::HashMap;

use openid::name::{AccountId, SessionId};
use serde::Serialize;
use store::{Fault, NoticeFilter, Selection, SessionFilter, SessionRow, StayRow};
use utoipa::ToSchema;

use super::exchanged::Exchanged;
use super::notice::{self, Notice};
use super::{Ended, Moment, Names};
use crate::op::Op;

use self::growing::nest;
pub(super) use self::growing::{Wood, clients, grant};

/// More stays and grants than this are not shown in one tree.
pub(super) const MOST: u32 = 2_000;

/// A person, and where they are signed in.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Person {
    /// The account.
    pub account: String,
    /// Its username.
    pub username: String,
    /// The sessions, the latest first; one that was opened from another hangs below it.
    pub sessions: Vec<Session>,
    /// Background access whose session is over.
    pub background: Vec<Grant>,
    /// The latest notices about the person, the newest first.
    pub notices: Vec<Notice>,
}

/// A session.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Session {
    /// Its name.
    pub id: String,
    /// `browser`, or `device`.
    pub kind: &'static str,
    /// Whose it is.
    pub account: String,
    /// A mark of the browser it belongs to: the same for all sessions that hang on one secret of it.
    pub browser: Option<String>,
    /// What the browser calls itself.
    pub agent: Option<String>,
    /// The session it was opened from (Native SSO).
    pub opened_from: Option<String>,
    /// When a device secret last came back that had been replaced (Native SSO): it was copied, or an app is slow.
    pub replayed_at: Option<Moment>,
    /// When it was opened.
    pub begun_at: Moment,
    /// When the person last proved who they are.
    pub auth_time: Moment,
    /// What that proof was worth.
    pub acr: Option<String>,
    /// How it was proven.
    pub amr: Vec<String>,
    /// When it was last seen.
    pub seen_at: Moment,
    /// When it ends if nothing is seen of it.
    pub idle_until: Moment,
    /// When it ends in any case.
    pub expires_at: Moment,
    /// Whether it goes on.
    pub standing: Standing,
    /// When, why and by whom it was ended.
    pub ended: Option<Ended>,
    /// Who takes part in it, or took part.
    pub stays: Vec<Stay>,
    /// Sessions opened from it.
    #[schema(no_recursion)]
    pub below: Vec<Self>,
}

/// Whether a session goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It does.
    Live,
    /// It has expired; the sweep ends it within seconds.
    Expired,
    /// It was ended.
    Ended,
}

/// One client's stay in a session.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Stay {
    /// Its name, and the `sid` of its ID Tokens.
    pub sid: String,
    /// The client.
    pub client_id: String,
    /// What it is called.
    pub client_name: String,
    /// By what it knows the person.
    pub sub: String,
    /// When it began.
    pub begun_at: Moment,
    /// When the client last took part.
    pub used_at: Moment,
    /// When and why it ended.
    pub ended: Option<Ended>,
    /// How the client was told of that.
    pub told: Option<Told>,
    /// What was granted in it.
    pub grants: Vec<Grant>,
}

/// How a client was told of an end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Told {
    /// How.
    pub how: How,
    /// Why it could not be told: `no-address`, `no-browser`, `declined`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<&'static str>,
    /// The notice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notice: Option<String>,
    /// Where that stands; not there once it was folded into the totals.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<&'static str>,
}

/// The ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// A notice over the back channel.
    Noticed,
    /// By the browser alone.
    Shown,
    /// Not at all.
    Untold,
    /// That was not written down.
    Unrecorded,
}

/// Something that was granted.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Grant {
    /// Its name.
    pub id: String,
    /// To whom.
    pub client_id: String,
    /// What that is called.
    pub client_name: String,
    /// The stay it was granted in.
    pub sid: String,
    /// `online`, or `offline`: background access.
    pub kind: &'static str,
    /// Its scope.
    pub scope: String,
    /// The resources it is for.
    pub resources: Vec<String>,
    /// When it was granted.
    pub created_at: Moment,
    /// Its end in any case.
    pub expires_at: Moment,
    /// When and why it ended.
    pub ended: Option<Ended>,
    /// Tokens other clients were given for those of it (RFC 8693): they die with it.
    pub exchanged: Vec<Exchanged>,
}

/// A session in a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Listed {
    /// The session.
    #[serde(flatten)]
    pub session: Session,
    /// Whose it is, by name.
    pub username: String,
    /// The clients that take part; in one that is over, those that took part.
    pub clients: Vec<String>,
}

/// A page of a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Sessions {
    /// The sessions, in the order of their names.
    pub sessions: Vec<Listed>,
    /// Where the next page begins, if there is one.
    pub next: Option<String>,
}

/// A person's tree. Live: what goes on; all: everything that is still kept.
pub async fn person(op: &Op, account: &AccountId, selection: Selection) -> Result<Option<Person>, Fault> {
    let now = op.now();
    let mut reader = op.store().reader().await?;
    let Some(found) = reader.account(account).await? else { return Ok(None) };
    let rows = reader.account_sessions(account, selection, now).await?;
    let stays = reader.account_stays(account, selection, now, MOST).await?;
    let grants = reader.account_grants(account, selection, now, MOST).await?;
    let exchanged = reader.account_exchanged(account, now).await?;
    let filter = NoticeFilter { account: Some(account.clone()), limit: 50, ..NoticeFilter::default() };
    let notices = reader.notices(&filter).await?;
    drop(reader);
    let names = Names::of(op, clients(&stays, &grants, &exchanged)).await?;
    let mut wood = Wood::new((stays, grants, &notices), &names).and(exchanged);
    let sessions: Vec<Session> = rows.iter().map(|row| wood.session(row, now)).collect();
    Ok(Some(Person {
        account: account.to_string(),
        username: found.username,
        sessions: nest(sessions),
        background: wood.background(),
        notices: notice::of_rows(op, &notices).await?,
    }))
}

/// A page of a list of sessions.
pub async fn sessions(op: &Op, filter: &SessionFilter) -> Result<Sessions, Fault> {
    let now = op.now();
    let limit = usize::try_from(filter.limit).unwrap_or(usize::MAX);
    let more = SessionFilter { limit: filter.limit.saturating_add(1), ..filter.clone() };
    let mut rows = op.store().reader().await?.sessions(&more, now).await?;
    let is_more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| is_more).map(|row| row.session.id.to_string());
    let mut reader = op.store().reader().await?;
    let people = reader.usernames(rows.iter().map(|row| &row.session.account)).await?;
    let stays = reader.participations(rows.iter().map(|row| &row.session.id)).await?;
    drop(reader);
    let names = Names::of(op, clients(&stays, &[], &[])).await?;
    let mut taking_part: HashMap<SessionId, Vec<String>> = HashMap::new();
    for row in &rows {
        // What ended before the session did is nobody's stay any more.
        let there = |stay: &&StayRow| {
            stay.participation.session == row.session.id && (stay.ended.is_none() || row.ended.is_some())
        };
        let there = stays.iter().filter(there).map(|stay| stay.participation.client.to_string()).collect();
        taking_part.insert(row.session.id.clone(), there);
    }
    let mut wood = Wood::new((stays, Vec::new(), &[]), &names);
    let list = |row: &SessionRow| Listed {
        session: wood.session(row, now),
        username: people.get(&row.session.account).cloned().unwrap_or_default(),
        clients: taking_part.remove(&row.session.id).unwrap_or_default(),
    };
    let listed = rows.iter().map(list).collect();
    Ok(Sessions { sessions: listed, next })
}
