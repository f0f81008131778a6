//! Sessions as a tree: a person's sessions, the stays in each, what was granted in each stay, and background access that
//! outlived its session (`logout.md` §2).
//!
//! Invariant: a tree is asked for in as many questions as it has levels, not nodes.

use std::collections::HashMap;

use openid::name::{AccountId, ClientId, SessionId, Sid};
use openid::session::SessionStanding;
use openid::time::Time;
use serde::Serialize;
use store::tokens::ExchangedRow;
use store::{Fault, GrantRow, NoticeFilter, NoticeRow, Selection, SessionFilter, SessionRow, StayRow, Unpromised};
use utoipa::ToSchema;

use super::exchanged::Exchanged;
use super::notice::{self, Notice};
use super::{Ended, Moment, Names};
use crate::op::Op;

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

/// Stays and grants, laid out by what they belong to.
pub(super) struct Wood<'a> {
    stays: HashMap<SessionId, Vec<StayRow>>,
    grants: HashMap<Sid, Vec<GrantRow>>,
    exchanged: Vec<ExchangedRow>,
    states: HashMap<&'a Sid, (&'a str, &'static str)>,
    names: &'a Names,
}

impl<'a> Wood<'a> {
    /// Lays them out.
    pub(super) fn new(
        (stays, grants, notices): (Vec<StayRow>, Vec<GrantRow>, &'a [NoticeRow]),
        names: &'a Names,
    ) -> Self {
        let mut wood = Self {
            stays: HashMap::new(),
            grants: HashMap::new(),
            exchanged: Vec::new(),
            states: HashMap::new(),
            names,
        };
        for stay in stays {
            wood.stays.entry(stay.participation.session.clone()).or_default().push(stay);
        }
        for grant in grants {
            wood.grants.entry(grant.sid.clone()).or_default().push(grant);
        }
        for row in notices {
            wood.states.insert(&row.notice.sid, (&row.id, row.state.as_str()));
        }
        wood
    }

    /// With what was exchanged.
    pub(super) fn and(self, exchanged: Vec<ExchangedRow>) -> Self {
        Self { exchanged, ..self }
    }

    /// A session with what belongs to it, which is taken out.
    pub(super) fn session(&mut self, row: &SessionRow, now: Time) -> Session {
        let session = &row.session;
        let standing = match (&row.ended, row.standing(now)) {
            (Some(_), _) => Standing::Ended,
            (None, SessionStanding::Over) => Standing::Expired,
            (None, SessionStanding::Live) => Standing::Live,
        };
        let mut stays = self.stays.remove(&session.id).unwrap_or_default();
        stays.sort_by_key(|stay| (stay.participation.begun_at, stay.participation.sid.clone()));
        Session {
            id: session.id.to_string(),
            kind: session.kind.as_str(),
            account: session.account.to_string(),
            browser: row.browser.map(|digest| jose::base64url(&digest.0[..6])),
            agent: row.agent.clone(),
            opened_from: row.opened_from.as_ref().map(ToString::to_string),
            replayed_at: row.replayed_at.map(Moment),
            begun_at: Moment(session.created_at),
            auth_time: Moment(session.auth_time),
            acr: session.acr.clone(),
            amr: session.amr.0.clone(),
            seen_at: Moment(session.seen_at),
            idle_until: Moment(session.idle_until),
            expires_at: Moment(session.expires_at),
            standing,
            ended: row.ended.as_ref().map(|(at, cause, by)| Ended::new(*at, *cause, Some(by.clone()))),
            stays: stays.iter().map(|stay| self.stay(stay)).collect(),
            below: Vec::new(),
        }
    }

    fn stay(&mut self, row: &StayRow) -> Stay {
        let stay = &row.participation;
        let grants = self.grants.remove(&stay.sid).unwrap_or_default();
        Stay {
            sid: stay.sid.to_string(),
            client_id: stay.client.to_string(),
            client_name: self.names.name(&stay.client),
            sub: stay.sub.to_string(),
            begun_at: Moment(stay.begun_at),
            used_at: Moment(row.used_at),
            ended: row.ended.map(|(at, cause)| Ended::new(at, cause, None)),
            told: row.ended.map(|_| self.told(row)),
            grants: grants.iter().map(|row| grant(row, &self.exchanged, self.names)).collect(),
        }
    }

    fn told(&self, row: &StayRow) -> Told {
        let (how, why) = match row.unpromised {
            None => (How::Noticed, None),
            Some(Unpromised::Shown) => (How::Shown, None),
            Some(Unpromised::Untold(why)) => (How::Untold, Some(why.as_str())),
            Some(Unpromised::Unrecorded) => (How::Unrecorded, None),
        };
        let notice = self.states.get(&row.participation.sid);
        Told { how, why, notice: notice.map(|(id, _)| (*id).to_owned()), state: notice.map(|(_, state)| *state) }
    }

    /// What is left: grants that live on without their session.
    fn background(self) -> Vec<Grant> {
        let mut rows: Vec<GrantRow> = self.grants.into_values().flatten().collect();
        rows.sort_by(|a, b| (b.created_at, &b.id).cmp(&(a.created_at, &a.id)));
        rows.iter().map(|row| grant(row, &self.exchanged, self.names)).collect()
    }
}

/// A grant as it is shown, with what was exchanged for tokens of it.
pub(super) fn grant(row: &GrantRow, exchanged: &[ExchangedRow], names: &Names) -> Grant {
    let own = exchanged.iter().filter(|one| one.grant == row.id);
    Grant {
        id: row.id.to_string(),
        client_id: row.client.to_string(),
        client_name: names.name(&row.client),
        sid: row.sid.to_string(),
        kind: row.kind.as_str(),
        scope: row.scope.to_string(),
        resources: row.resources.clone(),
        created_at: Moment(row.created_at),
        expires_at: Moment(row.expires_at),
        ended: row.ended.map(|(at, cause)| Ended::new(at, cause, None)),
        exchanged: own.map(|one| Exchanged::of(one, names)).collect(),
    }
}

/// Hangs each session below the one it was opened from; one whose other is not there stands by itself.
fn nest(sessions: Vec<Session>) -> Vec<Session> {
    let there: HashMap<String, usize> =
        sessions.iter().enumerate().map(|(place, session)| (session.id.clone(), place)).collect();
    let mut below: HashMap<String, Vec<Session>> = HashMap::new();
    let mut top = Vec::new();
    for session in sessions {
        match session.opened_from.as_ref().filter(|from| **from != session.id && there.contains_key(*from)) {
            Some(from) => below.entry(from.clone()).or_default().push(session),
            None => top.push(session),
        }
    }
    for session in &mut top {
        session.below = below.remove(&session.id).unwrap_or_default();
    }
    // Two levels are all there are; whatever else was said of it, nothing is lost.
    top.extend(below.into_values().flatten());
    top
}

/// The clients of some stays and grants, and of what was exchanged.
pub(super) fn clients(stays: &[StayRow], grants: &[GrantRow], exchanged: &[ExchangedRow]) -> Vec<ClientId> {
    let of_stays = stays.iter().map(|stay| stay.participation.client.clone());
    let of_grants = grants.iter().map(|grant| grant.client.clone());
    of_stays.chain(of_grants).chain(exchanged.iter().map(|one| one.client.clone())).collect()
}

#[cfg(test)]
mod tests {
    use openid::time::Time;

