//! Questions about sessions and stays.
//!
//! Invariant: a session that has expired is not called live, although nobody may have swept it yet.

use openid::authorize::next::{Candidate, Consent};
use openid::client::Client;
use openid::name::{AccountId, ClientId, Digest, SessionId, Sid, Sub};
use openid::session::{Cause, Participation, Session, SessionKind, SessionStanding};
use openid::time::Time;
use openid::wire::scope::Scope;

use super::rows::{read_session, session_columns};
use super::tree::Unpromised;
use crate::fault::Fault;
use crate::row::Row;
use crate::statements::statements;
use crate::text;
use crate::tx::Reader;
use crate::value::values;

macro_rules! session_row {
    () => {
        concat!(
            "SELECT ",
            session_columns!(),
            ", browser, agent, ended_at, cause, ended_by, \
            (SELECT d.opened_from FROM device d WHERE d.session = session.id), \
            (SELECT d.replayed_at FROM device d WHERE d.session = session.id) FROM session "
        )
    };
}

macro_rules! stay_columns {
    () => {
        "SELECT p.sid, p.session, p.account, p.client, p.sub, p.begun_at, p.used_at, p.ended_at, p.cause, p.unpromised, \
         s.ended_at, s.idle_until, s.expires_at, s.kind FROM participation p JOIN session s ON s.id = p.session "
    };
}
pub(super) use stay_columns;

statements! {
    OF_BROWSER = concat!("SELECT ", session_columns!("s"), ", a.username, \
        CASE WHEN CAST($5 AS {text}) IS NULL THEN a.sub ELSE w.sub END, \
        (SELECT max(p.used_at) FROM participation p WHERE p.session = s.id AND p.client = $2), \
        c.given_at, c.scope, c.id_token_claims, c.userinfo_claims, c.resources \
        FROM session s JOIN account a ON a.id = s.account \
        LEFT JOIN consent c ON c.account = s.account AND c.client = $2 \
        LEFT JOIN pairwise w ON w.account = s.account AND w.sector = $5 \
        WHERE s.browser IN ($1, $4) AND s.ended_at IS NULL AND s.idle_until > $3 AND s.expires_at > $3 \
        AND a.disabled_at IS NULL");
    ONE = concat!(session_row!(), "WHERE id = $1");
    OF_ACCOUNT = concat!(session_row!(), "WHERE account = $1 \
        AND (CAST($2 AS {int}) = 0 OR (ended_at IS NULL AND idle_until > $3 AND expires_at > $3)) \
        ORDER BY created_at DESC, id LIMIT 1000");
    SOME = concat!(session_row!(), "WHERE (CAST($1 AS {text}) IS NULL OR account = $1) \
        AND (CAST($2 AS {int}) = 0 OR (ended_at IS NULL AND idle_until > $3 AND expires_at > $3)) \
        AND (CAST($4 AS {text}) IS NULL OR id > $4) ORDER BY id LIMIT $5");
    SOME_OF_CLIENT = concat!(session_row!(), "WHERE id IN (SELECT session FROM participation WHERE client = $6 \
        AND (CAST($2 AS {int}) = 0 OR ended_at IS NULL)) AND (CAST($1 AS {text}) IS NULL OR account = $1) \
        AND (CAST($2 AS {int}) = 0 OR (ended_at IS NULL AND idle_until > $3 AND expires_at > $3)) \
        AND (CAST($4 AS {text}) IS NULL OR id > $4) ORDER BY id LIMIT $5");
    STAY = concat!(stay_columns!(), "WHERE p.sid = $1");
    STAYS = concat!(stay_columns!(), "WHERE p.session IN ({each}$1{all}) ORDER BY p.begun_at, p.sid");
    STAYS_NAMED = concat!(stay_columns!(), "WHERE p.sid IN ({each}$1{all})");
}

/// What a browser brings: the digests of its two secrets. Each session hangs on one of them, so that each lives as long
/// as its own person wished.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Browser {
    /// Of the secret that goes when the browser closes.
    pub passing: Option<Digest>,
    /// Of the secret that stays: "keep me signed in".
    pub kept: Option<Digest>,
}

/// Who asks for the sessions of a browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asker<'a> {
    client: &'a str,
    sector: Option<&'a str>,
}

impl Asker<'static> {
    /// The pages: they belong to no client, and no client has an empty id.
    pub const NOBODY: Self = Self { client: "", sector: None };
}

