//! Sessions as a tree (`logout.md` §2): the stays and grants of a person or of one session, and what ended them.
//!
//! Invariant: a person's tree is three questions, however many sessions there are.

use openid::logout::judge::Untold;
use openid::name::{AccountId, ClientId, GrantId, SessionId, Sid};
use openid::session::{Cause, GrantKind};
use openid::time::Time;
use openid::wire::scope::Scope;

use super::asking::{Selection, StayRow, read_end, read_stay, stay_columns};
use crate::fault::Fault;
use crate::row::Row;
use crate::statements::statements;
use crate::text;
use crate::tx::Reader;
use crate::value::values;

macro_rules! grant_rows {
    () => {
        "SELECT g.id, g.sid, g.session, g.client, g.kind, g.scope, g.resources, g.created_at, g.expires_at, g.ended_at, \
         g.cause FROM participation p JOIN grants g ON g.sid = p.sid "
    };
}

statements! {
    STAYS_OF_ACCOUNT = concat!(stay_columns!(), "WHERE p.account = $1 AND (CAST($2 AS {int}) = 0 OR (p.ended_at IS NULL \
        AND s.ended_at IS NULL AND s.idle_until > $3 AND s.expires_at > $3)) ORDER BY p.begun_at DESC, p.sid LIMIT $4");
    GRANTS_OF_ACCOUNT = concat!(grant_rows!(), "WHERE p.account = $1 AND (CAST($2 AS {int}) = 0 OR (g.ended_at IS NULL \
        AND g.expires_at > $3)) ORDER BY g.created_at DESC, g.id LIMIT $4");
    GRANTS_OF_SESSION = concat!(grant_rows!(), "WHERE p.session = $1 ORDER BY g.created_at, g.id LIMIT $2");
    GRANTS_NAMED = concat!(grant_rows!(), "WHERE g.id IN ({each}$1{all})");
    ENDINGS_AT = "SELECT id, what, subject, cause, ended_by, at, told, untold, revoked, kept, coalesce(shown, 0) \
        FROM ending WHERE at = $1 AND ended_by = $2 ORDER BY id LIMIT 50";
    REACH_OF_CLIENT = "SELECT count(DISTINCT session), count(*) FROM participation WHERE client = $1 AND ended_at IS NULL";
}

/// How a relying party was told of an ending where nothing was promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unpromised {
    /// By its page in a frame, and by nothing else.
    Shown,
    /// There was no way to tell it.
    Untold(Untold),
    /// The stay ended under a release that did not write this down.
    Unrecorded,
}

impl Unpromised {
    /// The word that is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Shown => "shown",
            Self::Untold(why) => why.as_str(),
            Self::Unrecorded => "unrecorded",
        }
    }

    /// Reads the word.
    pub fn read(text: &str) -> Option<Self> {
        match text {
            "shown" => Some(Self::Shown),
            "unrecorded" => Some(Self::Unrecorded),
            why => Untold::read(why).map(Self::Untold),
        }
    }
}

/// A grant as a person or an operator sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantRow {
    /// Its name.
    pub id: GrantId,
    /// The stay it belongs to.
    pub sid: Sid,
    /// The session of that stay.
    pub session: SessionId,
    /// To which client.
    pub client: ClientId,
    /// Whether it ends with the session.
    pub kind: GrantKind,
    /// What was granted.
    pub scope: Scope,
    /// For which resources.
    pub resources: Vec<String>,
    /// When it was granted.
    pub created_at: Time,
    /// Its absolute end.
    pub expires_at: Time,
    /// When and why it ended.
    pub ended: Option<(Time, Cause)>,
}