    use super::{Moment, Session, Standing, nest};

    fn session(id: &str, from: Option<&str>) -> Session {
        let at = Moment(Time::from_seconds(0));
        Session {
            id: id.to_owned(),
            kind: "browser",
            account: "a".to_owned(),
            browser: None,
            agent: None,
            opened_from: from.map(str::to_owned),
            replayed_at: None,
            begun_at: at,
            auth_time: at,
            acr: None,
            amr: Vec::new(),
            seen_at: at,
            idle_until: at,
            expires_at: at,
            standing: Standing::Live,
            ended: None,
            stays: Vec::new(),
            below: Vec::new(),
        }
    }

    #[test]
    fn a_session_hangs_below_the_one_it_was_opened_from() {
        let all = [("b", None), ("d1", Some("b")), ("d2", Some("b")), ("lone", Some("gone")), ("self", Some("self"))];
        let tree = nest(all.iter().map(|(id, from)| session(id, *from)).collect());
        let ids = |sessions: &[Session]| sessions.iter().map(|session| session.id.clone()).collect::<Vec<_>>();
        assert_eq!(ids(&tree), ["b", "lone", "self"]);
        assert_eq!(ids(&tree[0].below), ["d1", "d2"]);
    }

    #[test]
    fn nothing_is_lost_whatever_hangs_from_what() {
        let all = [("a", Some("b")), ("b", Some("a")), ("c", Some("a"))];
        assert_eq!(nest(all.iter().map(|(id, from)| session(id, *from)).collect()).len(), 3);
    }
}