impl<'a> Asker<'a> {
    /// A client.
    pub fn of(client: &'a Client) -> Self {
        Self { client: client.id.as_str(), sector: client.metadata.subject.sector() }
    }

    #[cfg(test)]
    pub(crate) fn named(client: &'a ClientId, sector: Option<&'a str>) -> Self {
        Self { client: client.as_str(), sector }
    }
}

/// A session as a person or an operator sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRow {
    /// The session.
    pub session: Session,
    /// The browser it belongs to.
    pub browser: Option<Digest>,
    /// That browser's name.
    pub agent: Option<String>,
    /// When, why and by whom it was ended.
    pub ended: Option<(Time, Cause, String)>,
    /// The session it was last opened from: of a device (Native SSO).
    pub opened_from: Option<SessionId>,
    /// When a secret of it last came back that had been replaced: of a device.
    pub replayed_at: Option<Time>,
}

impl SessionRow {
    /// Whether it lives.
    pub fn standing(&self, now: Time) -> SessionStanding {
        if self.ended.is_some() || self.session.is_over(now) { SessionStanding::Over } else { SessionStanding::Live }
    }
}

/// A stay as a person or an operator sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StayRow {
    /// The stay.
    pub participation: Participation,
    /// When the client last took part.
    pub used_at: Time,
    /// When and why it ended.
    pub ended: Option<(Time, Cause)>,
    /// How it was told, if it ended and nothing was promised.
    pub unpromised: Option<Unpromised>,
    session_ended: Option<Time>,
    session_until: Time,
    /// What keeps its session alive.
    pub kept_by: SessionKind,
}

impl StayRow {
    /// Whether it and its session live.
    pub fn standing(&self, now: Time) -> SessionStanding {
        let over = self.ended.is_some() || self.session_ended.is_some() || now >= self.session_until;
        if over { SessionStanding::Over } else { SessionStanding::Live }
    }
}

/// Which sessions are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selection {
    /// Those that live.
    Live,
    /// Ended ones too, until their retention is over.
    All,
}

/// A page of a list of sessions.
#[derive(Clone, Debug)]
pub struct SessionFilter {
    /// Of one account.
    pub account: Option<AccountId>,
    /// In which one client takes part, or took part.
    pub client: Option<ClientId>,
    /// Which.
    pub selection: Selection,
    /// The last one of the page before.
    pub after: Option<SessionId>,
    /// How many at most.
    pub limit: u32,
}

impl SessionFilter {
    /// Everybody's, the first 500 of them.
    pub fn of(selection: Selection) -> Self {
        Self { account: None, client: None, selection, after: None, limit: 500 }
    }
}

impl Reader {
    /// The live sessions of a browser as candidates for a client, the one last used with it first. One query.
    pub async fn browser_sessions(
        &mut self,
        browser: &Browser,
        asker: Asker<'_>,
        now: Time,
    ) -> Result<Vec<Candidate>, Fault> {
        let (passing, kept) = (browser.passing.as_ref().map(|d| &d.0), browser.kept.as_ref().map(|d| &d.0));
        if passing.is_none() && kept.is_none() {
            return Ok(Vec::new());
        }
        let rows = self.rows(&OF_BROWSER, values![passing, asker.client, now, kept, asker.sector]).await?;
        let mut candidates = rows.into_iter().map(read_candidate).collect::<Result<Vec<_>, _>>()?;
        candidates.sort_by_key(|c| std::cmp::Reverse((c.last_used, c.session.seen_at, c.session.created_at)));
        Ok(candidates)
    }

    /// One session, however it stands.
    pub async fn session(&mut self, id: &SessionId) -> Result<Option<SessionRow>, Fault> {
        self.row(&ONE, values![id.as_str()]).await?.map(read_session_row).transpose()
    }

    /// The sessions of an account, the latest first, a thousand at most.
    pub async fn account_sessions(
        &mut self,
        account: &AccountId,
        selection: Selection,
        now: Time,
    ) -> Result<Vec<SessionRow>, Fault> {
        let live = i64::from(selection == Selection::Live);
        let rows = self.rows(&OF_ACCOUNT, values![account.as_str(), live, now]).await?;
        rows.into_iter().map(read_session_row).collect()
    }