/// An ending that was recorded: what was ordered, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// Its name.
    pub id: String,
    /// `session`, `account`, `participation`, `client`, `account_at_client`, `grant`.
    pub what: String,
    /// Which.
    pub subject: String,
    /// Why.
    pub cause: Cause,
    /// By whom.
    pub by: String,
    /// When.
    pub at: Time,
    /// Relying parties that were promised a notice.
    pub told: u64,
    /// Those there was no way to tell.
    pub untold: u64,
    /// Grants that ended.
    pub revoked: u64,
    /// Grants that live on.
    pub kept: u64,
    /// Relying parties told by the browser alone.
    pub shown: u64,
}

impl Reader {
    /// The stays of an account, the latest first. Live: those that go on in sessions that do.
    pub async fn account_stays(
        &mut self,
        account: &AccountId,
        selection: Selection,
        now: Time,
        most: u32,
    ) -> Result<Vec<StayRow>, Fault> {
        let live = i64::from(selection == Selection::Live);
        let rows = self.rows(&STAYS_OF_ACCOUNT, values![account.as_str(), live, now, most]).await?;
        rows.into_iter().map(read_stay).collect()
    }

    /// The grants of an account, the latest first; those of sessions that ended too, if they go on in the background.
    pub async fn account_grants(
        &mut self,
        account: &AccountId,
        selection: Selection,
        now: Time,
        most: u32,
    ) -> Result<Vec<GrantRow>, Fault> {
        let live = i64::from(selection == Selection::Live);
        let rows = self.rows(&GRANTS_OF_ACCOUNT, values![account.as_str(), live, now, most]).await?;
        rows.into_iter().map(read_grant_row).collect()
    }

    /// The grants of a session, ended ones too.
    pub async fn session_grants(&mut self, session: &SessionId, most: u32) -> Result<Vec<GrantRow>, Fault> {
        let rows = self.rows(&GRANTS_OF_SESSION, values![session.as_str(), most]).await?;
        rows.into_iter().map(read_grant_row).collect()
    }

    /// Some grants.
    pub async fn grants_named(&mut self, grants: impl IntoIterator<Item = &GrantId>) -> Result<Vec<GrantRow>, Fault> {
        let names = text::names(grants.into_iter().map(GrantId::as_str));
        self.rows(&GRANTS_NAMED, values![&names]).await?.into_iter().map(read_grant_row).collect()
    }

    /// The endings somebody ordered at one moment: of a session's end, what it was part of.
    pub async fn endings_at(&mut self, at: Time, by: &str) -> Result<Vec<Ending>, Fault> {
        self.rows(&ENDINGS_AT, values![at, by]).await?.into_iter().map(read_ending).collect()
    }

    /// In how many sessions a client takes part, and how many stays it has in them.
    pub async fn reach_of_client(&mut self, client: &ClientId) -> Result<(u64, u64), Fault> {
        let row = self.row(&REACH_OF_CLIENT, values![client.as_str()]).await?;
        let mut row = row.ok_or_else(|| Fault::bug("a count has no row"))?;
        Ok((row.take()?, row.take()?))
    }
}

fn read_grant_row(mut row: Row) -> Result<GrantRow, Fault> {
    let row = &mut row;
    Ok(GrantRow {
        id: GrantId::new(row.take::<String>()?),
        sid: Sid::new(row.take::<String>()?),
        session: SessionId::new(row.take::<String>()?),
        client: ClientId::new(row.take::<String>()?),
        kind: text::word(&row.take::<String>()?, GrantKind::read)?,
        scope: Scope::from(row.take::<String>()?),
        resources: text::read_list(&row.take::<String>()?, "resources")?,
        created_at: row.take()?,
        expires_at: row.take()?,
        ended: read_end(row)?,
    })
}

fn read_ending(mut row: Row) -> Result<Ending, Fault> {
    let row = &mut row;
    Ok(Ending {
        id: row.take()?,
        what: row.take()?,
        subject: row.take()?,
        cause: text::word(&row.take::<String>()?, Cause::read)?,
        by: row.take()?,
        at: row.take()?,
        told: row.take()?,
        untold: row.take()?,
        revoked: row.take()?,
        kept: row.take()?,
        shown: row.take()?,
    })
}
