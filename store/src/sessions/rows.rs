//! The columns of sessions and grants, in one order, and what they are read into.
//!
//! Invariant: every statement that reads one of these reads these columns first.

use openid::acr::Amr;
use openid::name::{AccountId, ClientId, GrantId, SessionId, Sid, Sub};
use openid::session::{Grant, GrantKind, Session, SessionKind};
use openid::wire::scope::Scope;

use crate::fault::Fault;
use crate::row::Row;
use crate::text;

macro_rules! session_columns {
    () => {
        "id, account, kind, auth_time, acr, amr, created_at, seen_at, expires_at, idle_until"
    };
    ("s") => {
        "s.id, s.account, s.kind, s.auth_time, s.acr, s.amr, s.created_at, s.seen_at, s.expires_at, s.idle_until"
    };
}
pub(super) use session_columns;

// The column `auth_time_wanted` is written and not read: every ID Token carries `auth_time`, and a release before this one
// reads it.
macro_rules! grant_columns {
    () => {
        "id, client, account, sub, sid, session, kind, scope, claims, resources, auth_time, acr, amr, nonce, \
         created_at, expires_at"
    };
}
pub(crate) use grant_columns;

pub(super) fn read_session(row: &mut Row) -> Result<Session, Fault> {
    Ok(Session {
        id: SessionId::new(row.take::<String>()?),
        account: AccountId::new(row.take::<String>()?),
        kind: text::word(&row.take::<String>()?, SessionKind::read)?,
        auth_time: row.take()?,
        acr: row.take()?,
        amr: Amr::read(&row.take::<String>()?),
        created_at: row.take()?,
        seen_at: row.take()?,
        expires_at: row.take()?,
        idle_until: row.take()?,
    })
}

/// Reads the columns of [`grant_columns`].
pub(crate) fn read_grant(row: &mut Row) -> Result<Grant, Fault> {
    Ok(Grant {
        id: GrantId::new(row.take::<String>()?),
        client: ClientId::new(row.take::<String>()?),
        account: AccountId::new(row.take::<String>()?),
        sub: Sub::new(row.take::<String>()?),
        sid: Sid::new(row.take::<String>()?),
        session: SessionId::new(row.take::<String>()?),
        kind: text::word(&row.take::<String>()?, GrantKind::read)?,
        scope: Scope::from(row.take::<String>()?),
        claims: text::claims(&row.take::<String>()?)?,
        resources: text::read_list(&row.take::<String>()?, "resources")?,
        auth_time: row.take()?,
        acr: row.take()?,
        amr: Amr::read(&row.take::<String>()?),
        nonce: row.take()?,
        created_at: row.take()?,
        expires_at: row.take()?,
    })
}