    /// A page of sessions, in the order of their names.
    pub async fn sessions(&mut self, filter: &SessionFilter, now: Time) -> Result<Vec<SessionRow>, Fault> {
        let live = i64::from(filter.selection == Selection::Live);
        let (account, after) =
            (filter.account.as_ref().map(AccountId::as_str), filter.after.as_ref().map(SessionId::as_str));
        let rows = match &filter.client {
            None => self.rows(&SOME, values![account, live, now, after, filter.limit]).await?,
            Some(client) => {
                let values = values![account, live, now, after, filter.limit, client.as_str()];
                self.rows(&SOME_OF_CLIENT, values).await?
            }
        };
        rows.into_iter().map(read_session_row).collect()
    }

    /// One stay, however it stands.
    pub async fn participation(&mut self, sid: &Sid) -> Result<Option<StayRow>, Fault> {
        self.row(&STAY, values![sid.as_str()]).await?.map(read_stay).transpose()
    }

    /// The stays in some sessions, ended ones too.
    pub async fn participations(
        &mut self,
        sessions: impl IntoIterator<Item = &SessionId>,
    ) -> Result<Vec<StayRow>, Fault> {
        let names = text::names(sessions.into_iter().map(SessionId::as_str));
        self.rows(&STAYS, values![&names]).await?.into_iter().map(read_stay).collect()
    }

    /// Some stays, however they stand.
    pub async fn participations_named(&mut self, sids: impl IntoIterator<Item = &Sid>) -> Result<Vec<StayRow>, Fault> {
        let names = text::names(sids.into_iter().map(Sid::as_str));
        self.rows(&STAYS_NAMED, values![&names]).await?.into_iter().map(read_stay).collect()
    }
}

fn read_candidate(mut row: Row) -> Result<Candidate, Fault> {
    let row = &mut row;
    let session = read_session(row)?;
    let username = row.take()?;
    let sub = row.take::<Option<String>>()?.map(Sub::new);
    let last_used = row.take()?;
    let consent = match row.take::<Option<Time>>()? {
        None => None,
        Some(given_at) => Some(Consent {
            scope: Scope::from(row.take::<String>()?),
            id_token_claims: text::read_list(&row.take::<String>()?, "id_token_claims")?,
            userinfo_claims: text::read_list(&row.take::<String>()?, "userinfo_claims")?,
            resources: text::read_list(&row.take::<String>()?, "resources")?,
            given_at,
        }),
    };
    Ok(Candidate { session, username, sub, last_used, consent })
}

fn read_session_row(mut row: Row) -> Result<SessionRow, Fault> {
    let row = &mut row;
    let session = read_session(row)?;
    let browser = row.take::<Option<[u8; 32]>>()?.map(Digest);
    let agent = row.take()?;
    let ended = read_end(row)?;
    let by: Option<String> = row.take()?;
    let ended = ended.map(|(at, cause)| (at, cause, by.unwrap_or_default()));
    let opened_from = row.take::<Option<String>>()?.map(SessionId::new);
    Ok(SessionRow { session, browser, agent, ended, opened_from, replayed_at: row.take()? })
}

pub(super) fn read_end(row: &mut Row) -> Result<Option<(Time, Cause)>, Fault> {
    let (at, cause): (Option<Time>, Option<String>) = (row.take()?, row.take()?);
    match (at, cause) {
        (Some(at), Some(cause)) => Ok(Some((at, text::word(&cause, Cause::read)?))),
        (None, None) => Ok(None),
        _ => Err(Fault::bug("an ending without its cause, or a cause without its ending")),
    }
}

pub(super) fn read_stay(mut row: Row) -> Result<StayRow, Fault> {
    let row = &mut row;
    Ok(StayRow {
        participation: Participation {
            sid: Sid::new(row.take::<String>()?),
            session: SessionId::new(row.take::<String>()?),
            account: AccountId::new(row.take::<String>()?),
            client: ClientId::new(row.take::<String>()?),
            sub: Sub::new(row.take::<String>()?),
            begun_at: row.take()?,
        },
        used_at: row.take()?,
        ended: read_end(row)?,
        unpromised: row.take::<Option<String>>()?.map(|word| text::word(&word, Unpromised::read)).transpose()?,
        session_ended: row.take()?,
        session_until: row.take::<Time>()?.min(row.take::<Time>()?),
        kept_by: text::word(&row.take::<String>()?, SessionKind::read)?,
    })
}
